"""One pin of the emulated chip: each change of its level is told to whoever watches it, first come, first told, and kept.

The chip's own listeners are called in an order that depends on where they lie in memory; a run would not repeat. This file is
compiled with `edges.pxd` beside it where the emulator is, for a converter's clock has a million edges a second.
"""

from array import array
from collections.abc import Callable
from typing import Any


class Edges:
    """Called by the chip with a pin's new state; `kept` edges are remembered, the oldest go first."""

    def __init__(self, clock: Any, level: int, kept: int) -> None:
        self._clock, self._level, self._kept, self._count = clock, level, kept, 0
        self._watchers: list[Callable[[int], None]] = []
        self._ns, self._levels = array("d", bytes(8 * max(1, kept))), bytearray(max(1, kept))

    def watch(self, changed: Callable[[int], None]) -> None:
        self._watchers.append(changed)

    def __call__(self, value: Any, before: Any) -> None:
        level = 1 if value == 1 else 0  # a pin that is no output counts as low
        if level != self._level:
            self._level = level
            self.remember(level)
            for changed in self._watchers:
                changed(level)

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
