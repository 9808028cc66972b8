"""How fast a simulated press is at 4 kHz and how much memory it takes: `python speeds.py press|hold` prints figures as JSON.

It measures whatever tree it is started for, and asks of it nothing but the simulated press as a target and the bench's own
programs, so that another commit is measured by the same text (against.py).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import stackpress

from hil_tests.bench import runs
from hil_tests.targets.sim import SimTarget

ROOT = Path(__file__).resolve().parents[2]
HOLD_S = 3600
LOOK_S = 60.0  # press time between two questions whether it is over


def press() -> dict[str, float]:
    """A whole program on a powder, its log on."""
    return _ran("press", "pellet_cell", runs.HOLD_S)


def hold() -> dict[str, float]:
    """An hour of the 5 MPa hold, where little happens."""
    return {"hold_4khz_speed": _ran("hold", "breathing_cell", HOLD_S)["sim_speed"]}


def _ran(kind: str, specimen: str, hold_s: int) -> dict[str, float]:
    case: Any = runs.Case(kind, "nominal", "nominal", 1)
    runs.HOLD_S = hold_s
    with SimTarget(specimen=specimen) as target, stackpress.open(target.port) as host:
        if host.tick().rate_hz != 4000:
            raise RuntimeError(f"the simulated press ticks at {host.tick().rate_hz} Hz")
        target.run_for(1.0)
        host.run(runs.program(case, False))
        began_s, began = target.time_s(), time.perf_counter()
        target.run_for(1.0)
        while host.program_state().step and host.state != "tripped":
            target.run_for(LOOK_S)
        wall_s, press_s = time.perf_counter() - began, target.time_s() - began_s
        if host.state == "tripped":
            raise RuntimeError(f"the press tripped: {host.tripped()}")
        return {"sim_speed": press_s / wall_s, "sim_rss_mb": _peak_mb()}


def _peak_mb() -> float:
    """Of the processes that were started here, together: the highest that each had resident."""
    return sum(_peak_kb(child.pid) for child in psutil.Process().children(recursive=True)) / 1024


def _peak_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def measured(name: str, root: Path = ROOT, python: str = sys.executable) -> dict[str, float]:
    """In a process of its own, of the tree in `root` with its own Python. Raises CalledProcessError."""
    path = os.pathsep.join(str(root / part) for part in ("", "firmware", "host_tools"))
    command = [python, str(Path(__file__).resolve()), name]
    done = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


MEASURES: dict[str, Callable[[], dict[str, float]]] = {"press": press, "hold": hold}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]]()))
