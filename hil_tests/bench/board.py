"""The tick on the chip, measured by the emulator: at the pins, at handler entry and return. Writes build/bench_board.json.

Nothing here asks the firmware's clock. A figure that was not measured is not in the file.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hil_tests.targets.emulator import IMAGE, EmulatorTarget

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench_board.json"
PIO0_IRQ_0 = 16 + 7  # exception number
BOOT_S = 0.45
GOALS = {  # name: (goal, whether less is better)
    "tick_us_max": (100, True), "tick_us_p50": (90, True), "jitter_us_max": (15, True), "missed_ticks": (0, True),
    "estop_to_vent_us_max": (300, True), "overforce_to_vent_us_max": (200, True), "deadman_ms_max": (2, True),
    "heap_free_bytes": (60000, False),
}  # fmt: skip
FLOOD = (b"MEAS:FORC?\n", b"CYCL:STAT?;:MEAS:FORC?\n", b"SYST:ERR?\n", b"LOG:STAT?\n")


class Ticks:
    """Every tick: data-ready edge, entry, return / ns."""

    def __init__(self, target: EmulatorTarget) -> None:
        self.rows: list[tuple[float, float, float]] = []
        self._ready = self._entry = 0.0
        self._chip = target.chip
        target.carrier.converter.on_ready = self._edge
        target.chip.watch_interrupt(PIO0_IRQ_0, self._entered, self._left)

    def _edge(self) -> None:
        self._ready = self._chip.now_ns

    def _entered(self, ns: float) -> None:
        self._entry = ns

    def _left(self, ns: float) -> None:
        self.rows.append((self._ready, self._entry, ns))


def put(target: EmulatorTarget, **values: int) -> None:
    """Write words of the press's frame from outside, as a foreground would through its mailbox."""
    import struct

    memory = target.chip.mcu.sram
    address = struct.unpack_from("<I", memory, 0x40000)[0] - 0x20000000
    for name, value in values.items():
        struct.pack_into("<i", memory, address + 4 * target._frame_at[name], value)


def energise(target: EmulatorTarget, force_cn: int = 50000) -> None:
    """Ramp, by the mailbox: the program's own foreground is not what is measured here. Raises RuntimeError."""
    put(target, LATCHED=0, FIRST=-1, REACTION=0, WARNED=0, SIG_RESET=0, STATE=1, MODE=0, TRIP_TICKS=0, PEAK=0,
        RANGE=0, RANGE_BIAS=0)  # fmt: skip
    put(target, CMD_STATE=2, CMD_MODE=2, CMD_TARGET=force_cn, CMD_RATE=65536 * 5, CMD_CORNER=6000, CMD_LANDING=600,
        CMD_SEQ=target.word("CMD_SEQ") + 1)  # fmt: skip
    target.run_for(0.01)
    if not target.word("VALVE") & 4:
        raise RuntimeError(f"the press did not energise: {told(target)}")


def told(target: EmulatorTarget) -> str:
    from press import cycle, interlock

    first = target.word("FIRST")
    return f"{cycle.NAMES[target.word('STATE')]} {interlock.NAMES[first] if first >= 0 else ''}"


def flood(target: EmulatorTarget, seconds: float) -> None:
    """Queries without end while the press ramps."""
    end, n = target.time_s() + seconds, 0
    while target.time_s() < end:
        if target.chip.unread < 200:
            target.chip.send(FLOOD[n % len(FLOOD)])
            n += 1
        target.run_for(0.005)


