"""Steering a cell that lives: set-point, pause, length and next step, each judged as a program is, and each in the log."""

from bench_press import CONTACT, VENT, after_each, bench, hold, ramp
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import blackboard, states

__all__ = ["after_each"]


def refusal(b, ask, *args):
    """Why it is refused; and neither an order was given nor anything logged."""
    before = b.word("ORDER_SEQ"), len(steered(b)), b.press.runner.state, b.press.runner.step_number
    try:
        b.press.operator.steer(ask, *args)
    except Refused as refused:
        assert before == (b.word("ORDER_SEQ"), len(steered(b)), b.press.runner.state, b.press.runner.step_number)
        return refused.text
    raise AssertionError("%s was not refused" % ask)


def steered(b):
    return [(e["text"], e["a"], e["b"]) for e in b.records(records.EVENT) if e["code"] == records.EVENT_STEERED]


def steer(b, ask, *args):
    b.press.operator.steer(ask, *args)
    b.run_passes(2)


def held(force_cn=1000000, **header):
    return bench().pressed(force_cn, **header)


def test_a_held_set_point_goes_to_another_at_the_rate_that_was_asked_and_is_held_there():
    b = held(most_cn=2000000)
    steer(b, "set_point", 1500000, 100000)
    b.run(2)
    assert abs(b.press.readings.set_cn - 1200000) < 10000 and b.word("STATE") == states.PRESSING
    b.until_state(states.HOLDING)
    assert b.word("SET") == 1500000 and b.press.runner.kind == "hold" and b.press.runner.active
    steer(b, "set_point", 800000, None)
    assert b.press.runner.order.last[2] == 100000
    b.until_state(states.HOLDING)
    assert abs(b.press.readings.filtered_cn - 800000) < 1000
    assert steered(b) == [("set-point", 1000000, 1500000), ("set-point", 1500000, 800000)]


def test_the_limits_of_an_order_follow_the_new_set_point():
    b = bench(runaway_n=20000, runaway_min_n=100).pressed(most_cn=2000000)
    excess, band = b.word("EXCESS"), b.word("HOLD_BAND")
    steer(b, "set_point", 100000, 500000)
    b.until_state(states.HOLDING)
    assert 0 < b.word("HOLD_BAND") < band and 0 < b.word("EXCESS") < excess


def test_a_ramp_goes_to_its_new_target_and_its_step_ends_there():
    b = bench().started(CONTACT, ramp(2000000, 100000), hold(3600000), VENT)
    b.until(lambda: b.press.readings.set_cn > 500000)
    steer(b, "set_point", 700000, 50000)
    b.until(lambda: b.press.runner.kind == "hold")
    assert b.word("SET") == 700000
    assert [s["target_cn"] for s in b.records(records.STEP) if s["kind"] == "ramp"][-1] == 700000


def test_what_a_program_could_not_ask_for_is_refused_in_words_and_nothing_moves():
    b = held()
    assert "working limit" in refusal(b, "set_point", 6000000, 1000)
    assert "this program's most of 10000 N" in refusal(b, "set_point", 1000001, 1000)
    assert "rate" in refusal(b, "set_point", 500000, 300000000) and "rate" in refusal(b, "set_point", 500000, 0)
    assert b.word("SET") == b.word("TARGET") == 1000000


def test_a_set_point_from_which_a_later_step_would_leave_the_limits_is_refused():
    steps = CONTACT, ramp(1000000), hold(3600000), {"do": "ramp", "by_cn": -800000, "rate_cn_per_s": 1000}, VENT
    b = bench().started(*steps)
    b.until(lambda: b.press.runner.kind == "hold")
    assert "step 4 (ramp) would then lead to -1000 N" in refusal(b, "set_point", 700000, 1000)
    steer(b, "set_point", 900000, 1000000)


def test_a_skipped_ramp_from_which_a_later_step_would_leave_the_limits_is_not_skipped():
    steps = CONTACT, ramp(1000000, 100000), {"do": "ramp", "by_cn": -800000, "rate_cn_per_s": 1000}, VENT
    b = bench().started(*steps)
    b.until(lambda: b.press.readings.set_cn > 300000)
    assert "step 3 (ramp) would then lead to" in refusal(b, "next_step")


def test_set_points_of_cycles_sweeps_and_locked_or_free_rams_are_the_programs_own():
    cycle = {"do": "cycle", "low_cn": 100000, "high_cn": 200000, "rate_cn_per_s": 100000, "count": 9}
    sweep = {"do": "sweep", "forces_cn": [100000, 200000], "rate_cn_per_s": 100000, "soak_ms": 100000}
    relax, watch = {"do": "relax", "for_ms": 9000}, {"do": "watch", "for_ms": 9000}
    gap = {"do": "gap", "for_ms": 9000, "most_cn": 400000, "rate_cn_per_s": 1000}
    for step, kind in ((cycle, "cycle"), (sweep, "sweep"), (gap, "gap"), (relax, "locked"), (watch, "watch")):
        b = bench().started(CONTACT, ramp(300000), step, VENT)
        b.until(lambda: b.press.runner.open_step == 3)
        b.run(0.2)
        told = refusal(b, "set_point", 150000, 1000)
        assert kind in told or kind == "locked" and "mode lock" in told, told
    b = bench().started(CONTACT, VENT)
    b.run_passes(3)
    assert "no force is regulated" in refusal(b, "set_point", 1000, 1000)
    assert "ram is on its way" in refusal(b, "pause") and "not skipped" in refusal(b, "next_step")


