"""Cycles and sweeps, level by level: what each goes to, when it is late or not settled, which triggers go out."""

from bench_runner import CONTACT, loaded, reach, run_on


def test_cycle_goes_up_and_down_and_dwells():
    cycle = {"do": "cycle", "low_cn": 10_000, "high_cn": 50_000, "rate_cn_per_s": 100_000, "count": 3}
    cycle.update({"dwell_high_ms": 200, "dwell_low_ms": 100})
    press, run = loaded(CONTACT, cycle, at_end="hold")
    run_on(press, run)
    assert run.state == "done" and run.step.cycle == 3
    goals = [order[2] for order in press.orders[1:]]
    assert goals == [50_000, 10_000] * 3
    assert run.step.count == 4 and [note[0] for note in press.notes] == [1, 2] * 4
    assert [goal for phase, _, goal in press.goals if phase == 1] == [5000] + [50_000] * 3


def test_a_level_is_named_by_what_it_goes_to():
    sweep = {"do": "sweep", "forces_cn": [20_000, 40_000, 10_000], "rate_cn_per_s": 100_000, "settled_for_ms": 100}
    press, run = loaded(CONTACT, sweep, at_end="hold")
    run_on(press, run)
    assert [(count, goal) for phase, count, goal in press.goals if phase == 1] == [(1, 5000), (2, 20_000), (3, 40_000), (4, 10_000)]


def test_a_stroke_that_is_late_is_told_with_its_round_and_only_there():
    cycle = {"do": "cycle", "low_cn": 10_000, "high_cn": 50_000, "rate_cn_per_s": 100_000, "count": 3}
    cycle.update({"timeout_ms": 1000, "at_timeout": "go_on"})
    press, run = loaded(CONTACT, cycle, at_end="hold")
    run_on(press, run, until=lambda: run.step.cycle == 2)
    follow, press._order = press._order, lambda mode, first=0, rate=0: None  # the second stroke up does not come
    run_on(press, run, until=lambda: run.step.cycle == 2 and run.step.late)
    press._order = follow
    run_on(press, run)
    assert [outcome for phase, outcome in press.notes if phase == 2] == ["", "", "time-out", ""]


def test_sweep_triggers_and_waits_at_each_level_up_and_down():
    sweep = {"do": "sweep", "pressures_pa": [5_000_000, 10_000_000, 5_000_000], "rate_pa_per_s": 10_000_000}
    sweep.update({"settled_for_ms": 500, "soak_ms": 300, "trigger_ms": 50, "wait_trigger_ms": 5000})
    press, run = loaded(CONTACT, sweep, at_end="hold")
    press.answers_after_ms = 1000
    reach(press, run, 1)
    assert not run.waits_for_trigger
    began = press.ms
    run_on(press, run, until=lambda: press.pulses == 1)
    run_on(press, run, 200)
    assert run.waits_for_trigger
    run_on(press, run)
    took = press.ms - began
    assert run.state == "done" and press.pulses == 3 and not press._out
    assert [order[2] for order in press.orders[-3:]] == [66_366, 132_732, 66_366]
    assert 3 * 1800 < took < 3 * 1800 + 3500, took


def test_a_level_that_did_not_settle_is_told_and_no_trigger_goes_out_there():
    sweep = {"do": "sweep", "forces_cn": [20_000, 40_000, 30_000], "rate_cn_per_s": 100_000, "settled_for_ms": 100}
    sweep.update({"wait_trigger_ms": 2000, "soak_ms": 500, "timeout_ms": 3000})
    for last in (1, 2):  # in the middle, and as the last of all
        press, run = loaded(CONTACT, sweep, at_end="hold")
        press.answers_after_ms = 300
        measured, settled = [], press.settled
        press.settled = lambda band, time_ms: run.step.cycle != last + 1 and settled(band, time_ms)  # noqa: B023
        while run.active:
            run_on(press, run, 5)
            if press._out and (not measured or measured[-1] != run.step.cycle):
                measured.append(run.step.cycle)
        assert run.state == "done" and press.pulses == 2 and measured == [k for k in (1, 2, 3) if k != last + 1]
        ended = [outcome for phase, outcome in press.notes if phase == 2]
        assert ended == [""] + ["not settled" if k == last else "" for k in range(3)]


def test_a_level_that_did_not_settle_ends_the_program_where_it_says_so():
    sweep = {"do": "sweep", "forces_cn": [20_000, 40_000], "rate_cn_per_s": 100_000, "settled_for_ms": 100}
    sweep.update({"wait_trigger_ms": 2000, "timeout_ms": 3000, "at_timeout": "stop"})
    press, run = loaded(CONTACT, sweep)
    press.settled = lambda band, time_ms: False
    run_on(press, run)
    assert run.state == "failed" and press.pulses == 0 and press.mode == "vent"


def test_sweep_without_answer_goes_to_the_next_level_after_the_time_out():
    sweep = {"do": "sweep", "forces_cn": [20_000, 40_000], "rate_cn_per_s": 100_000, "settled_for_ms": 100}
    sweep["wait_trigger_ms"] = 2000
    press, run = loaded(CONTACT, sweep, at_end="hold")
    run_on(press, run)
    assert run.state == "done" and press.pulses == 2
    assert [outcome for phase, outcome in press.notes if phase == 2] == ["", "no trigger in", "no trigger in"]


def test_sweep_without_answer_holds_if_it_says_so():
    sweep = {"do": "sweep", "forces_cn": [20_000, 40_000], "rate_cn_per_s": 100_000, "settled_for_ms": 100}
    sweep.update({"wait_trigger_ms": 2000, "at_timeout": "hold"})
    press, run = loaded(CONTACT, sweep)
    run_on(press, run)
    assert run.state == "failed" and press.pulses == 1 and not press._out
    assert press.mode == "force" and press.mode_arg[0] == 20_000
