"""What is told to the journal in one line, as it happens: events, the beginnings and ends of steps, the host's clock."""

from stackpress_core.errors import Refused
from stackpress_core.log import records

ROOM = 1024  # bytes of the journal's queue that a change of a hundred numbers leaves to others
CLOCK_MS = 2000  # a host's clock that is off by less is no other clock


def signed(value):
    """A value of 32 bits as a record holds it; None as the number that stands for none."""
    return records.ABSENT_I32 if value is None else ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


class Events:
    """Writes to `journal`, with the time and force of `readings`; `run` is the number of the run that they belong to."""

    def __init__(self, journal, readings):
        self.journal = journal
        self.readings = readings
        self.run = 0
        self._noted = {}
        self._clock_s = -1
        self._clock_ms = None  # the host's clock at the start of press time

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

    def remark(self, text):
        """What somebody has to say, one a second."""
        if not text.strip() or self._noted.get(records.EVENT_REMARK) == self.readings.time_s:
            raise Refused("a remark has words, and there is one a second")
        self._noted[records.EVENT_REMARK] = self.readings.time_s
        self.tell(records.EVENT_REMARK, 0, 0, text)

    def document(self, name, changes, before, after):
        """Another document is in force, or none: each number with its old and new value, then the checksums of both versions."""
        for number, old, new in changes:
            if self.journal.room < ROOM:
                self.journal.flush()
            self.tell(records.EVENT_VALUE, signed(old), signed(new), number)
        self.tell(records.EVENT_DOCUMENT, signed(before), signed(after), name)

    def step(self, number, kind, step, phase, outcome):
        """A step of the program, or a cycle of it, begins or ends."""
        self._write(records.STEP, self.run, number, step.count, step.cycle, phase, step.goal_cn, self.readings.filtered_cn,
                    self.readings.displacement_nm, kind, outcome)  # fmt: skip

    def host_clock(self, unix_ms):
        """The host's clock, kept beside press time; once a second is enough."""
        r = self.readings
        if self._clock_s != r.time_s:
            self._clock_s = r.time_s
            zero_ms = unix_ms - (r.time_s * 1000 + r.time_ms)
            if self._clock_ms is not None and abs(zero_ms - self._clock_ms) > CLOCK_MS:
                old_ms = unix_ms - zero_ms + self._clock_ms
                self.tell(records.EVENT_VALUE, signed(old_ms // 1000), signed(unix_ms // 1000), "clock unix_s")
            self._clock_ms = zero_ms
            self._write(records.TIME_MAP, unix_ms // 1000, unix_ms % 1000)
