"""USB serial that never blocks: standard input asked byte by byte, standard output as much as its buffer takes.

`print` may wait half a second for a host that has the port open and does not read. Our image sets that wait to zero; where that
could not be done (`waits`) one byte is written at a time, and only after poll has said that there is room.

A foreground pass may take tens of milliseconds. So once somebody listens, a timer fetches what arrives: the interpreter runs it
between two steps of whatever the foreground does, and a stop byte is told at once. Only a collection makes it wait.
"""

import select
import sys

BREAK, STOP = 0x03, 0x18
LISTEN_MS = 3
FETCH_MOST = 64  # bytes in one go: as many as an USB packet has
MASK = 511


class UsbSerial:
    def __init__(self, waits=False):
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._room = select.poll()
        self._room.register(sys.stdout, select.POLLOUT)
        self._most = 1 if waits else 64
        self._one = bytearray(1)
        self._ring = bytearray(MASK + 1)
        self._put = self._got = 0  # each is written by one side only
        self._held = False  # a break byte waits: what follows it may be for the prompt
        self._timer = None
        self._stop = None

    def listen(self, stop):
        """From now on what arrives is fetched by itself; `stop()` is called for a stop byte, between any two steps."""
        import machine

        self._stop = stop
        self._timer = machine.Timer(period=LISTEN_MS, callback=self._fetch)

    def quiet(self):
        """No longer: the prompt reads the line itself."""
        if self._timer:
            self._timer.deinit()
            self._timer = None

    def _fetch(self, timer=None):
        if self._held:
            return
        one = self._one
        for _ in range(FETCH_MOST):
            after = (self._put + 1) & MASK
            if after == self._got or not self._ready(self._poll):
                return
            self._in.readinto(one)
            self._ring[self._put] = one[0]
            if one[0] == BREAK:
                self._held = True
            self._put = after
            if one[0] == STOP and self._stop:
                self._stop()
            if self._held:
                return

    def read(self, buf):
        """Fill the start of `buf`; how many bytes there were. Nothing after a break byte: the press decides whose it is.

        Whoever reads on after one has decided that the rest is for the press.
        """
        if self._got == self._put:
            self._held = False
        if not self._timer:
            self._fetch()
        n, most, ring = 0, len(buf), self._ring
        while n < most and self._got != self._put:
            buf[n] = ring[self._got]
            n += 1
            self._got = (self._got + 1) & MASK
            if buf[n - 1] == BREAK:
                break
        return n

    def told(self):
        """What came beside the bytes."""
        return 0

    def write(self, data):
        """How many bytes of `data` went out; 0 if the host does not read."""
        done = 0
        view = memoryview(data)
        while done < len(view) and self._ready(self._room):
            n = self._out.write(view[done : done + self._most])
            if not n:
                break
            done += n
        return done

    def _ready(self, poll):
        for _ in poll.ipoll(0):
            return True
        return False
