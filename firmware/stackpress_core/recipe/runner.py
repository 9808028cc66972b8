"""Run one program on the press: the foreground's interpreter, one bounded pass each time it is called.

It moves the press only by its orders and reads what the press shows; time is an argument. Program time is counted in ms
from the start and leaves out pauses. Every phase that waits has a time-out, and the step says what happens then: go on,
hold (end, the force stays), stop (release and vent), or vent.
"""

from stackpress_core.errors import Refused
from stackpress_core.log.records import STEP_BEGINS, STEP_ENDS
from stackpress_core.recipe import program as recipes
from stackpress_core.recipe.clock import ProgramClock
from stackpress_core.recipe.creep import CreepMeter
from stackpress_core.recipe.kinds import OF, filled
from stackpress_core.recipe.standing_order import StandingOrder
from stackpress_core.recipe.steps import BROKEN, MET
from stackpress_core.recipe.times import move_limit_ms
from stackpress_core.tick import states

IDLE, RUNNING, PAUSED, STOPPING = "idle", "running", "paused", "stopping"
DONE, STOPPED, FAILED = "done", "stopped", "failed"
ACTIVE = (RUNNING, PAUSED, STOPPING)
IN_TRIGGER = states.IN["trigger_in"]


class Runner:
    """One program on one press. Read state, reason, index (from 0), kind, cycle, count, goal_cn, dense."""

    def __init__(self, press):
        self.press = press
        self.order = StandingOrder(press)
        self.program = None
        self.limits = {}
        self.area_um2 = 0
        self.stop_rate = 1
        self.run_no = 0
        self.state = IDLE
        self.reason = ""
        self.index = -1
        self.count = 0  # steps, cycles and sweep levels begun in this run: never repeats
        self.cycle = 0
        self.now = {}  # the step, defaults filled in
        self._kind = None  # its row of kinds.py
        self.levels_cn = ()  # the set-points that the step goes to
        self.phase = 0
        self.hears = False  # whether a trigger would end the phase
        self.goal_cn = 0
        self.timeout_ms = 0
        self.passes = 0
        self.start_nm = 0
        self.creep = CreepMeter()
        self._times = ()
        self._tail_ms = 0
        self._waits = False  # for the step's temperature
        self._step_at = self._phase_at = 0
        self.clock = ProgramClock()
        self._triggers = self._triggers_at = 0
        self._input_was_on = False
        self._after = (STOPPED, "")

    # what others ask

    @property
    def kind(self):
        return self.now.get("do", "") if self.index >= 0 else ""

    @property
    def active(self):
        return self.state in ACTIVE

    @property
    def dense(self):
        """Whether the log should be dense now."""
        if self.state == STOPPING:
            return True
        return self.state == RUNNING and not (self.index >= 0 and self.phase in self._kind.sparse)

    @property
    def step_time_ms(self):
        return self.clock.ms - self._step_at if self.index >= 0 else 0

    @property
    def time_left_ms(self):
        """Expected time to the end; a guess wherever a step waits for something."""
        if self.state != RUNNING and self.state != PAUSED:
            return 0
        here = self._times[self.index][0] - self.step_time_ms if self.index >= 0 else 0
        return max(0, here) + self._tail_ms

    @property
    def waits_for_trigger(self):
        """Whether a trigger would be heard now."""
        return self.state == RUNNING and not self._waits and self.hears

    @property
    def host_loss(self):
        return self.program.get("host_loss", "carry_on") if self.program else "carry_on"

    def load(self, program, limits):
        """Take a program if all of it is right; gives the complaints, and keeps the old one if there are any."""
        if self.active:
            return ["a program is running"]
        complaints = recipes.validate(program, limits)
        if not complaints:
            self.program, self.limits = program, limits
            self.order.limit_cn = limits.get("force_limit_cn")
            self.area_um2 = program.get("area_um2", 0)
            self.stop_rate = recipes.stop_rate_cn_per_s(program, limits)
            self._times = recipes.Totals(program).times
            self.state, self.index, self.reason = IDLE, -1, ""
        return complaints

    def start(self, run_no):
        """Begin with the first step at the next pass; Refused if there is nothing to run."""
        if self.program is None or self.active:
            raise Refused("no program is loaded" if self.program is None else "a program is running")
        self.run_no = run_no
        self.state, self.reason, self.index, self.count, self.cycle = RUNNING, "", -1, 0, 0
        self._tail_ms = sum([times[0] for times in self._times])
        self.clock.restart()

    def trigger(self):
        """A trigger by command counts as one at the input."""
        self._triggers += 1

    def pause(self, why="paused"):
        """Freeze program and set-point; the cell stays compressed until `resume` or `stop`."""
        if self.state == RUNNING:
            self.press.set_trigger(False)
            self.order.freeze(self.stop_rate)
            self.state, self.reason = PAUSED, why

    def resume(self):
        """Go on where `pause` came."""
        if self.state == PAUSED:
            self.state, self.reason = RUNNING, ""
            self.order.repeat()

    def host_lost(self):
        """The host's lease is over: what the program says about that."""
        if self.state == RUNNING and self.host_loss == "hold":
            self.pause("host lost")
        elif self.state in (RUNNING, PAUSED) and self.host_loss == "ramp_down":
            self.stop("controlled", "host lost")

    def stop(self, kind, why="stopped", state=STOPPED):
        """End the program: "controlled" (release, then vent), "hold" (freeze, the force stays) or "vent"."""
        if self.program is not None:
            if self.state in (RUNNING, PAUSED):
                self.press.note_step(STEP_ENDS, why)
            elif self.state != STOPPING:  # a force that was left standing is taken away in a new time
                self.clock.restart()
            self._stop(kind, why, state)

    def _stop(self, kind, why, state):
        self.press.set_trigger(False)
        if kind == "vent":
            self.order.vent()
        elif kind == "hold":
            self.order.freeze(self.stop_rate)
        elif self.order.standing:
            self._after = (state, why)
            self._phase_at = self.clock.ms
            self.timeout_ms = move_limit_ms(max(self.press.force_cn, self.press.set_cn), self.stop_rate)
            self.order.release(self.stop_rate)
            state = STOPPING
        self.state, self.reason = state, why

    def failed(self, why):
        """The press itself has stopped (a trip, an abort): end without any order."""
        self.order.forget()
        if self.active:
            self.press.set_trigger(False)
            if self.state != STOPPING:
                self.press.note_step(STEP_ENDS, why)
            self.state, self.reason = FAILED, why

    # one pass

    def step(self, now_s, now_ms):
        """One bounded pass at press time `now_s` seconds and `now_ms` ms within the second."""
        if self.state not in ACTIVE:
            if self.press.state not in states.DRIVEN:
                self.order.forget()
            return
        self.clock.tell(now_s, now_ms, self.state == PAUSED)
        on = bool(self.press.inputs & IN_TRIGGER)
        if on and not self._input_was_on:
            self._triggers += 1
        self._input_was_on = on
        state = self.press.state
        if state == states.TRIPPED or (state in (states.SAFE, states.SERVICE) and self.order.standing):
            self.failed("tripped" if state == states.TRIPPED else "the press is no longer driven")
            return
        try:
            self._pass()
        except Refused as refusal:  # the press goes on with the order before
            standing = self.order.now
            self.failed(f"step {self.index + 1} ({self.kind}): {refusal.text}")
            self.order.now = standing

    def _pass(self):
        if self.state == STOPPING:
            self._stop_goes_on()
        elif self.state == RUNNING:
            if self.index < 0:
                self._begin(0)
            elif self._waits:
                self._wait_for_temperature()
            else:
                self._run_phase()

    def _run_phase(self):
        outcome = self._kind.met(self)
        late = outcome == BROKEN or (outcome != MET and self.timeout_ms > 0 and self.waited(self.timeout_ms))
        if late and not self._may_go_on("at_timeout", "travel" if outcome == BROKEN else "time-out"):
            return
        if (late or outcome == MET) and self._kind.advance(self):
            self.press.note_step(STEP_ENDS, "time-out" if late else "")
            self._begin(self.index + 1)

    def _may_go_on(self, rule, what):
        """Obey the step's word about a time-out; True if it is to go on."""
        do = self.now[rule]
        if do == "go_on":
            return True
        why = f"step {self.index + 1} ({self.kind}): {what}"
        self.stop({"stop": "controlled", "hold": "hold", "vent": "vent"}[do], why, FAILED)
        return False

    def _begin(self, index):
        if index >= len(self.program["steps"]):
            self._finish()
            return
        self.index = index
        self.now = filled(self.program["steps"][index])
        self._kind = OF[self.now["do"]]
        self._tail_ms -= self._times[index][0]
        self.cycle = 0
        self._step_at = self._phase_at = self.clock.ms
        self._waits = "temperature_min_cc" in self.now or "temperature_max_cc" in self.now
        if self._waits:
            self.phase = 0
            self._wait_for_temperature()
        else:
            self._act()

    def _wait_for_temperature(self):
        self.look()
        here = self.press.temperature_cc(self.now["temperature_input"] - 1)
        low, high = self.now.get("temperature_min_cc", -(1 << 29)), self.now.get("temperature_max_cc", 1 << 29)
        late = self.phase_ms() >= self.now["temperature_timeout_ms"]
        if low <= here <= high or (late and self._may_go_on("temperature_at_timeout", "temperature")):
            self._waits = False
            self._act()

    def _act(self):
        self.enter(0)
        self.timeout_ms = self.now["timeout_ms"]
        self.count += 1
        levels = self._kind.levels(self.now, self.area_um2, self.order.set_point_cn())
        self.levels_cn = [level for _, level in levels]
        self._kind.begin(self)
        self.press.note_step(STEP_BEGINS, "")

    def _finish(self):
        if recipes.goes_on_holding(self.program):
            self.state, self.reason = DONE, ""
        else:
            self._stop("controlled", "", DONE)

    def _stop_goes_on(self):
        reached = self.press.set_point_reached and self.press.set_cn <= 1
        if reached or self.waited(self.timeout_ms):
            self.order.vent()
            self.state, self.reason = self._after

    # what steps use

    def enter(self, phase):
        """Begin a phase of the step; no time-out until it says one."""
        self.look()
        self.phase = phase
        self.timeout_ms = 0
        self.hears = False
        self._phase_at = self.clock.ms
        self._triggers_at = self._triggers

    def next_cycle(self):
        """The step goes round: the log sees an end and a beginning."""
        self.press.note_step(STEP_ENDS, "")
        self.cycle += 1
        self.count += 1
        self.press.note_step(STEP_BEGINS, "")

    def phase_ms(self):
        return self.clock.ms - self._phase_at

    def look(self):
        """What the phase waits for changes by itself: again soon."""
        self.press.agenda.look()

    def waited(self, ms):
        """Whether the phase has lasted so long; else that is the moment of the next pass."""
        agenda = self.press.agenda
        return agenda.reached(agenda.now_ms + self._phase_at + ms - self.clock.ms)

    def triggered(self):
        """Whether a trigger has come since the phase began."""
        return self._triggers != self._triggers_at

    def start_creep(self):
        self.creep.start(self.clock.ms, self.now.get("creep_window_ms", 60_000), self._creeping())

    def feed_creep(self):
        self.creep.feed(self.clock.ms, self._creeping())
        self.waited(self.creep.next_ms - self._phase_at)

    def _creeping(self):
        return self.press.displacement_nm if "until_creep_nm_per_min" in self.now else self.press.force_cn
