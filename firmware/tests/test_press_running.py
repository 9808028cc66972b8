"""A press under its programs and its people: stops, aborts, host loss, buttons, trips and their acknowledgement."""

from bench_press import CONTACT, HZ, VENT, PressBench, after_each, bench, hold, ramp, recipe
from stackpress_core.log import records
from stackpress_core.scpi import status
from stackpress_core.scpi.commands_language import tst_q
from stackpress_core.tick import blackboard, interlock, states
from stackpress_core.tick.tick import tick
from test_press_arming import refusal

__all__ = ["after_each"]


def test_program_presses_holds_and_ends_vented():
    b = bench().started(CONTACT, ramp(500000), hold(1000), {"do": "release", "rate_cn_per_s": 500000}, VENT)
    b.until_state(states.HOLDING)
    b.run(0.5)
    assert abs(b.press.readings.filtered_cn - 500000) < 500 and b.word("VALVE") == blackboard.VALVE_DUMP_CLOSED | blackboard.VALVE_PERMISSIVE
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and b.valve_is_off and b.press.readings.filtered_cn < 100


def test_abort_vents_from_every_state_within_one_tick():
    def armed(b):
        b.press.operator.arm()
        b.run_passes(1)

    def tripped_with_a_hold(b):
        b.pressed(host_loss="hold")
        b.press.S[blackboard.AT["SIG_LEASE"]] = 1
        b.run_passes(2)
        assert b.word("REACTION") == interlock.HOLD and not b.valve_is_off

    def approaching(b):
        b.started(CONTACT, VENT)
        b.run_passes(3)

    def ramping(b):
        b.started(CONTACT, ramp(3000000, 100000), VENT)
        b.until(lambda: b.word("MODE") == states.FORCE)
        b.run(1)

    def locked(b):
        b.started(CONTACT, ramp(100000), {"do": "relax", "for_ms": 3600000})
        b.until(lambda: b.word("MODE") == states.LOCK)

    def releasing(b):
        b.pressed()
        b.press.operator.stop("controlled")
        b.run_passes(10)
        assert b.word("STATE") == states.RELEASING

    def paused(b):
        b.pressed()
        b.press.operator.stop("hold")
        b.run(1)

    for bring in (armed, approaching, ramping, PressBench.pressed, locked, releasing, paused, tripped_with_a_hold):
        b = bench()
        bring(b)
        b.press.operator.abort()
        b.run_passes(1)
        assert b.valve_is_off and b.word("DRIVE") == 0, bring.__name__
        assert b.word("STATE") in (states.SAFE, states.TRIPPED)
        assert not b.press.runner.active
        b.run(1)
        assert b.valve_is_off


def test_abort_line_vents_though_what_it_does_besides_fails_and_the_fault_is_told():
    """The order to vent is given before anything that can fail."""
    b = bench().pressed()

    whole = b.press.runner.failed

    def broken(why):
        b.press.runner.failed = whole
        raise OSError(5)

    b.press.runner.failed = broken
    b.press.server.inbox.feed(b"ABORt\n", 6)
    b.run_passes(1)
    assert b.word("STATE") == states.SAFE and b.valve_is_off
    assert [error[0] for error in b.errors()] == [-320]
    b.press.server.status.errors.queue.clear()  # read: no other press may have one


def test_abort_of_a_safe_press_changes_nothing():
    b = bench()
    b.press.operator.abort()
    b.run(0.1)
    assert b.word("STATE") == states.SAFE and b.press.readings.trip_reason == ""


def test_stop_kinds_release_hold_and_vent():
    b = bench().pressed()
    b.press.operator.stop("controlled")
    b.run_passes(5)
    assert b.word("STATE") == states.RELEASING and b.press.readings.filtered_cn > 900000
    b.until_state(states.SAFE)
    b = bench().pressed()
    b.press.operator.stop("hold")
    b.run(2)
    assert b.word("STATE") == states.HOLDING and abs(b.press.readings.filtered_cn - 1000000) < 1000 and not b.press.runner.active
    b.press.operator.stop("controlled")
    b.until_state(states.SAFE)
    b = bench().pressed()
    b.press.operator.stop("vent")
    b.run_passes(2)
    assert b.word("MODE") == states.VENT or b.word("STATE") == states.SAFE
    b.until_state(states.SAFE)


