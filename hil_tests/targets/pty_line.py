"""The press's end of a pty, as a serial line: never blocks."""

import os
import tty


class PtyLine:
    """`port` is where a host finds it."""

    held = 0  # what was taken is out of our hands

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.port = os.ttyname(self.slave)

    def read(self, buf: bytearray) -> int:
        try:
            data = os.read(self.master, len(buf))
        except OSError:  # nothing there, or nobody
            return 0
        buf[: len(data)] = data
        return len(data)

    def write(self, view: memoryview) -> int:
        try:
            return os.write(self.master, view)
        except OSError:
            return 0

    def close(self) -> None:
        for fd in (self.master, self.slave):
            os.close(fd)
