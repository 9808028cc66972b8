"""The tick's machine code on processors that are not ours, beside the Python stages: `python -m hil_tests.campaign.processor`.

The Cortex-M33's word is the only one that pico2 has from a processor; the M0+ of unicorn shares nothing with that of the emulators.
"""

import sys
import tempfile
from pathlib import Path

from stackpress import tick_compiler

from boards.images import tick
from hil_tests.campaign import summary
from hil_tests.targets import machine_code

SEEDS, TICKS = range(100, 110), 1500
FIGURES = {"cortex-m33": "m33", "cortex-m0plus": "m0plus"}


def compared(core: str, seeds: range = SEEDS, count: int = TICKS) -> tuple[int, int]:
    """(ticks, different words)."""
    from hil_tests.witness import ticks

    found = tick_compiler.read_order(tick.CORE / "tick.py", "tick", roots=tick.ROOTS)
    with tempfile.TemporaryDirectory() as folder:
        code = machine_code.compiled(tick.with_handler(found, machine_code.FIXED), core, Path(folder))
    model = machine_code.INDEPENDENT[core]
    return len(seeds) * count, sum(ticks.differing(model(code), seed, count) for seed in seeds)


def main() -> int:
    differ = 0
    for core, name in FIGURES.items():
        count, different = compared(core)
        summary.write({f"{name}_ticks": count, f"{name}_differ": different})
        differ += different
    return int(differ > 0)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2] / "firmware" / "tests"))  # random_ticks.py
    sys.exit(main())
