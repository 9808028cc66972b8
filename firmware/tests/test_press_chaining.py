"""A program that goes on from a cell which another has left held: what is refused, what stays, and what both runs tell."""

from bench_press import CONTACT, VENT, MemoryBoard, after_each, bench, hold, ramp, recipe
from memory_store import Store
from stackpress_core.documents import LENGTH_MAX
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.recipe import program
from stackpress_core.tick import blackboard, states

__all__ = ["after_each"]
AREA = 100_000_000
WATCHING = ("EXCESS", "HOLD_BAND", "SIG_HOLD", "LATCHED", "WARNED", "CELL_ZERO", "FIRST", "SET", "TARGET", "MODE", "STATE", "ORDER_SEQ")


def send(b, name, *steps, **header):
    b.press.settings.put("program/" + name, recipe(*steps, name=name, **header))


def held(force_cn=1000000, **header):
    """A run is over that has left its cell held."""
    b = bench().started(CONTACT, ramp(force_cn), hold(500), at_end="hold", sample="LPS-17", **header)
    b.until(lambda: not b.press.runner.active)
    b.run(1)
    return b


def chain(b, name, *rest):
    b.press.operator.start(name, *(rest or ("", "")), held="HELD")


def refusal(b, name, *rest):
    """Why it is refused; and the cell stays held as it was, in the same run."""
    before = [b.word(word) for word in WATCHING], b.press.events.run, b.press.runner.program, b.press.operator.program_name
    try:
        chain(b, name, *rest)
    except Refused as refused:
        after = [b.word(word) for word in WATCHING], b.press.events.run, b.press.runner.program, b.press.operator.program_name
        assert before == after
        return refused.text
    raise AssertionError("%s went on" % name)


def fails(name, data):
    raise OSError(5)


def runs(b):
    """Number, program and sample of each, the run before and the largest force that its cell had seen."""
    told = {e["run"]: (e["a"], e["b"]) for e in b.records(records.EVENT) if e["code"] == records.EVENT_CONTINUED}
    return [(r["run"], r["program"], r["sample"]) + told.get(r["run"], (0, 0)) for r in b.records(records.RUN)]


def test_a_program_goes_on_from_the_force_that_is_held_and_never_lets_go_of_it():
    b = held()
    send(b, "cycling", hold(500), ramp(1500000, 500000), hold(500), VENT)
    least = []
    chain(b, "cycling")
    b.until(lambda: least.append(b.press.readings.filtered_cn) or b.press.runner.kind == "vent")
    assert min(least) > 995000 and max(least) > 1490000
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done"
    first, second = runs(b)
    assert first == (1, "pellet", "LPS-17", 0, 0)
    assert second[:4] == (2, "cycling", "LPS-17", 1) and 990000 < second[4] < 1010000


def test_both_runs_are_told_of_each_other_and_no_row_lies_in_both():
    b = held()
    send(b, "more", hold(2000), VENT)
    chain(b, "more", "LPS-18", "me")
    b.until_state(states.SAFE)
    b.run(2)
    goes_on = [e for e in b.records(records.EVENT) if e["code"] == records.EVENT_CHAINED]
    assert [(e["run"], e["a"], e["b"], e["text"]) for e in goes_on] == [(1, 2, 1000000, "more")]
    assert [(r["run"], r["outcome"]) for r in b.records(records.RUN_END)] == [(1, records.RUN_DONE), (2, records.RUN_DONE)]
    ends = b.records(records.RUN_END)
    assert ends[0]["zero_cn"][0] == records.ABSENT_I32 and ends[1]["zero_cn"][0] != records.ABSENT_I32
    started = b.records(records.RUN)[1]
    started_ms = started["t_s"] * 1000 + started["t_ms"]
    for row in b.records(records.SAMPLE):
        at_ms = row["t_s"] * 1000 + row["t_ms"]
        assert not row["run"] or row["run"] == (1 if at_ms <= started_ms + 5 else 2)  # the row before ends with the next tick


