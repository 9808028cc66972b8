"""Every tick as the emulator sees it: data-ready edge, first instruction of the tick, return from the interrupt."""

from hil_tests.bench.board.rig import Rig
from hil_tests.targets.chip import PIO0_IRQ_0


class Ticks:
    """`rows` of (ready, entry, return) / ns; the heap is looked at once a tick."""

    def __init__(self, rig: Rig) -> None:
        self.rows: list[tuple[float, float, float]] = []
        self.conversions = 0
        self._rig, self._ready, self._entry = rig, 0.0, 0.0
        rig.carrier.converter.on_ready = self._edge
        rig.chip.watch_interrupt(PIO0_IRQ_0, self._entered, self._left)

    def _edge(self) -> None:
        self._ready = self._rig.now_ns
        self.conversions += 1

    def _entered(self, ns: float) -> None:
        self._entry = ns
        if self._rig.heap:
            self._rig.heap.look(ns)

    def _left(self, ns: float) -> None:
        self.rows.append((self._ready, self._entry, ns))

    def clear(self) -> None:
        self.rows.clear()
        self.conversions = 0

    def lasted_us(self) -> list[float]:
        """Data-ready edge to return from the interrupt, sorted."""
        return sorted((end - ready) / 1000 for ready, _, end in self.rows)

    def entry_us(self) -> list[float]:
        """Data-ready edge to the tick's first instruction, sorted."""
        return sorted((entry - ready) / 1000 for ready, entry, _ in self.rows)

    def jitter_us(self, hz: float) -> float:
        """Worst deviation of the time between two entries from the period."""
        entries = [entry for _, entry, _ in self.rows]
        return max(abs((b - a) / 1000 - 1e6 / hz) for a, b in zip(entries, entries[1:], strict=False))

    def missed(self) -> int:
        """Conversions that no tick answered; the last one may still be under way."""
        return max(0, self.conversions - len(self.rows) - 1)
