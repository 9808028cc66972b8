"""What the foreground writes to the journal: samples, state changes, warnings, trips and the flight recorder's window.

Samples come dense while a program moves the force and sparse in a settled hold; each says the smallest, mean and largest
force of all the ticks since the one before. A sample, which is a row of the exported table, ends where a phase of a step does,
and from the moment in which its end is decided no tick adds to its statistics. So no row tells of two steps, and what is measured
between two triggers has rows of its own. A trip is written at once, or some ms later if its reason has to be weighed; its window
follows in slices as the queue has room.
"""

import array

import micropython
from micropython import const

from stackpress_core.log import packing, records
from stackpress_core.log.records import FLIGHT_ENTRY_BYTES as ENTRY
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
SLICES_A_PASS = 4
SAMPLE_CODES = "".join([field[1][-1] * int(field[1][:-1] or "1") for field in records.SAMPLE_FIELDS]).encode()
_BYTE = const(66)  # the letters of struct: a capital has no sign
_USHORT = const(72)
_SHORT = const(104)
_LAST_CAPITAL = const(90)
_TOLD_FIRST = const(7)  # place of the row among what a trip's record says
RAREST_MS = 3600000

# words (written by layout.py)
_INPUTS = const(5)
_STATE_TRIPPED = const(5)
_T_SECOND = const(12)
_HZ = const(14)
_CELL = const(15)
_RANGE = const(38)
_SIG_LOG = const(82)
_SIG_STORAGE = const(83)
_LATCHED = const(88)
_FIRST = const(94)
_REACTION = const(95)
_TRIP_TICKS = const(96)
_STATE = const(100)
_MODE = const(101)
_REACHED = const(128)
_HOLDING_STILL = const(133)
_BANK = const(157)
_BANK_WANTED = const(158)
_STATISTICS = const(159)
_RING_AT = const(175)
_RING_LEN = const(176)
_RING_FILLED = const(177)
_RING_AFTER = const(178)
_RING_LEFT = const(179)
# end of words


@micropython.viper
def words(numbers, S, places, end: int):
    """Those numbers that are words of the blackboard."""
    n = ptr32(numbers)
    s = ptr32(S)
    p = ptr8(places)
    i = 0
    while i < end:
        n[p[i]] = s[p[i + 1] | p[i + 2] << 8]
        i += 3


