"""One pin of the emulated chip: each change of its level is told to whoever watches it, first come, first told, and kept.

The chip's own listeners are called in an order that depends on where they lie in memory; a run would not repeat. This file is
compiled with `edges.pxd` beside it where the emulator is, for a converter's clock has a million edges a second.
"""

from array import array
from collections.abc import Callable
from typing import Any


class Edges:
    """Called by the chip with a pin's new state; `level` is what it drives. `kept` edges are remembered, the oldest go first."""

    def __init__(self, pin: Any, clock: Any, level: int, kept: int) -> None:
        self._pin, self._clock, self.level, self._kept, self._count = pin, clock, level, kept, 0
        self._driven = self._held = -1
        self._watchers: list[Callable[[int], None]] = []
        self._ns, self._levels = array("d", bytes(8 * max(1, kept))), bytearray(max(1, kept))
        self._shifter: Any = None

    def watch(self, changed: Callable[[int], None]) -> None:
        self._watchers.append(changed)

    def clock(self, shifter: "Shifter") -> None:
        """From now on these edges shift its bits."""
        self._shifter = shifter

    def __call__(self, value: Any, before: Any) -> None:
        self.changed(value)

    def changed(self, state: int) -> None:
        level = 1 if state == 1 else 0  # a pin that is no output counts as low
        if level != self.level:
            self.level = level
            self.remember(level)
            if self._shifter is not None:
                self._shifter.shift(level)
            for changed in self._watchers:
                changed(level)

    def drive(self, level: int) -> None:
        """The level that a device puts on the wire; the same again is no edge."""
        level = level if self._held < 0 else self._held
        if level != self._driven:
            self._driven = level
            self._pin.set_input_value(level != 0)
            self.remember(level)

    def hold(self, level: int) -> None:
        """Something else keeps the wire at a level, whatever the device does."""
        self._held = level
        self.drive(level)

    def remember(self, level: int) -> None:
        if self._kept:
            at = self._count % self._kept
            self._ns[at], self._levels[at] = self._clock.nanos, level
            self._count += 1

    def remembered(self) -> tuple[list[tuple[float, int]], bool]:
        """(ns, level) of those that are left, the oldest first; and whether none has gone."""
        first = max(0, self._count - self._kept)
        places = [n % self._kept for n in range(first, self._count)]
        return [(self._ns[at], self._levels[at]) for at in places], first == 0


class Shifter:
    """A device's shift register while it is `selected`: a rising edge of its clock puts a bit of `out` on a wire, a falling one
    takes a bit in, the first `width` of them. After `told_at` bits `reached()` is called."""

    def __init__(self, data: Edges, wire: Edges | None, width: int, told_at: int, reached: Callable[[], None]) -> None:
        self._data, self._wire, self._width, self._told_at, self._reached = data, wire, width, told_at, reached
        self.selected = self.silent = False
        self.bits = self.taken = 0
        self._out = b""

    def begin(self, out: bytes = b"") -> None:
        """Select it anew; `out` has a byte for each bit, of which the lowest bit counts."""
        self._out, self.bits, self.taken, self.selected = out, 0, 0, True

    def shift(self, level: int) -> None:
        if not self.selected:
            return
        if level:
            if self._wire is not None and not self.silent:
                self._wire.drive(self._out[self.bits] & 1 if self.bits < len(self._out) else 0)
            return
        self.bits += 1
        if self.bits <= self._width:
            self.taken = self.taken << 1 | self._data.level
        if self.bits == self._told_at:
            self._reached()
