"""Which measures there are, and their settings: of a real run and of a quick one."""

import time
from collections.abc import Callable
from typing import Any

from hil_tests.bench.board import measures, wire
from hil_tests.bench.board.dryrun import dryrun
from hil_tests.bench.board.naive import naive

RATES = {"sustained_6000": {"hz": 6000, "oscillator_hz": 6144000}, "sustained_8000": {"hz": 8000, "oscillator_hz": 8192000}}
# name: (function, settings, settings of a quick run), the longest first
MEASURES: dict[str, tuple[Callable[..., dict[str, Any]], dict[str, Any], dict[str, Any]]] = {
    "ticks": (measures.ticks, {}, {"seconds": 0.3}),
    "usb_stop": (measures.usb_stop, {}, {"trials": 3}),
    "sustained_8000": (measures.sustained, RATES["sustained_8000"], {"seconds": 0.2}),
    "sustained_6000": (measures.sustained, RATES["sustained_6000"], {"seconds": 0.2}),
    "dryrun": (dryrun, {}, {"seconds": 0.2}),
    "wire": (wire.wire, {}, {"seconds": 0.1, "times": 10}),
    "rest": (wire.at_rest, {}, {"seconds": 0.1, "size": 1000}),
    "burst": (wire.burst, {}, {"count": 100}),
    "estop": (measures.estop, {}, {"phases": 5}),
    "naive": (naive, {}, {"seconds": 0.3}),
    "deadman": (measures.deadman, {}, {"phases": 3}),
    "overforce": (measures.overforce, {}, {"times": 2}),
    "overforce_true": (measures.overforce_true, {}, {"phases": 4}),
    "overforce_true_8k": (measures.overforce_true, {"hz": 8000}, {"phases": 4}),
}


def measured(name: str, quick: bool) -> tuple[dict[str, Any], float]:
    """One measure, in whatever process this is; its result and its wall time."""
    function, settings, less = MEASURES[name]
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"  {name}: {text}", flush=True)

    return function(say, **{**settings, **(less if quick else {})}), time.monotonic() - began
