"""Service work needs the owner's code, however somebody without it goes about it; and whatever changes is told with both values."""

import binascii
import json

from bench_press import CODE, PARAMS, MemoryBoard, after_each, bench, documents, recipe
from memory_store import Store
from stackpress_core import params
from stackpress_core.errors import Refused, StorageFault
from stackpress_core.log import records
from stackpress_core.log.events import signed
from stackpress_core.settings import seldom
from stackpress_core.tick import blackboard, states
from test_press_arming import codes, refusal

__all__ = ["after_each"]
WITHIN = {"tick_rate_hz": PARAMS["tick_rate_hz"], "valve_min_on_ms": 5, "stale_ms": 20}
SECRET = "swordfish 17"


def config(**raws):
    return {"format": 1, "params": dict(WITHIN, **raws)}


def bound(row):
    """The weakest raw value without the code, and one that is weaker; None where there is no bound."""
    found = params.bound_raw(row[0])
    if found is None:
        return None
    weakest, below = found
    return weakest, weakest - 1 if below else weakest + 1


def ask(b, line):
    serial = b.board.serial
    serial.got, serial.sent = b"", line.encode() + b"\n"
    b.run_passes(60)
    return serial.got.decode()


def events(b, code):
    return [(f["a"], f["b"], f["text"]) for f in b.records(records.EVENT) if f["code"] == code]


def restarted(b, flash=None):
    """Another press with the same store, as after the power was away; with the same `flash` the one before is over."""
    b.press.journal.flush()
    store = Store()
    store.slots = dict(b.board.store.slots)
    return bench(MemoryBoard(store=store, flash=flash), stored=False)


def test_service_work_is_refused_while_no_code_is_set_and_says_what_to_do():
    b = bench()
    assert "no code is set" in refusal(b.press.maintenance.enter, "") and "service set" in refusal(b.press.maintenance.enter, CODE)
    for told in (refusal(b.press.maintenance.enter, CODE), refusal(b.press.maintenance.set_code, "x", CODE)):
        assert "NEW" in told and "," not in told, "an error's text holds no comma: what it says to type must not need one"
    found = documents()
    for name in ("ceilings", "calibration"):
        assert "owner's code" in refusal(b.press.settings.put, name, found[name])
        assert "owner's code" in refusal(b.press.settings.remove, name)
    assert "owner's code" in refusal(b.press.settings.put, "zero", {"format": 1, "code": [0] * 4})
    assert "owner's code" in refusal(b.press.calibrator.begin, 1, "")
    assert codes(b) == []


def test_each_protecting_parameter_reaches_its_bound_without_the_code_and_goes_no_further():
    b = bench()
    guarded = [(row[0], bound(row)) for row in params.PARAMS if bound(row)]
    assert len(guarded) > 35
    for name, (weakest, weaker) in guarded:
        low, default, high = params.bounds_raw(name)
        assert low <= weakest <= high and params.beyond({name: weakest}) == [] and params.beyond({name: default}) == [], name
        if not low <= weaker <= high:
            continue  # the table's own bound is as near
        b.press.settings.put("config", config(**{name: weakest}))
        text = refusal(b.press.settings.put, "config", config(**{name: weaker}))
        assert name in text and "owner's code" in text, text
        assert b.press.params[params.device_name(name)] == weakest


def test_every_parameter_of_an_interlock_row_has_a_bound():
    """Each reaction and each limit of the group, but for rows that only warn as they come, whose reaction may only be stronger."""
    free = ("duty_moves_per_min", "duty_reaction", "log_full_reaction", "sensor_reaction", "storage_reaction")
    without = [row[0] for row in params.PARAMS if row[1] == "interlock" and not bound(row)]
    assert sorted(without) == sorted(free)
    for name in free[1:]:
        assert params.bounds_raw(name)[1] == 0


