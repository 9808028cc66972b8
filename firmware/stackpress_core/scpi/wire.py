"""Bytes in, lines out; answers in, bytes out: the bounded ends of the serial line.

Nothing is taken from the port that there is no room for: the host is held back instead (USB by NAK, a pty by not being read), and
no line is lost. The stop byte and a line that stops must not wait behind anything, so every byte that arrives is looked at at once,
whatever waits or is being sent. Answers leave through one ring, long ones as a source that is asked for slices, so nothing
interleaves and nothing long is held.
"""

import binascii
import struct

import micropython
from micropython import const

from stackpress_core.errors import ScpiError

STOP = 0x18
BREAK = 0x03
LINE_MAX = 320
AS_THEY_ARE = 0x1F  # a line that ends with this is a host's of ours, which reads blocks by their length
NO_LONGER = b"\t"  # the line with which it goes
KEPT = 768  # bytes of lines that wait; one whole line and one packet of USB at least
PACKET = 64
RING_SIZE = 1024
ANSWER_ROOM = 256  # an answer of this size can always be put once `ready` is true
UNREAD_MS = 100  # so long without one byte taken, the host counts as not reading
SLICE = 128
HELD_HEAD = 8
_LF = const(10)
_CR = const(13)
_STOP = const(0x18)
_BREAK = const(0x03)
_WALL_MASK = const((1 << 30) - 1)
LONG = b"\x18"  # stands for a line that was too long: no other line can hold this byte


@micropython.viper
def plain_bytes(source_buf, i: int, n: int, target_buf, at: int, room: int) -> int:
    """Copy source[i:n] to target[at:] up to the first byte that ends a line, stops or breaks, and no more than `room` bytes of
    it; how many bytes there were before it."""
    source = ptr8(source_buf)  # noqa: F821
    target = ptr8(target_buf)  # noqa: F821
    began = i
    while i < n:
        c = source[i]
        if c == _LF or c == _CR or c == _STOP or c == _BREAK:
            return i - began
        if i - began < room:
            target[at + i - began] = c
        i += 1
    return n - began


@micropython.viper
def unit_that_stops(buf, i: int, end: int) -> int:
    """Where in line[i:end] the first unit begins whose header is STOP, ABOR or ABORT, -1 if there is none. Its first letter."""
    line = ptr8(buf)  # noqa: F821
    quote = 0
    begins = 1
    while i < end:
        c = line[i]
        if quote:
            if c == quote:
                quote = 0
        elif c == 34 or c == 39:
            quote = c
            begins = 0
        elif c == 59:
            begins = 1
        elif begins and c > 32 and c != 58:
            begins = 0
            n = 0
            while i + n < end and (line[i + n] | 32) >= 97 and (line[i + n] | 32) <= 122:
                n += 1
            if n == 4 or n == 5:
                a = (line[i] | 32) << 8 | (line[i + 1] | 32)
                b = (line[i + 2] | 32) << 8 | (line[i + 3] | 32)
                if n == 4 and a == 0x7374 and b == 0x6F70 and (i + 4 == end or line[i + 4] <= 32 or line[i + 4] == 59):
                    return i
                if a == 0x6162 and b == 0x6F72 and (n == 4 or (line[i + 4] | 32) == 116):
                    return i
        i += 1
    return -1


@micropython.viper
def unit_end(buf, i: int, end: int) -> int:
    """Where the unit that begins at `i` ends: at a semicolon outside strings, or at `end`."""
    line = ptr8(buf)  # noqa: F821
    quote = 0
    while i < end:
        c = line[i]
        if quote:
            if c == quote:
                quote = 0
        elif c == 34 or c == 39:
            quote = c
        elif c == 59:
            return i
        i += 1
    return end


