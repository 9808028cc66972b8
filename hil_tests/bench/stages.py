"""What each stage of the tick costs on the chip: `python -m hil_tests.bench.stages [press]`, the image of the pico board.

With `press` it presses meanwhile, else it is as it has booted. The emulator runs the handler one instruction at a time, and the
cycles of each are booked on the stage whose line it was compiled from. Waiting for the converter's words is in `receive`.
"""

import sys
from collections import Counter
from typing import Any

from boards.images import sources
from hil_tests.bench.board.rig import IMAGE, Rig
from hil_tests.targets.chip import CYCLE_NS, PIO0_IRQ_0

TICKS = 50


def one_tick(rig: Rig) -> Counter[int]:
    """Step through the next tick; cycles by address."""
    core: Any = rig.chip.mcu.core
    spent = Counter[int]()
    rig.chip.step_while(lambda: bool(core.ipsr != PIO0_IRQ_0))
    while core.ipsr == PIO0_IRQ_0:
        at = core.pc
        spent[at] += rig.chip.step()
    return spent


def functions(addresses: list[int]) -> dict[int, str]:
    """Which function of the source each address was compiled from."""
    command = ["arm-none-eabi-addr2line", "-f", "-e", str(IMAGE.with_suffix(".elf")), *map(hex, addresses)]
    return dict(zip(addresses, sources.run(command).splitlines()[::2], strict=True))


def main(arguments: list[str]) -> int:
    rig = Rig().boot()
    if "press" in arguments:
        rig.press()
    ticks = [one_tick(rig) for _ in range(TICKS)]
    home = functions(sorted({at for tick in ticks for at in tick}))
    by_stage = [Counter[str]() for _ in ticks]
    for tick, stages in zip(ticks, by_stage, strict=True):
        for at, cycles in tick.items():
            stages[home[at]] += cycles
    print(f"{'stage':28} {'median us':>9} {'most us':>9}")
    for name in dict.fromkeys(name for stages in by_stage for name in stages):
        us = sorted(stages[name] * CYCLE_NS / 1000 for stages in by_stage)
        print(f"{name:28} {us[len(us) // 2]:9.2f} {us[-1]:9.2f}")
    whole = sorted(tick.total() * CYCLE_NS / 1000 for tick in ticks)
    print(f"{'together':28} {whole[len(whole) // 2]:9.2f} {whole[-1]:9.2f}   {rig.told()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
