"""How programs end, or wait: time-outs, stops, a lost host, a trip, a pause; and what is never begun."""

from bench_runner import CONTACT, LIMITS, RAMP, TRIPPED, VENT, StandIn, hold, loaded, reach, recipe, run_on
from stackpress_core.errors import Refused
from stackpress_core.recipe import program, runner

WRAPS_S = (0, (1 << 30) // 1000 - 2, (1 << 30) - 2, (1 << 32) - 2)


def test_a_pellet_program_runs_to_its_end_just_below_every_wrap_of_time():
    for now_s in WRAPS_S:
        release = {"do": "release", "rate_cn_per_s": 1_000_000}
        press, run = loaded(CONTACT, RAMP, hold(for_ms=1000), release, VENT, now_s=now_s)
        took = reach(press, run, 3)
        assert abs(press.filtered_cn - 1_327_323) < 2000, press.filtered_cn
        took += run_on(press, run, 60_000)
        assert run.state == "done" and run.reason == "", (run.state, run.reason)
        assert press.filtered_cn < 5000 and press.mode == "vent"
        assert 4500 < took < 9000, took
        assert [note[0] for note in press.notes] == [1, 2] * 5
        assert run.step.count == 5


def test_a_hold_for_ten_weeks_ends_to_the_second():
    weeks_ms = 10 * 7 * 24 * 3_600_000
    press, run = loaded(CONTACT, hold(for_ms=weeks_ms), VENT, now_s=(1 << 30) - 100)
    reach(press, run, 1)
    took = run_on(press, run, dt_ms=500_000)
    assert run.state == "done"
    assert weeks_ms <= took <= weeks_ms + 2_000_000


def test_a_ramp_that_the_press_does_not_follow_times_out_and_holds():
    press, run = loaded(CONTACT, {"do": "ramp", "to_cn": 500_000, "rate_cn_per_s": 100_000, "timeout_ms": 2000})
    reach(press, run, 1)
    took = run_on(press, run, 60_000)
    assert run.state == "failed" and run.reason == "step 2 (ramp): time-out"
    assert 2000 <= took <= 2020
    assert press.mode == "force" and press.mode_arg[0] == press.orders[-1][2] < 500_000


def test_time_out_stop_releases_at_the_stop_rate_and_vents():
    wait = hold(until_trigger=True, timeout_ms=1000, at_timeout="stop")
    press, run = loaded(CONTACT, RAMP, wait, stop_rate_cn_per_s=300_000)
    run_on(press, run, 60_000)
    assert run.state == "failed" and "time-out" in run.reason
    assert [order[1:] for order in press.orders[-2:]] == [("force", 0, 300_000), ("vent", 0, 0)]
    assert press.orders[-1][0] - press.orders[-2][0] > 4000


def test_time_out_go_on_goes_on():
    press, run = loaded(CONTACT, hold(until_trigger=True, timeout_ms=1000, at_timeout="go_on"), VENT)
    run_on(press, run, 60_000)
    assert run.state == "done"
    assert (2, "time-out") in press.notes


def test_vent_that_does_not_empty_times_out():
    press, run = loaded(CONTACT, RAMP, {"do": "vent", "timeout_ms": 500})
    reach(press, run, 2)
    press._move = lambda dt: None
    run_on(press, run)
    assert run.state == "failed" and press.mode == "vent"


def test_pause_freezes_the_ramp_and_does_not_count_as_step_time():
    press, run = loaded(CONTACT, RAMP, hold(for_ms=1000), VENT)
    run_on(press, run, until=lambda: run.index == 1 and press.set_cn > 500_000)
    run.pause("looking")
    frozen, at = press.set_cn, run.step_time_ms
    run_on(press, run, 100_000)
    assert run.state == "paused" and press.set_cn == frozen
    assert run.step_time_ms - at <= 5
    run.resume()
    run_on(press, run)
    assert run.state == "done"


def test_host_loss_does_what_the_program_says():
    for policy, state, mode in (("carry_on", "running", "force"), ("hold", "paused", "force")):
        press, run = loaded(CONTACT, RAMP, hold(for_ms=100_000), host_loss=policy)
        reach(press, run, 2)
        run.host_lost()
        run_on(press, run, 5000)
        assert (run.state, press.mode) == (state, mode) and press.filtered_cn > 1_300_000
    press, run = loaded(CONTACT, RAMP, hold(for_ms=100_000), host_loss="ramp_down")
    reach(press, run, 2)
    run.host_lost()
    run_on(press, run, 60_000)
    assert run.state == "stopped" and run.reason == "host lost" and press.mode == "vent"


def test_a_controlled_stop_in_any_step_ends_vented():
    steps = (CONTACT, RAMP, hold(for_ms=9000), {"do": "relax", "for_ms": 9000}, {"do": "creep", "for_ms": 9000})
    for index in range(len(steps)):
        press, run = loaded(*steps)
        reach(press, run, index)
        run_on(press, run, 100)
        run.stop("controlled")
        assert run.state == "stopping"
        run_on(press, run, 120_000)
        assert run.state == "stopped" and press.mode == "vent"
        assert press.orders[-2][1:] == ("force", 0, 200_000)


def test_a_held_cell_is_still_released_slowly_long_after_its_program_has_ended():
    press, run = loaded(CONTACT, RAMP, at_end="hold")
    run_on(press, run)
    press.advance(100_000_000)
    run.stop("controlled")
    took = run_on(press, run, 60_000)
    assert run.state == "stopped" and press.mode == "vent" and took > 6000


def test_stop_hold_freezes_the_set_point():
    press, run = loaded(CONTACT, RAMP)
    run_on(press, run, until=lambda: run.index == 1 and press.set_cn > 500_000)
    run.stop("hold")
    assert run.state == "stopped" and press.mode_arg[0] == press.set_cn > 500_000


def test_stop_vent_vents_at_once():
    press, run = loaded(CONTACT, RAMP)
    reach(press, run, 1)
    run.stop("vent")
    assert run.state == "stopped" and press.mode == "vent"


def test_a_trip_ends_the_program_without_an_order():
    press, run = loaded(CONTACT, RAMP)
    reach(press, run, 1)
    given = len(press.orders)
    press.state = TRIPPED
    run_on(press, run, 1000)
    assert run.state == "failed" and run.reason == "tripped" and len(press.orders) == given


def test_a_relative_ramp_that_would_leave_the_limits_moves_nothing():
    press, run = loaded(CONTACT, {"do": "ramp", "by_cn": 5_990_000, "rate_cn_per_s": 1_000_000}, at_end="hold")
    reach(press, run, 1)
    run.stop("vent")
    press, run = loaded(CONTACT, hold(for_ms=10), at_end="hold")
    run_on(press, run)
    press.set_cn = 5_000_000
    over = recipe({"do": "ramp", "by_cn": 5_990_000, "rate_cn_per_s": 1_000_000})
    assert run.load(over, LIMITS) == []  # right if it starts from nothing
    run.start(2)
    given = len(press.orders)
    run.look(press.now_s, press.now_ms)
    assert run.state == "failed" and "109900 N" in run.reason and len(press.orders) == given
    run.stop("controlled")
    assert run.state == "stopping"


def test_a_wrong_program_is_refused_whole_and_the_old_one_stays():
    press = StandIn()
    run = runner.Runner(press, press, press, press.scheduler)
    assert run.load(recipe(CONTACT), LIMITS) == []
    wrong = recipe(CONTACT, {"do": "ramp", "to_cn": 7_000_000, "rate_cn_per_s": 100})
    assert run.load(wrong, LIMITS) == ["step 2 (ramp): target 70000 N is over the press's working limit 60000 N"]
    assert run.program == recipe(CONTACT) and press.orders == []
    run.start(1)
    assert run.load(recipe(VENT), LIMITS) == ["a program is running"]
    try:
        run.start(2)
    except Refused as refusal:
        assert "running" in refusal.text
    else:
        raise AssertionError("a second start was accepted")


def test_time_left_counts_down_to_nothing():
    press, run = loaded(CONTACT, RAMP, hold(for_ms=20_000), VENT)
    expected = sum([times[0] for times in program.Totals(run.program, {}).times])
    assert run.time_left_ms == expected
    reach(press, run, 2)
    run_on(press, run, 10_000)
    assert 10_000 <= run.time_left_ms <= 10_000 + 5_100
    run_on(press, run)
    assert run.time_left_ms == 0