def test_slow_stop_on_the_way_up_never_goes_further_up():
    b = bench().started(CONTACT, ramp(5000000, 2000000), hold(1000), stop_rate_cn_per_s=1000)
    b.until(lambda: b.press.readings.filtered_cn > 2000000)
    b.press.operator.stop("controlled")
    b.run_passes(1)
    before, most = b.press.readings.set_cn, 0
    for _ in range(5 * HZ):
        b.run_passes(1)
        most = max(most, b.press.readings.set_cn)
    assert most - before < 150000 and b.press.readings.set_cn < most


def test_stop_of_an_idle_press_is_refused():
    assert "nothing to stop" in refusal(bench().press.operator.stop, "controlled")
    b = bench()
    b.press.operator.arm()
    b.run_passes(2)
    b.push("stop")
    assert b.press.readings.state_name == "safe"


def test_second_program_is_refused_while_one_runs():
    b = bench().pressed()
    assert "running" in refusal(b.press.operator.start, "pellet")
    assert "stop it first" in refusal(b.press.operator.disarm)


def test_arm_and_start_in_one_pass_are_both_obeyed():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(60000)))
    b.press.operator.arm()
    b.press.operator.start("pellet")
    b.until_state(states.HOLDING, 10)


def test_order_to_an_unarmed_press_is_refused():
    b = bench()
    for ask in ((b.press.motion.set_force, 1000, 1000), (b.press.motion.approach, 1000, 10), (b.press.motion.lock,), (b.press.motion.release, 1000)):
        assert "not armed" in refusal(*ask)
    b.press.operator.arm()
    b.run_passes(1)
    for target in (-1, 5500001):
        assert "working limit" in refusal(b.press.motion.set_force, target, 1000)


# -- trips


def test_trip_is_told_with_its_reason_and_hint_and_cleared_only_by_an_acknowledgement_when_it_is_gone():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run_passes(1)
    assert b.press.readings.state_name == "tripped" and b.press.readings.trip_reason == "guard" and "close it" in b.press.readings.trip_hint
    assert b.valve_is_off and b.press.runner.reason == "tripped"
    assert "still there: guard" in refusal(b.press.operator.reset)
    b.inputs = blackboard.IN_HEALTHY
    b.run(1)
    assert b.press.readings.state_name == "tripped"
    refusal(b.press.operator.arm)
    b.press.operator.reset()
    b.run_passes(1)
    assert b.press.readings.state_name == "safe" and b.press.readings.trip_reason == ""
    b.press.operator.arm()


def test_each_lasting_condition_keeps_its_latch_until_it_is_gone():
    def set_to(**values):
        return lambda b: [setattr(b, name, value) for name, value in values.items()]

    overload = [1870000, 1870000, 1870000, 210000]
    for provoke, clear, reason in (
        (set_to(codes={0: 8388607}), set_to(codes={}), "rail"),
        (set_to(status=0), set_to(status=1), "stale"),
        (set_to(inputs=blackboard.IN_HEALTHY & ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]), set_to(inputs=blackboard.IN_HEALTHY), "estop"),
        (set_to(frozen=True, cells=overload), set_to(frozen=False), "limit_total"),
    ):
        b = bench().pressed()
        provoke(b)
        b.run(0.1)
        assert b.press.readings.trip_reason == reason
        assert reason in refusal(b.press.operator.reset)
        clear(b)
        b.run(0.1)
        b.press.operator.reset()
        b.run_passes(1)
        assert b.press.readings.state_name == "safe"


def test_press_that_was_stopped_with_a_hold_is_let_go_by_a_stop():
    for kind in ("controlled", "vent"):
        b = bench().pressed(host_loss="hold")
        b.press.S[blackboard.AT["SIG_LEASE"]] = 1
        b.run(1)
        assert b.press.readings.trip_reason == "host_lease" and abs(b.press.readings.filtered_cn - 1000000) < 1000
        assert "still pressed" in refusal(b.press.operator.reset)
        b.press.operator.stop(kind)
        b.until(lambda: b.valve_is_off, 10)
        b.run_passes(5)
        b.press.operator.reset()
        b.run_passes(1)
        assert b.press.readings.state_name == "safe"


