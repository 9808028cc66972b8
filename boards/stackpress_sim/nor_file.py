"""A NOR flash chip in a file: erase before write, bits only fall, a program stays inside its page.

A path of None keeps the chip in RAM. It runs under CPython and MicroPython and behaves like the chip on a board where a
journal could go wrong: it raises NorError on anything that real NOR would answer with silent garbage, and it can cut
the power at any byte of a program or an erase (`cut_after`), leaving the torn state that a mount has to cope with.
"""

import errno
import io
import os


class NorError(Exception):
    """The caller broke a rule of NOR flash."""


class PowerCut(Exception):
    """The power went in the middle of a program or an erase."""


class NorFile:
    """`size` bytes of NOR in the file `path`; a missing or short file is filled up with erased bytes (0xFF)."""

    PAGE = 256
    SECTOR = 4096

    def __init__(self, path, size=16 * 1024 * 1024):
        if size % self.SECTOR:
            raise NorError("size is not whole sectors")
        self.size = size
        self.programs = 0
        self.erases = 0
        self.cut_after = -1  # bytes of program or erase still to go until the power fails; -1 = never
        self.garbage = None  # on a cut: bits (a byte) that did not change any more in what was being written
        self._file = _open_filled(path, size, self.SECTOR)
        self._page = bytearray(self.PAGE)

    def read(self, addr, buf):
        """Fill `buf` from `addr`. Raises NorError beyond the chip's end."""
        if addr < 0 or addr + len(buf) > self.size:
            raise NorError("read outside the chip")
        self._file.seek(addr)
        self._file.readinto(buf)

    def program(self, addr, buf):
        """Clear bits at `addr`..; `buf` stays inside one page and may only clear bits. Raises NorError, PowerCut."""
        n = len(buf)
        if addr < 0 or n == 0 or addr + n > self.size:
            raise NorError("program outside the chip")
        if addr // self.PAGE != (addr + n - 1) // self.PAGE:
            raise NorError("program crosses a page")
        old = memoryview(self._page)[:n]
        self.read(addr, old)
        before = int.from_bytes(old, "little")
        if int.from_bytes(buf, "little") | before != before:
            raise NorError(f"program would raise a bit in {addr} .. {addr + n - 1}")
        self.programs += 1
        whole = self._spend(n)
        if whole == n:
            self._write(addr, buf)
            return
        old[:whole] = buf[:whole]
        if self.garbage is not None:
            for i in range(whole, n):
                old[i] &= buf[i] | self.garbage
        self._write(addr, old)
        raise PowerCut()

    def erase(self, addr):
        """Set the sector at `addr` to 0xFF. Raises NorError if not at a sector's start, PowerCut."""
        if addr % self.SECTOR or addr < 0 or addr >= self.size:
            raise NorError("erase is not at a sector")
        whole = self._spend(self.SECTOR)
        after = bytearray(b"\xff" * self.SECTOR)
        if whole < self.SECTOR:
            self.read(addr, after)
            for i in range(self.SECTOR):
                after[i] |= 0xFF if i < whole else (self.garbage or 0)
        self._write(addr, after)
        self.erases += 1
        if whole < self.SECTOR:
            raise PowerCut()

    def close(self):
        """Close the file; nothing is lost by not calling it."""
        self._file.close()

    def _spend(self, n):
        """How many of `n` bytes still happen before the power fails."""
        if self.cut_after < 0:
            return n
        whole = min(n, self.cut_after)
        self.cut_after -= whole
        return whole

    def _write(self, addr, data):
        self._file.seek(addr)
        self._file.write(data)  # unbuffered; no fsync: the chip is as durable as this process needs it


def _open_filled(path, size, step):
    if path is None:
        return io.BytesIO(b"\xff" * size)
    try:
        have = os.stat(path)[6]
    except OSError as error:
        if error.args[0] != errno.ENOENT:
            raise
        have = 0
    if have < size:
        blank = b"\xff" * step
        with open(path, "ab") as f:
            while have < size:
                have += f.write(blank[: min(step, size - have)])
    return open(path, "r+b", buffering=0) if hasattr(os, "fsencode") else open(path, "r+b")  # noqa: SIM115
