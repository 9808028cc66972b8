"""What happened on the pins and in the plant, kept for a failure's bundle: pins.vcd (GTKWave, PulseView) and truth.csv.

Each pin has a ring of its own: a clock of millions of edges must not push out the one edge of a valve. A pin whose first edges
have gone is unknown (x) until the first one that is left.
"""

import csv
import heapq
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress_core.tick import states

from hil_tests.devices.wires import Wires

EDGES = 20000  # kept of each pin
TRUTH_HZ = 50
TRUTH = ("Test Time / s", "Applied Force / N", "Displacement / m", "Drive Force / N", "Dump Closed / 1", "Valve Code / 1")


class Recorder:
    """Of the named pins of `wires`, whoever drives them, and of the plant."""

    def __init__(self, wires: Wires, pins: Mapping[str, int]) -> None:
        self._wires, self._pins = wires, dict(pins)
        self.truth: list[tuple[float, ...]] = []

    def look(self, truth: Mapping[str, Any]) -> None:
        """A row of what the plant truly does."""
        self.truth.append((
            self._wires.now_ns / 1e9, truth["force_cn"] / 100, truth["displacement_nm"] / 1e9, truth["pressure_cn"] / 100,
            int(bool(truth["valve_state"] & states.VALVE_DUMP_CLOSED)), truth["valve_code"],
        ))  # fmt: skip

    def write(self, folder: Path) -> None:
        with (folder / "truth.csv").open("w", newline="") as f:
            rows = csv.writer(f)
            rows.writerow(TRUTH)
            rows.writerows(self.truth)
        self._write_pins(folder / "pins.vcd")

    def _write_pins(self, path: Path) -> None:
        from vcd import VCDWriter

        with path.open("w") as f, VCDWriter(f, timescale="1 ns", date="simulated") as out:
            kept = {pin: self._wires.edges(pin) for pin in self._pins.values()}
            at = {
                pin: out.register_var("pins", name, "wire", size=1, init=kept[pin][0][0][1] if kept[pin][1] else "x")
                for name, pin in self._pins.items()
            }
            streams = [[(ns, pin, level) for ns, level in edges] for pin, (edges, _) in kept.items()]
            for ns, pin, level in heapq.merge(*streams):
                out.change(at[pin], int(ns), level)
