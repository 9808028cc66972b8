"""A journal in the processor's own flash, for a board without a NOR chip.

Program and erase stop the processor (RP2040 datasheet 2.6.3: nothing runs from flash meanwhile; a page takes 0.4 .. 3 ms, a sector
45 .. 400 ms), so nothing is written while anything is energised: what the journal writes goes into pages of RAM, in its order, and
is carried to the flash when nothing is driven, one step in a pass of the foreground. Until then it is not `settled`: the journal
gives no record away that a power cut could still take. `left_permille` says how many pages are left: samples come rarer as they go
(log/sampler.py). When all are used up the journal is refused, which is told as a storage fault; what it can't keep then, it
counts. The file system ends where this begins (internal_store.mounted).
"""

import machine
from micropython import const

from drivers import memory

_SECTOR, _PAGE = const(4096), const(256)
_PAGES = const(16)  # in a sector
_ERASE = const(6)  # ioctl of a block device
RAM_PAGES = const(192)


class InternalNor:
    """`flash` is an rp2.Flash over whole sectors; `stand_still(change)` runs a change of it with the tick held off."""

    PAGE = 256
    SECTOR = 4096

    def __init__(self, flash, size, stand_still, ram_pages=RAM_PAGES):
        self.size = size
        self.refused = 0  # writes that found no page in RAM
        self._flash, self._stand_still = flash, stand_still
        self._press = None  # before it runs nothing is written
        self._ram = [bytearray(_PAGE) for _ in range(ram_pages)]
        self._ram_pages = ram_pages
        self._steps = []  # in the order of the journal: (page, its RAM), or (-1 - sector, None) for an erase
        self._carry = self._carry_first  # bound once: a pass allocates nothing

    def begin(self, press):
        self._press = press

    @property
    def settled(self):
        """Whether all that was written would survive a power cut."""
        return not self._steps

    @property
    def left_permille(self):
        """How much of the room in RAM is left."""
        return 1000 * len(self._ram) // self._ram_pages

    def _held(self, page):
        """The RAM of a page; None if it is in flash, True if its sector was erased since and it was not written again."""
        sector, steps = -1 - page // _PAGES, self._steps
        for i in range(len(steps) - 1, -1, -1):  # what is asked for was mostly written last
            where = steps[i][0]
            if where == page:
                return steps[i][1]
            if where == sector:
                return True
        return None

    def _page(self, page, offset, buf):
        held = self._held(page)
        if held is None:
            self._flash.readblocks(page // _PAGES, buf, page % _PAGES * _PAGE + offset)
        elif held is True:
            for i in range(len(buf)):
                buf[i] = 255
        else:
            buf[:] = memoryview(held)[offset : offset + len(buf)]

    def read(self, addr, buf):
        if not self._steps:
            self._flash.readblocks(addr // _SECTOR, buf, addr % _SECTOR)
            return
        view = memoryview(buf)
        done = 0
        while done < len(buf):
            offset = (addr + done) % _PAGE
            n = min(_PAGE - offset, len(buf) - done)
            self._page((addr + done) // _PAGE, offset, view[done : done + n])
            done += n

    def program(self, addr, buf):
        """Inside one page; bits only fall."""
        page, offset = addr // _PAGE, addr % _PAGE
        ram = self._held(page)
        if ram is None or ram is True:
            fresh = self._take()
            self._page(page, 0, fresh)
            self._steps.append((page, fresh))
            ram = fresh
        for i in range(len(buf)):
            ram[offset + i] &= buf[i]

    def erase(self, addr):
        sector = addr // _SECTOR
        kept = []
        for where, ram in self._steps:
            if ram is not None and where // _PAGES == sector:
                self._ram.append(ram)
            elif where != -1 - sector:
                kept.append((where, ram))
        kept.append((-1 - sector, None))
        self._steps = kept

    def _take(self):
        if not self._ram:
            self.refused += 1
            raise OSError(28)
        return self._ram.pop()

    def service(self, wall_ms):
        """One step to the flash, if nothing is driven and no order is under way."""
        if self._steps and self._press and self._press.readings.de_energised:
            self._stand_still(self._carry)

    def settle(self, feed=None):
        """All of it, when outputs are safe and the firmware is about to end; `feed()` between two steps, none of which takes as
        long as the watchdog's patience."""
        while self._steps:
            self._carry_first()
            if feed:
                feed()

    def _carry_first(self):
        where, ram = self._steps[0]
        if ram is None:
            self._flash.ioctl(_ERASE, -1 - where)
        else:
            self._flash.writeblocks(where // _PAGES, ram, where % _PAGES * _PAGE)
            self._ram.append(ram)
        self._steps.pop(0)


class StandStill:
    """Holds the tick off while the flash is written, and takes the pause off the tick's account: it was meant."""

    def __init__(self, between_ticks, timer_now):
        self._between_ticks, self._timer = between_ticks, timer_now
        self._words = memory.words()
        self._change = None
        self._both = self._run

    def __call__(self, change):
        self._change = change
        self._between_ticks(self._both)

    def _run(self):
        self._change()
        self._words[memory.LAST_US] = machine.mem32[self._timer]


def make(board):
    import rp2
    from image_facts import CHIP

    size = board.settings["journal_kb"] * 1024
    whole = rp2.Flash()
    total = whole.ioctl(4, 0) * whole.ioctl(5, 0)
    return InternalNor(rp2.Flash(start=total - size, len=size), size, StandStill(board.between_ticks, CHIP["timer"] + 0x28))
