"""What a chip tells of a start that ended badly: its table of sections is the foreground's own order of parts."""

import importlib
import sys
from types import SimpleNamespace

import pytest
from bench_press import MemoryBoard, after_each, bench
from stackpress import paths

__all__ = ["after_each"]

# the names that last_words gives to the functions of the scheduler
CALLED = {
    "wire": "_serve", "lease": "Lease.look", "contacts": "_contacts", "controls": "Controls.look", "program": "_program",
    "motion": "Motion.look", "panel and telemetry": "_tenth", "calibration": "Calibrator.look", "run log": "RunLog.look",
    "sampler": "Sampler.look",
}  # fmt: skip


class Registers(dict):
    def __missing__(self, address):
        return 0


@pytest.fixture
def last_words(monkeypatch):
    """The module, with a trail of two words and memory that holds nothing."""
    memory, trail = Registers(), [0, 0]
    monkeypatch.setitem(sys.modules, "machine", SimpleNamespace(mem32=memory))
    monkeypatch.setitem(sys.modules, "tick_code", SimpleNamespace(fault=lambda: 0x20000100))
    import drivers

    monkeypatch.delitem(sys.modules, "drivers.last_words", raising=False)
    monkeypatch.delattr(drivers, "last_words", raising=False)
    last_words = importlib.import_module("drivers.last_words")
    last_words.bench = memory, trail
    yield last_words
    sys.modules.pop("drivers.last_words", None)
    del drivers.last_words


def test_sections_are_the_parts_of_the_scheduler_in_their_order(last_words):
    board = MemoryBoard()
    board.serial.listen = lambda *_: None  # a board's port: it is served in between
    board.trail = [0]
    b = bench(board)
    parts = b.press.scheduler._parts
    for at, part in enumerate(parts):
        name = last_words.named(at, ())
        wanted = "Firmware.serve" if at & 1 else CALLED[name]
        assert part.__qualname__.endswith(wanted), (at, name)
    assert last_words.named(len(parts), ()) == "journal"
    b.run_passes(2)
    assert board.trail[0] == len(parts)


def test_parts_of_the_board_are_named_by_their_class(last_words):
    assert last_words.named(last_words.LOOP, ["x"]) == "loop of the board"
    assert last_words.named(last_words.LOOP + 2, ["x", 7]) == "int"
    assert "_LOOP, _WIRE = const(%d), const(1)" % last_words.LOOP in (paths.FIRMWARE / "drivers" / "rp2_board.py").read_text()
    assert last_words.named(1, ()) == "wire"


def test_marks_are_told_once(last_words):
    memory, trail = last_words.bench
    trail[:] = [18, 200]
    memory[0x20000100] = last_words.MAGIC
    memory[0x20000100 + 4 + 4 * 6] = 0x1000ABCD  # pc
    told = last_words.told(trail, []).split("\n")
    assert told[:2] == ["no tick came any more", "last section: sampler"]
    assert told[2].startswith("hard fault: pc 1000abcd lr 00000000") and len(told) == 4 and all(len(line) <= 64 for line in told)
    assert last_words.told(trail, []) == "last section: wire" and trail == [0, 0]
