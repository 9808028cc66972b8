"""What the foreground writes to the journal: samples, state changes, warnings, trips and the flight recorder's window.

Samples come dense while a program moves the force and sparse in a settled hold; each says the smallest, mean and largest
force of all the ticks since the one before. A sample, which is a row of the exported table, ends where a phase of a step does,
and from the moment in which its end is decided no tick adds to its statistics. So no row tells of two steps, and what is measured
between two triggers has rows of its own. A trip is written at once, its window follows in slices as the queue has room.
"""

from stackpress_core.log import packing, records
from stackpress_core.log.records import FLIGHT_ENTRY_BYTES as ENTRY
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
_STATE, _MODE, _RANGE = AT["STATE"], AT["MODE"], AT["RANGE"]
_TRIP_TICKS = AT["TRIP_TICKS"]
_BANK, _BANK_WANTED, _STATISTICS = AT["BANK"], AT["BANK_WANTED"], AT["STATISTICS"]
_CELL, _RING_LEFT = AT["CELL"], AT["RING_LEFT"]
SLICES_A_PASS = 4
RAREST_MS = 3600000


class Sampler:
    """The journal's writer; `look()` once a foreground pass, after the tick has advanced."""

    def __init__(self, S, ring, params, readings, runner, journal, events, scheduler):
        self.S = S
        self.ring = ring  # of the flight recorder
        self.params = params
        self.readings = readings
        self.runner = runner
        self.journal = journal
        self.events = events
        self.scheduler = scheduler
        self.trips = 0
        self._state = S[_STATE]
        self._warned = self._latched = 0
        self._range = 0
        self._due_s = self._due_ms = 0
        self.run = self.step = self.cycle = 0  # what the row that is open lies in
        self._phases = 0
        self._flight_at = -1  # next entry of the window to be written, -1 if there is none
        self._flight_end = 0
        self._trip_time = (0, 0)
        self._flight_trip = 0
        self._overwritten = self._dropped = self._failures = 0
        self.trip_ticks = 0  # since the trip, as last seen: fewer mean another trip
        self.peak_cn = 0
        self.mean_cn = self.min_cn = self.max_cn = self.ticks = 0  # of all ticks since the sample before
        self._sources = []  # of each number of a sample: (owner, attribute), or (None, word of the blackboard)
        for row in records.SAMPLE_FIELDS:
            self._sources += self._source(row[1], row[5])

    def look(self):
        """One bounded pass: notice what changed, sample if it is time, go on with a flight window."""
        r, s = self.readings, self.S
        state = s[_STATE]
        if state != self._state:
            before, self._state = self._state, state
            self.events.tell(records.EVENT_STATE, before, state)
            if state == states.TRIPPED:
                self._trip(before)
            self._due_s, self._due_ms = r.time_s, r.time_ms
        elif state == states.TRIPPED and s[_TRIP_TICKS] < self.trip_ticks:  # acknowledged and tripped again since the last pass
            self.events.tell(records.EVENT_STATE, states.SAFE, state)
            self._trip(states.SAFE)
        self.trip_ticks = s[_TRIP_TICKS]
        if state == states.TRIPPED:
            self._joined()
        if r.warning_bits != self._warned:
            self._warnings(r.warning_bits)
        if s[_RANGE] != self._range:
            self._range = s[_RANGE]
            self.events.tell(records.EVENT_RANGE, 0, self._range)
        self._rows()
        self.scheduler.at(1000 * self._due_s + self._due_ms)
        if s[_RING_LEFT] == 0:
            self.scheduler.look()
            if self._flight_at >= 0:
                self._flight()
            else:
                s[_RING_LEFT] = -1
        self._losses()

    def _rows(self):
        """End the open row if it is time or if what it lies in has ended."""
        r, runner = self.readings, self.runner
        over = runner.step.phases != self._phases or runner.open_step != self.step or self.events.run != self.run
        if over or r.time_s > self._due_s or (r.time_s == self._due_s and r.time_ms >= self._due_ms):
            if self.S[_BANK] == self.S[_BANK_WANTED]:  # else no tick has run since the row before
                self.S[_BANK_WANTED] = 1 - self.S[_BANK]
                self._sample(_STATISTICS + 8 * (1 - self.S[_BANK_WANTED]))
            self.run, self.step, self._phases = self.events.run, runner.open_step, runner.step.phases
            self.cycle = runner.cycle if self.step else 0
            self._next_due()

    def _period_ms(self):
        r = self.readings
        if r.state in states.DRIVEN or r.state == states.TRIPPED and self.S[AT["REACTION"]] < blackboard.REACT_VENT:
            if self.runner.dense or not self.S[AT["HOLDING_STILL"]] and self.S[AT["REACHED"]] < 30 * r.hz:
                return self.params["sample_dense_ms"]
            return self._sparse_ms()
        if r.state == states.MONITOR:
            return 1000
        return 1000 * self.params["sample_idle_s"]

    def _sparse_ms(self):
        """A phase begins with rows that are close, so that a short one has enough of them for a mean and its spread."""
        sparse_ms = 1000 * self.params["sample_sparse_s"]
        if self.runner.state != "running":
            return sparse_ms
        return min(sparse_ms, max(self.params["sample_dense_ms"], self.runner.step_now().phase_ms() // 8))

    def _thinned(self, period_ms):
        """Samples come four times rarer with each half of the journal's room that is used, where it has only so much while anything
        is energised: a run of any length keeps room for its end. Each still tells of all the ticks since the one before."""
        left = self.journal.left_permille
        while left < 500 and period_ms < RAREST_MS:
            left, period_ms = 2 * left + 1, 4 * period_ms
        return min(period_ms, RAREST_MS)

    def _next_due(self):
        at = self.readings.time_ms + self._thinned(self._period_ms())
        self._due_s = self.readings.time_s + at // 1000
        self._due_ms = at % 1000

    def _sample(self, b):
        """Write the row that ends now; `b` is where the words of its bank begin."""
        s = self.S
        self.ticks = s[b]
        self.mean_cn = ((s[b + 4] << 20) + s[b + 3]) // s[b] if s[b] else self.readings.filtered_cn
        self.min_cn, self.max_cn = (s[b + 1], s[b + 2]) if s[b] else (self.mean_cn, self.mean_cn)
        self.peak_cn = max(self.peak_cn, self.max_cn)
        numbers = [s[what] if owner is None else getattr(owner, what) for owner, what in self._sources]
        self.journal.append(records.SAMPLE, packing.pack_sample(numbers))

    def _source(self, code, named):
        """What a field's row names, one entry a number."""
        if named in AT:
            return [(None, AT[named] + i) for i in range(int(code[:-1] or "1"))]
        part, name = named.split(".")
        owner = {"sampler": self, "readings": self.readings, "runner": self.runner, "events": self.events}[part]
        return [(owner, name)]

    @property
    def moves(self):
        return self.readings.moves & 0xFFFF

    @property
    def flags(self):
        r, s = self.readings, self.S
        flags = (records.FLAG_STALE if r.stale else 0) | (records.FLAG_WARNING if self._warned else 0)
        flags |= (records.FLAG_LOW_RANGE if s[_RANGE] else 0) | (records.FLAG_LOCKED if s[_MODE] == states.LOCK else 0)
        return flags | (records.FLAG_DENSE if self.runner.dense else 0)

    def _warnings(self, now):
        from stackpress_core.tick import interlock

        for name in interlock.names_of(now & ~self._warned):
            self.events.note(records.EVENT_WARNING, 0, 0, name, name)
        for name in interlock.names_of(self._warned & ~now):
            self.events.note(records.EVENT_WARNING_OVER, 0, 0, name, name)
        self._warned = now

    def _trip(self, before):
        from stackpress_core.tick import interlock

        r, s = self.readings, self.S
        self.trips += 1
        first = s[AT["FIRST"]]
        self._latched = 1 << max(0, first)
        cells = (s[_CELL], s[_CELL + 1], s[_CELL + 2], s[_CELL + 3])
        self.journal.write(
            records.TRIP, r.time_s, r.time_ms, self.events.run, self.trips, self.runner.step_number, before, max(0, first),
            s[AT["REACTION"]], s[AT["INPUTS"]], r.filtered_cn, r.set_cn, cells, r.imbalance_permille,
            r.displacement_nm, r.valve_code, interlock.NAMES[first] if first >= 0 else "")  # fmt: skip
        if before != states.SAFE and self._flight_at < 0:  # a window that is still being written is not disturbed
            self._trip_time, self._flight_trip = (r.time_s, r.time_ms), self.trips
            self._flight_at = self._flight_end = 0

    def _joined(self):
        """Reasons that join a trip are told as they do."""
        bits = blackboard.row_bits(self.S, AT["LATCHED"])
        if bits & ~self._latched:
            from stackpress_core.tick import interlock

            for name in interlock.names_of(bits & ~self._latched):
                self.events.tell(records.EVENT_REASON, 0, 0, name)
            self._latched |= bits

    def _flight(self):
        """A few slices of the standing window; the ring runs again when all of it is in the journal."""
        r, s = self.readings, self.S
        length = s[AT["RING_LEN"]]
        if self._flight_end == 0:
            self._flight_end = min(length, s[AT["RING_FILLED"]])
        start = s[AT["RING_AT"]] - self._flight_end
        before = self._flight_end - s[AT["RING_AFTER"]]
        for _ in range(SLICES_A_PASS):
            if self.journal.room < records.PAYLOAD_MAX:
                return
            count = min(records.FLIGHT_SLICE, self._flight_end - self._flight_at)
            first = (start + self._flight_at) % length
            part = bytes(self.ring[first * ENTRY : min(first + count, length) * ENTRY])
            if first + count > length:
                part += bytes(self.ring[: (first + count - length) * ENTRY])
            self.journal.write(records.FLIGHT, self._trip_time[0], self._trip_time[1], self._flight_trip, r.hz,
                               self._flight_at - before, part)  # fmt: skip
            self._flight_at += count
            if self._flight_at >= self._flight_end:
                self._flight_at = -1
                s[AT["RING_FILLED"]] = 0  # what comes next does not follow on what is there
                s[_RING_LEFT] = -1
                return

    def _losses(self):
        """Records that were overwritten or dropped become events and signals."""
        if self.journal.missing:
            self.S[AT["SIG_STORAGE"]] = 1  # it stays so: an acknowledgement ends the warning for a moment only
        if self.journal.overwritten_unpulled != self._overwritten:
            self._overwritten = self.journal.overwritten_unpulled
            if not self.S[AT["SIG_LOG"]]:
                self.events.tell(records.EVENT_OVERWRITTEN, self._overwritten)
            self.S[AT["SIG_LOG"]] = 1
        if self.journal.failures != self._failures:
            self._failures = self.journal.failures
            self.S[AT["SIG_STORAGE"]] = 1
        if self.journal.dropped != self._dropped:
            self._dropped = self.journal.dropped
            self.S[AT["SIG_STORAGE"]] = 1
            if self.journal.room > records.PAYLOAD_MAX:
                self.events.tell(records.EVENT_DROPPED, self._dropped)
