"""A press arms only when everything is right, tells all that is wrong at once, and stays safe on any documents."""

import json

from bench_press import CODE, PARAMS, MemoryBoard, after_each, bench, documents, ramp, recipe
from memory_store import Store
from stackpress_core import arming, boots
from stackpress_core.errors import Refused, ScpiError, StorageFault
from stackpress_core.log import records
from stackpress_core.tick import blackboard, states

__all__ = ["after_each"]


def refusal(ask, *args):
    try:
        ask(*args)
    except Refused as refused:
        return refused.text
    raise AssertionError("it was not refused")


def codes(b):
    return [code for code, _ in b.press.arming.failing()]


def test_commissioned_press_comes_up_safe_and_can_be_armed():
    b = bench()
    assert b.press.readings.state_name == "safe" and b.valve_is_off and codes(b) == []
    b.press.operator.arm()
    assert b.press.readings.state_name == "ready"
    b.run_passes(1)
    assert b.word("STATE") == states.READY and b.word("VALVE") == blackboard.VALVE_PERMISSIVE


def test_all_failing_checks_are_listed_at_once():
    b = bench(without=("config",))
    b.inputs = 0
    b.codes = {0: 8388607}
    b.run(0.5)
    found = codes(b)
    for code in ("state", "config", "estop", "guard", "overpressure", "supply", "travel", "rail", "stale", "frozen"):
        assert code in found, code
    text = refusal(b.press.operator.arm)
    for _, told in b.press.arming.failing():
        assert told in text


OPENED = {"estop": "estop_a", "guard": "guard_b", "overpressure": "pressure_ok", "supply": "supply_ok", "travel": "travel_ok"}


def check_alone(b, code):
    """Bring about what one arming check looks at."""
    s, at = b.press.S, blackboard.AT
    if code in OPENED:
        b.inputs &= ~blackboard.IN[OPENED[code]]
    elif code == "discrepancy":
        s[at["SIG_DISCREPANCY"]] = 1 << 20
        b.inputs &= ~blackboard.IN["guard_a"]
    elif code in ("config", "ceilings", "calibration"):
        b.press.documents.remove(code)
        b.press.settings.load()
    elif code == "commissioning_zero":
        b.press.documents.write("zero", b"[]")
        b.press.settings.load()
    elif code == "valve":
        b.put_as_owner("config", {"format": 1, "params": dict(PARAMS, valve_kind=states.KIND_NONE)})
    elif code == "state":
        b.press.operator.monitor(True)
    elif code == "zero":
        b.extra_cn = 200000
    elif code == "stale":
        b.status = 0
    elif code == "rail":
        b.codes = {1: -8388607}
    elif code == "frozen":
        b.codes = {3: 1234}
    elif code == "crc":
        b.status = 3
    elif code == "chip_reset":
        b.status = 5
    elif code == "crash":
        s[at["SIG_CRASH"]] = 1
    elif code == "imbalance":
        b.codes = {i: 20000 for i in range(3)}
    elif code == "stop_button":
        b.inputs |= blackboard.IN["stop"]
    elif code == "image":
        b.board.image_told = "the image in the flash is not what was built"
    elif code == "store":
        b.press.arming.store_keeps = False
    elif code in ("storage", "log_full"):
        b.put_as_owner("config", {"format": 1, "params": dict(PARAMS, storage_reaction=1, log_full_reaction=1)})
        s[at["SIG_STORAGE" if code == "storage" else "SIG_LOG"]] = 1


def test_each_check_alone_keeps_the_press_from_being_armed(code):
    b = bench()
    if code == "temperature":
        b.put_as_owner("config", {"format": 1, "params": dict(PARAMS, temperature_limit_c=2000)})
    check_alone(b, code)
    b.run(0.4)
    assert code in codes(b)
    refusal(b.press.operator.arm)
    b.run_passes(2)
    assert b.word("STATE") != states.READY and b.valve_is_off


CASES = {"test_each_check_alone_keeps_the_press_from_being_armed": [row[0] for row in arming.CHECKS]}


def test_press_without_any_document_comes_up_safe_says_so_and_can_be_configured():
    b = bench(stored=False)
    b.run(1)
    assert b.press.readings.state_name == "safe" and b.valve_is_off
    assert [code for code in codes(b) if code in ("config", "ceilings", "calibration")] == ["config", "ceilings", "calibration"]
    found = documents()
    for name in ("ceilings", "config", "calibration"):
        b.put_as_owner(name, found[name])
    b.run(1)
    assert codes(b) == []
    b.press.operator.arm()


