"""What each stage of the tick costs on a Cortex-M0+: `python -m hil_tests.bench.stages`, the stages of the press by themselves.

Each stage is kept a function of its own here, which in an image none is; random ticks run on the emulated core one instruction at a
time, and each one's cycles are booked on the function in which it stands.
"""

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from random_ticks import RING, configured, meet  # type: ignore[import-not-found]
from stackpress import stages

from boards.images import tick
from hil_tests.bench.board.heap import symbols
from hil_tests.targets.chip import CYCLE_NS
from hil_tests.targets.machine_code import BACK, FIXED, STACK, EmulatedM0Plus, compiled

TICKS = 300


def apart(text: str) -> str:
    """The same C with every stage a function."""
    return text.replace("static inline void", "static __attribute__((noinline)) void").replace("flatten, ", "")


def one_tick(core: EmulatedM0Plus, begins: list[tuple[int, str]]) -> Counter[str]:
    cpu, spent = core.chip.core, Counter[str]()
    cpu.sp, cpu.lr, cpu.pc = STACK, BACK | 1, core.entry
    while cpu.pc != BACK:
        name = next((name for at, name in begins if at <= cpu.pc), "?")
        spent[name] += cpu.execute_instruction()
    return spent


def main() -> int:
    found = stages.read_order(tick.CORE / "tick.py", "tick", roots=tick.ROOTS)
    with tempfile.TemporaryDirectory() as folder:
        elf = compiled(apart(tick.with_handler(found, FIXED)), "cortex-m0plus", Path(folder))
        begins = sorted(((at & ~1, name) for name, at in symbols(Path(folder, "cortex-m0plus.elf")).items()
                         if name and not name.startswith(("$", "__"))), reverse=True)  # fmt: skip
    core, chance = EmulatedM0Plus(elf), random.Random(1)
    s = configured(chance)
    core.put("ring", bytes(RING))
    ticks = []
    for n in range(TICKS):
        meet(s, chance, n)
        core.put("frame", s)
        ticks.append(one_tick(core, begins))
        s = type(s)("i", core.get("frame", 4 * len(s)))
    print(f"{'stage':28} {'median us':>9} {'most us':>9}")
    for name in dict.fromkeys(name for spent in ticks for name in spent):
        us = sorted(spent[name] * CYCLE_NS / 1000 for spent in ticks)
        print(f"{name:28} {us[len(us) // 2]:9.2f} {us[-1]:9.2f}")
    whole = sorted(spent.total() * CYCLE_NS / 1000 for spent in ticks)
    print(f"{'together':28} {whole[len(whole) // 2]:9.2f} {whole[-1]:9.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
