"""Runs beside each other, step by step: what was the same about them and what was not, in numbers and over each other.

Steps are matched by their number in the run and their kind: a step that only some runs had has no figure in the others.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from stackpress.errors import WrongInput
from stackpress.logs.drawing import spans_of_steps
from stackpress.logs.plot import middles

FIGURES = ("seconds", "mean_n", "low_n", "high_n", "mean_pa", "travel_m")


class NotComparable(WrongInput):
    """A run has no such step to be aligned at."""


def zero_of(side: dict[str, Any], align: str) -> float:
    """Test time / s of what the runs are aligned at: `start`, `step 3` (its begin; the first of its rounds) or `step 3 end`.

    Raises NotComparable.
    """
    if align == "start":
        return 0.0
    asked = re.fullmatch(r"step ([0-9]{1,4})( end)?", align.strip())
    if not asked:
        raise NotComparable(f"{align!r} is nothing to align runs at", "As start, 'step 3' or 'step 3 end'.")
    phase = "ends" if asked[2] else "begins"
    found = [s["test_time_s"] for s in side["steps"] if s["phase"] == phase and s["step_id"] == int(asked[1])]
    if not found:
        there = sorted({s["step_id"] for s in side["steps"]})
        has = f"It has steps {there[0]} to {there[-1]}." if there else "It has no step."
        raise NotComparable(f"{side['run_id']} has no {align}", has)
    return float(found[0])


def steps_of(side: dict[str, Any], table: Any) -> list[dict[str, Any]]:
    """The figures of each step of a run, in the order in which they were begun; forces in N, pressures in Pa, travel in m."""
    begins = [s for s in side["steps"] if s["phase"] == "begins"]
    ends = table["Test Time / s"].to_numpy()
    spans = spans_of_steps(side, float(ends[-1]) if len(ends) else 0.0)
    middle = middles(ends, table["Ticks / 1"].to_numpy().astype(float), side.get("tick_hz"))
    out = []
    for begin, step in zip(begins, spans, strict=True):
        part = table.filter((middle >= step.begin_s) & (middle <= step.end_s))
        name = f"{begin['step_id']}" + (f".{begin['cycle']}" if begin["cycle"] else "")
        out.append({"step": name, "kind": step.kind, "outcome": step.outcome, "seconds": round(step.end_s - step.begin_s, 3),
                    **_figures(part, side.get("area_m2"))})  # fmt: skip
    return out


def _figures(part: Any, area_m2: float | None) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(FIGURES[1:])
    if not len(part):
        return found
    weights = part["Ticks / 1"].to_numpy().astype(float)
    mean = float(np.average(part["Applied Force / N"].to_numpy(), weights=weights if weights.sum() else None))
    found |= {"mean_n": round(mean, 3), "low_n": part["Force Min / N"].min(), "high_n": part["Force Max / N"].max()}
    if area_m2:
        found["mean_pa"] = round(mean / area_m2, 1)
    if "Displacement / m" in part.columns:
        seen = part["Displacement / m"].drop_nulls()
        found["travel_m"] = round(float(seen[-1] - seen[0]), 9) if len(seen) else None
    return found


def beside(runs: Sequence[list[dict[str, Any]]]) -> list[tuple[str, str, list[dict[str, Any] | None]]]:
    """(step, kind, its figures in each run) over all runs, in the order of the first run that has it."""
    order: dict[tuple[str, str], list[dict[str, Any] | None]] = {}
    for number, steps in enumerate(runs):
        for step in steps:
            row = order.setdefault((step["step"], step["kind"]), [None] * len(runs))
            row[number] = row[number] or step
    return [(step, kind, row) for (step, kind), row in order.items()]