def test_nothing_is_steered_that_does_not_run():
    b = bench()
    for ask in (("set_point", 1000, 1000), ("pause",), ("go_on",), ("next_step",), ("extend", 1000)):
        refusal(b, *ask)
    b.press.operator.arm()
    b.run_passes(1)
    for ask in (("set_point", 1000, 1000), ("pause",), ("go_on",), ("next_step",), ("extend", 1000)):
        refusal(b, *ask)


def test_a_paused_hold_keeps_its_force_and_its_time_and_goes_on_where_it_was():
    b = bench().started(CONTACT, ramp(1000000), hold(5000), VENT)
    b.until(lambda: b.press.runner.kind == "hold")
    b.run(2)
    steer(b, "pause")
    at = b.press.runner.step_time_ms
    b.run(60)
    assert b.press.runner.state == "paused" and b.press.runner.step_time_ms - at <= 10
    assert abs(b.press.readings.filtered_cn - 1000000) < 1000 and b.word("STATE") == states.HOLDING
    steer(b, "pause")
    steer(b, "go_on")
    b.run(2)
    assert b.press.runner.kind == "hold"
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and steered(b) == [("pause", 0, 1), ("pause", 1, 0)]


def test_a_paused_ramp_stands_and_goes_on_to_its_target():
    b = bench().started(CONTACT, ramp(1000000, 100000), hold(1000), VENT)
    b.until(lambda: b.press.readings.set_cn > 400000)
    steer(b, "pause")
    b.run(1)
    stands = b.word("SET")
    b.run(20)
    assert b.word("SET") == stands < 450000 and b.press.runner.state == "paused"
    steer(b, "go_on")
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and b.press.sampler.peak_cn > 990000


def test_a_paused_press_is_watched_and_stopped_as_any_other():
    def guard(b):
        b.inputs &= ~(blackboard.IN["guard_a"] | blackboard.IN["guard_b"])

    def force(b):
        b.frozen, b.cells = True, [1870000, 1870000, 1870000, 210000]

    for provoke, reason in ((guard, "guard"), (force, "limit_total")):
        b = held()
        steer(b, "pause")
        provoke(b)
        b.run(0.2)
        assert b.press.readings.trip_reason == reason and b.valve_is_off and b.press.runner.state == "failed"
        for ask in (("set_point", 500000, 1000), ("go_on",), ("pause",), ("next_step",), ("extend", 1000)):
            assert reason in refusal(b, *ask)
    for stop in ("controlled", "vent"):
        b = held()
        steer(b, "pause")
        b.press.operator.stop(stop)
        b.until_state(states.SAFE)
        assert b.press.runner.state == "stopped" and b.valve_is_off
    b = held()
    steer(b, "pause")
    b.press.operator.abort()
    b.run_passes(1)
    assert b.valve_is_off


def test_a_host_that_is_lost_stops_a_paused_program_as_it_says_and_steers_nothing_any_more():
    b = held(host_loss="hold")
    b.press.lease.renew(1000)
    steer(b, "pause")
    b.run(0.9)
    b.wall_ms += 300  # the line comes before the pass has looked at the lease
    b.press.scheduler.wall_ms = b.wall_ms
    assert "lease is over" in refusal(b, "set_point", 500000, 1000)
    b.run(0.5)
    assert b.press.readings.trip_reason == "host_lease" and not b.valve_is_off


def test_a_stop_byte_in_the_same_pass_wins_over_whatever_is_steered():
    b = held(most_cn=2000000)
    b.board.serial.sent += b"PROG:SETP 15 KN\n\x18PROG:SETP 20 KN\n"
    b.run_passes(3)
    assert b.word("STATE") == states.SAFE and b.valve_is_off and not b.press.runner.active
    b.press.server.status.errors.queue.clear()


def test_a_hold_is_extended_and_lasts_so_much_longer():
    b = bench().started(CONTACT, ramp(1000000), hold(3000), VENT)
    b.until(lambda: b.press.runner.kind == "hold")
    left = b.press.runner.time_left_ms
    steer(b, "extend", 4000)
    assert abs(b.press.runner.time_left_ms - left - 4000) < 100
    b.run(6)
    assert b.press.runner.kind == "hold" and b.press.runner.active
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and steered(b) == [("length", 3, 7)]


