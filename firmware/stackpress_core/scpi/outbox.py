"""Answers in, bytes out: one ring of bytes towards the host, so that nothing interleaves and nothing long is held.

What is asked for often goes into the ring without an object in between: a number as digits, rows of numbers, and a block of the
log, which is read from its chip to where the port sends it from.
"""

import array

import micropython
from micropython import const

RING_SIZE = 2048  # a power of two
ANSWER_ROOM = 256  # an answer of this size can always be put once `ready` is true
UNREAD_MS = 100  # so long without one byte taken, the host counts as not reading
SLICE = 128
BLOCK_HEAD = 7  # a semicolon if it is not the line's first answer, and #4 with four digits
BLOCK_MOST = RING_SIZE - BLOCK_HEAD - 4 - 1  # CRC-32 and the line feed
NUMBER_MOST = 12  # bytes of a number with its comma
_LF = const(10)
_WALL_MASK = const((1 << 30) - 1)


POWERS = array.array("i", (1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000))


class Later(Exception):
    """A unit needs the ring for itself: it is run again when it is empty."""


@micropython.viper
def copied(source_buf, n: int, ring_buf, mask: int, at: int):
    """The `n` bytes of the source into the ring."""
    source = ptr8(source_buf)  # noqa: F821
    ring = ptr8(ring_buf)  # noqa: F821
    i = 0
    while i < n:
        ring[at + i & mask] = source[i]
        i += 1


@micropython.viper
def digits(ring_buf, mask: int, at: int, value: int, places: int, powers_buf) -> int:
    """A line of a number of the press's, |value| < 2^30, with a point before the last `places` digits, without zeros at their end;
    how many bytes that is. By subtraction: a division takes an RP2040 longer."""
    ring = ptr8(ring_buf)  # noqa: F821
    powers = ptr32(powers_buf)  # noqa: F821
    began = at
    if value < 0:
        ring[at & mask] = 45
        at += 1
        value = 0 - value
    n = 9
    while n > places and value < powers[n]:
        n -= 1
    while n >= 0 and (value or n >= places):
        if n == places - 1:
            ring[at & mask] = 46
            at += 1
        power = powers[n]
        digit = 48
        while value >= power:
            value -= power
            digit += 1
        ring[at & mask] = digit
        at += 1
        n -= 1
    ring[at & mask] = _LF
    return at + 1 - began


