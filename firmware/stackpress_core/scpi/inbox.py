"""Bytes in, lines out: what a host has sent, until its turn comes.

Nothing is taken from the port that there is no room for: the host is held back instead (USB by NAK, a pty by not being read), and
no line is lost. The stop byte and a line that stops must not wait behind anything, so every byte that arrives is looked at at once,
whatever waits or is being sent.
"""

import array

import micropython
from micropython import const

STOP = 0x18
BREAK = 0x03
LINE_MAX = 320
KEPT = 512  # bytes of lines that wait; one whole line and one packet of USB at least
PACKET = 64
LONG = b"\x18"  # stands for a line that was too long: no other line can hold this byte
_LF = const(10)
_CR = const(13)
_STOP = const(0x18)
_BREAK = const(0x03)
_TOP = const(0x746F70)  # of STOP and
_BOR = const(0x626F72)  # of ABORt: a line without either stops nothing
_BEGUN, _END, _WAITING, _LAST, _LOOK, _MOST = range(6)
_SUSPECT = const(1)  # may hold what stops
_OVERLONG = const(2)
_TORN = const(4)  # a stop byte came in the middle of this line: nothing of it is run


@micropython.viper
def take(data_buf, i: int, n: int, target_buf, marks_buf) -> int:
    """Put data[i:n] behind the line that is coming in, and keep each line that ends and needs no closer look. How far that went: to
    `n`, or to a byte that stops, breaks, or ends a line that has to be looked at."""
    data = ptr8(data_buf)  # noqa: F821
    target = ptr8(target_buf)  # noqa: F821
    marks = ptr32(marks_buf)  # noqa: F821
    begun = marks[0]
    end = marks[1]
    last = marks[3]
    look = marks[4]
    while i < n:
        c = data[i]
        if c == _STOP or c == _BREAK:
            break
        if c == _LF or c == _CR:
            if look:
                break
            if end != begun:
                target[end] = _LF
                end += 1
                begun = end
                marks[2] += 1
            last = 0
        else:
            last = ((last & 0xFFFF) << 8) | c | 32
            if last == _TOP or last == _BOR:
                look |= _SUSPECT
            if end - begun < marks[5]:
                target[end] = c
                end += 1
            else:
                look |= _OVERLONG
        i += 1
    marks[0] = begun
    marks[1] = end
    marks[3] = last
    marks[4] = look
    return i


@micropython.viper
def same_line(buf, start: int, texts_buf, size: int) -> int:
    """Which line of texts[:size] is the one that begins at buf[start]: its number with its length above the lowest four bits; -1 if
    none is. Each ends with a line feed."""
    line = ptr8(buf)  # noqa: F821
    texts = ptr8(texts_buf)  # noqa: F821
    at = 0
    number = 0
    while at < size:
        i = 0
        while texts[at + i] == line[start + i] and texts[at + i] != _LF:
            i += 1
        if texts[at + i] == line[start + i]:
            return (i + 1) << 4 | number
        while texts[at + i] != _LF:
            i += 1
        at += i + 1
        number += 1
    return 0 - 1


class Inbox:
    """Keeps the lines that have come until their turn, and tells `sink` of stop bytes, break bytes and lines that may stop as they
    arrive.

    `buf[start:begun]` are whole lines, each with its line feed, `buf[begun:end]` is the one that is coming in.
    """

    def __init__(self, sink, line_max=LINE_MAX, size=KEPT):
        self.sink = sink
        self.buf = bytearray(size)
        self.view = memoryview(self.buf)
        self.start = self.begun = self.end = 0
        self.waiting = 0  # whole lines
        self.look = 0  # why the line that is coming in has to be looked at
        self.marks = array.array("i", (0, 0, 0, 0, 0, line_max))

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
        marks, i = self.marks, 0
        while i < count:
            marks[_BEGUN], marks[_END], marks[_WAITING], marks[_LOOK] = self.begun, self.end, self.waiting, self.look
            i = take(data, i, count, self.buf, marks)
            self.begun, self.end, self.waiting, self.look = marks[_BEGUN], marks[_END], marks[_WAITING], marks[_LOOK]
            if i < count:
                self._take(data[i])
                i += 1

    def _move_down(self):
        start = self.start
        self.view[: self.end - start] = self.view[start : self.end]
        self.start, self.begun, self.end = 0, self.begun - start, self.end - start

    def _take(self, byte):
        if byte == _STOP:
            self.look = _TORN if self.has_begun() else 0
            self.end = self.begun
            self.marks[_LAST] = 0
            self.sink.stop_byte(self.look > 0)
        elif byte == _BREAK:
            self.sink.break_byte()
        else:
            self._end_line()

    def _end_line(self):
        begun, end, look = self.begun, self.end, self.look
        self.look = self.marks[_LAST] = 0
        if end == begun:
            return
        keep = self.sink.line_came(begun, end, look & _OVERLONG > 0, look & _TORN > 0)
        begun, end = self.begun, self.end  # a stop forgets lines before it
        if keep and look & _OVERLONG:
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
        return self.look & (_TORN | _OVERLONG) > 0 or any(byte > 32 for byte in self.view[self.begun : self.end])

    def forget(self):
        """The host has gone: what it left half written is nobody's."""
        self.end = self.begun
        self.look = self.marks[_LAST] = 0

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
