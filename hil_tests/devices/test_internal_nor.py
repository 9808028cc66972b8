"""The journal in the processor's own flash: never written while energised, in order, and what does not fit is refused aloud."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from stackpress_core.log.journal import Journal

from hil_tests.devices.peripherals import FIXED, WORDS, Peripherals

SECTORS = 8
NOTE = 9


class Flash:
    """rp2.Flash as MicroPython has it, over NOR: programming only clears bits, each call stops the processor for its time."""

    def __init__(self, data: bytearray | None = None) -> None:
        self.data = data if data is not None else bytearray(b"\xff" * SECTORS * 4096)
        self.written: list[str] = []
        self.allowed = True

    def readblocks(self, block: int, buf: Any, offset: int = 0) -> None:
        at = block * 4096 + offset
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block: int, buf: Any, offset: int) -> None:
        assert self.allowed, "written while energised"
        assert offset % 256 == 0 and len(buf) % 256 == 0
        at = block * 4096 + offset
        for i, byte in enumerate(buf):
            assert byte & ~self.data[at + i] == 0, "a bit would have to rise"
            self.data[at + i] &= byte
        self.written.append(f"page {at // 256}")

    def ioctl(self, what: int, block: int) -> int:
        assert self.allowed and what == 6
        self.data[block * 4096 : block * 4096 + 4096] = b"\xff" * 4096
        self.written.append(f"erase {block}")
        return 0


class Fitted:
    def __init__(self, data: bytearray | None = None, pages: int = 8) -> None:
        self.flash = Flash(data)
        self.press = SimpleNamespace(readings=SimpleNamespace(de_energised=True))
        module = Peripherals(step_cycles=8).driver("internal_nor")
        self.nor = module.InternalNor(self.flash, SECTORS * 4096, lambda change: change(), pages)
        self.nor.begin(self.press)

    def energised(self, on: bool) -> None:
        self.press.readings.de_energised = self.flash.allowed = not on

    def read(self, addr: int, n: int) -> bytes:
        buf = bytearray(n)
        self.nor.read(addr, buf)
        return bytes(buf)


def test_nothing_is_written_while_energised_and_all_of_it_is_read_back() -> None:
    fitted = Fitted()
    fitted.energised(True)
    fitted.nor.program(100, b"hello")
    fitted.nor.program(4096 + 250, b"sixbyt")
    for _ in range(10):
        fitted.nor.service(0)
    assert fitted.flash.written == [] and not fitted.nor.settled
    assert fitted.read(98, 9) == b"\xff\xffhello\xff\xff" and fitted.read(4096 + 248, 8) == b"\xff\xffsixbyt"
    fitted.energised(False)
    for _ in range(10):
        fitted.nor.service(0)
    assert fitted.nor.settled and fitted.flash.written == ["page 0", "page 16"]
    assert fitted.read(98, 9) == b"\xff\xffhello\xff\xff" and fitted.read(4096 + 248, 8) == b"\xff\xffsixbyt"


def test_one_step_a_pass() -> None:
    fitted = Fitted()
    for page in range(5):
        fitted.nor.program(page * 256, b"x")
    for done in range(1, 6):
        fitted.nor.service(0)
        assert len(fitted.flash.written) == done


def test_it_is_a_nor_flash_whatever_is_asked_of_it_in_any_order() -> None:
    chance = random.Random(7)
    fitted, wanted = Fitted(pages=24), bytearray(b"\xff" * SECTORS * 4096)
    for _ in range(3000):
        what = chance.random()
        if what < 0.5:
            addr = chance.randrange(SECTORS * 4096)
            data = bytes(chance.getrandbits(8) for _ in range(chance.randrange(1, 1 + min(20, 256 - addr % 256))))
            try:
                fitted.nor.program(addr, data)
            except OSError:
                assert len(fitted.nor._steps) >= 24
                continue
            for i, byte in enumerate(data):
                wanted[addr + i] &= byte
        elif what < 0.53:
            sector = chance.randrange(SECTORS)
            fitted.nor.erase(sector * 4096)
            wanted[sector * 4096 : sector * 4096 + 4096] = b"\xff" * 4096
        elif what < 0.6:
            fitted.energised(chance.random() < 0.6)
        elif what < 0.85:
            fitted.nor.service(0)
        else:
            at = chance.randrange(SECTORS * 4096 - 600)
            n = chance.randrange(1, 600)
            assert fitted.read(at, n) == wanted[at : at + n]
    fitted.energised(False)
    fitted.nor.settle()
    assert fitted.flash.data == wanted and fitted.nor.settled


def test_when_the_pages_are_used_up_the_journal_is_refused_and_counted() -> None:
    fitted = Fitted(pages=3)
    fitted.energised(True)
    for page in range(3):
        fitted.nor.program(page * 256, b"x")
    with pytest.raises(OSError):
        fitted.nor.program(3 * 256, b"x")
    assert fitted.nor.refused == 1
    fitted.nor.program(2 * 256 + 5, b"y")  # a page that is in RAM already takes more
    fitted.energised(False)
    fitted.nor.settle()
    fitted.nor.program(3 * 256, b"x")


def _journal(fitted: Fitted, boot: int) -> Journal:
    return Journal(fitted.nor, boot)


def _records(journal: Journal) -> list[int]:
    buf, seq = bytearray(2048), 1
    found: list[int] = []
    while True:
        used, after = journal.read_from(seq, buf)
        if not used:
            return found
        at = 0
        while at < used:
            found.append(int.from_bytes(buf[at + 6 : at + 10], "little"))
            at += buf[at + 1] + 14
        seq = after


def _fill(journal: Journal, fitted: Fitted, count: int) -> None:
    for _ in range(count):
        journal.append(1, bytes(40))
        for _ in range(6):
            journal.service()
        fitted.nor.service(0)


def test_journal_gives_no_record_away_that_a_power_cut_would_take() -> None:
    fitted = Fitted(pages=16)
    journal = _journal(fitted, 1)
    _fill(journal, fitted, 10)
    for _ in range(40):
        journal.service()
        fitted.nor.service(0)
    journal.service()
    assert _records(journal) == list(range(1, 11))
    fitted.energised(True)
    _fill(journal, fitted, 10)
    assert _records(journal) == list(range(1, 11)), "these lie in RAM"
    after_a_cut = _journal(Fitted(bytearray(fitted.flash.data)), 2)
    assert _records(after_a_cut) == list(range(1, 11)) and after_a_cut.next_seq == 11
    fitted.energised(False)
    for _ in range(40):
        journal.service()
        fitted.nor.service(0)
    journal.service()
    assert _records(journal) == list(range(1, 21))


def test_power_cut_at_any_step_of_the_carrying_leaves_a_journal_that_begins_whole() -> None:
    fitted = Fitted(pages=40)
    journal = _journal(fitted, 1)
    fitted.energised(True)
    _fill(journal, fitted, 120)  # more than a sector
    fitted.energised(False)
    whole = 0
    while not fitted.nor.settled:
        fitted.nor.service(0)
        found = _records(_journal(Fitted(bytearray(fitted.flash.data)), 2))
        assert found == list(range(1, 1 + len(found))) and len(found) >= whole
        whole = len(found)
    assert whole == 120


def test_journal_that_could_not_be_written_counts_what_it_dropped() -> None:
    fitted = Fitted(pages=2)
    journal = _journal(fitted, 1)
    fitted.energised(True)
    for _ in range(400):
        journal.append(1, bytes(40))
        journal.service()
    assert journal.failures and journal.dropped and fitted.nor.refused
    kept = journal.next_seq - 1 - journal.dropped
    fitted.energised(False)
    for _ in range(600):
        journal.service()
        fitted.nor.service(0)
    journal.service()
    assert len(_records(journal)) == kept


@pytest.mark.parametrize("page", range(16))
def test_wherever_in_a_sector_the_pages_run_out_what_was_written_before_stays(page: int) -> None:
    """A header that finds no page is asked for again, in the same place: no sector is passed over, none is erased for it."""
    fitted = Fitted(pages=16)
    journal = _journal(fitted, 1)
    _fill(journal, fitted, 60)
    while journal._offset // 256 != page:
        _fill(journal, fitted, 1)
    fitted.nor.settle()
    fitted.energised(True)
    for _ in range(400):
        journal.append(1, bytes(40))
        for _ in range(20):
            journal.service()
    assert fitted.nor.refused and journal._last <= 3
    fitted.energised(False)
    for _ in range(600):
        journal.service()
        fitted.nor.service(0)
    again = Journal(Fitted(fitted.flash.data).nor, 2)
    for each in (journal, again):
        assert len(_records(each)) == journal.next_seq - 1 - journal.dropped and each.overwritten_unpulled == 0


def test_pause_for_the_flash_is_no_missed_tick() -> None:
    rp2040 = Peripherals(step_cycles=8)
    module = rp2040.driver("internal_nor")
    rp2040.fixed()
    order: list[str] = []

    def between(change: Any) -> None:
        order.append("held")
        change()
        order.append("free")

    still = module.StandStill(between, 0x40054028)

    def write() -> None:
        order.append("write")
        rp2040.mcu.clock.tick(45e6)

    still(write)
    assert order == ["held", "write", "free"]
    assert abs(rp2040.ptr32(FIXED)[WORDS["_LAST_US"]] - rp2040.mcu.clock.nanos / 1000) < 2


def test_nothing_is_written_before_the_press_runs_or_while_an_order_waits() -> None:
    flash = Flash()
    nor = Peripherals(step_cycles=8).driver("internal_nor").InternalNor(flash, SECTORS * 4096, lambda change: change(), 4)
    nor.program(0, b"x")
    nor.service(0)
    nor.begin(SimpleNamespace(readings=SimpleNamespace(de_energised=False)))
    nor.service(0)
    assert flash.written == [] and not nor.settled
    nor.begin(SimpleNamespace(readings=SimpleNamespace(de_energised=True)))
    nor.service(0)
    assert flash.written == ["page 0"] and nor.settled