def test_any_one_document_that_is_missing_torn_or_of_another_kind_keeps_the_press_safe():
    for name in ("config", "ceilings", "calibration"):
        for text in (None, b"{", b"[1]", b"{}", b'{"format":2}', b'{"format":1}', b"null", b'{"format":1,"params":3,"cells":4,"board":5}',
                     b'{"format":1,"frame_cn":1,"relief_cn":2,"cell_cn":"x"}', b'{"format":1,"board":"e660-0001","cells":[1,2,3,4]}'):  # fmt: skip
            b = bench(without=(name,))
            if text is not None:
                b.press.documents.write(name, text)
                b.press.settings.load()
            b.run(0.1)
            assert b.press.readings.state_name == "safe" and b.valve_is_off, (name, text)
            told = dict(b.press.arming.failing())[name]
            assert told.startswith(name + ": ") and not told.endswith(": ok"), told
            refusal(b.press.operator.arm)


def test_torn_slot_falls_back_to_the_version_before():
    b = bench()
    b.put_as_owner("config", {"format": 1, "params": dict(PARAMS, force_limit_n=3000000)})
    newest = "config." + b.press.documents.newest("config")[1]
    b.board.store.slots[newest] = b.board.store.slots[newest][:-5]
    again = bench(MemoryBoard(store=b.board.store), stored=False)
    assert again.press.params["force_limit_cn"] == 5500000 and codes(again) == []


def test_zero_that_the_calibration_can_not_be_moved_to_is_told_and_does_not_stop_the_start():
    for code in (8000000, -8000000, 1 << 40, "x"):
        b = bench()
        b.press.documents.write("zero", json.dumps({"format": 1, "code": [code] * 4}).encode())
        again = bench(MemoryBoard(store=b.board.store), stored=False)
        again.run(0.1)
        assert "commissioning_zero" in codes(again), code


def test_calibration_of_another_board_is_refused():
    b = bench(MemoryBoard(identity="other"), stored=False)
    b.write(documents("e660-0001"))
    b.press.settings.load()
    b.run(0.1)
    assert "it belongs to board e660-0001" in dict(b.press.arming.failing())["calibration"]
    assert "calibration" in refusal(b.press.operator.monitor, True)


def test_configuration_above_the_ceilings_is_refused_and_the_old_one_stays():
    b = bench()
    for name, raw in (("force_limit_n", 6900000), ("cell_limit_n", 2300000)):
        text = refusal(b.put_as_owner, "config", {"format": 1, "params": dict(PARAMS, **{name: raw})})
        assert name in text and "ceiling" in text
    assert b.press.params["force_limit_cn"] == 5500000 and codes(b) == []


def test_ceilings_that_fall_below_the_configuration_are_told():
    b = bench()
    b.put_as_owner("ceilings", {"format": 1, "frame_cn": 3000000, "relief_cn": 3000000, "cell_cn": [2200000] * 4})
    assert "force_limit_n lies above the ceiling" in dict(b.press.arming.failing())["config"]


def test_cell_without_calibration_is_told():
    b = bench()
    found = documents()["calibration"]
    found["cells"][2] = None
    b.put_as_owner("calibration", found)
    assert "cell 3 is not calibrated" in dict(b.press.arming.failing())["calibration"]


def test_documents_are_not_written_while_armed():
    b = bench()
    b.press.operator.arm()
    b.run_passes(2)
    for name, document in documents().items():
        assert "safe state" in refusal(b.press.settings.put, name, document)
    b.press.operator.disarm()
    b.run_passes(2)
    b.put_as_owner("config", documents()["config"])


def test_store_that_does_not_keep_what_is_written_is_told_and_the_old_one_stays():
    b = bench()
    write = b.board.store.write
    b.board.store.write = lambda name, data: write(name, data[:-1])
    try:
        b.put_as_owner("config", {"format": 1, "params": dict(PARAMS, force_limit_n=1000000)})
    except StorageFault:
        b.press.settings.load()
        assert b.press.params["force_limit_cn"] == 5500000
        return
    raise AssertionError("a torn write was not noticed")


def test_crash_before_this_start_is_told_until_acknowledged():
    for cause in ("watchdog", "crash"):
        b = bench(MemoryBoard(cause=cause))
        assert codes(b) == ["crash"]
        b.press.operator.reset()
        assert codes(b) == []


def test_what_joins_a_trip_is_told_and_never_takes_the_first_reasons_place():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run(0.05)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(0.2)
    assert b.press.readings.trip_reason == "guard" and b.press.readings.later_reasons() == ["estop"]
    joined = [r["text"] for r in b.records(records.EVENT) if r["code"] == records.EVENT_REASON]
    assert joined == ["estop"]
    b.inputs |= blackboard.IN["guard_a"] | blackboard.IN["guard_b"]
    b.run_passes(2)
    assert "estop" in refusal(b.press.operator.reset)
    assert b.press.readings.trip_reason == "guard"


def test_notes_of_crashes_are_told_in_the_log_the_first_in_front_until_acknowledged():
    store = Store()
    boots.note_crash(store, 'Traceback (most recent call last):\n  File "a/b.py", line 7, in look\nValueError: no\n')
    boots.note_crash(store, "last section: wire")
    b = bench(MemoryBoard(cause="crash", store=store))
    told = [r["text"] for r in b.records(records.EVENT) if r["code"] == records.EVENT_CRASH]
    assert told == ["a/b.py:7 look", "ValueError: no", "last section: wire"]
    b.press.operator.reset()
    assert boots.crash_told(store) == [] and codes(b) == []