@micropython.viper
def packed(numbers, codes, count: int, payload):
    """The payload of a record of numbers, as by packing.pack: little endian, and out of range is saturated."""
    n = ptr32(numbers)
    c = ptr8(codes)
    out = ptr8(payload)
    at = 0
    i = 0
    while i < count:
        value = n[i]
        code = c[i]
        size = 2
        most = 65535
        if code == _BYTE:
            size = 1
            most = 255
        elif code == _SHORT:
            most = 32767
        elif code != _USHORT:
            size = 4
        if value < 0 and code <= _LAST_CAPITAL:
            value = 0
        elif size < 4 and value > most:
            value = most
        elif code == _SHORT and value < -32768:
            value = -32768
        while size > 0:
            out[at] = value & 255
            value = value >> 8
            at += 1
            size -= 1
        i += 1


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
        self._trip_told = None  # what a trip's record will say, while its reasons are weighed
        self.trip_ticks = 0  # since the trip, as last seen: fewer mean another trip
        self.peak_cn = 0
        self.mean_cn = self.min_cn = self.max_cn = self.ticks = 0  # of all ticks since the sample before
        self._payload = bytearray(packing.SIZES[records.SAMPLE])
        self._numbers = array.array("i")  # of the sample before
        self._words = bytearray()  # which of them are words of the blackboard: its place among them, and theirs in two bytes
        self._named = []  # and which are somebody's: (place, owner, attribute)
        for row in records.SAMPLE_FIELDS:
            self._source(row[1], row[5])

    def look(self):
        """One bounded pass: notice what changed, sample if it is time, go on with a flight window."""
        r = self.readings
        s = self.S
        state = s[_STATE]
        if state != self._state:
            before, self._state = self._state, state
            self.events.tell(records.EVENT_STATE, before, state)
            if state == _STATE_TRIPPED:
                self._trip(before)
            self._due_s, self._due_ms = r.time_s, r.time_ms
        elif state == _STATE_TRIPPED and s[_TRIP_TICKS] < self.trip_ticks:  # acknowledged and tripped again since the last pass
            self.events.tell(records.EVENT_STATE, states.SAFE, state)
            self._trip(states.SAFE)
        self.trip_ticks = s[_TRIP_TICKS]
        if self._trip_told:
            self._weigh(state)
        elif state == _STATE_TRIPPED:
            self._joined()
        warned = r.warning_bits
        if warned != self._warned:
            self._warnings(warned)
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
        s = self.S
        runner = self.runner
        over = runner.step.phases != self._phases or runner.open_step != self.step or self.events.run != self.run
        if over or s[_T_SECOND] > self._due_s or s[_T_SECOND] == self._due_s and self.readings.time_ms >= self._due_ms:
            if s[_BANK] == s[_BANK_WANTED]:  # else no tick has run since the row before
                s[_BANK_WANTED] = 1 - s[_BANK]
                self._sample(_STATISTICS + 8 * (1 - s[_BANK_WANTED]))
            self.run = self.events.run
            self.step = runner.open_step
            self._phases = runner.step.phases
            self.cycle = runner.cycle if self.step else 0
            self._next_due()

    def _period_ms(self):
        r = self.readings
        if r.state in states.DRIVEN or r.state == states.TRIPPED and self.S[_REACTION] < blackboard.REACT_VENT:
            if self.runner.dense or not self.S[_HOLDING_STILL] and self.S[_REACHED] < 30 * r.hz:
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
        self.min_cn = s[b + 1] if s[b] else self.mean_cn
        self.max_cn = s[b + 2] if s[b] else self.mean_cn
        self.peak_cn = max(self.peak_cn, self.max_cn)
        numbers = self._numbers
        words(numbers, s, self._words, len(self._words))
        for at, owner, name in self._named:
            numbers[at] = getattr(owner, name)
        packed(numbers, SAMPLE_CODES, len(SAMPLE_CODES), self._payload)
        self.journal.append(records.SAMPLE, self._payload)

    def _source(self, code, named):
        """What a field's row names, one entry a number."""
        numbers = self._numbers
        if named in AT:
            for word in range(AT[named], AT[named] + int(code[:-1] or "1")):
                self._words.extend(bytes((len(numbers), word & 255, word >> 8)))
                numbers.append(0)
            return
        part, name = named.split(".")
        owner = {"sampler": self, "readings": self.readings, "runner": self.runner, "events": self.events}[part]
        self._named.append((len(numbers), owner, name))
        numbers.append(0)

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
        r, s = self.readings, self.S
        if self._trip_told:
            self._weigh(None)
        self.trips += 1
        cells = (s[_CELL], s[_CELL + 1], s[_CELL + 2], s[_CELL + 3])
        self._trip_told = [
            records.TRIP, r.time_s, r.time_ms, self.events.run, self.trips, self.runner.step_number, before, s[_FIRST],
            s[_REACTION], s[_INPUTS], r.filtered_cn, r.set_cn, cells, r.imbalance_permille,
            r.displacement_nm, r.valve_code]  # fmt: skip
        if before != states.SAFE and self._flight_at < 0:  # a window that is still being written is not disturbed
            self._trip_time, self._flight_trip = (r.time_s, r.time_ms), self.trips
            self._flight_at = self._flight_end = 0

    def _weigh(self, state):
        """Write a trip's record: at once, or once what may explain its reason has had the time to be seen."""
        from stackpress_core.tick import interlock

        s, told = self.S, self._trip_told
        if state == _STATE_TRIPPED:
            told[_TOLD_FIRST] = max(0, self.readings.weigh())
            name = interlock.NAMES[told[_TOLD_FIRST]]
            if name in interlock.SYMPTOMS and s[_TRIP_TICKS] * 1000 < interlock.WEIGHED_MS * s[_HZ]:
                self.scheduler.look()
                return
        self._latched = 1 << told[_TOLD_FIRST]
        self.journal.write(*told, interlock.NAMES[told[_TOLD_FIRST]])
        self._trip_told = None

    def _joined(self):
        """Reasons that join a trip are told as they do."""
        bits = blackboard.row_bits(self.S, _LATCHED)
        if bits & ~self._latched:
            from stackpress_core.tick import interlock

            for name in interlock.names_of(bits & ~self._latched):
                self.events.tell(records.EVENT_REASON, 0, 0, name)
            self._latched |= bits

    def _flight(self):
        """A few slices of the standing window; the ring runs again when all of it is in the journal."""
        r, s = self.readings, self.S
        length = s[_RING_LEN]
        if self._flight_end == 0:
            self._flight_end = min(length, s[_RING_FILLED])
        start = s[_RING_AT] - self._flight_end
        before = self._flight_end - s[_RING_AFTER]
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
                s[_RING_FILLED] = 0  # what comes next does not follow on what is there
                s[_RING_LEFT] = -1
                return

    def _losses(self):
        """Records that were overwritten or dropped become events and signals."""
        if self.journal.missing:
            self.S[_SIG_STORAGE] = 1  # it stays so: an acknowledgement ends the warning for a moment only
        if self.journal.overwritten_unpulled != self._overwritten:
            self._overwritten = self.journal.overwritten_unpulled
            if not self.S[_SIG_LOG]:
                self.events.tell(records.EVENT_OVERWRITTEN, self._overwritten)
            self.S[_SIG_LOG] = 1
        if self.journal.failures != self._failures:
            self._failures = self.journal.failures
            self.S[_SIG_STORAGE] = 1
        if self.journal.dropped != self._dropped:
            self._dropped = self.journal.dropped
            self.S[_SIG_STORAGE] = 1
            if self.journal.room > records.PAYLOAD_MAX:
                self.events.tell(records.EVENT_DROPPED, self._dropped)