def test_converter_reset_is_acknowledged():
    b = bench()
    b.status = 5
    b.run_passes(1)
    b.status = 1
    b.run_passes(5)
    assert [code for code, _ in b.press.arming.failing()] == ["chip_reset"]
    b.press.operator.reset()
    assert b.press.arming.failing() == []


def test_order_between_acknowledgement_and_tick_does_not_lose_it():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run_passes(1)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(2)
    b.press.operator.reset()
    assert b.press.readings.state_name == "safe"
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(1)
    assert b.press.readings.state_name == "tripped" and b.valve_is_off and "estop" in refusal(b.press.operator.reset)


# -- the foreground


def test_foreground_that_hangs_vents_a_driven_press():
    b = bench(foreground_ms=1000).pressed()
    p = b.press
    for _ in range(HZ + 5):
        b.sample()
        tick(p.S, p.ring)
    assert p.readings.trip_reason == "foreground" and b.valve_is_off


def test_lines_of_the_host_are_obeyed_and_answered_while_a_program_runs():
    b = bench().pressed()
    b.board.serial.sent = b"*IDN?\nCYCL:STAT?\nSTOP HOLD\n:CYCL:STAT?\n"
    b.run(0.5)
    b.board.serial.sent = b":CYCL:STAT?;:ABOR\n"
    b.run(0.5)
    assert b"holding" in b.board.serial.got and b.valve_is_off


def test_stop_byte_vents_ahead_of_queued_lines():
    b = bench().pressed()
    b.board.serial.sent = b"MEAS:FORC?;" * 20 + b"\n" + b"\x18"
    b.run_passes(3)
    b.run_passes(2)
    assert b.valve_is_off


def test_stop_byte_that_a_listening_line_tells_vents_without_the_foreground():
    b = bench().pressed()
    b.press.S[blackboard.AT["ABORT"]] = 1
    b.run_ticks(1)
    assert b.word("STATE") == states.SAFE and b.valve_is_off


def test_orders_that_came_before_the_stop_byte_move_nothing_while_it_waits():
    b = bench().pressed()
    b.press.S[blackboard.AT["ABORT"]] = 1
    b.run_ticks(1)
    b.press.motion.send(states.READY, states.OFF)
    b.run_ticks(1)
    assert b.word("STATE") == states.SAFE
    b.board.serial.sent += b"\x18"
    b.run_passes(2)
    assert b.press.runner.reason == "aborted" and not b.word("ABORT")
    b.run(1)
    b.press.operator.arm()
    b.run_ticks(1)
    assert b.word("STATE") == states.READY


def test_stop_byte_lets_a_held_trip_vent_without_the_foreground():
    b = bench().pressed()
    s, at = b.press.S, blackboard.AT
    s[at["STATE"]], s[at["REACTION"]], s[at["LATCHED"]] = states.TRIPPED, interlock.HOLD, 1
    b.press.S[blackboard.AT["ABORT"]] = 1
    b.run_ticks(1)
    assert b.word("REACTION") == interlock.VENT and b.valve_is_off


def test_host_that_never_reads_does_not_disturb_the_press():
    b = bench()
    b.board.serial.reads = False
    b.board.serial.sent = b"SYST:HELP:HEAD?\n" * 50
    b.started(CONTACT, ramp(300000), hold(1000), VENT)
    b.until_state(states.SAFE, 30)
    assert b.press.runner.state == "done"


def test_vented_press_whose_force_stays_is_never_called_safe():
    for vent in (lambda b: b.press.motion.vent(), lambda b: b.press.operator.stop("vent"), lambda b: b.press.operator.abort(),
                 lambda b: b.press.operator.stop("controlled")):
        b = bench(hold_band_min_n=20000).pressed()
        vent(b)
        b.frozen = True
        b.until(lambda: b.word("STATE") == states.TRIPPED, 15)
        assert b.press.readings.trip_reason in ("not_vented", "no_fall") and b.valve_is_off
        b.run(4)
        assert "not_vented" in refusal(b.press.operator.reset)
        b.frozen = False
        b.run(1)
        b.press.operator.reset()
        b.run_passes(2)
        assert b.word("STATE") == states.SAFE


