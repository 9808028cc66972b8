"""Bytes in, lines out; answers in, bytes out: the bounded ends of the serial line.

The stop byte must not wait behind anything, so every byte that arrives is looked at at once, even when lines are queued
or a long block is being sent; what does not fit is dropped and counted. Answers leave through one ring, long ones as a
source that is asked for slices, so nothing interleaves and nothing long is held.
"""

import binascii
import struct

from stackpress_core.errors import ScpiError

STOP = 0x18
BREAK = 0x03
LINE_MAX = 320
AS_THEY_ARE = 0x1F  # a line that ends with this is a host's of ours, which reads blocks by their length
NO_LONGER = b"\t"  # the line with which it goes
QUEUE_MAX = 8
RING_SIZE = 1024
ANSWER_ROOM = 256  # an answer of this size can always be put once `ready` is true
STALL_PASSES = 50  # passes without one byte taken, after which the host counts as not reading
SLICE = 128


class Inbox:
    """Collects bytes into lines and tells `sink` of stop bytes, break bytes and whole lines as they arrive."""

    def __init__(self, sink, line_max=LINE_MAX):
        self.sink = sink
        self.line_max = line_max
        self.line = bytearray(line_max)
        self.length = 0
        self.overlong = False
        self.forgotten = False  # a stop came after the beginning of this line: none of it is run

    def feed(self, data, count):
        for i in range(count):
            self.take(data[i])

    def take(self, byte):
        if byte == 10 or byte == 13:
            self.end_line()
        elif byte == STOP:
            self.forgotten = self.begun()
            self.length = 0
            self.overlong = False
            self.sink.stop_byte(self.forgotten)
        elif byte == BREAK:
            self.sink.break_byte()
        elif self.length < self.line_max:
            self.line[self.length] = byte
            self.length += 1
        else:
            self.overlong = True

    def begun(self):
        """Whether the line under way holds more than white space, which 488.2 has as ASCII 0 - 32."""
        return self.forgotten or self.overlong or any(byte > 32 for byte in memoryview(self.line)[: self.length])

    def forget(self):
        """The host has gone: what it left half written is nobody's."""
        self.length = 0
        self.overlong = self.forgotten = False

    def end_line(self):
        if not self.length:
            self.forgotten = False
            return
        line, overlong, forgotten = bytes(memoryview(self.line)[: self.length]), self.overlong, self.forgotten
        self.forget()
        if forgotten:
            self.sink.forgotten_line(line)
        elif overlong:
            self.sink.long_line(line)
        else:
            self.sink.line(line)


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


class Outbox:
    """A ring of bytes towards the host, and at most one source that fills it; what goes wrong with that is told to `tell`."""

    def __init__(self, serial, tell, size=RING_SIZE):
        self.serial = serial
        self.tell = tell
        self.size = size
        self.ring = bytearray(size)
        self.view = memoryview(self.ring)
        self.start = 0
        self.pending = 0
        self.source = None
        self.stall = 0
        self.dropped = 0

    def stalled(self):
        return self.stall >= STALL_PASSES

    def ready(self):
        """True when the next command may be run: no source under way and room for an ordinary answer."""
        return self.source is None and (self.size - self.pending >= ANSWER_ROOM or self.stalled())

    def put(self, data, reserve=1):
        """Append all of `data` or nothing; one byte stays reserved for the terminator. True if it was taken."""
        if self.pending + len(data) + reserve > self.size:
            return False
        end = (self.start + self.pending) % self.size
        first = min(len(data), self.size - end)
        self.view[end : end + first] = data[:first]
        if first < len(data):
            self.view[: len(data) - first] = data[first:]
        self.pending += len(data)
        return True

    def drop_source(self):
        self.source = None
        self.dropped += 1

    def fill(self, budget):
        while self.source is not None and budget > 0:
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
        if not self.pending:
            self.stall = 0
            return
        taken = self.write(budget)
        if taken and self.pending and taken < budget:
            taken += self.write(budget - taken)
        self.stall = 0 if taken else min(self.stall + 1, STALL_PASSES)

    def write(self, budget):
        count = min(self.pending, budget, self.size - self.start)
        taken = self.serial.write(self.view[self.start : self.start + count]) or 0
        self.start = (self.start + taken) % self.size
        self.pending -= taken
        return taken
