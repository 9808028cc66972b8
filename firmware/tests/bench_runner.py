"""The interpreter of programs on a small honest stand-in of the press: a spring with a gap, and a set-point that ramps.

No test framework, so that MicroPython runs what uses it as well.
"""

from stackpress_core.recipe import runner
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
CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 500}
RAMP = {"do": "ramp", "to_pa": 100_000_000, "rate_pa_per_s": 100_000_000}
VENT = {"do": "vent"}


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
        self.has_scale = True
        self.ram_um = 0.0
        self.gap_um = 1000.0
        self.stiffness_cn_per_um = 2000.0
        self.creep_um_per_s = 0.0
        self.creep_halves_s = 0.0
        self.relaxes_per_s = 0.002
        self.regulates = True
        self.exceeds = ()
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

    def row_exceeds(self, name):
        return name in self.exceeds

    @property
    def time_s(self):
        return self.now_s

    @property
    def time_ms(self):
        return self.now_ms

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
        return int(self.ram_um * 1000) if self.has_scale else -(1 << 30)

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


def hold(**more):
    step = {"do": "hold"}
    step.update(more)
    return step
