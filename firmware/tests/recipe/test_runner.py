"""The interpreter against a small honest stand-in of the press: every step ends by its condition or by its time-out.

Plain functions without a test framework, so that MicroPython runs this same file (`test_program.py` sees to that).
"""

from stackpress_core.errors import Refused
from stackpress_core.recipe import program, runner
from stackpress_core.scheduler import Scheduler

LIMITS = {
    "force_limit_cn": 6_000_000,
    "rate_limit_cn_per_s": 2_000_000,
    "speed_limit_um_per_s": 3000,
    "travel_limit_nm": 50_000_000,
    "temperature_limit_cc": 12_000,
    "release_rate_cn_per_s": 200_000,
    "capabilities": {"valve", "trigger", "temperature", "displacement"},
}
AREA_UM2 = 132_732_290  # 13 mm die
READY, PRESSING, TRIPPED = 1, 2, 5
WRAPS_S = (0, (1 << 30) // 1000 - 2, (1 << 30) - 2, (1 << 32) - 2)


class StandIn:
    """A spring with a gap, creep and relaxation; a set-point that ramps; a force that lags by 50 ms."""

    def __init__(self, now_s=0):
        self.now_s, self.now_ms, self.ms = now_s, 995, 0
        self.state = READY
        self.scheduler = Scheduler()
        self.filtered_cn = 0
        self.set_cn = 0
        self.inputs = 0
        self.temperature = 2500
        self.ram_um = 0.0
        self.gap_um = 1000.0
        self.stiffness_cn_per_um = 2000.0
        self.creep_um_per_s = 0.0
        self.creep_halves_s = 0.0
        self.relaxes_per_s = 0.002
        self.regulates = True
        self.answers_after_ms = None
        self.mode = "off"
        self.mode_arg = (0, 0)
        self.settled_band = self.settled_from = 0
        self.orders = []
        self.notes = []
        self.goals = []
        self.told = []
        self.pulses = 0
        self._out = False
        self._asked_at = None
        self._force = 0.0
        self._set = 0.0

    def _order(self, mode, first=0, rate=0):
        if mode != "approach" and self.mode != "force":
            self._set = self._force
        self.mode, self.mode_arg, self.state = mode, (first, rate), PRESSING
        self.orders.append((self.ms, mode, first, rate))

    def set_force(self, target_cn, rate_cn_per_s):
        assert 0 <= target_cn <= LIMITS["force_limit_cn"] and rate_cn_per_s >= 1
        self._order("force", target_cn, rate_cn_per_s)

    def release(self, rate_cn_per_s):
        assert rate_cn_per_s >= 1
        self._order("force", 0, rate_cn_per_s)

    stop = release

    def ramp_down_as(self, rate_cn_per_s, limit_ms):
        self.ramps_down = rate_cn_per_s, limit_ms

    def approach(self, contact_cn, speed_um_s):
        assert 1 <= speed_um_s <= LIMITS["speed_limit_um_per_s"]
        self._order("approach", contact_cn, speed_um_s)

    def lock(self):
        self._order("lock")

    def vent(self):
        self._order("vent")
        self._set = 0.0
        self.state = READY

    def set_trigger(self, on):
        self.pulses += on and not self._out
        if on and not self._out and self.answers_after_ms is not None:
            self._asked_at = self.ms
        self._out = on

    def step(self, number, kind, step, phase, outcome):
        self.notes.append((phase, outcome))
        self.goals.append((phase, step.count, step.goal_cn))

    def tell(self, code, a=0, b=0, text=""):
        self.told.append((code, a, b, text))

    note = tell

    @property
    def set_point_reached(self):
        return self.mode == "force" and self._set == self.mode_arg[0]

    @property
    def displacement_nm(self):
        return int(self.ram_um * 1000)

    def temperature_cc(self, number):
        assert number in (0, 1)
        return self.temperature

    def settled(self, band_cn, time_ms):
        """Measured from the first question about this band, as the press does."""
        if band_cn != self.settled_band or abs(self.filtered_cn - self.set_cn) > band_cn or not self.set_point_reached:
            self.settled_band, self.settled_from = band_cn, self.ms
            return False
        return self.ms - self.settled_from >= time_ms

    def advance(self, dt_ms):
        dt = dt_ms / 1000
        goal, rate = self.mode_arg
        if self.mode == "force":
            step = rate * dt
            self._set += max(-step, min(step, goal - self._set))
        self._move(dt)
        self.set_cn, self.filtered_cn = int(self._set), int(self._force)
        self.inputs = 0
        if self._asked_at is not None and self.ms - self._asked_at >= self.answers_after_ms:
            self.inputs, self._asked_at = runner.IN_TRIGGER, None
        self.ms += dt_ms
        self.now_ms += dt_ms
        self.now_s, self.now_ms = self.now_s + self.now_ms // 1000, self.now_ms % 1000

    def _move(self, dt):
        touch = self.gap_um
        if self.creep_halves_s:
            self.creep_um_per_s *= 0.5 ** (dt / self.creep_halves_s)
        if self.mode == "approach":
            self.ram_um += self.mode_arg[1] * dt if self._force < self.mode_arg[0] else 0  # rests once it is there
            self._force = max(0.0, self.ram_um - touch) * self.stiffness_cn_per_um
            return
        if self.mode == "vent":
            self._force *= max(0.0, 1 - dt / 0.1)
        elif self.mode == "lock":
            self._force *= 1 - self.relaxes_per_s * dt
        elif self.mode == "force" and self.regulates:
            self._force += (self._set - self._force) * min(1.0, dt / 0.05)
        if self._force > 1:
            self.gap_um += self.creep_um_per_s * dt
            self.ram_um = self.gap_um + self._force / self.stiffness_cn_per_um


def recipe(*steps, **header):
    made = {"format": 1, "name": "test", "area_um2": AREA_UM2, "steps": list(steps)}
    made.update(header)
    return made


def loaded(*steps, **header):
    """(press, runner) with a started program; header `now_s` is the press time at the start."""
    press = StandIn(header.pop("now_s", 0))
    run = runner.Runner(press, press, press, press.scheduler)
    complaints = run.load(recipe(*steps, **header), LIMITS)
    assert complaints == [], complaints
    run.start(1)
    return press, run


def run_on(press, run, for_ms=10**12, dt_ms=5, until=None):
    """Let time pass until the program has ended, or `until` holds, or time is over; gives the ms that passed."""
    began = press.ms
    while run.active and press.ms - began < for_ms and not (until and until()):
        run.look(press.now_s, press.now_ms)
        press.advance(dt_ms)
    return press.ms - began


def reach(press, run, index, dt_ms=5):
    """Let time pass until step `index` has begun; gives the ms that passed."""
    return run_on(press, run, dt_ms=dt_ms, until=lambda: run.index == index)


CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 500}
RAMP = {"do": "ramp", "to_pa": 100_000_000, "rate_pa_per_s": 100_000_000}
VENT = {"do": "vent"}