def test_nothing_that_watches_and_neither_zero_nor_tare_begins_anew():
    b = held()
    send(b, "more", hold(60000), VENT)
    b.press.readings.tare_cn = [7, 0, 0, 0]
    b.S[blackboard.AT["SIG_HOLD"]] = 3
    words = [b.word(word) for word in WATCHING]
    zero = list(b.press.calibrator.zero_cn)
    chain(b, "more")
    assert words == [b.word(word) for word in WATCHING]
    assert b.press.readings.tare_cn == [7, 0, 0, 0] and b.press.calibrator.zero_cn == zero
    b.run_passes(3)
    assert b.word("STATE") == states.HOLDING and b.press.runner.kind == "hold"
    b.extra_cn = 2000000
    b.run(0.5)
    assert b.press.readings.trip_reason in ("runaway", "limit_cell", "limit_total") and b.press.runner.state == "failed"


def test_what_can_not_go_on_is_refused_in_words_and_the_cell_stays_held():
    b = held(area_um2=AREA)
    send(b, "vents", VENT)
    send(b, "looks", CONTACT, ramp(1200000), VENT)
    send(b, "other", hold(1000), area_um2=2 * AREA)
    send(b, "high", ramp(5400000), hold(10))
    send(b, "mine", hold(1000), most_cn=900000)
    send(b, "down", hold(1000), ramp(2000000), {"do": "ramp", "by_cn": -1500000, "rate_cn_per_s": 100000}, VENT)
    assert "does not begin by venting" in refusal(b, "vents")
    assert "step 1 (contact): the cell is pressed already" in refusal(b, "looks")
    assert "die of 200 mm2, the cell that is held has 100 mm2" in refusal(b, "other")
    assert "over the program's own most, 9000 N" in refusal(b, "mine")
    assert "program nobody is missing" in refusal(b, "nobody")
    b.press.params._raws["force_limit_cn"] = 5000000
    assert "working limit" in refusal(b, "high")
    chain(b, "down")
    b.until(lambda: b.press.readings.set_cn == 500000)


def test_nothing_goes_on_from_a_press_that_holds_no_cell():
    b = bench()
    send(b, "more", hold(1000), VENT)
    assert "no cell is held: the press is safe" in refusal(b, "more")
    b.press.operator.arm()
    b.run_passes(2)
    assert "no cell is held" in refusal(b, "more")
    b.press.operator.start("more")
    assert "a program is running" in refusal(b, "more")
    b = held()
    send(b, "more", hold(1000), VENT)
    b.press.operator.stop("vent")
    assert "no cell is held: the press is" in refusal(b, "more") or "not been carried out" in refusal(b, "more")


def test_a_cell_whose_force_still_moves_is_waited_for():
    b = held()
    send(b, "more", hold(60000), VENT)
    b.press.operator.steer("set_point", 500000, 10000)
    b.run(1)
    assert "on its way to 5000 N" in refusal(b, "more")
    b.press.operator.steer("set_point", 980000, 1000000)
    b.until_state(states.HOLDING)
    chain(b, "more")


def test_a_pause_in_what_went_on_goes_back_to_the_force_that_was_held_not_to_an_older_target():
    b = bench().started(CONTACT, ramp(2000000, 100000), hold(1000))
    b.until(lambda: b.press.readings.set_cn > 800000)
    b.press.operator.stop("hold")
    b.until(lambda: not b.press.runner.active and b.word("STATE") == states.HOLDING)
    stands = b.word("SET")
    send(b, "more", hold(60000), VENT)
    chain(b, "more")
    b.run(0.5)
    b.press.operator.steer("pause")
    b.run(0.5)
    b.press.operator.steer("go_on")
    b.run(2)
    assert b.word("SET") == stands < 1000000


def test_a_locked_valve_is_gone_on_from_as_well():
    b = bench().started(CONTACT, ramp(1000000), {"do": "relax", "for_ms": 500}, at_end="hold")
    b.until(lambda: not b.press.runner.active)
    b.run(0.5)
    send(b, "more", hold(60000), VENT)
    chain(b, "more")
    b.run(1)
    assert b.word("MODE") == states.FORCE and abs(b.word("SET") - 1000000) < 2000


