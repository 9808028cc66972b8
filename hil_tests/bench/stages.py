"""What each stage of the tick costs on the chip: `python -m hil_tests.bench.stages [press]`, the image of the pico board.

With `press` it presses meanwhile, else it is as it has booted.

The emulator runs the handler one instruction at a time and books each one's cycles on the stage in which it stands. Waiting for the
converter's words is in `receive`.
"""

import sys
from collections import defaultdict
from typing import Any

from hil_tests.bench.board.rig import ROOT, Rig
from hil_tests.targets.chip import CYCLE_NS, PIO0_IRQ_0
from hil_tests.targets.routine import stage_offsets

SOURCE = ROOT / "build" / "images" / "pico" / "frozen" / "fast_tick.py"
TICKS = 50


def one_tick(rig: Rig, start: int, offsets: list[tuple[int, str]]) -> dict[str, int]:
    """Step through the next tick; cycles by stage."""
    core: Any = rig.chip.mcu.core
    spent = defaultdict[str, int](int)
    rig.chip.step_while(lambda: bool(core.ipsr != PIO0_IRQ_0))
    while core.ipsr == PIO0_IRQ_0:
        at = core.pc - start
        name = next((stage for begin, stage in reversed(offsets) if begin <= at), "?") if at >= 0 else "?"
        spent[name] += rig.chip.step()
    return spent


def main(arguments: list[str]) -> int:
    offsets = stage_offsets(SOURCE.read_text())
    rig = Rig().boot()
    if "press" in arguments:
        rig.press()
    mcu: Any = rig.chip.mcu
    start = mcu.read_uint32(mcu.core.vtor + 4 * PIO0_IRQ_0) & ~1
    ticks = [one_tick(rig, start, offsets) for _ in range(TICKS)]
    total = 0.0
    print(f"{'stage':28} {'median us':>9} {'most us':>9}")
    for _, name in offsets:
        spent = sorted(tick.get(name, 0) * CYCLE_NS / 1000 for tick in ticks)
        total += spent[len(spent) // 2]
        print(f"{name:28} {spent[len(spent) // 2]:9.2f} {spent[-1]:9.2f}")
    whole = max(sum(tick.values()) for tick in ticks) * CYCLE_NS / 1000
    print(f"{'together':28} {total:9.2f} {whole:9.2f}   {rig.told()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
