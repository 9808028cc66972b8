"""Every kind of step ends by its condition or by its time-out: contact, ramp, hold, relax, creep, watch, temperature."""

from bench_runner import CONTACT, RAMP, VENT, hold, loaded, reach, run_on
from stackpress_core.log.records import EVENT_TRIGGER_IN, EVENT_TRIGGER_OVER
from stackpress_core.recipe import runner


def test_contact_that_never_comes_ends_by_time_and_vents():
    press, run = loaded({"do": "contact", "to_cn": 5000, "timeout_ms": 1000, "speed_um_per_s": 10})
    took = run_on(press, run, 20_000)
    assert run.state == "failed" and "contact" in run.reason and "time-out" in run.reason
    assert press.mode == "vent" and 1000 <= took <= 1020


def test_contact_that_never_comes_ends_by_travel():
    press, run = loaded({"do": "contact", "to_cn": 5000, "travel_nm": 500_000, "speed_um_per_s": 500})
    took = run_on(press, run, 20_000)
    assert run.state == "failed" and "travel" in run.reason
    assert press.mode == "vent" and 1000 <= took <= 1030


def test_one_noisy_reading_is_no_contact():
    press, run = loaded(CONTACT, hold(for_ms=10_000))
    run_on(press, run, 100)
    press.filtered_cn = 1_000_000
    run.look(press.now_s, press.now_ms)
    assert run.kind == "contact"
    press.filtered_cn = 0
    run.look(press.now_s, press.now_ms)
    assert run.kind == "contact"


def test_after_contact_a_hold_regulates_just_above_the_contact_force():
    press, run = loaded(CONTACT, hold(for_ms=2000), at_end="hold")
    run_on(press, run)
    assert run.state == "done"
    assert press.mode == "force" and 5000 <= press.mode_arg[0] < 12_000 and abs(press.filtered_cn - press.mode_arg[0]) < 50


def test_a_relative_ramp_starts_from_the_set_point():
    up = {"do": "ramp", "by_cn": 10_000, "rate_cn_per_s": 100_000}
    press, run = loaded(CONTACT, up, up, hold(for_ms=500), at_end="hold")
    reach(press, run, 1)
    touched = press.filtered_cn
    run_on(press, run)
    assert touched >= 5000 and abs(press.set_cn - touched - 20_000) <= 100


def test_a_relative_ramp_after_relaxation_starts_from_the_force_that_is_left():
    relax = {"do": "relax", "for_ms": 60_000}
    press, run = loaded(CONTACT, RAMP, relax, {"do": "ramp", "by_cn": 10_000, "rate_cn_per_s": 100_000}, at_end="hold")
    reach(press, run, 3)
    left = press.filtered_cn
    assert left < 1_200_000
    run_on(press, run)
    assert run.state == "done" and abs(press.set_cn - left - 10_000) < 100


def test_hold_until_settled_waits_for_the_band_and_the_time():
    press, run = loaded(CONTACT, RAMP, hold(until_settled_ppm=5000, settled_for_ms=3000, timeout_ms=60_000), VENT)
    reach(press, run, 2)
    took = reach(press, run, 3)
    assert 3000 <= took < 4000, took


def test_hold_until_settled_that_never_settles_times_out():
    press, run = loaded(CONTACT, hold(until_settled_cn=10, settled_for_ms=1000, timeout_ms=5000))
    reach(press, run, 1)
    press.regulates = False
    press.settled = lambda band, time: False
    took = run_on(press, run)
    assert run.state == "failed" and 5000 <= took <= 5020


def test_hold_until_creep_ends_when_the_creep_has_slowed():
    wait = hold(until_creep_nm_per_min=2000, creep_window_ms=5000, timeout_ms=600_000)
    press, run = loaded(CONTACT, RAMP, wait, VENT)
    press.creep_um_per_s, press.creep_halves_s = 1.0, 10.0
    reach(press, run, 2)
    took = reach(press, run, 3, dt_ms=20)
    # from 60 um/min at first contact, halved every 10 s, to 2 um/min: 49 s, less the ramp, plus the windows
    assert 40_000 < took < 65_000, took
    assert abs(run.step.creep.per_minute) <= 2000


def test_creep_that_goes_on_times_out():
    press, run = loaded(CONTACT, hold(until_creep_nm_per_min=100, creep_window_ms=1000, timeout_ms=10_000))
    press.creep_um_per_s = 1.0
    run_on(press, run)
    assert run.state == "failed" and "time-out" in run.reason


def test_relax_locks_the_valve_and_ends_when_the_force_hardly_decays():
    relax = {"do": "relax", "until_creep_cn_per_min": 20_000, "creep_window_ms": 2000, "timeout_ms": 3_600_000}
    press, run = loaded(CONTACT, RAMP, relax, VENT)
    reach(press, run, 2)
    assert press.mode == "lock" and run.dense
    took = reach(press, run, 3, dt_ms=50)
    assert run.step.creep.slower_than(20_000) and took > 500_000