def test_a_trip_a_lost_host_and_a_held_stop_button_come_first():
    def guard(b):
        b.inputs &= ~(blackboard.IN["guard_a"] | blackboard.IN["guard_b"])
        b.run(0.1)

    def lease(b):
        b.S[blackboard.AT["SIG_LEASE"]] = 1

    def button(b):
        b.inputs |= blackboard.IN["stop"]
        b.run_passes(1)

    for spoil, why in ((guard, "stopped by guard"), (lease, "lease is over"), (button, "stop button")):
        b = held()
        send(b, "more", hold(1000), VENT)
        spoil(b)
        assert why in refusal(b, "more")


def test_a_stop_in_the_moment_of_chaining_wins():
    for stop in (b"\x18", b"ABORT\n", b"STOP VENT\n", b"STOP CONT\n"):
        for line in (b'%sPROG:STAR "more","","",HELD\n', b'PROG:STAR "more","","",HELD\n%s'):
            b = held()
            send(b, "more", ramp(2000000), hold(60000), VENT)
            b.board.serial.sent += line % stop
            b.run(0.5)
            assert b.press.runner.state in ("stopping", "failed", "stopped", "done") and b.word("SET") <= 1000000, (stop, line)
            b.until_state(states.SAFE)
            assert b.valve_is_off and b.word("SET") == 0
            b.press.server.status.errors.queue.clear()


def test_the_limits_of_a_stop_are_the_new_programs_and_reckon_with_the_force_that_is_there():
    b = held(2000000)
    send(b, "slow", hold(60000), stop_rate_cn_per_s=20000)
    chain(b, "slow")
    b.run_passes(2)
    assert b.word("K_TRIP_TICKS") >= 2 * 100 * 200
    b.press.operator.stop("controlled")
    b.run(10)
    assert abs(b.word("SET") - 1800000) < 10000


def test_a_set_point_may_go_back_to_the_force_that_the_run_began_with_and_no_higher():
    b = held()
    send(b, "low", ramp(500000), hold(600000), VENT)
    chain(b, "low")
    b.until(lambda: b.press.runner.kind == "hold")
    b.press.operator.steer("set_point", 1000000, None)
    b.run_passes(2)
    try:
        b.press.operator.steer("set_point", 1000001, None)
    except Refused as refused:
        assert "this program's most" in refused.text
    else:
        raise AssertionError("it went higher")


def test_a_program_that_comes_while_a_cell_is_pressed_runs_at_once_and_is_kept_when_the_press_is_safe():
    b = held()
    writes = dict(b.board.store.slots)
    send(b, "late", hold(500), VENT)
    assert b.board.store.slots == writes and "program/late" in b.press.documents.names("program/")
    b.run(1)
    assert b.board.store.slots == writes
    chain(b, "late")
    b.until_state(states.SAFE)
    b.run(1)
    assert not b.press.documents.waiting and b.press.documents.get("program/late")["name"] == "late"
    told = [e["text"] for e in b.records(records.EVENT) if e["code"] == records.EVENT_DOCUMENT]
    assert told == ["program/pellet", "program/late"]


def test_a_program_is_taken_in_a_ramp_and_the_one_that_runs_goes_on_as_it_was():
    b = bench().started(CONTACT, ramp(2000000, 200000), hold(500), VENT)
    b.until(lambda: b.press.readings.set_cn > 500000)
    order = b.word("ORDER_SEQ")
    send(b, "pellet", hold(1000), VENT)  # of the same name
    assert b.word("ORDER_SEQ") == order and len(b.press.runner.program["steps"]) == 4
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and b.press.sampler.peak_cn > 1990000
    b.run(1)
    assert len(b.press.documents.get("program/pellet")["steps"]) == 2