def hold(**more):
    step = {"do": "hold"}
    step.update(more)
    return step


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


def test_the_notes_of_steps_and_every_trigger_are_told_to_the_log():
    press, run = loaded(hold(until_trigger=True, note="soak at 60 degC"), hold(for_ms=100), hold(for_ms=100, note=""))
    run.look(press.now_s, press.now_ms)
    run.look(press.now_s, press.now_ms)
    assert run.note == "soak at 60 degC"
    press.inputs = runner.IN_TRIGGER
    run.look(press.now_s, press.now_ms)
    run_on(press, run)
    assert [(code, text) for code, _, _, text in press.told] == [(22, "soak at 60 degC"), (8, "")] and run.note == ""


def test_a_step_that_gave_up_its_wait_for_a_temperature_has_an_end_of_its_own():
    warm = hold(for_ms=100, temperature_min_cc=6000, temperature_timeout_ms=1000)
    press, run = loaded(CONTACT, warm)
    reach(press, run, 1)
    run_on(press, run, 500)
    assert run.open_step == 0 and run.step.count == 1
    run_on(press, run)
    assert run.state == "failed" and [(phase, count) for phase, count, _ in press.goals] == [(1, 1), (2, 1), (1, 2), (2, 2)]
    assert press.notes[-1] == (2, "step 2 (hold): temperature")


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


def test_vent_that_does_not_empty_times_out():
    press, run = loaded(CONTACT, RAMP, {"do": "vent", "timeout_ms": 500})
    reach(press, run, 2)
    press._move = lambda dt: None
    run_on(press, run)
    assert run.state == "failed" and press.mode == "vent"


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
    expected = sum([times[0] for times in program.Totals(run.program).times])
    assert run.time_left_ms == expected
    reach(press, run, 2)
    run_on(press, run, 10_000)
    assert 10_000 <= run.time_left_ms <= 10_000 + 5_100
    run_on(press, run)
    assert run.time_left_ms == 0


if __name__ == "__main__":
    for _name, _case in sorted(globals().items()):
        if _name.startswith("test_"):
            _case()
            print("ok", _name)
