"""The press's own face, with no host at all: which program START would run, what was refused or ended, and why.

Nothing here moves the press: SELECT only chooses, START asks the press as a host would and may be refused in words. What is shown
stands in pages.py, lights and buzzer in lights.py; the wires to them are a driver's business.
"""

from stackpress_core.errors import Refused, StorageFault
from stackpress_core.panel.paragraph import Paragraph
from stackpress_core.recipe import program
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
KIND = "program/"
CHECK_MS = 1000
SHOWN_STEP_CN = 80  # a shown force stands still until it is off by more than this
MASK = (1 << 30) - 1
NEVER = MASK >> 1
REFUSAL_MS = 5000  # a refusal is shown this long while a program runs
ENDS = {"failed": "ended", "stopped": "stopped", "done": "done"}  # how a run ended: title of its notice


def _ending(name, reason):
    return name if reason in ("", "stopped") else "%s: %s" % (name, reason)


class Panel:
    def __init__(self, readings, settings, runner, operator, arming):
        self.readings = readings
        self.settings = settings
        self.runner = runner
        self.operator = operator
        self.arming = arming
        self.now = 0  # wall time of the last look
        self.name = ""  # the program that START would run
        self.place = self.count = 0  # where it stands among the stored ones
        self.totals = None
        self.problem = ""  # why it can't be run
        self.stale = True  # the store may have changed
        self.title = ""  # of a notice that waits to be read
        self.notice = ""
        self.note = Paragraph()  # the text at the foot of the page
        self.blocked = ""  # why the press can't be armed
        self.silenced = False
        self.force_cn = None  # as shown, None: not known
        self._followed = ""  # the program that a host started last
        self._was_active = self._was_tripped = False
        self._run = 0  # number of the run that was seen last
        self._alarm = self._refused = 0
        self._has_refused = False
        self._checked = -CHECK_MS

    # what lights and pages ask

    @property
    def noticed(self):
        return self.title != ""

    @property
    def waits(self):
        """Whether somebody has to do something before the program goes on."""
        return self.runner.waits_for_person or self.runner.waits_for_trigger

    def alarm_ms(self, now):
        return (now - self._alarm) & MASK

    def refused_ms(self, now):
        return (now - self._refused) & MASK if self._has_refused else NEVER

    # buttons

    def select(self):
        """The next stored program; only where nothing is armed."""
        if self.readings.state != states.SAFE:
            raise Refused("a program is selected in the safe state, the press is %s" % self.readings.state_name)
        self.title = ""
        names = self._names()
        if not names:
            self._take("", names)
            raise Refused("no program is stored: send one from a host")
        after = [name for name in names if name > self.name]
        self._take((after or names)[0], names)

    def to_start(self):
        """Name of the program that START runs; Refused if nobody has selected one."""
        if self.stale:
            self._adopt()
        if not self.name:
            raise Refused("no program has been selected: SELECT shows one of %d" % self.count if self.count else
                          "no program is stored: send one from a host")
        if self.title == "ended":
            raise Refused("the last run ended by itself: RESET acknowledges it")
        self.title = ""
        return self.name

    def acknowledged(self):
        """RESET was pressed: what was to be read has been read."""
        self.title = ""
        self.silenced = True

    def refused(self, text):
        """A button asked for what can't be."""
        self._tell("refused", text)
        self._refused, self._has_refused = self.now, True

    def document_changed(self, name, changes, before, after):
        self.stale = True

    # ten times a second

    def look(self, now_ms, wall_ms):
        """Follow the press: a run that ended, a trip, a store that changed."""
        self.now = now = wall_ms
        self._look_at_run()
        state = self.readings.state
        tripped = state == states.TRIPPED
        if tripped and not self._was_tripped:
            self._alarm, self.silenced, self.title = now, False, ""
        self._was_tripped = tripped
        self._look_at_force()
        if state == states.SAFE and (now - self._checked) & MASK >= CHECK_MS:
            self._checked = now
            if self.stale or self.operator.program_name != self._followed:
                self._adopt()
            failing = self.arming.failing()
            self.blocked = failing[0][1] if failing else ""

    def _look_at_run(self):
        active = self.runner.active
        ran = self._was_active or self.runner.run_no != self._run  # it may have begun and ended between two looks
        if active and self.title and self.refused_ms(self.now) > REFUSAL_MS:
            self.title = ""
        elif ran and self.runner.reason not in ("tripped",) and self.runner.state in ENDS:
            self._tell(ENDS[self.runner.state], _ending(self.operator.program_name, self.runner.reason))
            if self.runner.state == "failed":
                self._refused, self._has_refused = self.now, True  # it beeps
        self._was_active, self._run = active, self.runner.run_no

    def _look_at_force(self):
        if "calibration" in self.settings.problems or self.readings.stale:
            self.force_cn = None
            return
        force_cn = self.readings.shown_cn
        if self.force_cn is None or abs(force_cn - self.force_cn) > SHOWN_STEP_CN:
            self.force_cn = (force_cn + 50) // 100 * 100

    def _tell(self, title, text):
        self.title, self.notice = title, text

    # the store

    def _names(self):
        try:
            return [name[len(KIND):] for name in self.settings.documents.names(KIND)]
        except StorageFault as fault:
            self._tell("storage", str(fault))
            return []

    def _adopt(self):
        """After a change of the store: keep the selection if it is still there, else what needs no choice."""
        names = self._names()
        followed = self.operator.program_name != self._followed
        self._followed = self.operator.program_name
        name = self.operator.program_name if followed else self.name
        if name not in names:
            if self.name and not followed:
                self._tell("deleted", "program %s is no longer stored" % self.name)
            name = names[0] if len(names) == 1 else ""
        self._take(name, names)

    def _take(self, name, names):
        self.stale = False
        self.name, self.count = name, len(names)
        self.place = names.index(name) + 1 if name else 0
        self.totals, self.problem = None, ""
        if name:
            self._judge(self.settings.documents.get(KIND + name))

    def _judge(self, document):
        if document is None:
            self.problem = "it is damaged: send it again"
            return
        limits = self.settings.program_limits(True)
        complaints = program.validate(document, limits)
        if complaints:
            self.problem = complaints[0]
        else:
            self.totals = program.Totals(document, limits)
            self.totals.times = ()  # what stays in many small pieces leaves no large one free
