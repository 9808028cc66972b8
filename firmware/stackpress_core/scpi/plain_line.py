"""What an outbox asks of a serial line, in Python: for a line that can do no more than `write`. A board's own line does it in C."""

import binascii
import struct

import micropython
from micropython import const

from stackpress_core.scpi.outbox import BLOCK_HEAD, NUMBER_MOST, POWERS

_LF = const(10)
_BILLION = const(1000000000)


@micropython.viper
def numbers(ring_buf, mask: int, at: int, table_buf, first: int, count: int, powers_buf) -> int:
    """Whole numbers of a table of words, -2^30 .. 2^30-1, a comma before each; how many bytes that is."""
    ring = ptr8(ring_buf)  # noqa: F821
    table = ptr32(table_buf)  # noqa: F821
    powers = ptr32(powers_buf)  # noqa: F821
    began = at
    end = first + count
    while first < end:
        ring[at & mask] = 44
        at += 1
        value = table[first]
        first += 1
        n = 9
        if value < 0:
            ring[at & mask] = 45
            at += 1
            if value + _BILLION < 0:  # its magnitude may be one more than a small number holds
                value += _BILLION
                ring[at & mask] = 49
                at += 1
                n = 8
            value = 0 - value
        if n == 9:
            while n > 0 and value < powers[n]:
                n -= 1
        while n >= 0:
            power = powers[n]
            digit = 48
            while value >= power:
                value -= power
                digit += 1
            ring[at & mask] = digit
            at += 1
            n -= 1
    return at - began


def rows(ring, mask, at, table, marks):
    """Rows of a table of words that are numbered round and round, as long as there is room; how many bytes that is.
    The marks: number of the next row, the one behind the last, rows and words a row of the table, room."""
    began, width = at, marks[3]
    while marks[0] < marks[1] and marks[4] - (at - began) >= width * NUMBER_MOST:
        at += numbers(ring, mask, at, table, marks[0] % marks[2] * width, width, POWERS)
        marks[0] += 1
    return at - began


def close_block(ring, start, length):
    """Head, CRC-32 (little endian) and line feed of a block whose payload lies at BLOCK_HEAD. It is sent from `start` on, when the
    ring is empty: a port may begin with what needs no CRC."""
    end = BLOCK_HEAD + length
    ring[1:BLOCK_HEAD] = b"#4%04d" % (length + 4)
    struct.pack_into("<IB", ring, end, binascii.crc32(memoryview(ring)[BLOCK_HEAD:end]) & 0xFFFFFFFF, _LF)


class PlainLine:
    """Around a line with `write(view)`, which gives how many bytes it took."""

    def __init__(self, serial):
        self.serial = serial
        self.rows, self.close_block = rows, close_block

    def now_ms(self):
        return self.serial.now_ms()

    @property
    def held(self):
        return self.serial.held

    def offer(self, ring, start, n):
        """How many of the `n` bytes in the ring from `start` on are gone: what lies in one piece, and what is behind its end."""
        view = memoryview(ring)
        end = min(start + n, len(ring))
        taken = self.serial.write(view[start:end]) or 0
        if start + taken == len(ring) and taken < n:
            taken += self.serial.write(view[: n - taken]) or 0
        return taken