class Inbox:
    """Keeps the lines that have come until their turn, and tells `sink` of stop bytes, break bytes and whole lines as they arrive.

    `buf[start:begun]` are whole lines, each with its line feed, `buf[begun:end]` is the one that is coming in.
    """

    def __init__(self, sink, line_max=LINE_MAX, size=KEPT):
        self.sink = sink
        self.line_max = line_max
        self.buf = bytearray(size)
        self.view = memoryview(self.buf)
        self.start = self.begun = self.end = 0
        self.waiting = 0  # whole lines
        self.overlong = False
        self.torn = False  # a stop byte came in the middle of this line: nothing of it is run

    @property
    def room(self):
        """Bytes that can be taken now, whatever they are."""
        if self.start == self.begun == self.end:
            self.start = self.begun = self.end = 0
        return len(self.buf) - (self.end - self.start)

    def feed(self, data, count):
        """At most `room` bytes."""
        if self.end + count > len(self.buf):
            self._move_down()
        i = 0
        while i < count:
            most = self.line_max - (self.end - self.begun)
            plain = plain_bytes(data, i, count, self.buf, self.end, most)
            i += plain
            if plain > most:
                self.overlong = True
                plain = most
            self.end += plain
            if i < count:
                self._take(data[i])
                i += 1

    def _move_down(self):
        start = self.start
        self.view[: self.end - start] = self.view[start : self.end]
        self.start, self.begun, self.end = 0, self.begun - start, self.end - start

    def _take(self, byte):
        if byte == _STOP:
            self.torn = self.has_begun()
            self.end = self.begun
            self.overlong = False
            self.sink.stop_byte(self.torn)
        elif byte == _BREAK:
            self.sink.break_byte()
        else:
            self._end_line()

    def _end_line(self):
        begun, end = self.begun, self.end
        overlong, torn = self.overlong, self.torn
        self.overlong = self.torn = False
        if end == begun:
            return
        keep = self.sink.line_came(begun, end, overlong, torn)
        begun, end = self.begun, self.end  # a stop forgets lines before it
        if keep and overlong:
            self.buf[begun] = LONG[0]
            end = begun + 1
        if keep:
            self.buf[end] = _LF
            self.begun = self.end = end + 1
            self.waiting += 1
        else:
            self.end = begun

    def has_begun(self):
        """Whether the line under way holds more than white space, which 488.2 has as ASCII 0 - 32."""
        return self.torn or self.overlong or any(byte > 32 for byte in self.view[self.begun : self.end])

    def forget(self):
        """The host has gone: what it left half written is nobody's."""
        self.end = self.begun
        self.overlong = self.torn = False

    def take_line(self):
        """The bytes of the oldest line; None if there is none, LONG for one that was too long."""
        if not self.waiting:
            return None
        at = self.buf.find(b"\n", self.start)
        line = bytes(self.view[self.start : at])
        self.start = at + 1
        self.waiting -= 1
        return line

    def keep_only(self, wanted):
        """Forget every line that waits and is not `wanted(line)`; how many there were."""
        gone, first = 0, self.start
        at = first
        coming = bytes(self.view[self.begun : self.end])
        for _ in range(self.waiting):
            end = self.buf.find(b"\n", self.start) + 1
            line = bytes(self.view[self.start : end])
            self.start = end
            if wanted(line[:-1]):
                self.view[at : at + len(line)] = line
                at += len(line)
            else:
                gone += 1
        self.waiting -= gone
        self.view[at : at + len(coming)] = coming
        self.start, self.begun, self.end = first, at, at + len(coming)
        return gone