def test_small_force_that_comes_and_goes_is_laid_to_the_scale_only_where_that_shows_nothing_at_all():
    for speed_nm_s, reason in ((0, "sensor"), (4900, "sensor"), (15000, "runaway")):
        b = bench()
        r, s = b.press.readings, b.press.S
        s[blackboard.AT["STATE"]], s[blackboard.AT["FIRST"]] = states.TRIPPED, interlock.NAMES.index("runaway")
        s[blackboard.AT["TRIP_TICKS"]], s[blackboard.AT["TRIP_SPEED"]] = s[blackboard.AT["HZ"]], 0
        s[blackboard.AT["SPEED"]] = -speed_nm_s
        s[blackboard.AT["PEAK"]], s[blackboard.AT["FORCE_F"]] = 23300 << 4, 15000
        assert interlock.NAMES[r.weigh()] == reason


def test_weights_on_a_press_that_was_never_pressed_trip_nothing():
    b = bench()
    b.extra_cn = 2000000
    b.run(5)
    assert b.word("STATE") == states.SAFE and b.press.readings.warnings() == []


def lose_the_host(b):
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1


def test_vent_is_under_way_until_the_force_has_gone_and_no_trip_or_order_closes_the_dump():
    for meddle in (lambda b: b.press.operator.stop("hold"), lambda b: b.press.operator.stop("controlled"), lose_the_host):
        b = bench().pressed(host_loss="hold")
        b.press.operator.stop("vent")
        b.frozen = True  # the force takes its time
        b.run_passes(2)
        assert b.word("MODE") == states.VENT and b.valve_is_off and b.press.runner.state == "stopping"
        meddle(b)
        for _ in range(50):
            b.run_passes(1)
            assert b.valve_is_off
        b.frozen = False
        b.run(1)
        assert b.valve_is_off and b.press.runner.state in ("stopped", "failed")


def test_vent_that_meets_with_a_trip_in_one_tick_vents():
    b = bench().pressed(host_loss="hold")
    b.press.operator.stop("vent")
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run_passes(2)
    assert b.word("STATE") == states.TRIPPED and b.valve_is_off


def test_trip_with_a_hold_goes_on_with_a_stop_that_is_under_way():
    b = bench().pressed(stop_rate_cn_per_s=100000)
    b.press.operator.stop("controlled")
    b.run(1)
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run_passes(2)
    assert b.word("STATE") == states.TRIPPED and b.word("REACTION") == interlock.RAMP
    before = b.press.readings.filtered_cn
    b.run(1)
    assert abs(before - b.press.readings.filtered_cn - 100000) < 15000


def test_stop_that_is_asked_for_twice_is_one_stop():
    b = bench().pressed(4000000, host_loss="ramp_down", stop_rate_cn_per_s=100000)
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run(0.5)
    assert b.word("REACTION") == interlock.RAMP
    for _ in range(5):
        b.press.operator.stop("controlled")
        b.run(0.5)
        assert b.word("REACTION") == interlock.RAMP
    assert b.press.readings.filtered_cn > 3500000
    b.press.operator.stop("vent")
    b.run_passes(2)
    assert b.valve_is_off
    b = bench().pressed(4000000, stop_rate_cn_per_s=100000)
    for _ in range(5):
        b.push("stop")
        b.run(0.5)
    assert b.word("STATE") == states.RELEASING and 3500000 < b.press.readings.filtered_cn < 3900000


def test_ramp_down_goes_at_the_programs_own_rate_and_has_the_time_that_it_needs():
    b = bench(trip_ramp_limit_s=1).pressed(200000, host_loss="ramp_down", stop_rate_cn_per_s=10000)
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run(0.5)
    before = b.press.readings.filtered_cn
    b.run(5)
    assert abs(before - b.press.readings.filtered_cn - 50000) < 2000 and b.word("REACTION") == interlock.RAMP
    b.until(lambda: b.valve_is_off, 20)