def tick_figures(target: EmulatorTarget, seconds: float) -> dict[str, float]:
    ticks = Ticks(target)
    energise(target)
    missed, conversions = target.word("MISSED"), target.carrier.converter.conversions
    ticks.rows.clear()
    flood(target, seconds)
    rows = list(ticks.rows)
    if not target.word("VALVE") & 4:
        raise RuntimeError(f"the press did not stay energised: {told(target)}")
    lasted = sorted((end - ready) / 1000 for ready, _, end in rows)
    entries = [entry for _, entry, _ in rows]
    period = 1e6 / target.carrier.hz
    jitter = max(abs((b - a) / 1000 - period) for a, b in zip(entries, entries[1:], strict=False))
    lost = max(target.word("MISSED") - missed, target.carrier.converter.conversions - conversions - len(rows) - 1)
    return {"tick_us_max": lasted[-1], "tick_us_p50": lasted[len(lasted) // 2], "jitter_us_max": jitter,
            "missed_ticks": max(0, lost), "ticks_measured": len(rows),
            "entry_us_p50": sorted((entry - ready) / 1000 for ready, entry, _ in rows)[len(rows) // 2]}  # fmt: skip


def time_to_vent(target: EmulatorTarget, do: Callable[[], None], limit_s: float = 0.01) -> float:
    """From `do` to the dump valve's pin / us; infinity if it stays closed."""
    fell: list[float] = []
    target.carrier.wires.watch(target.board["pins"]["dump"], lambda level: fell.append(target.chip.now_ns) if not level else None)
    began = target.chip.now_ns
    do()
    target.run_for(limit_s)
    return (fell[0] - began) / 1000 if fell else float("inf")


def estop_figures(target: EmulatorTarget, phases: int) -> dict[str, float]:
    """The E-stop's two pins fall at phases spread over a tick."""
    worst = 0.0
    for n in range(phases):
        target.clear_fault()
        target.run_for(0.002)
        energise(target)
        if not target.word("VALVE") & 4:
            raise RuntimeError(f"the press did not energise: state {target.word('STATE')}, first {target.word('FIRST')}")
        target.run_for(n / phases * 0.00025 + 1e-9)

        def press() -> None:
            target.fault("estop")
            for role in ("estop_a", "estop_b"):
                target.carrier.wires.drive(target.board["pins"][role], 0)

        worst = max(worst, time_to_vent(target, press, 0.001))
    return {"estop_to_vent_us_max": worst, "estop_phases": phases}


def overforce_figures(target: EmulatorTarget, times: int) -> dict[str, float]:
    """Data-ready of the first sample above the ceiling to the dump valve's pin."""
    worst = 0.0
    converter = target.carrier.converter
    sample = converter.sample
    for _ in range(times):
        converter.sample = sample
        target.run_for(0.002)
        target.run_for(0.01)
        energise(target)
        ready: list[float] = []

        def high(ready: list[float] = ready) -> list[int]:
            codes = list(sample())
            ready.append(target.chip.now_ns)
            return [8000000 - n % 7 for n in (len(ready), 3 * len(ready), 5 * len(ready))] + [codes[3]]

        converter.sample = high
        began = target.chip.now_ns
        took = time_to_vent(target, lambda: None, 0.002)
        worst = max(worst, took - (ready[0] - began) / 1000)
    converter.sample = sample
    target.run_for(0.002)
    return {"overforce_to_vent_us_max": worst}


def deadman_figures(target: EmulatorTarget) -> dict[str, float]:
    """Interrupts off and an endless loop, in the middle of everything; how long the permissive's pin still moves."""
    core, memory = target.chip.mcu.core, target.chip.mcu.sram
    target.clear_fault()
    target.run_for(0.002)
    energise(target)
    if not target.carrier.one_shot.alive:
        raise RuntimeError("the permissive was not alive")
    memory[0x40800:0x40802] = b"\xfe\xe7"  # b .
    began = target.chip.now_ns
    core.pm, core.pc = True, 0x20040800
    target.run_for(0.005)
    return {"deadman_ms_max": max(0.0, (target.carrier.one_shot.last_ns - began) / 1e6)}


def heap_figure(target: EmulatorTarget) -> dict[str, float]:
    import serial

    with serial.Serial(target.port, timeout=300) as port:
        most = 0.0
        for _ in range(12):  # what is garbage counts as used until it is collected: the most is what is free
            port.write(b"SYST:MEM?\n")
            most = max(most, float(port.readline().split(b",")[0]))
    return {"heap_free_bytes": most}


def main(arguments: list[str]) -> int:
    seconds = float(arguments[0]) if arguments else 0.5
    phases = int(arguments[1]) if len(arguments) > 1 else 50
    began = time.monotonic()
    figures: dict[str, Any] = {}
    met = True
    with EmulatorTarget(IMAGE) as target:
        target.run_until(BOOT_S)
        measures: list[Callable[[], dict[str, float]]] = [
            lambda: tick_figures(target, seconds), lambda: overforce_figures(target, 5),
            lambda: estop_figures(target, phases), lambda: heap_figure(target), lambda: deadman_figures(target),
        ]  # fmt: skip
        for measure in measures:
            try:
                figures.update(measure())
            except (RuntimeError, TimeoutError, OSError) as error:
                print(f"not measured: {error}", flush=True)
                met = False
    for name, value in figures.items():
        goal = GOALS.get(name)
        verdict = ""
        if goal:
            good = value <= goal[0] if goal[1] else value >= goal[0]
            met &= good
            verdict = f"goal {'<=' if goal[1] else '>='} {goal[0]}: {'met' if good else 'MISSED'}"
        print(f"{name:28} {value:10.1f}  {verdict}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"seconds": seconds, "figures": figures, "wall_s": time.monotonic() - began}, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
