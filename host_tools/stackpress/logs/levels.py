"""The levels of a run's sweeps: what was set, what was there while it was measured, and whether it had settled.

A level is measured from the trigger that went out to the trigger that came in, or to the end of the wait for one. Its mean
is over these rows only, not over the way there; the press ends a row at both triggers. `s` is the spread of the rows' means,
which is what a slow measurement saw; the smallest and the largest are of every control tick.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records
from stackpress_core.recipe.kinds import OF
from stackpress_core.tick import states

Floats = npt.NDArray[np.float64]
_OUT, _IN = records.EVENTS[records.EVENT_TRIGGER_OUT], records.EVENTS[records.EVENT_TRIGGER_IN]
_HOLDING = states.NAMES.index("holding")
COLUMNS = (  # of the table of levels as it is exported
    "Step ID", "Level / 1", "Set Force / N", "Set Pressure / Pa", "Settled", "Measured", "Ended By", "Start Unix Time / s",
    "End Unix Time / s", "Start Test Time / s", "End Test Time / s", "Mean Force / N", "Force Standard Deviation / N",
    "Force Min / N", "Force Max / N", "Mean Pressure / Pa", "Pressure Standard Deviation / Pa", "Rows / 1",
    "Largest Force Before / N", "Temperature T1 / degC", "Temperature T2 / degC", "Displacement / m", "Travel / m",
)  # fmt: skip


def levels(steps: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]], table: Any, area_m2: float) -> list[dict[str, Any]]:
    """One dict a level, keyed as COLUMNS, from a sidecar's steps and events and the run's table; values in SI, None if unknown."""
    ends = {s["step_count"]: s for s in steps if s["phase"] == "ends"}
    out = []
    rows = _Rows(table)
    for step in steps:
        if step["phase"] != "begins" or step["type"] not in OF or OF[step["type"]].family != "visit":
            continue
        end = ends.get(step["step_count"])
        until = end["test_time_s"] if end else float(rows.ends[-1]) if len(rows.ends) else step["test_time_s"]
        out.append(_level(step, end, step["test_time_s"], until, events, rows, area_m2))
    return out


class _Rows:
    """The columns of a table that levels are made of."""

    def __init__(self, table: Any) -> None:
        import polars as pl

        def column(name: str) -> Floats:
            if name not in table.columns:
                return np.full(len(table), np.nan)
            return np.asarray(table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy(), float)

        self.ends = column("Test Time / s")
        self.starts = np.concatenate([[-np.inf], self.ends[:-1]]) if len(self.ends) else self.ends
        self.unix = column("Unix Time / s")
        self.force, self.low, self.high = column("Applied Force / N"), column("Force Min / N"), column("Force Max / N")
        self.ticks, self.state = column("Ticks / 1"), column("Press State / 1")
        self.warm = column("Temperature T1 / degC"), column("Temperature T2 / degC")
        self.travel = column("Displacement / m")

    def within(self, begin_s: float, end_s: float) -> npt.NDArray[np.intp]:
        """The rows that lie between two times, but for what the clock of a pass may add."""
        return np.flatnonzero((self.starts >= begin_s - 0.0015) & (self.ends <= end_s + 0.0105) & (self.ends > begin_s))


def _measurement(begin_s: float, end_s: float, events: Sequence[dict[str, Any]]) -> tuple[tuple[float, float] | None, bool]:
    """From the trigger out to the trigger in, or to the end of the level; None if no trigger went out. And whether one came in."""
    inside = [e for e in events if begin_s <= e["test_time_s"] <= end_s]
    outs = [e["test_time_s"] for e in inside if e["event"] == _OUT and e["a"]]
    if not outs:
        return None, False
    answers = [e["test_time_s"] for e in inside if e["event"] == _IN and e["test_time_s"] > outs[-1]]
    return (outs[-1], answers[0] if answers else end_s), bool(answers)


def _level(step: dict[str, Any], end: dict[str, Any] | None, begin_s: float, end_s: float, events: Sequence[dict[str, Any]],
           rows: _Rows, area_m2: float) -> dict[str, Any]:  # fmt: skip
    outcome = end["outcome"] if end else None
    span, answered = _measurement(begin_s, end_s, events)
    whole = rows.within(begin_s, end_s)
    picked = rows.within(*span) if span else whole[rows.state[whole] == _HOLDING] if outcome == "" else whole[:0]
    found: dict[str, Any] = dict.fromkeys(COLUMNS)
    set_n = step["target_n"]
    found.update({
        "Step ID": step["step_id"], "Level / 1": step["cycle"], "Set Force / N": set_n,
        "Settled": bool(span) or (outcome == "" and bool(len(picked))), "Measured": span is not None,
        "Ended By": _ended_by(answered, outcome), "Travel / m": _change(rows.travel[whole]),
    })  # fmt: skip
    if span:
        found["Start Test Time / s"], found["End Test Time / s"] = span
        found["Start Unix Time / s"], found["End Unix Time / s"] = (_unix(rows, t) for t in span)
    if len(picked):
        found.update(_figures(rows, picked))
    if area_m2:
        scaled = {"Set Pressure / Pa": set_n, "Mean Pressure / Pa": found["Mean Force / N"],
                  "Pressure Standard Deviation / Pa": found["Force Standard Deviation / N"]}  # fmt: skip
        found.update({name: None if n is None else round(n / area_m2, 1) for name, n in scaled.items()})
    return found


def _ended_by(answered: bool, outcome: str | None) -> str:
    if outcome is None:
        return "the end of the log"
    return outcome or ("trigger in" if answered else "level done")


def _figures(rows: _Rows, picked: npt.NDArray[np.intp]) -> dict[str, Any]:
    force, ticks = rows.force[picked], rows.ticks[picked]
    mean = float(np.average(force, weights=ticks if ticks.sum() else None))
    return {
        "Rows / 1": len(picked),
        "Mean Force / N": round(mean, 3),
        "Force Standard Deviation / N": _spread(force, ticks, mean),
        "Force Min / N": float(rows.low[picked].min()), "Force Max / N": float(rows.high[picked].max()),
        "Largest Force Before / N": float(rows.high[: picked[-1] + 1].max()),
        "Temperature T1 / degC": _mean(rows.warm[0][picked]), "Temperature T2 / degC": _mean(rows.warm[1][picked]),
        "Displacement / m": _mean(rows.travel[picked], 9),
    }  # fmt: skip


def _spread(force: Floats, ticks: Floats, mean: float) -> float | None:
    """The standard deviation of the rows' means, each weighted with its ticks; of one row nothing can be said."""
    if len(force) < 2 or not ticks.sum():
        return None
    variance = float(np.average((force - mean) ** 2, weights=ticks)) * len(force) / (len(force) - 1)
    return round(float(np.sqrt(variance)), 3)


def _mean(values: Floats, digits: int = 3) -> float | None:
    seen = values[np.isfinite(values)]
    return round(float(seen.mean()), digits) if len(seen) else None


def _change(values: Floats) -> float | None:
    seen = values[np.isfinite(values)]
    return round(float(seen[-1] - seen[0]), 9) if len(seen) else None


def _unix(rows: _Rows, test_s: float) -> float | None:
    if not len(rows.unix) or not np.isfinite(rows.unix).any():
        return None
    return round(float(np.interp(test_s, rows.ends, rows.unix)), 3)


def data_frame(found: Sequence[dict[str, Any]]) -> Any:
    """The levels as a polars DataFrame."""
    import polars as pl

    return pl.DataFrame(list(found), schema=list(COLUMNS), infer_schema_length=None)
