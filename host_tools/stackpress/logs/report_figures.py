"""The figures of a run's report: tiles, a row for each step, a row for each level of a sweep.

They are computed from the run's table, not copied from what the program wanted.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from stackpress.logs.drawing import Step, spans_of_steps
from stackpress.logs.holds import longest_hold


def clock_text(seconds: float) -> str:
    """Test time as h:mm:ss, or with tenths when short."""
    if abs(seconds) < 600:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours}:{minutes:02d}:{rest:02d}"


def force_text(area_m2: float | None) -> Callable[[float | None], str]:
    """A function from N to the text of the report's unit: MPa where the area is known, else N."""

    def text(newtons: float | None) -> str:
        if newtons is None or not np.isfinite(newtons):
            return "–"
        if area_m2:
            mpa = newtons / area_m2 / 1e6
            return f"{mpa:#.4g} MPa" if abs(mpa) >= 0.1 else f"{1000 * mpa:.3g} kPa"
        return f"{newtons:.2f} N" if abs(newtons) < 1000 else f"{newtons / 1000:#.4g} kN"

    return text


def utc(unix_s: float | None) -> str:
    """A moment to the second, with its zone; empty if it is not known."""
    return "" if unix_s is None else datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def figures(d: dict[str, Any], table: Any, middle: Any, folder: Path) -> list[tuple[str, str]]:
    """The tiles: label and value. What a hold was good for is told of the longest one."""
    out = [("largest force", f"{d['peak_force_n'] / 1000:#.4g} kN")]
    if d.get("peak_pressure_pa"):
        out.insert(0, ("largest pressure", f"{d['peak_pressure_pa'] / 1e6:#.4g} MPa"))
    out.append(("duration", clock_text(d["time"]["duration_s"])))
    if len(table):
        when, newtons = _last_force(d, table, folder)
        what = "pressure" if d.get("area_m2") else "force"
        out.append((f"{what} {when}", force_text(d.get("area_m2"))(newtons)))
    imbalance = table["Force Imbalance / 1"].abs().max() if "Force Imbalance / 1" in table.columns else None
    if imbalance is not None:
        out.append(("largest imbalance of the cells", f"{100 * imbalance:.1f} %"))
    hold = longest_hold(d, table, middle)
    if hold:
        what, named = "pressure" if d.get("area_m2") else "force", f"in the longest hold (step {hold.step_id})"
        out += [
            (f"mean {what} {named}", force_text(d.get("area_m2"))(hold.mean_n)),
            (f"worst off set-point {named}", f"{100 * hold.worst:+.3g} %"),
            (f"RMS off set-point {named}", f"{100 * hold.rms:.2g} %"),
            (f"of the time within ±1 % of set-point {named}", percent_floor(hold.within)),
        ]
        if hold.travel_m is not None:
            out.append((f"travel {named}", f"{hold.travel_m * 1e6:+.1f} µm"))
    out.append(("missing records", str(d["missing_records"])))
    return out


def percent_floor(part: float) -> str:
    """A share that is only called 100 % if it is the whole."""
    return "100 %" if part >= 1 else f"{np.floor(part * 10000) / 100:.2f} %"


def _last_force(d: dict[str, Any], table: Any, folder: Path) -> tuple[str, float | None]:
    """(when, force / N): at the trip, at the end of the last step, or, of a run that has no end, where its log ends."""
    if d["outcome"] == "tripped" and d["trips"]:
        return "at the trip", force_at(d["trips"][-1], folder)
    ends = [s for s in d["steps"] if s["phase"] == "ends"]
    if d["end"] and ends:
        return "at the end of the last step", ends[-1]["force_n"]
    return "at the end of the log", float(table["Applied Force / N"][-1])


def force_at(trip: dict[str, Any], folder: Path) -> float | None:
    """Force / N in the tick of a trip, from its window; without one as its record has it, a few ticks later."""
    import polars as pl

    if trip["flight"] and (folder / trip["flight"]).exists():
        tick = pl.read_parquet(folder / trip["flight"]).filter(pl.col("Tick / 1") == 0)["Applied Force / N"]
        if len(tick):
            return float(tick[0])
    found: float | None = trip["force_n"]
    return found


def steps(d: dict[str, Any], table: Any, middle: Any, force: Callable[[float | None], str]) -> list[dict[str, Any]]:
    last = float(table["Test Time / s"][-1]) if len(table) else 0.0
    begins = [s for s in d["steps"] if s["phase"] == "begins"]
    rows = []
    for begin, step in zip(begins, spans_of_steps(d, last), strict=True):
        part = table.filter((middle >= step.begin_s) & (middle <= step.end_s))
        rows.append({"number": begin["step_count"], "kind": step.kind + (f" {begin['cycle']}" if begin["cycle"] else ""),
                     "note": begin.get("note", "") if begin["cycle"] < 2 else "", "begin": clock_text(step.begin_s),
                     "lasted": clock_text(step.end_s - step.begin_s), "target": force(step.target_n),
                     "outcome": step.outcome or "–", **_step_figures(part, step, force)})  # fmt: skip
    return rows


def _step_figures(part: Any, step: Step, force: Callable[[float | None], str]) -> dict[str, str]:
    if not len(part):
        return {"mean": "–", "low": "–", "high": "–", "travel": "–"}
    weights = part["Ticks / 1"].to_numpy().astype(float)
    mean = np.average(part["Applied Force / N"].to_numpy(), weights=weights if weights.sum() else None)
    travel = "–"
    if "Displacement / m" in part.columns:
        seen = part["Displacement / m"].drop_nulls()
        travel = f"{(seen[-1] - seen[0]) * 1e6:+.1f} µm" if len(seen) else "–"
    return {"mean": force(float(mean)), "low": force(part["Force Min / N"].min()),
            "high": force(part["Force Max / N"].max()), "travel": travel}  # fmt: skip


def levels(d: dict[str, Any], force: Callable[[float | None], str]) -> list[dict[str, str]]:
    """A row for each level of a sweep: what the spectrum beside it needs to know."""
    rows = []
    for one in d.get("levels", []):
        spread = one["Force Standard Deviation / N"]
        warm = [f"{t:.1f}" for t in (one["Temperature T1 / degC"], one["Temperature T2 / degC"]) if t is not None]
        span = one["Start Unix Time / s"], one["End Unix Time / s"]
        test = one["Start Test Time / s"], one["End Test Time / s"]
        dated = [utc(t) for t in span] if None not in span else [clock_text(t) if t is not None else "–" for t in test]
        rows.append({
            "level": f"{one['Step ID']}.{one['Level / 1']}",
            "set": force(one["Set Force / N"]), "mean": force(one["Mean Force / N"]),
            "spread": "–" if spread is None else "± " + force(spread), "settled": "yes" if one["Settled"] else "no",
            "ended": one["Ended By"], "from": dated[0], "to": dated[1], "warm": ", ".join(warm) or "–",
            "largest": force(one["Largest Force Before / N"]),
            "travel": "–" if one["Travel / m"] is None else f"{one['Travel / m'] * 1e6:+.1f} µm",
        })  # fmt: skip
    return rows
