"""What the demonstration reached, judged on the plant's truth, with the log beside it: as figures and in words."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SETTLED_S = 2.0  # the dwell is judged from here on after the set-point has arrived
RELEASED_S = 60.0  # the hold is judged from here on after the release
DIE_MM2 = 132.732  # 13 mm


@dataclass(frozen=True)
class Stretch:
    """Rows [first, last] of the truth in which the set-point rests."""

    first: int
    last: int


def summarize(out: Path) -> dict[str, Any]:
    """Figures from truth.csv, log.csv and the log's sidecar in `out`; errors are in % of the set-point."""
    truth = read(out / "truth.csv")
    t, wanted, force = truth["Test Time / s"], truth["Set Force / N"], truth["Applied Force / N"]
    read_too_much, moves = truth["Measuring Error / N"], truth["Valve Moves / 1"]
    dwell = longest_rest(t, wanted, float(wanted.max()) * 0.999, np.inf)
    hold = longest_rest(t, wanted, 100.0, 2000.0)
    top = float(wanted.max())
    dwelling = _later(t, dwell, SETTLED_S)
    holding = _later(t, hold, RELEASED_S)
    control = 100 * (force + read_too_much - wanted) / np.maximum(wanted, 1)
    held_s = float(t[hold.last] - t[hold.first])
    return {
        "pressure_peak_mpa": round(float(force.max()) / DIE_MM2, 2),
        "pressure_wanted_mpa": round(top / DIE_MM2, 2),
        "overshoot_pct": round(max(0.0, 100 * (float(force[: dwell.last].max()) - top) / top), 3),
        "dwell_s": round(float(t[dwell.last] - t[dwell.first]), 1),
        "dwell_rms_pct": round(rms(t[dwelling], 100 * (force[dwelling] - top) / top), 4),
        "hold_mpa": round(float(wanted[hold.first]) / DIE_MM2, 3),
        "hold_s": round(held_s, 1),
        "hold_worst_pct": round(float(np.abs(control[holding]).max()), 3),
        "hold_measuring_pct": round(float(np.abs(100 * read_too_much[holding] / wanted[holding]).max()), 3),
        "hold_moves": int(moves[hold.last] - moves[hold.first]),
        "ram_moved_in_hold_um": round(float(np.ptp(truth["Displacement / m"][hold.first : hold.last])) * 1e6, 1),
        "press_s": round(float(t[-1]), 1),
        **logged(out),
    }


def read(path: Path) -> dict[str, Array]:
    """A CSV of numbers as columns; an empty field is not a number."""
    with path.open(newline="") as f:
        rows = csv.reader(f)
        names = next(rows)
        values = [[_number(field) for field in row] for row in rows if len(row) == len(names)]
    return dict(zip(names, np.array(values).T, strict=True))


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return float("nan")


def longest_rest(t: Array, wanted: Array, low: float, high: float) -> Stretch:
    """The longest time for which the set-point does not change, with the set-point between `low` and `high`."""
    edges = [0, *(np.flatnonzero(np.abs(np.diff(wanted)) > 1e-9) + 1).tolist(), len(wanted)]
    rests = [Stretch(a, b - 1) for a, b in zip(edges, edges[1:], strict=False) if low <= wanted[a] <= high]
    if not rests:
        raise ValueError(f"the set-point never rests between {low:.0f} and {high:.0f} N")
    return max(rests, key=lambda rest: float(t[rest.last] - t[rest.first]))


def _later(t: Array, rest: Stretch, seconds: float) -> slice:
    first = int(np.searchsorted(t, t[rest.first] + seconds))
    return slice(min(first, rest.last), rest.last + 1)


def rms(t: Array, error: Array) -> float:
    """Root of the mean square over time; rows are not evenly spaced, each holds until the next."""
    if len(t) < 2:
        return float(np.abs(error).max())
    span = np.diff(t)
    return float(np.sqrt(np.sum(error[:-1] ** 2 * span) / np.sum(span)))


def logged(out: Path) -> dict[str, Any]:
    """What came out of the press's own log."""
    sidecar = json.loads((out / "log.metadata.json").read_text()) if (out / "log.metadata.json").exists() else {}
    with (out / "log.csv").open() as f:
        rows = sum(1 for _ in f) - 1
    missing = sidecar.get("log", sidecar).get("missing_records", sidecar.get("missing"))
    return {"log_rows": rows, "log_missing": missing}


def words(summary: dict[str, Any], out: Path) -> list[str]:
    """The end of the demonstration in sentences."""
    s = summary
    lines = [
        "",
        f"The pellet saw {s['pressure_peak_mpa']:.1f} MPa of the {s['pressure_wanted_mpa']:.0f} MPa asked for "
        f"(overshoot {s['overshoot_pct']:.2f} %), and in {s['dwell_s']:.0f} s of dwell "
        f"the force stayed within {s['dwell_rms_pct']:.3f} % RMS.",
        f"Then the press held {s['hold_mpa']:.2f} MPa for {s['hold_s'] / 60:.0f} min while the cell crept and breathed: "
        f"at worst {s['hold_worst_pct']:.2f} % off",
        f"from {RELEASED_S:.0f} s after the release on (the picture counts each hold from its start, so its largest is more),",
        f"with {s['hold_moves']} valve moves. The ram followed by {s['ram_moved_in_hold_um']:.1f} um. "
        f"The load cells misread by up to {s['hold_measuring_pct']:.2f} %, which no controller can see.",
        f"The log has {s['log_rows']} rows"
        + (f", {s['log_missing']} records are missing." if s["log_missing"] else " and nothing is missing."),
        f"{s['press_s']:.0f} s of press time took {s['wall_s']:.0f} s, at {s['sim_speed']:.0f} press seconds a second.",
        "",
        f"Look at  {out / 'report.html'}   the run's report",
        f"         {out / 'plot.png'}      its picture",
        f"         {out / 'log.csv'}, {out / 'log.press.parquet'}   what the press logged",
        f"         {out / 'truth.csv'}     what the plant truly did",
        f"         {out / 'summary.json'}  these figures",
    ]
    return lines
