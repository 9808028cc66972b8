"""What is told to the journal in one line, as it happens: events, the beginnings and ends of steps, the host's clock."""

from stackpress_core.log import records


class Events:
    """Writes to `journal`, with the time and force of `readings`; `run` is the number of the run that they belong to."""

    def __init__(self, journal, readings):
        self.journal = journal
        self.readings = readings
        self.run = 0
        self._noted = {}
        self._clock_s = -1

    def _write(self, kind, *fields):
        r = self.readings
        self.journal.write(kind, r.time_s, r.time_ms, *fields)

    def tell(self, code, a=0, b=0, text=""):
        self._write(records.EVENT, code, self.run, a, b, text)

    def note(self, code, a=0, b=0, text="", key=""):
        """An event that a host or a contact can repeat at will: told once a second for each code and key."""
        now = self.readings.time_s
        if self._noted.get((code, key)) != now:
            self._noted[code, key] = now
            self.tell(code, a, b, text)

    def document(self, name):
        """Another document is in force."""
        self.tell(records.EVENT_DOCUMENT, 0, 0, name)

    def step(self, number, kind, step, phase, outcome):
        """A step of the program, or a cycle of it, begins or ends."""
        self._write(records.STEP, self.run, number, step.count, step.cycle, phase, step.goal_cn, self.readings.filtered_cn,
                    self.readings.displacement_nm, kind, outcome)  # fmt: skip

    def host_clock(self, unix_ms):
        """The host's clock, kept beside press time; once a second is enough."""
        if self._clock_s != self.readings.time_s:
            self._clock_s = self.readings.time_s
            self._write(records.TIME_MAP, unix_ms // 1000, unix_ms % 1000)
