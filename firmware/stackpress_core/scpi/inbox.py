"""Bytes in, lines out: what a host has sent, until its turn comes.

Nothing is taken from the port that there is no room for: the host is held back instead (USB by NAK, a pty by not being read), and
no line is lost. The stop byte and a line that stops must not wait behind anything, so every byte that arrives is looked at at once,
whatever waits or is being sent. But what is still with the host can't be looked at: so a burst of lines gets more memory for as
long as it lasts, and a stop behind a thousand lines has reached the press before their turn has come.
"""

import array

import micropython
from micropython import const

STOP = 0x18
BREAK = 0x03
LINE_MAX = 320
KEPT = 512  # bytes of lines that wait; one whole line and one packet of USB at least
BURST = 12288  # and of a burst: a thousand lines
PACKET = 64
SAID = 16  # bytes of an answer that is given again, and before them how many there are
LONG = b"\x18"  # stands for a line that was too long: no other line can hold this byte
_LF = const(10)
_CR = const(13)
_STOP = const(0x18)
_BREAK = const(0x03)
_SAID = const(16)  # SAID
_STAR = const(42)
_SEMICOLON = const(59)
_QUERY = const(63)
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
def answered(buf, texts_buf, size: int, said_buf, ring_buf, mask: int, marks_buf) -> int:
    """Put the answers to the lines that wait into the ring, as long as each is one of texts[:size], byte for byte to its line feed,
    and what it is answered with is known: SAID bytes of `said` a text, first how many of them count. The text whose answer is
    wanted next; -1 where there is no more to do. The marks: begin and number of the lines, place in the ring and where it ends."""
    line = ptr8(buf)  # noqa: F821
    texts = ptr8(texts_buf)  # noqa: F821
    said = ptr8(said_buf)  # noqa: F821
    ring = ptr8(ring_buf)  # noqa: F821
    marks = ptr32(marks_buf)  # noqa: F821
    start = marks[0]
    waiting = marks[1]
    to = marks[2]
    wanted = 0 - 1
    while waiting:
        at = 0
        row = 0
        i = 0
        while at < size:
            i = 0
            while texts[at + i] == line[start + i] and texts[at + i] != _LF:
                i += 1
            if texts[at + i] == line[start + i]:
                break
            while texts[at + i] != _LF:
                i += 1
            at += i + 1
            row += _SAID
        if at >= size:
            break
        n = said[row]
        if n == 0:
            wanted = row
            break
        if to + n > marks[3]:
            break
        while n:
            row += 1
            n -= 1
            ring[to & mask] = said[row]
            to += 1
        start += i + 1
        waiting -= 1
    marks[0] = start
    marks[1] = waiting
    marks[2] = to
    return wanted


@micropython.viper
def harmless_to(buf, i: int, end: int) -> int:
    """Where in buf[i:end], whole lines, the first begins that is not plainly harmless, `end` if all are; twice that, and 1 more
    if it takes a closer look. Harmless are queries and common commands: they move nothing."""
    data = ptr8(buf)  # noqa: F821
    line = i  # where the present one begins
    quote = 0
    header = 0  # 0: before one, 1: in one, 2: behind it
    last = 0
    while i < end:
        c = data[i]
        i += 1
        if c == _LF or (c == _SEMICOLON and not quote):
            if header == 1 and last != _QUERY:
                return line << 1
            header = 0
            if c == _LF:
                if quote:
                    return line << 1 | 1
                line = i
        elif c == 35 or c == 40 or c > 126:  # a block, an expression, or no text
            return line << 1 | 1
        elif quote:
            if c == quote:
                quote = 0
        elif c == 34 or c == 39:
            if header != 2:
                return line << 1 | 1
            quote = c
        elif c <= 32:
            if header == 1:
                if last != _QUERY:
                    return line << 1
                header = 2
        elif header < 2:
            header = 2 if header == 0 and c == _STAR else 1
            last = c
    return end << 1


@micropython.viper
def moved(buf, to: int, at: int, end: int) -> int:
    """Take buf[at:end] down to `to`; where that ends."""
    data = ptr8(buf)  # noqa: F821
    if to == at:
        return end
    while at < end:
        data[to] = data[at]
        to += 1
        at += 1
    return to


class Inbox:
    """Keeps the lines that have come until their turn, and tells `sink` of stop bytes, break bytes and lines that may stop as they
    arrive.

    `buf[start:begun]` are whole lines, each with its line feed, `buf[begun:end]` is the one that is coming in.
    """

    def __init__(self, sink, line_max=LINE_MAX, size=KEPT):
        self.sink = sink
        self.small = self.buf = bytearray(size)
        self.view = memoryview(self.buf)
        self.grows = True  # until there was no memory for a burst; then this one has to do
        self.start = self.begun = self.end = 0
        self.waiting = 0  # whole lines
        self.look = 0  # why the line that is coming in has to be looked at
        self.marks = array.array("i", (0, 0, 0, 0, 0, line_max))

    @property
    def room(self):
        """Bytes that can be taken now, whatever they are."""
        if self.start == self.begun == self.end:
            self.start = self.begun = self.end = 0
            if self.buf is not self.small:
                self.buf, self.view = self.small, memoryview(self.small)
            self.grows = True
        return len(self.buf) - (self.end - self.start)

    def takes_packet(self):
        """Whether there is room for one, whatever is in it."""
        if len(self.buf) - self.end + self.start > PACKET and self.start != self.end:
            return True
        if self.room <= PACKET and self.grows:
            self._grow()
        return self.room > PACKET

    def _grow(self):
        self.grows = False
        try:
            buf = bytearray(BURST)
        except MemoryError:
            return
        buf[: self.end - self.start] = self.view[self.start : self.end]
        self.buf, self.view = buf, memoryview(buf)
        self.start, self.begun, self.end = 0, self.begun - self.start, self.end - self.start

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

    def keep_harmless(self, judge):
        """Forget every line that waits and could move something; how many there were. `judge(line)` tells of those that are not
        plain enough to be told in their bytes: there may be a thousand lines, and the press waits meanwhile."""
        buf, begun = self.buf, self.begun
        gone, at, to = 0, self.start, self.start
        while at < begun:
            found = harmless_to(buf, at, begun)
            at, to = found >> 1, moved(buf, to, at, found >> 1)
            if at < begun:
                end = buf.find(b"\n", at) + 1
                if found & 1 and judge(bytes(self.view[at : end - 1])):
                    to = moved(buf, to, at, end)
                else:
                    gone += 1
                at = end
        self.waiting -= gone
        self.begun, self.end = to, moved(buf, to, begun, self.end)
        return gone
