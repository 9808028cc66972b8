"""The step that runs: what the program says of it, its phase, its clock and what it has heard. `steps.py` acts on it.

It knows nothing of what comes before or after it; `runner.py` takes it up, asks it in every pass, and obeys time-outs.
"""

from stackpress_core.log.records import (
    ABSENT_I32,
    EVENT_STEP_NOTE,
    EVENT_TRIGGER_IN,
    EVENT_TRIGGER_OVER,
    STEP_BEGINS,
    STEP_ENDS,
)
from stackpress_core.recipe.creep import CreepMeter
from stackpress_core.recipe.kinds import OF, filled
from stackpress_core.recipe.program import stop_rate_cn_per_s
from stackpress_core.tick.blackboard import ABSENT, AT

NO_BOUND = 1 << 29


class CurrentStep:
    """Read cycle, count, goal_cn, dense, hears; `order` is the program's standing order."""

    def __init__(self, readings, motion, events, scheduler, order, clock):
        self.readings, self.motion, self.events, self.scheduler = readings, motion, events, scheduler
        self.order, self.clock = order, clock
        self.number = 0  # place in the program, from 1
        self.limits = {}
        self.area_um2 = 0
        self.stop_rate_cn_per_s = 1
        self.says = {}  # the program's words, defaults filled in
        self.note_shown = ""  # its note in letters that the display has
        self.kind = None  # its row of kinds.py
        self.levels_cn = ()  # the set-points that it goes to
        self.phase = 0
        self.timeout_ms = 0  # of the phase; 0: none
        self.hears = False  # whether a trigger would end the phase
        self.asks = False  # whether the phase waits for a person
        self.disarmed = False  # and was seen to do so with the press at rest
        self.goal_cn = 0
        self.late = ""  # what ran out of time in this step, or in this round of it, in words; empty: nothing did
        self.phases = 0  # begun since the press started: a row of the log ends where a phase does
        self.passes = 0  # in a row with the force of a contact
        self.pace = 0
        self.start_nm = 0
        self.count = 0  # steps, cycles and sweep levels begun in this run: never repeats
        self.cycle = 0
        self.creep = CreepMeter()
        self._from_ms = self._phase_from_ms = 0
        self._triggers = self._triggers_before = 0
        self._input_was_on = False

    # what the runner does with it

    def of_program(self, program, limits):
        """The steps that follow are this program's."""
        self.limits = limits
        self.order.limit_cn = limits.get("force_limit_cn")
        self.area_um2 = program.get("area_um2", 0)
        self.stop_rate_cn_per_s = stop_rate_cn_per_s(program, limits)

    def take(self, step, number):
        """Take up a step; it does nothing yet."""
        self.number = number
        self.says = filled(step)
        self.kind = OF[self.says["do"]]
        self.note_shown = "".join([char if char < "\x7f" else "\x7f" for char in self.says.get("note", "")])
        self.phase = self.cycle = 0
        self._from_ms = self._phase_from_ms = self.clock.ms

    @property
    def wants_temperature(self):
        return "temperature_min_cc" in self.says or "temperature_max_cc" in self.says

    def temperature_is_right(self):
        here = self.readings.temperature_cc(self.says["temperature_input"] - 1)
        return self.says.get("temperature_min_cc", -NO_BOUND) <= here <= self.says.get("temperature_max_cc", NO_BOUND)

    def lost(self):
        """Which sensor it needs that is not there now, in words; empty if none."""
        says, readings = self.says, self.readings
        if self.wants_temperature and readings.temperature_cc(says["temperature_input"] - 1) == ABSENT:
            return "thermometer"
        scaled = "until_creep_nm_per_min" in says or "travel_nm" in says or "displacement" in self.kind.needs
        return "scale" if scaled and readings.displacement_nm == ABSENT else ""

    def begin(self):
        """Give the first order."""
        self.enter(0)
        self.timeout_ms = self.says["timeout_ms"]
        self.count += 1
        levels = self.kind.levels(self.says, self.area_um2, self.order.set_point_cn())
        self.levels_cn = [level for _, level in levels]
        self.late = ""
        self.kind.begin(self)
        self.tell_begin()
        if self.says.get("note"):
            self.events.tell(EVENT_STEP_NOTE, self.number, self.count, self.says["note"])

    @property
    def waits_for_fall(self):
        """Whether the trigger is the input's end."""
        return "until_trigger_over" in self.says

    def listen(self, on):
        """The trigger input in every pass: a rising edge is one trigger, or, where the step waits for that, a falling one."""
        if on == self._input_was_on:
            return
        self._input_was_on = on
        self._triggers += on != self.waits_for_fall
        self.events.note(EVENT_TRIGGER_IN if on else EVENT_TRIGGER_OVER)

    def trigger(self):
        """One that somebody orders."""
        self._triggers += 1
        self.events.note(EVENT_TRIGGER_IN)

    @property
    def dense(self):
        """Whether the log should be dense in this phase."""
        return self.phase not in self.kind.sparse

    @property
    def step_ms(self):
        return self.clock.ms - self._from_ms

    # what steps.py does with it

    def enter(self, phase):
        """Begin a phase; no time-out until it says one."""
        self.look_again()
        self.phase = phase
        self.phases += 1
        self.timeout_ms = 0
        self.hears = self.asks = self.disarmed = False
        self._phase_from_ms = self.clock.ms
        self._triggers_before = self._triggers

    def next_cycle(self):
        """The step goes round: the log sees an end, and `tell_begin` tells the beginning once it is known where it goes."""
        self.tell_end(self.late)
        self.late = ""
        self.cycle += 1
        self.count += 1

    def tell_begin(self):
        self.events.step(self.number, self.kind.name, self, STEP_BEGINS, "")

    def tell_unbegun(self):
        """A beginning without an order: it goes nowhere."""
        self.count += 1
        self.goal_cn = ABSENT_I32
        self.tell_begin()

    def tell_end(self, outcome):
        self.events.step(self.number, self.kind.name, self, STEP_ENDS, outcome)

    def phase_ms(self):
        return self.clock.ms - self._phase_from_ms

    def look_again(self):
        """What the phase waits for changes by itself: again soon."""
        self.scheduler.look()

    def look_when(self, word, least=-NO_BOUND, most=NO_BOUND):
        """The phase waits for a word of the blackboard to leave these bounds."""
        self.scheduler.leaves(AT[word], least, most)

    def due(self, program_ms):
        """Whether this moment of the program's time has come; else it is the moment of the next pass."""
        scheduler = self.scheduler
        return scheduler.reached(scheduler.now_ms + program_ms - self.clock.ms)

    def waited(self, ms):
        """Whether the phase has lasted so long; else that is the moment of the next pass."""
        return self.due(self._phase_from_ms + ms)

    def triggered(self):
        """Whether a trigger has come since the phase began."""
        return self._triggers != self._triggers_before

    def start_creep(self):
        self.creep.start(self.clock.ms, self.says.get("creep_window_ms", 60_000), self._creeping())

    def feed_creep(self):
        self.creep.feed(self.clock.ms, self._creeping())
        self.due(self.creep.next_ms)

    def _creeping(self):
        return self.readings.displacement_nm if "until_creep_nm_per_min" in self.says else self.readings.filtered_cn