class Outbox:
    """A ring of bytes towards the host, and at most one source that fills it; what goes wrong with that is told to `tell`.

    `serial.offer(ring, start, n)` says how many of the `n` bytes in the ring from `start` on are gone. Others of them may be on
    their way: as long as `serial.held` says so they stay where they are. For a line that only knows `write`: plain_line.py.
    `serial.stream(ring, place, table, marks)`, if the line has it, makes rows and offers them as long as the host takes them, a few
    milliseconds at most, and says how many bytes are gone. `place` goes on with that: where the ring starts, the bytes that wait in
    it, and the byte behind the last row, which becomes 0 when it is there.
    A source has `read(size)`, or `into(ring, mask, at, room)`, which gives how many bytes it has put into the ring, 0 for want of
    room, -1 at its end; `error` says why it broke off, and `over` that it is no longer asked.
    """

    def __init__(self, serial, tell, size=RING_SIZE):
        self.serial = serial
        self.tell = tell
        self.size = size
        self.ring = bytearray(size)
        self.view = memoryview(self.ring)
        self.block = self.view[BLOCK_HEAD : BLOCK_HEAD + BLOCK_MOST]  # where the payload of a block goes that is sent from there
        self.start = 0
        self.pending = 0
        self.source = None
        self.into = None  # of the source, if it has that
        self.last = False  # it is the last of its line, and the line feed goes with its end
        self.offer, self.rows, self.close_block = serial.offer, serial.rows, serial.close_block
        self.stream = getattr(serial, "stream", None)
        self.place = array.array("i", (0, 0, 0))
        self.room = ANSWER_ROOM  # what the next answer needs
        self.deaf = False  # nobody reads: answers are dropped until somebody does
        self.told = False  # that nobody reads, since somebody has last read
        self.dropped = 0
        self._since_ms = -1  # when the host has last taken nothing of what there was
        self._last = _LF  # the byte that went last

    @property
    def unread(self):
        """Whether what waits has found no reader for UNREAD_MS."""
        return self._since_ms >= 0 and (self.serial.now_ms() - self._since_ms) & _WALL_MASK >= UNREAD_MS

    def ready(self):
        """True when the next command may be run: no source under way and room for an ordinary answer."""
        return self.deaf or (self.source is None and self.size - self.pending >= self.room)

    # -- answers that are there ------------------------------------------------------------------------------------

    def put(self, data, reserve=1):
        """Append all of `data` or nothing; one byte stays reserved for the terminator. True if it was taken."""
        return not self.deaf and self._append(data, reserve)

    def _append(self, data, reserve):
        if self.pending + len(data) + reserve > self.size:
            return False
        copied(data, len(data), self.ring, self.size - 1, self.start + self.pending)
        self.pending += len(data)
        return True

    def for_block(self, most):
        """`block`, or `most` bytes of it. Raises Later until the ring is empty."""
        if self.pending:
            self.write()
        if self.pending:
            self.room = self.size
            raise Later()
        self.start = 0
        return self.block if most >= BLOCK_MOST else self.block[:most]

    def put_block(self, length, begins):
        """The definite-length block of the payload that is in its place: `#4<length>`, payload, CRC-32 of it (counted in length);
        behind `begins`, a byte or none."""
        self.ring[0] = 59  # a semicolon
        self.start = 1 - len(begins)
        self.close_block(self.ring, self.start, length)
        self.pending = BLOCK_HEAD + length + 4 - self.start
        return True

    def put_alone(self, length):
        """The same as a whole answer, on its way at once."""
        self.start = 1
        self.close_block(self.ring, 1, length)
        self.pending = BLOCK_HEAD + length + 4
        self.write()

    # -- answers that come in pieces -------------------------------------------------------------------------------

    def begin(self, source):
        self.source, self.into = source, getattr(source, "into", None)

    def end(self):
        if self.source is not None:
            self.source.over = True
            self.source = self.into = None
            self.last = False

    def fill(self, budget):
        while self.source is not None and budget > 0:
            room = self.size - self.pending - 1
            if self.into:
                n = self.into(self.ring, self.size - 1, self.start + self.pending, min(room, budget))
                if n == 0:
                    return
                self.pending += max(n, 0)
            else:
                room = min(budget, SLICE, room)
                if room < 16:
                    return
                part = self.source.read(room)
                n = len(part) or -1
                self.put(part)
            if self.source.error is not None:
                self.tell(self.source.error)
                self.source.error = None
            if n < 0:
                if self.last:
                    self._append(b"\n", 0)
                self.end()
            budget -= n if n > 0 else 0

    # -- towards the host ------------------------------------------------------------------------------------------

    def clear(self):
        """Forget all that is not on its way: whoever asked for it has gone."""
        self._let_go()
        self.deaf = False
        self._last = _LF

    def _let_go(self):
        """Nothing is left but what is on its way; how many bytes of the ring that is."""
        self.end()
        self.pending = self.serial.held
        return self.pending

    def drop(self):
        """Forget what nobody reads, and answer no more until somebody does; what was cut short ends with a line feed."""
        if not self.pending and self.source is None:
            return
        held = self._let_go()
        self.dropped += 1
        last = self.ring[(self.start + held - 1) & self.size - 1] if held else self._last
        if last != _LF:
            self._append(b"\n", 0)
        self.deaf = self.pending > 0

    def pump(self, budget):
        """One bounded pass: refill from the source, offer the ring to the serial line."""
        if self.source is not None:
            self.fill(budget)
        taken = self.write() if self.pending else 0
        if self.into and self.stream and self._since_ms < 0:  # nobody waits for a host that has just taken nothing
            taken += self.write(self.source)
        if not self.pending:
            self.room = ANSWER_ROOM
        if taken or not (self.pending or self.source):
            self._since_ms = -1
            self.deaf = False
            self.told = self.told and not taken
        elif self._since_ms < 0:
            self._since_ms = self.serial.now_ms()

    def write(self, source=None):
        """Offer what waits, and the rows of a source as well as they are made while others go: that costs less than to send them.
        How much has gone."""
        pending = self.pending
        if source is None:
            taken = self.offer(self.ring, self.start, pending)
            pending -= taken
        else:
            place = self.place
            place[0], place[1], place[2] = self.start, pending, _LF if self.last else 0
            taken = self.stream(self.ring, place, source.table, source.marks)
            pending = place[1]
            if self.last and not place[2]:
                self.end()
        self.pending = pending
        if taken:
            self.start = (self.start + taken) & self.size - 1
            self._last = self.ring[self.start - 1]
            self._since_ms = -1  # whoever offers it: the host reads
        return taken
