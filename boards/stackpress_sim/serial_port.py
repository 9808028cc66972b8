"""The press's serial port: the master end of the supervisor's pty, which is this process's standard input and output.

It never blocks: the supervisor made the descriptor non-blocking; a host that does not read gets what its buffer takes. A pty whose
other end nobody has open is hung up, which a poll says: what was sent before is read first.
"""

import sys
import time

WALL_MASK = (1 << 30) - 1
BREAK = b"\x03"
EIO = 5
HUNG_UP = 2  # of `told`, as usb_serial has it


class SerialPort:
    """`ready` is set by whoever polls; reading until nothing is left clears it: an idle port costs no system call."""

    def __init__(self):
        self.stream = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self.ready = True
        self.open = False  # somebody has the other end, as far as the last poll knew
        self._left = False
        self.unread = b""  # what came behind a 0x03 in one piece: if the press gives way, the prompt must get it
        self._pause = False
        self.held = 0  # what was taken is out of our hands
        self.activity = 0  # reads and writes that moved something
        self.stalled = False  # the host has not taken all that was written

    def polled(self, readable):
        """There are bytes, or else nobody has the other end open any more."""
        if readable or self.open:
            self.ready = True
        self._left = self._left or (self.open and not readable)
        self.open = readable

    def told(self):
        """HUNG_UP once after the last host has closed the port and all that it sent was read."""
        told = HUNG_UP if self._left else 0
        self._left = False
        return told

    def read(self, buf):
        """Fill the start of `buf`; how many bytes there were, 0 if none."""
        if not self.ready:
            return 0
        if self._pause:  # the press decides first whether it obeys the 0x03
            self._pause = False
            return 0
        if self.unread:
            n = min(len(buf), len(self.unread))
            buf[:n] = self.unread[:n]
            self.unread = self.unread[n:]
            return n
        n = self._taken(buf) if self.open else 0
        self.ready = n == len(buf)
        if n:
            self.activity += 1
            end = bytes(buf[:n]).find(BREAK) + 1
            if 0 < end < n:
                self.unread = bytes(buf[end:n])
                self.ready = self._pause = True
                return end
        return n

    def _taken(self, buf):
        """MicroPython reads on until there is nothing; where it finds that the port was closed it does not say what it read
        before, so that is told by the zeros that are left."""
        buf[:] = bytes(len(buf))
        try:
            return self.stream.readinto(buf) or 0
        except OSError as error:
            if error.errno != EIO:
                raise
            return len(bytes(buf).rstrip(b"\0"))

    def now_ms(self):
        """The host's time, whatever press time does."""
        return time.ticks_ms() & WALL_MASK

    def write(self, data):
        """How many bytes of `data` the port took, 0 if the host does not read."""
        n = self._out.write(data) or 0
        self.stalled = n < len(data)
        if n:
            self.activity += 1
        return n