class Text:
    """A long answer made of pieces that a generator yields one by one. Where one fails the answer ends, and `error` says why."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)
        self.rest = b""
        self.error = None

    def read(self, size):
        while not self.rest:
            try:
                self.rest = next(self.pieces).encode()
            except StopIteration:
                return b""
            except Exception as error:  # whatever it was: the outbox tells it
                self.error = error
                return b""
        part = self.rest[:size]
        self.rest = self.rest[size:]
        return part


class Block:
    """A definite-length block: `#<digits><length>`, payload, CRC-32 of the payload (little endian, counted in length).

    `reader(offset, size)` gives up to `size` bytes. If it fails or ends early, the promised length is still sent,
    filled with zeros, and the CRC is made wrong on purpose: the host sees a bad block, never a shifted line. `error` says why.
    """

    def __init__(self, length, reader, with_crc=True):
        self.length = length
        self.reader = reader
        self.with_crc = with_crc
        digits = str(length + (4 if with_crc else 0))
        self.head = ("#%d%s" % (len(digits), digits)).encode()
        self.offset = 0
        self.crc = 0
        self.broken = False
        self.error = None
        self.tailed = not with_crc

    def read(self, size):
        if self.head:
            part = self.head
            self.head = b""
            return part
        if self.offset < self.length:
            return self.payload(min(size, self.length - self.offset))
        if self.tailed:
            return b""
        self.tailed = True
        return struct.pack("<I", self.crc ^ (0xFFFFFFFF if self.broken else 0))

    def payload(self, size):
        part = b"" if self.broken else self.fetch(size)
        if not part:
            if not self.broken and self.error is None:
                self.error = ScpiError(-310, "%d bytes of a block, %d were announced" % (self.offset, self.length))
            self.broken = True
            part = bytes(size)
        self.offset += len(part)
        self.crc = binascii.crc32(part, self.crc) & 0xFFFFFFFF
        return part

    def fetch(self, size):
        try:
            return bytes(self.reader(self.offset, size))[:size]
        except Exception as error:  # whatever it was: the outbox tells it
            self.error = error
            return b""


class Held:
    """A block that lies in memory as a whole and goes to the port from there: HELD_HEAD bytes, the payload, 4 bytes of CRC-32."""

    error = None

    def __init__(self, buf, length):
        self.at = HELD_HEAD - 6
        self.end = HELD_HEAD + length + 4
        self.view = memoryview(buf)
        self.view[self.at : HELD_HEAD] = b"#4%04d" % (length + 4)
        crc = binascii.crc32(self.view[HELD_HEAD : HELD_HEAD + length]) & 0xFFFFFFFF
        struct.pack_into("<I", buf, HELD_HEAD + length, crc)

    def write(self, serial):
        """True if all of it is gone, else how much went is what `at` has gone on by."""
        self.at += serial.write(self.view[self.at : self.end]) or 0
        return self.at == self.end


class Outbox:
    """A ring of bytes towards the host, and at most one source that fills it; what goes wrong with that is told to `tell`.

    `serial.write(view)` says how many bytes at the beginning of `view` are gone. Others of them may be on their way: as long as
    `serial.held` says so they stay where they are.
    """

    def __init__(self, serial, tell, size=RING_SIZE):
        self.serial = serial
        self.tell = tell
        self.size = size
        self.ring = bytearray(size)
        self.view = memoryview(self.ring)
        self.start = 0
        self.pending = 0
        self.source = None
        self.deaf = False  # nobody reads: answers are dropped until somebody does
        self.told = False  # that nobody reads, since somebody has last read
        self.dropped = 0
        self._since_ms = -1  # when the host has last taken nothing of what there was
        self._last = _LF  # the byte that went last
        self._leaving = None  # a block that was dropped while a part of it was on its way

    @property
    def unread(self):
        """Whether what waits has found no reader for UNREAD_MS."""
        return self._since_ms >= 0 and (self.serial.now_ms() - self._since_ms) & _WALL_MASK >= UNREAD_MS

    def ready(self):
        """True when the next command may be run: no source under way and room for an ordinary answer."""
        return self.deaf or (self.source is None and self.size - self.pending >= ANSWER_ROOM)

    def put(self, data, reserve=1):
        """Append all of `data` or nothing; one byte stays reserved for the terminator. True if it was taken."""
        return not self.deaf and self._append(data, reserve)

    def _append(self, data, reserve):
        if self.pending + len(data) + reserve > self.size:
            return False
        end = (self.start + self.pending) % self.size
        first = min(len(data), self.size - end)
        self.view[end : end + first] = data[:first]
        if first < len(data):
            self.view[: len(data) - first] = data[first:]
        self.pending += len(data)
        return True

    def clear(self):
        """Forget all that is not on its way: whoever asked for it has gone."""
        self._let_go()
        self.deaf = False
        self._last = _LF

    def _let_go(self):
        """Nothing is left but what is on its way; how many bytes of the ring that is."""
        if isinstance(self.source, Held):
            self._leaving = self.source if self.serial.held else None
            self.pending, self._last = 0, 0
        elif not self._leaving:
            self.pending = self.serial.held
        self.source = None
        return self.pending

    def drop(self):
        """Forget what nobody reads, and answer no more until somebody does; what was cut short ends with a line feed."""
        if not self.pending and self.source is None:
            return
        held = self._let_go()
        self.dropped += 1
        last = self.ring[(self.start + held - 1) % self.size] if held else self._last
        if last != _LF:
            self._append(b"\n", 0)
        self.deaf = self.pending > 0

    def fill(self, budget):
        while self.source is not None and budget > 0 and not isinstance(self.source, Held):
            room = min(budget, SLICE, self.size - self.pending - 1)
            if room < 16:
                return
            part = self.source.read(room)
            if self.source.error is not None:
                self.tell(self.source.error)
                self.source.error = None
            if not part:
                self.source = None
                return
            self.put(part)
            budget -= len(part)

    def pump(self, budget):
        """One bounded pass: refill from the source, offer the ring to the serial line once or twice."""
        self.fill(budget)
        taken = 0
        if self._leaving:
            taken = self.serial.write(b"")
            if not self.serial.held:
                self._leaving = None
        elif not self.pending and isinstance(self.source, Held):
            taken = self._write_held()
        elif self.pending:
            taken = self.write(budget)
            if taken and self.pending and taken < budget:
                taken += self.write(budget - taken)
        if taken or not (self.pending or self.source or self._leaving):
            self._since_ms = -1
            self.deaf = False
            self.told = self.told and not taken
        elif self._since_ms < 0:
            self._since_ms = self.serial.now_ms()

    def _write_held(self):
        before, self._last = self.source.at, 0
        whole = self.source.write(self.serial)
        taken = self.source.at - before
        if whole:
            self.source = None
        return taken

    def write(self, budget):
        count = min(self.pending, budget, self.size - self.start)
        taken = self.serial.write(self.view[self.start : self.start + count]) or 0
        if taken:
            self._last = self.ring[self.start + taken - 1]
            self.start = (self.start + taken) % self.size
            self.pending -= taken
        return taken