def test_a_hold_that_waits_is_given_more_time_to_wait():
    b = bench().started(CONTACT, ramp(1000000), {"do": "hold", "until_trigger": True, "timeout_ms": 3000, "at_timeout": "go_on"}, VENT)
    b.until(lambda: b.press.runner.kind == "hold")
    steer(b, "extend", 4000)
    b.run(5)
    assert b.press.runner.kind == "hold"
    b.until_state(states.SAFE)


def test_what_has_no_time_is_not_extended_and_nothing_for_longer_than_a_step_may_last():
    b = bench().started(CONTACT, ramp(1000000, 50000), hold(3600000))
    b.until(lambda: b.press.runner.kind == "ramp")
    b.run(0.2)
    assert "ramp step has no time" in refusal(b, "extend", 1000)
    assert "400 days" in refusal(held(), "extend", 400 * 24 * 3600000)


def test_the_next_step_begins_and_a_skipped_ramp_stays_where_it_was():
    b = bench().started(CONTACT, ramp(1000000, 100000), hold(3600000), hold(2000), VENT)
    b.until(lambda: b.press.readings.set_cn > 400000)
    steer(b, "next_step")
    b.run(1)
    assert b.press.runner.step_number == 3 and 400000 < b.word("SET") < 450000
    b.run(5)
    assert 400000 < b.word("SET") < 450000
    steer(b, "next_step")
    assert b.press.runner.step_number == 4
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and steered(b) == [("step", 2, 3), ("step", 3, 4)]
    ends = [(s["step"], s["outcome"]) for s in b.records(records.STEP) if s["phase"] == records.STEP_ENDS]
    assert ends == [(1, ""), (2, "skipped"), (3, "skipped"), (4, ""), (5, "")]


def test_a_paused_step_can_be_skipped_and_the_last_one_ends_the_run():
    b = held()
    steer(b, "pause")
    steer(b, "next_step")
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done"


def test_a_ramp_that_is_turned_round_at_full_rate_goes_down_and_does_not_count_as_force_that_nobody_asked_for():
    for turn in ("stop", "set_point", "pause"):
        b = bench(corner_ms=600, runaway_min_n=6000, runaway_n=150000, runaway_ms=10, ramp_deviation_permille=40)
        b.started(CONTACT, ramp(5000000, 300000), hold(1000))
        b.until(lambda: b.press.readings.set_cn > 2500000)
        if turn == "stop":
            b.press.operator.stop("controlled")
        else:
            steer(b, turn, *(() if turn == "pause" else (50000, 300000)))
        b.run(3)
        assert b.press.readings.trip_reason == "" and b.word("SET") < 2600000, turn
        b.extra_cn = 400000
        b.run(0.5)
        assert b.press.readings.trip_reason == "runaway"


def test_a_cell_that_was_left_held_goes_to_another_force_and_stays_held():
    b = bench().started(CONTACT, ramp(1000000), at_end="hold")
    b.until(lambda: not b.press.runner.active)
    steer(b, "set_point", 400000, 200000)
    b.until_state(states.HOLDING)
    b.run(1)
    assert abs(b.press.readings.filtered_cn - 400000) < 1000 and b.press.runner.state == "done"
    assert "no program runs" in refusal(b, "pause")
    b.press.operator.stop("controlled")
    b.until_state(states.SAFE)


def test_a_remark_is_in_the_log_with_its_time_and_one_a_second():
    b = held()
    b.board.serial.sent += b'LOG:NOTE "the lead was loose"\nLOG:NOTE "twice"\n'
    b.run_passes(2)
    told = [e for e in b.records(records.EVENT) if e["code"] == records.EVENT_REMARK]
    assert [e["text"] for e in told] == ["the lead was loose"] and told[0]["t_s"] == b.press.readings.time_s
    assert [error[0] for error in b.errors()] == [-221]
    b.press.server.status.errors.queue.clear()


def test_a_program_is_judged_by_the_most_that_it_says_itself():
    from stackpress_core.recipe import program

    limits = bench().press.settings.program_limits()
    right = {"format": 1, "name": "x", "most_cn": 500000, "steps": [CONTACT, ramp(500000)]}
    assert program.validate(right, limits) == []
    assert "own most, 4999.99 N" in program.validate(dict(right, most_cn=499999), limits)[0]
    assert "working limit" in program.validate(dict(right, most_cn=6000000), limits)[0]
    assert "area" in program.validate({"format": 1, "name": "x", "most_pa": 500000, "steps": [CONTACT]}, limits)[0]


def test_the_language_steers_in_its_own_units():
    b = held(most_cn=2000000)
    for line in (b"PROG:SETP 12 KN, 1 KN", b"PROG:EXT 1 HR", b"PROG:STAT PAUS", b"PROG:STATE CONTINUE", b"PROG:STAT NEXT"):
        b.board.serial.sent += line + b"\n"
        b.run_passes(2)
    assert steered(b) == [("set-point", 1000000, 1200000), ("length", 3600, 7200), ("pause", 0, 1), ("pause", 1, 0), ("step", 3, 4)]
    assert b.errors() == []
