"""A program in little: the same steps, less force, quicker and shorter, so that all of it fits into two seconds of press time.

    [short.shrink]
    force_n = 1500          # its highest force; every other level in proportion
    rate_n_per_s = 8000     # every ramp's
    time_s = 0.05           # the longest dwell, window or least time of a step
"""

import copy
from collections.abc import Mapping
from typing import Any

LEVELS = ("to", "low", "high", "by")
UNITS = ("cn", "pa")
TIMES = ("for_ms", "at_least_ms", "dwell_high_ms", "dwell_low_ms", "timeout_ms")
CREEP_WINDOW_MS = 1000  # as short as the press takes it; the time-out comes before
NOT_TOUCHED_CN = 10000  # a contact's force is as small as it was, and no smaller than this


def shrunk(program: dict[str, Any], wanted: Mapping[str, float]) -> dict[str, Any]:
    """The press's form of a program, shrunk."""
    from stackpress import programs

    factor = wanted["force_n"] / (programs.totals(program).highest_cn / 100)
    small = copy.deepcopy(program)
    _rates(small, round(100 * wanted["rate_n_per_s"]), "stop_rate")
    for step in small["steps"]:
        _rates(step, round(100 * wanted["rate_n_per_s"]), "rate")
        for key in [f"{level}_{unit}" for level in LEVELS for unit in UNITS]:
            if key in step:
                step[key] = round(step[key] * factor)
        for key in TIMES:
            if key in step and step["do"] != "contact":
                step[key] = min(step[key], round(1000 * wanted["time_s"]) * (4 if key == "timeout_ms" else 1))
        if "creep_window_ms" in step:
            step["creep_window_ms"] = CREEP_WINDOW_MS
        if step["do"] == "contact":
            step["to_cn"], step["speed_um_per_s"] = NOT_TOUCHED_CN, 3000
    return small


def _rates(of: dict[str, Any], cn_per_s: int, stem: str) -> None:
    for unit in UNITS:
        if of.pop(f"{stem}_{unit}_per_s", None) is not None:
            of[f"{stem}_cn_per_s"] = cn_per_s
