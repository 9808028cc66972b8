"""What people and hosts ask of a press: arm, start, stop, abort, acknowledge. Each may be refused, in words."""

from stackpress_core import switches
from stackpress_core.boots import acknowledge_crash
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.settings import seldom
from stackpress_core.tick import blackboard, interlock, states

AT = blackboard.AT
_STATE, _REACTION = AT["STATE"], AT["REACTION"]
ACKNOWLEDGED = ("SIG_RESET", "SIG_CRASH", "SIG_LOG", "SIG_STORAGE", "SIG_LEASE")


class Operator:
    """Gives the orders that no program gives, and begins and ends programs; remembers what was asked for last."""

    def __init__(self, S, readings, settings, arming, motion, runner, lease, run_log, events, calibrator, scheduler):
        self.S = S
        self.readings = readings
        self.settings = settings
        self.arming = arming
        self.motion = motion
        self.runner = runner
        self.lease = lease
        self.run_log = run_log
        self.events = events
        self.calibrator = calibrator
        self.scheduler = scheduler
        self.program_name = self.sample = self.person = ""

    def arm(self):
        """SAFE to READY, if every check passes."""
        if self.readings.state == states.READY:
            return
        failing = self.arming.failing()
        if failing:
            raise Refused("can't arm: " + "; ".join([text for _, text in failing]))
        self.run_log.journal_missing()
        self.motion.send(states.READY, states.OFF)

    def disarm(self):
        if self.readings.state in states.DRIVEN:
            raise Refused("the press is %s: stop it first" % self.readings.state_name)
        if self.readings.state == states.READY:
            self.motion.send(states.SAFE, states.OFF)

    def monitor(self, on):
        """Enter or leave the state of a manual press: force is read, judged and logged, nothing is driven."""
        state, problems = self.readings.state, self.settings.problems
        if on and state == states.SAFE:
            if "calibration" in problems:
                raise Refused("calibration: %s" % problems["calibration"])
            self.motion.send(states.MONITOR, states.OFF)
        elif not on and state == states.MONITOR:
            self.motion.send(states.SAFE, states.OFF)
        elif on != (state == states.MONITOR):
            raise Refused("the press is %s" % self.readings.state_name)

    def start(self, name, sample="", person="", from_host=True, held=None):
        """Start a stored program on the armed press, or from the cell that is `held`; Refused with every complaint, and nothing
        has moved."""
        document = self._startable(name, held)
        self.run_log.end_before()
        self.settings.work()
        limits, after = self.settings.program_limits(True), 0
        if held:
            after = seldom("steering", "same_cell", self, document, limits)
        complaints = self.runner.load(document, limits)
        if complaints:
            raise Refused("; ".join(complaints))
        self.settings.work()
        if held:
            sample, person = sample or self.sample, person or self.person
            seldom("steering", "goes_on", self)
        elif self.readings.state != states.MONITOR:
            self.calibrator.take_out_zero()  # an armed press is vented: what the cells show now is no force
        self.program_name = name
        self.sample = sample or document.get("sample", "")
        self.person = person or document.get("operator", "")
        self.run_log.begin(name, self.sample, self.person, after)  # it may find no room: before anything has begun
        self.runner.start(self.events.run)
        self.lease.ask(self.runner.host_loss, from_host)

    def _startable(self, name, held):
        """The program of that name; Refused if none may be started now."""
        documents, state = self.settings.documents, self.readings.state
        if held:
            seldom("steering", "refuse_unheld", self)
        elif self.runner.active or state in states.DRIVEN:
            raise Refused("a program is running" if self.runner.active else "a cell is held: go on from it (HELD), or stop first")
        elif state != states.READY and not (state == states.MONITOR and self.settings.params["valve_kind"] == states.KIND_NONE):
            raise Refused("the press is %s: arm it first" % self.readings.state_name)
        elif self.readings.inputs & blackboard.IN["stop"]:
            raise Refused("the stop button is held")
        document = documents.get("program/" + name)
        if document is None:
            raise Refused("program %s is %s" % (name, documents.state("program/" + name)))
        return document

    def stop(self, kind):
        """End the program: "controlled" releases at a bounded rate and vents, "hold" freezes, "vent" dumps. A press that is only
        armed is disarmed."""
        state = self.readings.state
        if state == states.TRIPPED and kind != "hold" and self.S[_REACTION] < interlock.VENT:
            self._let_go(kind)
            return
        if state not in states.DRIVEN:
            if self.runner.active:
                self.runner.failed("stopped")
                return
            if state == states.READY:
                self.disarm()
                return
            raise Refused("the press is %s: there is nothing to stop" % self.readings.state_name)
        self.events.note(records.EVENT_STOP, 0, 0, kind, kind)
        touched = self.readings.filtered_cn >= self.settings.params["contact_force_cn"]
        if kind == "hold" and self.S[AT["MODE"]] == states.APPROACH and not touched:
            kind = "vent"  # a drive that is held would go on to move the ram
        self.runner.stop(kind)

    def _let_go(self, kind):
        """A press that was stopped with its cell still pressed: ramp down, or vent. Asked for twice it is done once."""
        if kind == "vent":
            self.S[_REACTION] = interlock.VENT
        else:
            self.motion.let_go()

    def abort(self):
        """Vent now, whatever is going on; a press that was stopped with a hold vents as well."""
        s = self.S
        s[AT["ABORT"]] = 0  # what the tick did for a stop byte is done here: orders count again from now on
        if s[_STATE] == states.TRIPPED:
            s[_REACTION] = interlock.VENT
        elif self.readings.state in states.ARMED:
            self.motion.send(states.SAFE, states.OFF)
        self.runner.failed("aborted")

    def reset(self):
        """Acknowledge a trip whose condition is gone, warnings, and what happened before this start."""
        s, r = self.S, self.readings
        if s[AT["SIG_CRASH"]]:
            acknowledge_crash(self.settings.documents.store)
        for name in ACKNOWLEDGED:
            s[AT[name]] = 0
        blackboard.clear_row_bits(s, AT["WARNED"])
        if s[_STATE] != states.TRIPPED:
            return
        still = r.still_there()
        if still:
            raise Refused("still there: %s" % ", ".join(still))
        if r.pairs.stuck:
            raise Refused(switches.told(r.pairs.stuck))
        if s[_REACTION] != interlock.VENT and r.pressed:
            raise Refused("the cell is still pressed with %d N: stop with VENT first" % (r.filtered_cn // 100))
        blackboard.clear_row_bits(s, AT["LATCHED"])
        self.motion.send(states.SAFE, states.OFF)
        self.events.note(records.EVENT_RESET)

    def steer(self, ask, *args):
        """What a function of steering.py does to the program that runs."""
        seldom("steering", ask, self, *args)

    def trigger(self):
        """What the trigger input does."""
        self.runner.trigger()
