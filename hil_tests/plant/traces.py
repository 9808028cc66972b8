"""Traces of the plant for tests: on this Python under the checking shim, or on MicroPython in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stackpress.simulator.supervisor import MICROPYTHON

from hil_tests.plant import trace

CLOSED, FILL, VENT = 12, 13, 14  # valve words: dump closed and permissive on, alone or with a solenoid
COLUMN = {name: i for i, name in enumerate(trace.COLUMNS)}


def job(
    spec: dict[str, Any],
    script: list[list[int]],
    end_ms: int,
    *,
    hz: int = 1000,
    every: int = 1,
    seed: int = 1,
    faults: list[list[Any]] | None = None,
) -> dict[str, Any]:
    return {
        "spec": spec,
        "hz": hz,
        "seed": seed,
        "end_ms": end_ms,
        "every": every,
        "script": script,
        "faults": faults or [],
    }


def checked(work: dict[str, Any]) -> NDArray[np.int64]:
    """On this Python: slow, and OverflowError if anything leaves the range."""
    return np.array(list(trace.rows(work)), dtype=np.int64)  # type: ignore[no-untyped-call,unused-ignore]


def on_micropython(work: dict[str, Any]) -> NDArray[np.int64]:
    here = Path(__file__).resolve()
    done = subprocess.run(
        [*MICROPYTHON, "-X", "heapsize=16m", "-c", "import trace; trace.main()"],
        input=json.dumps(work),
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "MICROPYPATH": f"{here.parent}:{here.parents[2] / 'boards'}:{here.parents[2] / 'firmware'}"},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return np.array([json.loads(line) for line in done.stdout.splitlines()], dtype=np.int64)


def column(rows: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    values: NDArray[np.int64] = rows[:, COLUMN[name]]
    return values