def test_a_long_traceback_keeps_its_end():
    store = Store()
    boots.note_crash(store, "x" * 5000 + "\nValueError: the end")
    assert boots.crash_told(store)[-1] == "ValueError: the end" and len(store.read("crash.a")) < 700


def test_a_board_that_knows_how_the_start_before_died_has_it_in_the_log():
    board = MemoryBoard(cause="watchdog")
    board.died = "last section: sampler"
    b = bench(board)
    assert [r["text"] for r in b.records(records.EVENT) if r["code"] == records.EVENT_CRASH] == ["last section: sampler"]
    assert codes(b) == ["crash"]


def test_program_over_the_limits_is_refused_whole_and_nothing_moves():
    b = bench()
    text = refusal(b.put, recipe(ramp(1000000), ramp(5600000)))
    assert "step 2" in text and "55000 N" in text
    b.put(recipe(ramp(5400000)))
    b.put_as_owner("config", {"format": 1, "params": dict(PARAMS, force_limit_n=3000000)})
    b.press.operator.arm()
    b.run_passes(2)
    assert "step 1" in refusal(b.press.operator.start, "pellet")
    b.run(0.5)
    assert b.word("STATE") == states.READY and b.word("DRIVE") == 0 and b.press.events.run == 0


def test_program_that_is_not_there_is_refused():
    b = bench()
    b.press.operator.arm()
    b.run_passes(1)
    assert "missing" in refusal(b.press.operator.start, "nothing")
    b.press.documents.write("program/torn", b"{")
    refusal(b.press.operator.start, "torn")
    assert b.press.readings.state_name == "ready"


def test_program_does_not_start_on_a_press_that_is_not_armed():
    b = bench()
    b.put(recipe(ramp(100000)))
    assert "arm it first" in refusal(b.press.operator.start, "pellet")


def test_service_is_entered_with_the_owners_code_and_drives_nothing():
    b = bench()
    b.press.maintenance.set_code("", CODE)
    assert "not the owner's code" in refusal(b.press.maintenance.enter, "wrong")
    b.press.maintenance.enter(CODE)
    b.run_passes(2)
    assert b.word("STATE") == states.SERVICE and b.valve_is_off and b.press.maintenance.serviced
    assert "not safe" in refusal(b.press.operator.arm)
    b.press.maintenance.leave()
    b.run_passes(2)
    assert b.word("STATE") == states.SAFE and not b.press.maintenance.serviced


def test_armed_press_does_not_enter_service_and_a_manual_press_monitors():
    b = bench()
    b.press.operator.arm()
    b.run_passes(1)
    assert "safe state" in refusal(b.press.maintenance.enter, CODE)
    assert "ready" in refusal(b.press.operator.monitor, True)
    m = bench(valve_kind=states.KIND_NONE)
    m.press.operator.monitor(True)
    m.extra_cn = 5700000
    m.run(0.5)
    assert m.word("STATE") == states.MONITOR and m.press.readings.warnings() == ["limit_total"] and m.valve_is_off
    m.press.operator.monitor(False)
    m.run_passes(2)
    assert m.word("STATE") == states.SAFE


def test_new_tick_rate_lets_press_time_go_on():
    b = bench()
    b.run(1.75)
    b.serviced()
    before = b.press.readings.time_s * 1000 + b.press.readings.time_ms
    b.press.settings.put("config", {"format": 1, "params": dict(PARAMS, tick_rate_hz=4000)})
    after = b.press.readings.time_s * 1000 + b.press.readings.time_ms
    assert 0 <= after - before <= 5 and b.press.readings.hz == 4000


def test_name_that_is_no_document_is_an_error_of_the_language():
    b = bench()
    try:
        b.press.settings.put("nonsense", {})
    except ScpiError as error:
        assert error.number == -257
        return
    raise AssertionError("it was taken")


class Interrupted:
    """The words of a press whose next tick comes just before the word that is read as the `left`th from now on."""

    def __init__(self, b, left):
        self.words, self.b, self.left = b.press.S, b, left

    def __getitem__(self, at):
        if not self.left:
            self.b.run_ticks(1)
        self.left -= 1
        return self.words[at]


def test_tick_that_comes_between_two_words_of_the_state_is_not_taken_for_rest():
    for left in range(8):
        b = bench()
        b.run(0.5)
        b.press.operator.arm()
        b.press.readings.S = Interrupted(b, left)
        assert b.press.readings.state == states.READY, left
        for name in ("at_rest", "de_energised"):
            b = bench()
            b.run(0.5)
            b.press.operator.arm()
            b.press.readings.S = Interrupted(b, left)
            assert not getattr(b.press.readings, name), (name, left)
