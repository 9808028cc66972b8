"""USB serial that never blocks: standard input asked byte by byte, standard output as much as its buffer takes.

`print` may wait half a second for a host that has the port open and does not read. Our image sets that wait to zero; on a stock
image (`waits`) one byte is written at a time, and only after poll has said that there is room.
"""

import select
import sys

BREAK = 0x03


class UsbSerial:
    def __init__(self, waits=False):
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._room = select.poll()
        self._room.register(sys.stdout, select.POLLOUT)
        self._most = 1 if waits else 64

    def read(self, buf):
        """Fill the start of `buf`; how many bytes there were."""
        n, most = 0, len(buf)
        view = memoryview(buf)
        while n < most and self._ready(self._poll):
            self._in.readinto(view[n : n + 1])
            n += 1
            if buf[n - 1] == BREAK:  # the press decides whether what follows is for the prompt
                break
        return n

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