def test_what_is_no_program_is_not_taken_while_a_cell_is_pressed_nor_more_than_there_is_room_for():
    b = held()
    for name, document, why in (
        ("program/bad", recipe(ramp(9900000), name="bad"), "working limit"),
        ("config", {"format": 1, "params": {}}, "safe state"),
        ("zero", {"format": 1, "code": [0] * 4}, "safe state"),
    ):
        try:
            b.press.settings.put(name, document)
        except Refused as refused:
            assert why in refused.text
        else:
            raise AssertionError(name)
    steps = [dict(hold(1000), note="x" * 50) for _ in range(60)]
    send(b, "long", *steps)
    try:
        send(b, "more", *steps)
    except Refused as refused:
        assert "wait already" in refused.text
    else:
        raise AssertionError("more than %d bytes were taken" % LENGTH_MAX)
    send(b, "long", *steps)
    assert list(b.press.documents.waiting) == ["program/long"]


def test_the_power_takes_a_program_along_that_was_not_kept_yet_and_leaves_the_one_before():
    b = held()
    send(b, "late", hold(500), VENT)
    send(b, "pellet", hold(500), VENT)
    store = Store()
    store.slots = dict(b.board.store.slots)
    c = bench(MemoryBoard(store=store), stored=False)
    assert c.press.documents.names("program/") == ["program/pellet"]
    assert len(c.press.documents.get("program/pellet")["steps"]) == 3 and c.valve_is_off


def test_a_store_that_does_not_take_it_is_told_of_and_keeps_the_one_before():
    b = held()
    send(b, "pellet", hold(500), VENT)
    keeps = b.board.store.write
    b.board.store.write = fails
    b.press.operator.stop("vent")
    b.until_state(states.SAFE)
    b.run(1)
    b.board.store.write = keeps
    told = [e["text"] for e in b.records(records.EVENT) if e["code"] == records.EVENT_STORE]
    assert len(told) == 1 and "program/pellet was not kept" in told[0]
    assert len(b.press.documents.get("program/pellet")["steps"]) == 3


def test_levels_times_and_totals_are_reckoned_from_the_force_that_is_held():
    limits = bench().press.settings.program_limits()
    steps = {"format": 1, "name": "x", "steps": [{"do": "ramp", "by_cn": -400000, "rate_cn_per_s": 100000}, hold(1000)]}
    assert "below nothing" in program.validate(steps, limits)[0]
    assert program.validate(steps, dict(limits, start_cn=1000000)) == []
    assert "below nothing" in program.validate(steps, dict(limits, start_cn=300000))[0]
    totals = program.Totals(steps, dict(limits, start_cn=1000000))
    assert totals.highest_cn == 1000000 and totals.times[0][0] == 4000 + 4 * limits["corner_ms"]
    up = dict(steps, steps=[{"do": "ramp", "by_cn": 5000000, "rate_cn_per_s": 100000}])
    assert program.validate(up, limits) == []
    assert "60000 N is over the press's working limit" in program.validate(up, dict(limits, start_cn=1000000))[0]
    again = dict(steps, steps=[VENT, {"do": "pause", "note": "next"}, CONTACT, ramp(1000)])
    assert len(program.validate(again, dict(limits, start_cn=1000000))) == 1
    again["steps"] = [hold(1000)] + again["steps"]
    assert program.validate(again, dict(limits, start_cn=1000000)) == []


def test_a_store_without_memory_leaves_the_cell_held():
    """Wherever it runs out: while the program is read, judged, or its run's header is made."""

    def none(*args):
        raise MemoryError

    for owner, name in (("documents", "get"), ("runner", "load"), ("run_log", "_hash")):
        b = held()
        send(b, "more", ramp(2000000), VENT)
        setattr(getattr(b.press, owner), name, none)
        b.board.serial.sent += b'PROG:STAR "more","","",HELD\n'
        b.run(1)
        assert [error[0] for error in b.errors()] == [-225]
        assert b.word("SET") == 1000000 and b.word("STATE") == states.HOLDING and not b.press.runner.active
        assert b.press.events.run == 1 and len(b.records(records.RUN)) == 1
        b.press.server.status.errors.queue.clear()
        b.press.operator.stop("controlled")
        b.until_state(states.SAFE)
