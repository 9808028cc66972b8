"""Run one program on the press: the foreground's interpreter, one bounded pass each time it is called.

It moves the press only by its orders and reads what the press shows; time is an argument. Program time is counted in ms
from the start and leaves out pauses. Every phase that waits has a time-out, and the step says what happens then: go on,
hold (end, the force stays), stop (release and vent), or vent.
"""

from stackpress_core.errors import Refused
from stackpress_core.recipe import program as recipes
from stackpress_core.recipe.clock import ProgramClock
from stackpress_core.recipe.current_step import CurrentStep
from stackpress_core.recipe.standing_order import StandingOrder
from stackpress_core.recipe.steps import BOUNDS, MET, NOT_YET, TOO_FAR
from stackpress_core.recipe.times import move_limit_ms
from stackpress_core.tick import states

IDLE, RUNNING, PAUSED, STOPPING = "idle", "running", "paused", "stopping"
DONE, STOPPED, FAILED = "done", "stopped", "failed"
ACTIVE = (RUNNING, PAUSED, STOPPING)
GOING = (RUNNING, PAUSED)
IN_TRIGGER = states.IN["trigger_in"]


class Runner:
    """One program on one press. Read state, reason, index (of the step, from 0), kind, dense, and what `step` has."""

    def __init__(self, readings, motion, events, scheduler):
        self.readings = readings
        self.motion = motion
        self.events = events
        self.scheduler = scheduler
        self.order = StandingOrder(motion, readings)
        self.clock = ProgramClock()
        self.step = CurrentStep(readings, motion, events, scheduler, self.order, self.clock)
        self.program = None
        self.run_no = 0
        self.state = IDLE
        self.reason = ""
        self.index = -1
        self.expected_ms = ()  # of each step
        self.start_cn = self.highest_cn = 0  # what the program begins with, and goes to at most
        self._tail_ms = 0  # expected of the steps that come after this one
        self._waits = False  # for the step's temperature
        self._skips = False  # this step ends at the next pass
        self._stopped_by_ms = 0
        self._after = (STOPPED, "")  # state and reason once the force is released

    # what others ask

    @property
    def kind(self):
        """Name of the kind of step that runs, or ran last; empty before the first."""
        return self.step.kind.name if self.index >= 0 else ""

    @property
    def active(self):
        return self.state in ACTIVE

    @property
    def step_number(self):
        """Place of the step in the program, from 1; 0: none."""
        return self.index + 1

    @property
    def open_step(self):
        """Place of the step that has begun and not ended, from 1; 0: none. The log's rows carry it."""
        return self.step.number if self.index >= 0 and not self._waits and self.state in GOING else 0

    @property
    def dense(self):
        """Whether the log should be dense now."""
        if self.state == STOPPING:
            return True
        return self.state == RUNNING and (self.index < 0 or self.step.dense)

    @property
    def note(self):
        """What the program notes about the step that runs; empty if nothing."""
        return self.step.says.get("note", "") if self.open_step else ""

    @property
    def step_time_ms(self):
        return self.step_now().step_ms if self.index >= 0 else 0

    def step_now(self):
        """The step, at the time that it is: who is called at moments only may not have looked for hours."""
        if self.state in GOING:
            self.clock.tell(self.readings.time_s, self.readings.time_ms, self.state == PAUSED)
        return self.step

    @property
    def cycle(self):
        return self.step.cycle

    @property
    def area_um2(self):
        return self.step.area_um2

    @property
    def time_left_ms(self):
        """Expected time to the end; a guess wherever a step waits for something."""
        if self.state != RUNNING and self.state != PAUSED:
            return 0
        here = self.expected_ms[self.index] - self.step_time_ms if self.index >= 0 else 0
        return max(0, here) + self._tail_ms

    @property
    def waits_for_trigger(self):
        """Whether a trigger would be heard now."""
        return self.state == RUNNING and not self._waits and self.step.hears

    @property
    def waits_for_person(self):
        """Whether it goes on when somebody says so."""
        return self.state == PAUSED or self.state == RUNNING and not self._waits and self.step.asks

    @property
    def host_loss(self):
        return self.program.get("host_loss", "carry_on") if self.program else "carry_on"

    def load(self, program, limits):
        """Take a program if all of it is right; gives the complaints, and keeps the old one if there are any."""
        if self.active:
            return ["a program is running"]
        complaints = recipes.validate(program, limits)
        if not complaints:
            totals = recipes.Totals(program, limits)
            self.program, self.start_cn = program, limits.get("start_cn", 0)
            self.step.of_program(program, limits)
            self.expected_ms, self.highest_cn = [expected for expected, _ in totals.times], totals.highest_cn
            limit_ms, rate = limits.get("stop_limit_ms", 0), self.step.stop_rate_cn_per_s
            if rate != limits.get("release_rate_cn_per_s"):  # its own, so it has the time that it needs
                limit_ms = max(limit_ms, move_limit_ms(totals.highest_cn, rate))
            self.motion.ramp_down_as(rate, limit_ms)
            self.state, self.index, self.reason = IDLE, -1, ""
        return complaints

    def give_back(self):
        """Nobody asks for the steps of a program that is over; the next one needs the room in as few pieces as can be."""
        self.program["steps"] = self.expected_ms = self.step.levels_cn = ()
        self.step.says = {}

    def start(self, run_no):
        """Begin with the first step at the next pass; Refused if there is nothing to run."""
        if self.program is None or self.active:
            raise Refused("no program is loaded" if self.program is None else "a program is running")
        self.run_no = run_no
        self.state, self.reason, self.index = RUNNING, "", -1
        self.step.count = self.step.cycle = 0
        self._tail_ms = sum(self.expected_ms)
        self._skips = self.step.asks = False
        self.clock.restart()

    def trigger(self):
        """A trigger by command counts as one at the input."""
        self.step.trigger()

    def pause(self, why="paused"):
        """Freeze program and set-point; the cell stays compressed until `resume` or `stop`."""
        if self.state == RUNNING:
            self.motion.set_trigger(False)
            self.order.freeze(self.step.stop_rate_cn_per_s)
            self.state, self.reason = PAUSED, why

    def resume(self):
        """Go on where `pause` came."""
        if self.state == PAUSED:
            self.state, self.reason = RUNNING, ""
            self.order.repeat()

    def skip(self):
        """End this step at the next pass, the set-point where it is, and begin the one behind it."""
        self.motion.set_trigger(False)
        self.order.stay()
        self.state, self.reason, self._skips = RUNNING, "", True

    def host_lost(self):
        """The host's lease is over: what the program says about that."""
        if self.state == RUNNING and self.host_loss == "hold":
            self.pause("host lost")
        elif self.state in (RUNNING, PAUSED) and self.host_loss == "ramp_down":
            self.stop("controlled", "host lost")

    def stop(self, how, why="stopped", state=STOPPED):
        """End the program: "controlled" (release, then vent), "hold" (freeze, the force stays) or "vent"."""
        if self.program is not None and not self._stops_already(how):
            if self.state in (RUNNING, PAUSED):
                self._end_step(why)
            elif self.state != STOPPING:  # a force that was left standing is taken away in a new time
                self.clock.restart()
            self._stop(how, why, state)

    def _stops_already(self, how):
        """A stop that is asked for twice is one stop, and nothing weakens a vent."""
        return self.state == STOPPING and (how == "controlled" or self.order.vents)

    def _stop(self, how, why, state):
        self.motion.set_trigger(False)
        self._after = (state, why)
        if how == "vent":
            self.order.vent()
        elif how == "hold":
            self.order.freeze(self.step.stop_rate_cn_per_s)
        elif self.order.standing:
            rate = self.step.stop_rate_cn_per_s
            self._stopped_by_ms = self.clock.ms + move_limit_ms(max(self.readings.filtered_cn, self.readings.set_cn), rate)
            self.order.stop(rate)
            state = STOPPING
        if self.order.vents and self.readings.state in states.DRIVEN:
            state = STOPPING  # until the force has gone
        self.state, self.reason = state, why

    def failed(self, why):
        """The press itself has stopped (a trip, an abort): end without any order."""
        self.order.forget()
        if self.active:
            self.motion.set_trigger(False)
            if self.state != STOPPING:
                self._end_step(why)
            self.state, self.reason = FAILED, why

    def _end_step(self, why):
        """For a reason that is not the step's own; one that still waits for its temperature has begun for the log as well."""
        if self.index < 0:
            return
        if self._waits:
            self._waits = False
            self.step.tell_unbegun()
        self.step.tell_end(why)

    # one pass

    def look(self, now_s, now_ms):
        """One bounded pass at press time `now_s` seconds and `now_ms` ms within the second."""
        if self.state not in ACTIVE:
            if self.readings.state not in states.DRIVEN:
                self.order.forget()
            return
        self.clock.tell(now_s, now_ms, self.state == PAUSED)
        self.step.listen(bool(self.readings.inputs & IN_TRIGGER))
        state = self.readings.state
        if state == states.TRIPPED and self.step.asks and self.step.disarmed and self.readings.trip_reason == "estop":
            return  # struck with the press at rest, as whoever reaches in should: it waits on until that is acknowledged
        if state == states.TRIPPED or (state in (states.SAFE, states.SERVICE) and self.order.standing):
            self.failed("tripped" if state == states.TRIPPED else "the press is no longer driven")
            return
        try:
            self._pass()
        except Refused as refusal:  # the press goes on with the order before
            standing = self.order.last
            self.failed(f"step {self.index + 1} ({self.kind}): {refusal.text}")
            self.order.last = standing

    def _pass(self):
        if self.state == STOPPING:
            self._stop_goes_on()
        elif self.state == RUNNING:
            if self.index < 0:
                self._begin(0)
            elif self._skips:
                self._skips = False
                self._end_step("skipped")
                self._begin(self.index + 1)
            elif self._waits:
                self._wait_for_temperature()
            else:
                self._run_phase()

    def _run_phase(self):
        step = self.step
        why = step.lost()
        outcome = NOT_YET if why else step.kind.met(step)
        if outcome > MET:
            why = BOUNDS[outcome - TOO_FAR]
        elif outcome == NOT_YET and not why and step.timeout_ms > 0 and step.waited(step.timeout_ms):
            why = "time-out"
        if why and not self._may_go_on("at_timeout", why):
            return
        step.late = why or step.late
        if (why or outcome == MET) and step.kind.advance(step):
            step.tell_end(step.late)
            self._begin(self.index + 1)

    def _may_go_on(self, rule, what):
        """Obey the step's word about a time-out; True if it is to go on."""
        do = self.step.says[rule]
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
        self.step.take(self.program["steps"][index], index + 1)
        self._tail_ms -= self.expected_ms[index]
        self._waits = self.step.wants_temperature
        if self._waits:
            self._wait_for_temperature()
        else:
            self.step.begin()

    def _wait_for_temperature(self):
        self.step.look_again()
        lost = self.step.lost()
        late = lost or self.step.phase_ms() >= self.step.says["temperature_timeout_ms"]
        right = self.step.temperature_is_right()
        if right or (late and self._may_go_on("temperature_at_timeout", lost or "temperature")):
            self._waits = False
            self.step.begin()

    def _finish(self):
        if recipes.goes_on_holding(self.program):
            self.state, self.reason = DONE, ""
        else:
            self._stop("controlled", "", DONE)

    def _stop_goes_on(self):
        if self.order.vents:
            if self.readings.state not in states.DRIVEN:
                self.state, self.reason = self._after
            return
        reached = self.readings.set_point_reached and self.readings.set_cn <= 1
        if reached or self.step.due(self._stopped_by_ms):
            self.order.vent()
