"""How good a hold was: figures of the longest step in which the press regulated the force.

Mean and RMS are of the rows' means, weighted with their ticks; the worst is of every control tick. A row counts as within a band
only if all of its ticks were.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.recipe import kinds, steps

from stackpress.logs.drawing import spans_of_steps

BAND = 0.01


@dataclass(frozen=True)
class Hold:
    """Figures of one hold; deviations are parts of the set-point."""

    step_id: int
    seconds: float
    mean_n: float
    worst: float  # with its sign
    rms: float
    within: float  # part of the time within BAND
    travel_m: float | None


def longest_hold(side: dict[str, Any], table: Any, middle: npt.NDArray[np.float64]) -> Hold | None:
    """The longest hold of a run that has rows and a set-point; None if there is none."""
    last = float(table["Test Time / s"][-1]) if len(table) else 0.0
    begins = [s for s in side["steps"] if s["phase"] == "begins"]
    spans = [(step, begin["step_id"]) for begin, step in zip(begins, spans_of_steps(side, last), strict=True)]
    holds = [(step, place) for step, place in spans if _regulated(step.kind)]
    for step, place in sorted(holds, key=lambda one: one[0].begin_s - one[0].end_s):
        rows = table.filter((middle >= step.begin_s) & (middle <= step.end_s))
        found = _figures(rows, place, step.end_s - step.begin_s) if len(rows) else None
        if found:
            return found
    return None


def _regulated(kind: str) -> bool:
    """Whether the force stays at one level and is regulated there; a kind that this host does not know is not."""
    return kind in kinds.OF and kinds.OF[kind].begin is steps.begin_hold


def _figures(rows: Any, place: int, seconds: float) -> Hold | None:
    names = ("Applied Force / N", "Force Min / N", "Force Max / N", "Set Force / N", "Ticks / 1")
    mean, low, high, target, ticks = (rows[name].to_numpy().astype(float) for name in names)
    usable = (target > 0) & (ticks > 0)
    if not usable.any():
        return None
    mean, low, high, target, ticks = (v[usable] for v in (mean, low, high, target, ticks))
    off = np.concatenate([(low - target) / target, (high - target) / target])
    inside = (low >= target * (1 - BAND)) & (high <= target * (1 + BAND))
    travel = rows["Displacement / m"].drop_nulls() if "Displacement / m" in rows.columns else []
    return Hold(
        step_id=place,
        seconds=seconds,
        mean_n=float(np.average(mean, weights=ticks)),
        worst=float(off[np.argmax(np.abs(off))]),
        rms=float(np.sqrt(np.average(((mean - target) / target) ** 2, weights=ticks))),
        within=float(ticks[inside].sum() / ticks.sum()),
        travel_m=float(travel[-1] - travel[0]) if len(travel) else None,
    )
