"""Figures that need no plant: how fast the host's tools are, and what the tick takes from the heap."""

import importlib
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from stackpress.logs.export_speed import export_records_per_s
from stackpress.paths import FIRMWARE

from hil_tests.bench import person

PAIRS = 15


def _wall_s(*command: str) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def cli_start_ratio() -> float:
    """`stackpress --help` against `python -c pass`: the median of the ratios of pairs that ran one after the other."""
    tool = str(Path(sys.executable).with_name("stackpress"))
    for warm in ((tool, "--help"), (sys.executable, "-c", "pass")):
        _wall_s(*warm)
    return median(_wall_s(tool, "--help") / _wall_s(sys.executable, "-c", "pass") for _ in range(PAIRS))


def tick_alloc_bytes() -> float:
    """Heap that 10 000 ticks take in every state and mode, measured by MicroPython itself."""
    sys.path.append(str(FIRMWARE / "tests"))
    measured = importlib.import_module("allocation").tick_alloc_bytes
    return float(measured())


FIGURES = {
    "cli_start_ratio": cli_start_ratio,
    "person_minutes": person.minutes,
    "export_records_per_s": lambda: float(export_records_per_s()),
    "tick_alloc_bytes": tick_alloc_bytes,
}
