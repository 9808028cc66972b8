"""Rules of the PIO's state machines: cycles of one length, and data that are there when they are read."""

from collections.abc import Iterator
from math import ceil

from .circuit import Circuit, Part


def pio_hz(clock_hz: int, most_hz: int) -> int:
    """The fastest that a whole divider gives and that is no faster than asked (firmware/drivers/memory.py)."""
    return clock_hz // ceil(clock_hz / most_hz)


def _machines(c: Circuit) -> Iterator[tuple[str, float, int, int, Part]]:
    clock = c.raw["chip"]["clock_hz"]
    for name, m in c.raw.get("pio", {}).items():
        hz = pio_hz(clock, m["hz"]) if m.get("whole", True) else m["hz"]
        yield name, hz, m["cycles"], m["read_cycles"], c.parts[m["part"]]


def dividers_are_whole(c: Circuit) -> Iterator[str]:
    clock = c.raw["chip"]["clock_hz"]
    for name, hz, *_ in _machines(c):
        if clock % hz:
            yield f"{name}: {clock / 1e6:g} MHz by {clock / hz:.3f}: its cycles are not of one length"


def data_is_there_when_it_is_read(c: Circuit) -> Iterator[str]:
    clock = c.raw["chip"]["clock_hz"]
    for name, hz, cycles, read, part in _machines(c):
        shortest = int(clock // hz) / clock * 1e9  # of a fractional divider's cycles
        if "dout_ns" in part.sheet and read * shortest < part.sheet["dout_ns"] + 10:
            yield f"{name}: read {read * shortest:.1f} ns after the edge, {part.ref} takes {part.sheet['dout_ns']:g} and pads 10"
        if cycles * shortest < part.sheet["sclk_ns"]:
            yield f"{name}: a bit is {cycles * shortest:.0f} ns, {part.ref} wants {part.sheet['sclk_ns']:g}"