def test_press_that_was_let_go_has_the_whole_time_of_a_ramp_down():
    b = bench(trip_ramp_n_per_s=1000, trip_ramp_limit_s=12).pressed(host_loss="hold")
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run(20)
    b.press.operator.stop("controlled")
    b.run(5)
    assert b.word("REACTION") == interlock.RAMP and len(b.records(records.TRIP)) == 1


def test_selftest_names_what_is_wrong():
    b = bench()
    assert tst_q(b.press.server, [], []) == 0
    b.status = 0
    b.run(0.1)
    assert tst_q(b.press.server, [], []) == 8
    assert tst_q(bench(without=("ceilings",)).press.server, [], []) & 4


def test_channel_that_opened_alone_keeps_the_press_from_being_acknowledged_until_its_switch_opened_whole():
    """The other contact may be welded: when this one closes again, both look good, and the switch would not stop anything."""
    for pair, told in (("estop", "emergency stop"), ("guard", "guard")):
        for alone in ("a", "b"):
            b = bench().pressed()
            b.inputs &= ~blackboard.IN["%s_%s" % (pair, alone)]
            b.run(0.1)
            assert b.press.readings.state_name == "tripped"
            assert told in b.press.readings.trip_hint and "both contacts open, then close it again" in b.press.readings.trip_hint
            b.inputs = blackboard.IN_HEALTHY
            b.run(1)
            assert "welded" in b.press.readings.trip_hint and len(refusal(b.press.operator.reset)) < status.INFO_MAX
            assert told in refusal(b.press.operator.reset) and "welded" in refusal(b.press.operator.reset)
            b.inputs &= ~blackboard.IN[pair + "_a"] & ~blackboard.IN[pair + "_b"]
            b.run(0.1)
            assert "welded" not in b.press.readings.trip_hint or b.press.readings.trip_reason == "discrepancy"
            b.inputs = blackboard.IN_HEALTHY
            b.run(0.1)
            b.press.operator.reset()
            b.run_passes(1)
            assert b.press.readings.state_name == "safe" and b.press.arming.failing() == []


def test_channel_that_opens_alone_while_the_press_is_safe_keeps_it_from_being_armed():
    b = bench()
    b.inputs &= ~blackboard.IN["guard_b"]
    b.run_passes(2)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(2)
    assert [code for code, _ in b.press.arming.failing()] == ["discrepancy"]


def test_force_that_rises_while_the_valve_is_held_still_vents():
    """A stop with a hold, or a relaxation, leaves the cell to the valve: a regulator that fails there is a runaway, too."""
    for tripped in (False, True):
        if tripped:
            b = bench(runaway_n=150000).pressed(host_loss="hold")
            b.press.S[blackboard.AT["SIG_LEASE"]] = 1
            b.run(1)
            assert b.press.readings.trip_reason == "host_lease"
        else:
            b = bench(runaway_n=150000).started(CONTACT, ramp(1000000), {"do": "relax", "for_ms": 60000})
            b.until(lambda: b.word("MODE") == states.LOCK)
        assert not b.valve_is_off and b.word("MODE") == states.LOCK
        b.extra_cn = 100000
        b.run(0.5)
        assert not b.valve_is_off  # within its limit
        b.extra_cn = 200000
        b.run(0.5)
        assert b.valve_is_off and "runaway" in interlock.names_of(b.word("LATCHED"))


def test_program_whose_sensor_does_not_answer_is_refused():
    b = bench()
    b.board.capabilities |= {"displacement", "temperature"}
    b.put(recipe(CONTACT, {"do": "creep", "for_ms": 1000}, VENT))
    b.press.operator.arm()
    b.run_passes(1)
    b.press.S[blackboard.AT["DISPLACEMENT"]] = blackboard.ABSENT
    assert "creep needs displacement, which the press has not" in refusal(lambda: b.press.operator.start("pellet"))
    b.run_passes(1)
    b.press.operator.start("pellet")
    b.until_state(states.PRESSING)
