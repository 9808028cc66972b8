"""W25Q NOR flash on SPI: the journal's chip. Program and erase only start here; the journal asks `busy` before its next step.

Datasheet (Winbond W25Q128JV) 8.1.2 instruction set: 03 read, 06 write enable, 02 page program, 20 sector erase, 05 status (bit 0
BUSY), 9F JEDEC id, AB release from power-down. Mode 0.
"""

import time

import machine
from micropython import const

from drivers.outputs import Absent

_READ, _WRITE_ENABLE, _PROGRAM, _ERASE, _STATUS, _ID, _WAKE = 0x03, 0x06, 0x02, 0x20, 0x05, 0x9F, 0xAB
_ERASE_MS = const(500)  # a sector takes 400 at most (tSE)


class Nor:
    """read, program and erase as the journal wants them; `size` / bytes comes from the chip's own id. Raises Absent."""

    PAGE = 256
    SECTOR = 4096

    def __init__(self, spi, select):
        self._spi = spi
        self._select = machine.Pin(select, machine.Pin.OUT, value=1)
        self._head = bytearray(4)
        self._one = memoryview(self._head)[:1]
        self._two = memoryview(self._head)[:2]
        self._status = bytearray(2)
        self._begun = True  # something may still be going on in the chip
        self._short(_WAKE)
        self._finish()
        back = bytearray(4)
        self._select(0)
        spi.write_readinto(bytes((_ID, 0, 0, 0)), back)
        self._select(1)
        if back[1] in (0, 255) or not 16 <= back[3] <= 26:
            raise Absent("the journal's flash chip does not answer (%s)" % ",".join(["%02x" % b for b in back[1:]]))
        self.size = 1 << min(back[3], 24)

    def _finish(self):
        """A chip that was erasing when the processor was reset goes on, and says nothing but its status until it is done. Where
        there is no chip the line reads all 1 or all 0, and nobody waits."""
        for _ in range(_ERASE_MS):
            if not self.busy() or self._status[1] == 255:
                break
            time.sleep_ms(1)
        self._begun = True

    def _short(self, command):
        self._head[0] = command
        self._select(0)
        self._spi.write(self._one)
        self._select(1)

    def _address(self, command, addr):
        head = self._head
        head[0], head[1], head[2], head[3] = command, addr >> 16 & 255, addr >> 8 & 255, addr & 255
        self._spi.write(head)

    def busy(self):
        if not self._begun:
            return False
        self._head[0] = _STATUS
        self._select(0)
        self._spi.write_readinto(self._two, self._status)
        self._select(1)
        self._begun = self._status[1] & 1 == 1
        return self._begun

    def read(self, addr, buf):
        self._wait()
        self._select(0)
        self._address(_READ, addr)
        self._spi.readinto(buf)
        self._select(1)

    def program(self, addr, buf):
        """At most what is left of the page; bits only fall."""
        self._wait()
        self._begun = True
        self._short(_WRITE_ENABLE)
        self._select(0)
        self._address(_PROGRAM, addr)
        self._spi.write(buf)
        self._select(1)

    def erase(self, addr):
        self._wait()
        self._begun = True
        self._short(_WRITE_ENABLE)
        self._select(0)
        self._address(_ERASE, addr)
        self._select(1)

    def _wait(self):
        """What was begun ends first: 3 ms a page at most, 400 ms a sector (datasheet 9.6). The journal asks before it calls."""
        began = time.ticks_ms()
        while self.busy():
            if time.ticks_diff(time.ticks_ms(), began) > _ERASE_MS:
                raise OSError(110)


def make(board):
    return Nor(board.spi("flash_clock", "flash_data_in", "flash_data_out"), board.pins["flash_select"])
