"""What the foreground writes to the journal: samples, state changes, warnings, trips and the flight recorder's window.

Samples come dense while a program moves the force and sparse in a settled hold; each says the smallest, mean and largest
force of all the ticks since the one before. A trip is written at once, its window follows in slices as the queue has room.
"""

from stackpress_core.log import records
from stackpress_core.log.records import FLIGHT_ENTRY_BYTES as ENTRY
from stackpress_core.tick import states, words

AT = words.AT
_STATE, _MODE, _RANGE = AT["STATE"], AT["MODE"], AT["RANGE"]
_TRIP_TICKS = AT["TRIP_TICKS"]
_BANK, _BANK_WANTED, _STATISTICS = AT["BANK"], AT["BANK_WANTED"], AT["STATISTICS"]
_CELL, _RING_LEFT = AT["CELL"], AT["RING_LEFT"]
SLICES_A_PASS = 4
RAREST_MS = 3600000


class Sampler:
    """The journal's writer; `service()` once a foreground pass, after the tick has advanced."""

    def __init__(self, press):
        self.press = press
        self.trips = 0
        self._state = press.S[_STATE]
        self._warned = 0
        self._range = 0
        self._due_s = self._due_ms = 0
        self._swapping = False
        self._flight_at = -1  # next entry of the window to be written, -1 if there is none
        self._flight_end = 0
        self._trip_time = (0, 0)
        self._flight_trip = 0
        self._overwritten = self._dropped = self._failures = 0
        self.trip_ticks = 0  # since the trip, as last seen: fewer mean another trip
        self._noted = {}
        self.peak_cn = 0
        self._sources = None
        self.mean_cn = self.min_cn = self.max_cn = self.ticks = 0  # of all ticks since the sample before

    def event(self, code, a=0, b=0, text=""):
        p = self.press
        p.journal.write(records.EVENT, p.time_s, p.time_ms, code, p.run_number, a, b, text)

    def note(self, code, a=0, b=0, text="", key=""):
        """An event that a host or a contact can repeat at will: told once a second for each code and key."""
        now = self.press.time_s
        if self._noted.get((code, key)) != now:
            self._noted[code, key] = now
            self.event(code, a, b, text)

    def service(self):
        """One bounded pass: notice what changed, sample if it is time, go on with a flight window."""
        p = self.press
        s = p.S
        state = s[_STATE]
        if state != self._state:
            before, self._state = self._state, state
            self.event(records.EVENT_STATE, before, state)
            if state == states.TRIPPED:
                self._trip(before)
            self._due_s, self._due_ms = p.time_s, p.time_ms
        elif state == states.TRIPPED and s[_TRIP_TICKS] < self.trip_ticks:  # acknowledged and tripped again since the last pass
            self.event(records.EVENT_STATE, states.SAFE, state)
            self._trip(states.SAFE)
        self.trip_ticks = s[_TRIP_TICKS]
        if p.warning_bits != self._warned:
            self._warnings(p.warning_bits)
        if s[_RANGE] != self._range:
            self._range = s[_RANGE]
            self.event(records.EVENT_RANGE, 0, self._range)
        if self._swapping:
            if s[_BANK] == s[_BANK_WANTED]:
                self._swapping = False
                self._sample()
        elif p.time_s > self._due_s or (p.time_s == self._due_s and p.time_ms >= self._due_ms):
            s[_BANK_WANTED] = 1 - s[_BANK]
            self._swapping = True
            self._next_due()
        p.agenda.at(1000 * self._due_s + self._due_ms)
        if s[_RING_LEFT] == 0:
            p.agenda.look()
            if self._flight_at >= 0:
                self._flight()
            else:
                s[_RING_LEFT] = -1
        self._losses()

    def _period_ms(self):
        p = self.press
        if p.state in states.DRIVEN or p.state == states.TRIPPED and p.S[AT["REACTION"]] < words.REACT_VENT:
            if p.runner.dense or not p.S[AT["HOLDING_STILL"]] and p.S[AT["REACHED"]] < 30 * p.hz:
                return p.params["sample_dense_ms"]
            return 1000 * p.params["sample_sparse_s"]
        if p.state == states.MONITOR:
            return 1000
        return 1000 * p.params["sample_idle_s"]

    def _thinned(self, period_ms):
        """Samples come four times rarer with each half of the journal's room that is used, where it has only so much while anything
        is energised: a run of any length keeps room for its end. Each still tells of all the ticks since the one before."""
        left = self.press.journal.left_permille
        while left < 500 and period_ms < RAREST_MS:
            left, period_ms = 2 * left + 1, 4 * period_ms
        return min(period_ms, RAREST_MS)

    def _next_due(self):
        at = self.press.time_ms + self._thinned(self._period_ms())
        self._due_s = self.press.time_s + at // 1000
        self._due_ms = at % 1000

    def _sample(self):
        """Write the bank that the tick has just left."""
        p, s = self.press, self.press.S
        b = _STATISTICS + 8 * (1 - s[_BANK])
        self.ticks = s[b]
        self.mean_cn = ((s[b + 4] << 20) + s[b + 3]) // s[b] if s[b] else p.force_cn
        self.min_cn, self.max_cn = (s[b + 1], s[b + 2]) if s[b] else (self.mean_cn, self.mean_cn)
        self.peak_cn = max(self.peak_cn, self.max_cn)
        if not self._sources:  # now, and not at the start: every part of the press is there
            self._sources = [self._source(row[1], row[5]) for row in records.SAMPLE_FIELDS]
        p.journal.write(records.SAMPLE, *[self._value(*source) for source in self._sources])

    def _source(self, code, named):
        """(owner, attribute, 0), or (None, word of the frame, words) of what a field's row names."""
        if named in AT:
            return None, AT[named], int(code[:-1] or "1")
        part, name = named.split(".")
        return {"sampler": self, "press": self.press, "runner": self.press.runner}[part], name, 0

    def _value(self, owner, what, count):
        if owner:
            return getattr(owner, what)
        s = self.press.S
        return s[what] if count == 1 else [s[what + i] for i in range(count)]

    @property
    def moves(self):
        return self.press.moves & 0xFFFF

    @property
    def flags(self):
        p, s = self.press, self.press.S
        flags = (records.FLAG_STALE if p.stale else 0) | (records.FLAG_WARNING if self._warned else 0)
        flags |= (records.FLAG_LOW_RANGE if s[_RANGE] else 0) | (records.FLAG_LOCKED if s[_MODE] == states.LOCK else 0)
        return flags | (records.FLAG_DENSE if p.runner.dense else 0)

    def _warnings(self, now):
        from stackpress_core.tick import interlock

        for name in interlock.names_of(now & ~self._warned):
            self.note(records.EVENT_WARNING, 0, 0, name, name)
        for name in interlock.names_of(self._warned & ~now):
            self.note(records.EVENT_WARNING_OVER, 0, 0, name, name)
        self._warned = now

    def _trip(self, before):
        from stackpress_core.tick import interlock

        p, s = self.press, self.press.S
        self.trips += 1
        first = s[AT["FIRST"]]
        cells = (s[_CELL], s[_CELL + 1], s[_CELL + 2], s[_CELL + 3])
        p.journal.write(
            records.TRIP, p.time_s, p.time_ms, p.run_number, self.trips, p.step, before, max(0, first),
            s[AT["REACTION"]], s[AT["INPUTS"]], p.force_cn, p.set_cn, cells, p.imbalance_permille,
            p.displacement_nm, p.valve_code, interlock.NAMES[first] if first >= 0 else "")  # fmt: skip
        if before != states.SAFE and self._flight_at < 0:  # a window that is still being written is not disturbed
            self._trip_time, self._flight_trip = (p.time_s, p.time_ms), self.trips
            self._flight_at = self._flight_end = 0

    def _flight(self):
        """A few slices of the standing window; the ring runs again when all of it is in the journal."""
        p, s = self.press, self.press.S
        length = s[AT["RING_LEN"]]
        if self._flight_end == 0:
            self._flight_end = min(length, s[AT["RING_FILLED"]])
        start = s[AT["RING_AT"]] - self._flight_end
        before = self._flight_end - s[AT["RING_AFTER"]]
        for _ in range(SLICES_A_PASS):
            if p.journal.room < records.PAYLOAD_MAX:
                return
            count = min(records.FLIGHT_SLICE, self._flight_end - self._flight_at)
            first = (start + self._flight_at) % length
            part = bytes(p.ring[first * ENTRY : min(first + count, length) * ENTRY])
            if first + count > length:
                part += bytes(p.ring[: (first + count - length) * ENTRY])
            p.journal.write(records.FLIGHT, self._trip_time[0], self._trip_time[1], self._flight_trip, p.hz,
                            self._flight_at - before, part)  # fmt: skip
            self._flight_at += count
            if self._flight_at >= self._flight_end:
                self._flight_at = -1
                s[AT["RING_FILLED"]] = 0  # what comes next does not follow on what is there
                s[_RING_LEFT] = -1
                return

    def _losses(self):
        """Records that were overwritten or dropped become events and signals."""
        p = self.press
        if p.journal_missing:
            p.S[AT["SIG_STORAGE"]] = 1  # it stays so: an acknowledgement ends the warning for a moment only
        if p.journal.overwritten_unpulled != self._overwritten:
            self._overwritten = p.journal.overwritten_unpulled
            if not p.S[AT["SIG_LOG"]]:
                self.event(records.EVENT_OVERWRITTEN, self._overwritten)
            p.S[AT["SIG_LOG"]] = 1
        if p.journal.failures != self._failures:
            self._failures = p.journal.failures
            p.S[AT["SIG_STORAGE"]] = 1
        if p.journal.dropped != self._dropped:
            self._dropped = p.journal.dropped
            p.S[AT["SIG_STORAGE"]] = 1
            if p.journal.room > records.PAYLOAD_MAX:
                self.event(records.EVENT_DROPPED, self._dropped)