def test_creep_step_regulates_and_is_dense():
    press, run = loaded(CONTACT, {"do": "creep", "for_ms": 3000}, VENT)
    reach(press, run, 1)
    assert press.mode == "force" and run.dense
    assert 3000 <= reach(press, run, 2) <= 3010


def test_at_least_delays_the_end():
    press, run = loaded(CONTACT, hold(until_trigger=True, at_least_ms=2000, timeout_ms=9000), VENT)
    reach(press, run, 1)
    run.trigger()
    took = reach(press, run, 2)
    assert 2000 <= took <= 2010 and run.state == "running"


def held_on(press, run, for_ms):
    """Somebody keeps the trigger input on."""
    for _ in range(for_ms // 5):
        press.inputs = runner.IN_TRIGGER
        run.look(press.now_s, press.now_ms)
        press.advance(5)


def test_a_step_that_waits_for_the_end_of_a_trigger_lasts_as_long_as_the_input_is_held():
    for kind in ("hold", "watch"):
        press, run = loaded(CONTACT, {"do": kind, "until_trigger_over": True, "timeout_ms": 9000}, VENT)
        reach(press, run, 1)
        run_on(press, run, 500)
        assert run.waits_for_trigger
        held_on(press, run, 2000)
        assert run.index == 1  # whoever has come has not gone
        run_on(press, run, 20)
        told = [one[0] for one in press.told if one[0] in (EVENT_TRIGGER_IN, EVENT_TRIGGER_OVER)]
        assert run.index == 2 and told == [EVENT_TRIGGER_IN, EVENT_TRIGGER_OVER]


def test_the_end_of_a_trigger_that_was_there_before_the_step_counts():
    press, run = loaded(CONTACT, hold(until_trigger_over=True, timeout_ms=9000), VENT)
    while run.index < 1:
        held_on(press, run, 5)
    held_on(press, run, 2000)
    assert run.index == 1
    run_on(press, run, 20)
    assert run.index == 2


def test_the_end_of_a_trigger_is_none_to_a_step_that_waits_for_its_beginning():
    press, run = loaded(CONTACT, hold(until_trigger=True, timeout_ms=1000))
    while run.index < 1:
        held_on(press, run, 5)
    run_on(press, run)
    assert run.state == "failed" and "time-out" in run.reason


def test_a_trigger_before_the_wait_does_not_count():
    press, run = loaded(CONTACT, hold(until_trigger=True, timeout_ms=1000))
    run.trigger()
    run_on(press, run)
    assert run.state == "failed"


def test_a_trigger_input_that_stands_counts_once():
    wait = hold(until_trigger=True, timeout_ms=1000)
    press, run = loaded(CONTACT, wait, wait)
    reach(press, run, 1)
    for _ in range(300):
        press.inputs = runner.IN_TRIGGER
        run.look(press.now_s, press.now_ms)
        press.advance(5)
    assert run.index == 2 and run.state == "failed"


def test_the_notes_of_steps_and_every_trigger_are_told_to_the_log():
    press, run = loaded(hold(until_trigger=True, note="soak at 60 degC"), hold(for_ms=100), hold(for_ms=100, note=""))
    run.look(press.now_s, press.now_ms)
    run.look(press.now_s, press.now_ms)
    assert run.note == "soak at 60 degC"
    press.inputs = runner.IN_TRIGGER
    run.look(press.now_s, press.now_ms)
    run_on(press, run)
    assert [(code, text) for code, _, _, text in press.told] == [(22, "soak at 60 degC"), (8, ""), (32, "")]
    assert run.note == ""


def test_a_step_that_gave_up_its_wait_for_a_temperature_has_an_end_of_its_own():
    warm = hold(for_ms=100, temperature_min_cc=6000, temperature_timeout_ms=1000)
    press, run = loaded(CONTACT, warm)
    reach(press, run, 1)
    run_on(press, run, 500)
    assert run.open_step == 0 and run.step.count == 1
    run_on(press, run)
    assert run.state == "failed" and [(phase, count) for phase, count, _ in press.goals] == [(1, 1), (2, 1), (1, 2), (2, 2)]
    assert press.notes[-1] == (2, "step 2 (hold): temperature")


def test_watch_gives_no_order_and_sees_a_hand_pump():
    up = {"do": "watch", "until_above_cn": 100_000, "timeout_ms": 60_000}
    press, run = loaded(up, {"do": "watch", "until_below_cn": 5000})
    run_on(press, run, 1000)
    press._force = 150_000.0
    run_on(press, run, 1000, until=lambda: run.index == 1)
    press._force = 1000.0
    run_on(press, run, 1000)
    assert run.state == "done" and press.orders == []


def test_a_step_waits_for_its_temperature_and_then_goes_on():
    warm = dict(RAMP)
    warm.update({"temperature_min_cc": 6000, "temperature_max_cc": 7000, "temperature_timeout_ms": 60_000})
    press, run = loaded(CONTACT, warm, VENT)
    run_on(press, run, 10_000)
    assert run.index == 1 and press.orders[-1][2] == 5000
    press.temperature = 6500
    run_on(press, run)
    assert run.state == "done"


def test_a_temperature_that_does_not_come_ends_as_the_step_says():
    warm = dict(RAMP)
    warm.update({"temperature_min_cc": 6000, "temperature_timeout_ms": 1000, "temperature_at_timeout": "vent"})
    press, run = loaded(CONTACT, warm)
    run_on(press, run, 60_000)
    assert run.state == "failed" and "temperature" in run.reason and press.mode == "vent"


GAP = {"do": "gap", "for_ms": 600_000, "most_cn": 100_000, "rate_cn_per_s": 1000}
HELD = {"do": "ramp", "to_cn": 60_000, "rate_cn_per_s": 100_000}


def in_gap(creep_um_per_s, **more):
    """A press whose specimen shrinks (or swells, below nothing) while its gap is kept; and where the ram stood."""
    press, run = loaded(CONTACT, HELD, hold(for_ms=2000), dict(GAP, **more), at_end="hold")
    press.stiffness_cn_per_um = 1500.0
    reach(press, run, 3)
    press.creep_um_per_s = creep_um_per_s
    return press, run, press.displacement_nm


def most_of(press, run, for_ms, what):
    """The largest that `what` was until then."""
    seen = [0]

    def look():
        seen[0] = max(seen[0], what())

    run_on(press, run, for_ms, 20, until=look)
    return seen[0]


def test_a_gap_is_kept_while_the_specimen_swells_and_the_force_rises():
    press, run, stood_nm = in_gap(-0.05)
    far = most_of(press, run, 300_000, lambda: abs(press.displacement_nm - stood_nm))
    # 15 um that it would have swollen are 225 N
    assert far < 1500 and 75_000 < press.filtered_cn < 90_000, (far, press.filtered_cn)


def test_a_gap_is_kept_while_the_specimen_shrinks_and_the_force_falls():
    press, run, stood_nm = in_gap(0.05)
    far = most_of(press, run, 300_000, lambda: abs(press.displacement_nm - stood_nm))
    assert far < 1500 and 30_000 < press.filtered_cn < 45_000, (far, press.filtered_cn)


def test_a_gap_leaves_the_force_alone_while_nothing_moves_and_ends_by_its_time():
    press, run, _ = in_gap(0.0)
    orders = len(press.orders)
    took = run_on(press, run, dt_ms=20)
    assert run.state == "done" and len(press.orders) == orders and 599_000 < took < 601_000


def test_a_gap_that_would_take_more_than_its_most_ends_with_the_cell_held_at_no_more():
    press, run, _ = in_gap(-0.2)
    most = most_of(press, run, 600_000, lambda: press.filtered_cn)
    assert run.state == "failed" and "gap" in run.reason and "largest force" in run.reason
    assert 99_000 < most <= 100_100 and press.mode == "force"
    # it would swell on, and a ram that sticks holds no more than the most either
    assert press.set_cn < 95_100 and press.filtered_cn < 96_000


def test_a_gap_whose_specimen_presses_with_more_than_its_most_takes_that_off_before_it_ends():
    press, run, _ = in_gap(0.0)
    push = press._move
    press._move = lambda dt: (push(dt), setattr(press, "_force", press._force + 3000))[0]  # a regulator that lags behind swelling
    press._set = 99_000.0
    press.mode_arg = (99_000, 1000)
    run_on(press, run, 500, 20)
    assert run.state == "running" and press.filtered_cn > 100_000 and press.mode_arg[0] < 99_000
    run_on(press, run, 20_000, 20)
    assert run.state == "failed" and "largest force" in run.reason
    assert press.filtered_cn <= 100_000 and press.mode == "force" and press.set_cn < 97_100


def test_a_gap_whose_scale_is_gone_ends_with_the_cell_held():
    press, run, _ = in_gap(0.0)
    run_on(press, run, 10_000)
    press.ram_um = -(1 << 30) / 1000
    press._move = lambda dt: None
    run_on(press, run)
    assert run.state == "failed" and run.reason == "step 4 (gap): scale" and press.mode == "force"


def test_a_gap_that_shrinks_away_leaves_five_newtons():
    press, run, _ = in_gap(5.0)
    under = most_of(press, run, 100_000, lambda: 500 - press.set_cn)
    assert under == 0 and press.set_cn == 500


def test_the_order_never_asks_for_more_than_two_seconds_ahead():
    press, run, _ = in_gap(-0.05)
    begun = len(press.orders)
    run_on(press, run, 100_000, 20)
    told = [first for _, mode, first, _ in press.orders[begun:] if mode == "force"]
    assert told and all(abs(a - b) <= 2100 for a, b in zip(told, told[1:]))


def test_a_gap_whose_scale_stands_while_the_force_changes_ends_with_the_cell_held():
    press, run, _ = in_gap(-0.2)
    run_on(press, run, 20_000)
    press.exceeds = ("sensor",)
    took = run_on(press, run)
    assert run.state == "failed" and run.reason == "step 4 (gap): scale" and press.mode == "force" and took < 15_000


def test_a_gap_that_ends_while_its_set_point_moves_leaves_it_where_it_is():
    press, run, _ = in_gap(-0.2, for_ms=61_000)
    run_on(press, run)
    assert run.state == "done" and abs(press.mode_arg[0] - press.set_cn) <= 10


def test_a_gap_is_caught_up_with_after_a_pause_in_which_the_force_stood():
    press, run, stood_nm = in_gap(-0.05)
    run_on(press, run, 60_000)
    run.pause()
    run_on(press, run, 60_000)
    off, force_cn = abs(press.displacement_nm - stood_nm), press.filtered_cn
    run.resume()
    run_on(press, run, 60_000)
    assert off > 2500 and abs(press.displacement_nm - stood_nm) < 1500 and press.filtered_cn > force_cn + 2000


def test_what_was_on_its_way_before_a_gap_stays_where_it_is_when_it_begins():
    slow = {"do": "ramp", "to_cn": 90_000, "rate_cn_per_s": 100, "timeout_ms": 20_000, "at_timeout": "go_on"}
    press, run = loaded(CONTACT, HELD, slow, dict(GAP, most_cn=90_000), at_end="hold")
    reach(press, run, 3)
    force_cn = press.set_cn
    run_on(press, run, 60_000)
    assert press.set_cn <= force_cn + 10 < 70_000 and press.filtered_cn < 70_000


def test_a_gap_that_begins_with_more_than_its_most_ends_at_once():
    press, run = loaded({"do": "contact", "to_cn": 60_000, "speed_um_per_s": 500}, dict(GAP, most_cn=60_000), at_end="hold")
    reach(press, run, 1)
    run_on(press, run, 10_000)
    assert run.state == "failed" and run.reason == "step 2 (gap): largest force" and press.filtered_cn < 70_000


def test_a_gap_that_turns_goes_slower_and_one_that_goes_on_faster_again():
    press, run, _ = in_gap(-0.2)
    run_on(press, run, 30_000)
    up = run.step.pace
    press.creep_um_per_s = 0.2
    run_on(press, run, 100_000, until=lambda: run.step.pace < 0)
    turned = run.step.pace
    press.creep_um_per_s = 2.0
    run_on(press, run, 20_000)
    assert (up, turned, run.step.pace) == (1, -2, -1)


def test_sensor_that_is_lost_ends_the_step_that_needs_it():
    absent = -(1 << 30)
    warm = {"do": "hold", "for_ms": 60_000, "temperature_min_cc": 2000}
    press, run = loaded(CONTACT, warm, VENT)
    reach(press, run, 1)
    run_on(press, run, for_ms=1000)
    press.temperature = absent
    run_on(press, run, for_ms=100)
    assert run.state == "failed" and run.reason == "step 2 (hold): thermometer"
    press, run = loaded(CONTACT, dict(warm, temperature_min_cc=5000, temperature_at_timeout="vent"), VENT)
    reach(press, run, 1)
    press.temperature = absent
    run_on(press, run, for_ms=100)
    assert run.reason == "step 2 (hold): thermometer" and press.mode == "vent"

    press, run = loaded(CONTACT, {"do": "creep", "for_ms": 60_000}, hold(for_ms=1000))
    reach(press, run, 1)
    press.has_scale = False
    run_on(press, run, for_ms=100)
    assert run.reason == "step 2 (creep): scale"
    press, run = loaded(CONTACT, hold(for_ms=1000), VENT)
    press.has_scale, press.temperature = False, absent
    reach(press, run, 2)
    assert run.state == "running"  # nothing of it needs a sensor


def test_reading_that_never_changes_has_not_crept():
    press, run = loaded(CONTACT, RAMP, hold(until_creep_nm_per_min=2000, creep_window_ms=1000, timeout_ms=20_000))
    reach(press, run, 2)
    press._move = bool  # the ram stands, to the last nanometre
    run_on(press, run)
    assert run.state == "failed" and "time-out" in run.reason and not run.step.creep.slower_than(2000)