def test_the_owner_goes_beyond_and_it_holds_over_a_restart_but_not_for_another_version():
    b = bench()
    b.put_as_owner("config", config(runaway_n=2000000))
    assert codes(b) == [] and restarted(b).press.params["runaway_cn"] == 2000000
    b.press.settings.put("config", config())
    assert "owner's code" in refusal(b.press.settings.put, "config", config(runaway_n=2000000)), "an old version comes back"
    assert b.press.params["runaway_cn"] == 150000
    b.press.documents.write("config", json.dumps(config(runaway_n=1900000)).encode())  # by no way of ours: an image of the store
    again = restarted(b)
    again.run(0.2)
    assert "runaway_n = 19000" in dict(again.press.arming.failing())["config"] and again.press.params["runaway_cn"] == 150000


def test_a_cut_anywhere_while_the_owner_sends_a_configuration_leaves_the_old_one_or_the_new_one_in_force():
    whole = bench()
    whole.put_as_owner("config", config(runaway_n=1000000))
    whole.serviced()
    for writes in range(6):
        b = restarted(whole)
        b.serviced()
        slots, left = b.board.store.slots, [writes]

        def cut(name, data, slots=slots, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(5)
            slots[name] = bytes(data)[: len(data) if left[0] else 9]  # the last one is torn

        b.board.store.write = cut
        try:
            b.press.settings.put("config", config(runaway_n=2000000))
        except StorageFault as error:
            assert "kept" in str(error) or "OSError" in str(error), error
        again = restarted(b)
        again.run(0.2)
        assert again.press.params["runaway_cn"] in (1000000, 2000000) and codes(again) == [], writes


def test_a_calibrated_cell_leaves_no_sum_without_the_code():
    b = bench()
    for raws in ({"high_range_mask": 1}, {"high_range_mask": 3}, {"low_range_mask": 0}, {"cell_count": 3, "low_range_mask": 0}):
        assert "owner's code" in refusal(b.press.settings.put, "config", config(**raws)), raws
    b.press.settings.remove("config")
    assert "owner's code" in refusal(b.press.settings.put, "config", config(high_range_mask=1))
    b.put_as_owner("config", config(low_range_mask=0))
    fresh = bench(without=("calibration", "config"))
    fresh.press.settings.put("config", config(low_range_mask=0, cell_count=3))  # before anything is calibrated it is anybody's


def test_no_zero_but_a_measured_one_is_taken_without_the_code():
    b = bench()
    b.frozen = True
    b.run(1.2)
    b.press.calibrator.zero()
    assert "owner's code" in refusal(b.press.settings.put, "zero", {"format": 1, "code": [900000, 0, 0, 0]})
    ask(b, "CAL:BEG 1,'x'")
    assert "owner's code" in ask(b, "SYST:ERR?")


def test_the_code_is_kept_salted_and_hashed_and_nobody_can_read_or_write_it_over_the_wire():
    slots = []
    for _ in range(2):
        b = bench()
        ask(b, 'SYST:PASS:NEW "","%s"' % SECRET)
        assert ask(b, "SYST:ERR?") == '0,"No error"\n' and ask(b, "SYST:PASS:SET?;STAT?") == "1;0\n"
        slots.append(b.press.documents.text("owner"))
        assert SECRET.encode() not in slots[-1]
        for line in ("DATA:READ? 'owner'", "DATA:DEL 'owner'", "DATA:BEG 'owner',2,0", "DATA:READ? 'owner.a'"):
            assert "-257" in ask(b, line + ";:SYST:ERR?"), line
        assert "owner" not in ask(b, "DATA:CAT?")
    assert slots[0] != slots[1], "two presses with one code keep the same"


def test_the_code_is_in_no_answer_error_or_record_however_its_line_is_mistyped():
    b = bench()
    b.press.maintenance.set_code("", SECRET)
    for line in ('SYST:PASS:CEN "%s"', 'SYST:PASS:CEN "%s","%s"', "SYST:PASS:CEN '%s", 'SYST:PASS:CEN"%s"', "SYST:PASS:CEN %s",
                 'SYST:PASS:NEW "%s"', 'SYST:PASS:NEW "%s","%s"', 'SYST:PASS:NEW "wrong","%s"', 'SYST:PASS:CENA "%s"', '"%s"',
                 'SYST:PASS:CDIS "%s"', 'SYST:PASS:STAT? "%s"', 'SYST:PASS:FORG "%s"', 'SYST:PASS:CEN "%s" x'):  # fmt: skip
        line = line.replace("%s", SECRET)
        said = ask(b, line + "\nSYST:ERR:ALL?")
        assert SECRET not in said and SECRET.split()[0] not in said, (line, said)
        b.press.maintenance.leave()
        b.leap(70)  # what was wrong is waited for
    assert not [f for f in b.records(records.EVENT) if SECRET.split()[0] in f["text"]]


def test_wrong_codes_make_the_next_one_wait_longer_over_a_restart_too_and_are_told():
    b = bench()
    b.press.maintenance.set_code("", SECRET)
    for _ in range(3):
        assert "not the owner's code" in refusal(b.press.maintenance.enter, "guess")
    assert "is looked at in 8 s" in refusal(b.press.maintenance.enter, SECRET), "not even the right one"
    again = restarted(b, b.board.flash)
    again.run(3)
    assert "is looked at in" in refusal(again.press.maintenance.enter, SECRET)
    again.run(6)
    assert "not the owner's code" in refusal(again.press.maintenance.enter, "guess")
    again.run(9)
    assert "is looked at in" in refusal(again.press.maintenance.enter, SECRET), "the wait has not grown"
    again.run(9)
    again.press.maintenance.enter(SECRET)
    told = events(again, records.EVENT_SERVICE)
    assert (3, 0, "code set") in told and (1, 0, "code accepted") in told
    assert [b for a, b, text in told if text == "code refused"] == [1, 2, 3, 4]
    again.press.maintenance.leave()
    again.run_passes(2)
    again.press.maintenance.enter(SECRET)  # nothing is left of it


def test_a_power_cut_in_the_middle_of_a_try_counts_it():
    b = bench()
    b.press.maintenance.set_code("", SECRET)
    keep, writes = b.board.store.write, []

    def cut(name, data):
        writes.append(name)
        if len(writes) > 1:
            raise OSError(5)
        keep(name, data)

    b.board.store.write = cut
    try:
        b.press.maintenance.enter(SECRET)  # counted, then the power goes before it is taken back
    except StorageFault as error:
        assert "OSError" in str(error)
    assert not b.press.maintenance.serviced and seldom("owner", "tries", restarted(b).press.documents) == 1


def test_a_cut_anywhere_while_a_code_is_set_leaves_one_of_the_two_codes_and_never_none():
    for torn in range(0, 400, 7):
        b = bench()
        b.press.maintenance.set_code("", SECRET)
        seldom("owner", "put", b.press.documents, int, "another one")
        newest = "owner." + b.press.documents.newest("owner")[1]
        b.board.store.slots[newest] = b.board.store.slots[newest][:torn]
        again = restarted(b)
        assert again.press.maintenance.owned
        try:
            again.press.maintenance.enter("another one")
        except Refused:
            again.press.maintenance.enter(SECRET)
        assert again.press.settings.open


def test_what_is_kept_of_a_code_and_can_not_be_read_lets_nobody_in():
    b = bench()
    b.press.maintenance.set_code("", SECRET)
    for slot in ("owner.a", "owner.b"):
        b.board.store.slots[slot] = b"\xff" * 40
    again = restarted(b)
    assert again.press.maintenance.owned
    for code in (SECRET, ""):
        assert "hand on the board" in refusal(again.press.maintenance.enter, code)
    assert "hand on the board" in refusal(again.press.maintenance.set_code, "", "mine now")


def test_another_code_needs_the_one_before_and_a_poor_one_is_refused():
    b = bench()
    set_code = b.press.maintenance.set_code
    assert "no code is set" in refusal(set_code, "something", SECRET)
    for poor in ("", "short", "x" * 65):
        assert "8 to 64" in refusal(set_code, "", poor)
    set_code("", SECRET)
    assert "not the owner's code" in refusal(set_code, "", "mine now")
    set_code(SECRET, "another one")
    assert "not the owner's code" in refusal(b.press.maintenance.enter, SECRET)
    b.press.maintenance.enter("another one")


def test_a_lost_code_is_forgotten_by_a_hand_on_the_board_alone():
    b = bench()
    b.press.maintenance.set_code("", SECRET)
    assert "BOOTSEL" in refusal(b.press.maintenance.forget_code)
    b.board.bootsel_held = lambda: False
    assert "BOOTSEL" in refusal(b.press.maintenance.forget_code)
    b.board.bootsel_held = lambda: True
    b.press.operator.arm()
    b.run_passes(2)
    assert "safe state" in refusal(b.press.maintenance.forget_code)
    b.press.operator.disarm()
    b.run_passes(2)
    b.press.maintenance.forget_code()
    assert not b.press.maintenance.owned and (4, 0, "code forgotten, by hand") in events(b, records.EVENT_SERVICE)
    assert codes(b) == [] and b.press.params["runaway_cn"] == PARAMS["runaway_n"], "what the owner allowed stays"


def test_service_ends_with_the_port_with_its_time_and_with_its_state():
    def ends(b, how):
        b.serviced()
        assert b.press.settings.serviced
        how()
        b.run_passes(3)
        assert not b.press.settings.serviced and b.press.readings.state_name == "safe"
        assert "owner's code" in refusal(b.press.settings.put, "ceilings", documents()["ceilings"])

    b = bench()

    def hung_up():
        b.board.serial.heard = 2
        b.run_passes(2)

    ends(b, hung_up)
    ends(b, lambda: ask(b, "SYST:PASS:CDIS"))
    ends(b, lambda: b.leap(901))
    ends(b, lambda: b.press.motion.send(states.SAFE, states.OFF))
    b.serviced()
    assert not restarted(b).press.settings.serviced


def test_prompt_and_new_image_need_the_owner_once_there_is_one():
    b = bench()
    b.board.boot_drive, b.board.bootloader = True, lambda: None
    assert b.press.maintenance.may_take_over()
    b.press.maintenance.set_code("", SECRET)
    b.board.serial.sent = b"\r\x03\x01"
    b.run_passes(3)
    assert not b.press.wants_prompt and b"owner has set a code" not in b.board.serial.got and b.errors()[-1][0] == -102
    b.errors().clear()
    assert "owner's code" in refusal(b.press.maintenance.bootloader)
    b.press.maintenance.enter(SECRET)
    b.run_passes(2)
    b.press.maintenance.bootloader()
    b.board.serial.sent = b"\r\x03"
    b.run_passes(3)
    assert b.press.wants_prompt


def test_prompt_is_given_in_no_state_in_which_anything_is_energised_or_pressed():
    b = bench().pressed()
    b.press.settings.open = True  # not even to the owner
    for state in (states.READY, states.PRESSING, states.HOLDING, states.RELEASING, states.TRIPPED, states.MONITOR):
        b.S[blackboard.AT["STATE"]] = state
        assert not b.press.maintenance.may_take_over(), state


def test_a_reset_of_the_language_and_a_restart_leave_code_and_limits_as_they_were():
    b = bench()
    b.press.maintenance.set_code("", SECRET)
    ask(b, "*RST;*CLS;:STAT:PRES;:SYST:PASS:NEW '','mine now'")
    ask(b, "SYST:REB")
    again = restarted(b)
    assert again.press.maintenance.owned and "not the owner's code" in refusal(again.press.maintenance.enter, "mine now")


def test_whatever_changes_is_told_with_its_old_and_its_new_value():
    b = bench()
    b.put_as_owner("config", config(runaway_n=1000000, stale_ms=30))
    b.put_as_owner("ceilings", dict(documents()["ceilings"], frame_cn=6600000))
    before = b.press.documents.crc("program/pellet")
    b.put(recipe({"do": "vent"}))
    middle = b.press.documents.crc("program/pellet")
    b.press.settings.remove("program/pellet")
    values = events(b, records.EVENT_VALUE)
    assert (PARAMS["runaway_n"], 1000000, "runaway_n") in values and (20, 30, "stale_ms") in values
    assert [text for _, _, text in values if text.startswith("ceilings")] == (
        ["ceilings frame_cn"] if documents()["ceilings"]["frame_cn"] != 6600000 else [])
    told = events(b, records.EVENT_DOCUMENT)
    assert (0, signed(middle), "program/pellet") in told and (signed(middle), 0, "program/pellet") in told and before == 0
    found = documents()["calibration"]
    found["cells"][0]["points"] = [[code, force * 9 // 10] for code, force in found["cells"][0]["points"]]
    found["cells"][3] = None
    b.put_as_owner("calibration", found)
    values = {text: (a, b) for a, b, text in events(b, records.EVENT_VALUE) if text.startswith("calibration")}
    old, new = values["calibration cell1 full_scale_cn"]
    assert abs(new - old * 9 // 10) < 10 and values["calibration cell4 zero code"] == (0, records.ABSENT_I32)


def test_a_first_configuration_of_all_parameters_is_told_whole():
    b = bench(without=("config",))
    raws = {}
    for row in params.PARAMS:
        low, default, high = params.bounds_raw(row[0])
        raws[row[0]] = default + 1 if default < high else default - 1
    raws.update(cell_count=4, high_range_mask=7, low_range_mask=8, valve_kind=1, tick_rate_hz=200, valve_min_on_ms=6)
    b.put_as_owner("config", {"format": 1, "params": raws})
    told = [text for _, _, text in events(b, records.EVENT_VALUE)]
    changed = [name for name in raws if raws[name] != params.bounds_raw(name)[1]]
    assert sorted(told) == sorted(changed) and b.press.journal.dropped == 0


def test_tare_and_clock_are_told_with_both_values():
    b = bench()
    b.frozen = True
    b.cells = [300, 300, 300, 900]
    b.run(0.5)
    b.press.calibrator.tare()
    b.run(1.1)
    b.press.calibrator.tare()
    (none, first, _), (before, after, _) = events(b, records.EVENT_TARE)
    assert none == 0 and first == before and abs(after - before) < 100 and first > 0
    start = 1795000000000
    b.press.events.host_clock(start)
    b.run(10)
    b.press.events.host_clock(start + 10000)
    b.run(2)
    b.press.events.host_clock(start + 3612000)
    assert [(b - a, text) for a, b, text in events(b, records.EVENT_VALUE)] == [(3600, "clock unix_s")]


def test_calibration_under_way_over_the_wire_is_put_in_force_by_its_owner():
    b = bench()
    b.frozen = True
    ask(b, 'SYST:PASS:NEW "","%s"' % SECRET)
    ask(b, 'SYST:PASS:CEN "%s"' % SECRET)
    b.run(1.2)
    ask(b, "CAL:BEG 1,'S';POIN 1,0")
    b.cells = [1000000, 0, 0, 0]
    b.run(1.2)
    ask(b, "CAL:POIN 1,10 KN;ACC")
    assert ask(b, "SYST:ERR?;PASS:CDIS") == '0,"No error"\n'
    assert b.press.documents.get("calibration")["cells"][0]["serial"] == "S"


def test_a_text_that_came_in_by_pieces_is_judged_as_one():
    b = bench()
    text = json.dumps(config(runaway_n=2000000)).encode()
    ask(b, 'DATA:BEG "config",%d,%d' % (len(text), binascii.crc32(text) & 0xFFFFFFFF))
    for at in range(0, len(text), 96):
        ask(b, 'DATA:PUT %d,"%s"' % (at, binascii.b2a_base64(text[at : at + 96]).decode().strip()))
    said = ask(b, "DATA:COMM;:SYST:ERR?")
    assert said.startswith("-203") and "runaway_n = 20000" in said and "weaker than 3000" in said
