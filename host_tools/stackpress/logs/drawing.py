"""The look that all pictures share: colours, step shading, event marks, time axes and the title."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records
from stackpress_core.recipe.kinds import OF

Axis = Any  # matplotlib.axes.Axes; matplotlib is only imported when something is drawn
Floats = npt.NDArray[np.float64]

COLOURS = {
    "force": "#12508c", "set": "#f0932b", "error": "#12508c", "travel": "#3b7a57", "trip": "#c1121f",
    "event": "#6b7280",
    "cells": "#7a3e9d #c2185b #8d6e63 #00838f",
}  # fmt: skip
STEP_COLOURS = {  # of each family of step kinds
    "approach": "#eceff1", "move": "#fff3dc", "visit": "#fbe9e7", "hold": "#e3f0fb", "drift": "#ede7f6",
    "release": "#e8f5e9", "watch": "#f5f5f5",
}  # fmt: skip
_STILL = ("hold", "drift")  # families of steps in which the force is meant to stay where it is
_BINS = 3000  # slices of the time axis; what lies in one of them is drawn as one point with a band
# states and steps have their own places in the picture
_QUIET_EVENTS = tuple(records.EVENTS[code] for code in (records.EVENT_STATE, records.EVENT_RANGE, records.EVENT_STEP_NOTE))


@dataclass(frozen=True)
class Step:
    """One step's span in test time / s."""

    begin_s: float
    end_s: float
    kind: str
    target_n: float | None
    outcome: str

    @property
    def family(self) -> str:
        """`watch`, of which a picture makes least, for a kind that only a newer press knows."""
        return str(OF[self.kind].family) if self.kind in OF else "watch"

    @property
    def still(self) -> bool:
        """Whether the force is meant to stay where it is."""
        return self.family in _STILL


def spans_of_steps(document: dict[str, Any], last_s: float) -> list[Step]:
    """The steps of a sidecar; a step whose end is missing ends where the next begins."""
    begins = [s for s in document.get("steps", []) if s["phase"] == "begins"]
    ends = {s["step_count"]: s for s in document.get("steps", []) if s["phase"] == "ends"}
    spans = []
    for i, step in enumerate(begins):
        following = begins[i + 1]["test_time_s"] if i + 1 < len(begins) else last_s
        end = ends.get(step["step_count"])
        until = end["test_time_s"] if end else following
        kind = OF.get(step["type"])
        outcome = (end["outcome"] or (kind.ended if kind else "done")) if end else ""  # what an end without a word means
        spans.append(Step(step["test_time_s"], until, step["type"], step["target_n"], outcome))
    return spans


def time_unit(span_s: float) -> tuple[float, str]:
    """(seconds in the axis's unit, its name) for a span of time."""
    for limit, factor, name in ((240, 1, "s"), (4 * 3600, 60, "min"), (4 * 86400, 3600, "h")):
        if span_s <= limit:
            return float(factor), name
    return 86400.0, "d"


def band(axis: Axis, x: Floats, low: Floats, high: Floats, mean: Floats, colour: str, label: str) -> None:
    """The mean as a line over the band from low to high; what is closer than the picture is fine is drawn as one.

    Time is cut, not the row of points: a hold of few rows keeps them all, however many a ramp beside it has.
    """
    if len(x) > 2 * _BINS:
        x, low, high, mean = thinned(x, low, high, mean)
    axis.fill_between(x, low, high, color=colour, alpha=0.28, lw=0)
    axis.plot(x, mean, color=colour, lw=1.2, label=label or None)


def thinned(x: Floats, low: Floats, high: Floats, mean: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The same in at most two points a slice of time: every extreme is kept, and a gap (NaN) stays one."""
    place = np.floor((x - x[0]) / max(float(x[-1] - x[0]), 1e-9) * _BINS)
    absent = ~np.isfinite(mean)
    new = (np.diff(place, prepend=-1.0) != 0) | (np.diff(absent, prepend=absent[:1]) != 0)
    new[0] = True
    edges = np.flatnonzero(new)
    sizes = np.diff(np.append(edges, len(x)))
    middle = np.add.reduceat(x, edges) / sizes
    with np.errstate(invalid="ignore"):
        return middle, np.fmin.reduceat(low, edges), np.fmax.reduceat(high, edges), np.add.reduceat(mean, edges) / sizes


def shade_steps(axis: Axis, steps: list[Step], factor: float, labels: bool) -> None:
    """Each step as a tinted span, named above the panel where there is room for a name."""
    whole = max((s.end_s for s in steps), default=1.0) - min((s.begin_s for s in steps), default=0.0) or 1.0
    for number, step in enumerate(steps, 1):
        axis.axvspan(step.begin_s / factor, step.end_s / factor, color=STEP_COLOURS[step.family], lw=0, zorder=0)
        axis.axvline(step.begin_s / factor, color="white", lw=1.0, zorder=0.5)
        part = (step.end_s - step.begin_s) / whole
        if labels and part > 0.012:
            name = f"{number} {step.kind}" if part > 0.0072 * (len(step.kind) + 3) else str(number)
            middle = (step.begin_s + step.end_s) / 2 / factor
            axis.text(middle, 1.015, name, transform=axis.get_xaxis_transform(), ha="center", va="bottom", fontsize=8,
                      color="0.35")  # fmt: skip


def mark_events(axis: Axis, document: dict[str, Any], factor: float, last: float, labels: bool = True) -> None:
    """Trips as red lines with their reason above the panel, other events as thin grey ones; the steps tell the states."""
    style: dict[str, Any] = {"rotation": 90, "va": "top", "ha": "right", "fontsize": 7.5}
    style["transform"] = axis.get_xaxis_transform()
    told = [e for e in document.get("events", []) if e["event"] not in _QUIET_EVENTS]
    for event in told[:60]:
        axis.axvline(event["test_time_s"] / factor, color=COLOURS["event"], lw=0.7, ls=":")
        if labels and len(told) <= 12:
            axis.text(event["test_time_s"] / factor, 0.97, event["text"][:40], color="0.3", **style)
    for trip in document.get("trips", []):
        at = trip["test_time_s"] / factor
        axis.axvline(at, color=COLOURS["trip"], lw=1.6)
        if labels:
            axis.annotate(f"tripped: {trip['reason']}", (at, 1.0), (0, 17), xycoords=axis.get_xaxis_transform(),
                          textcoords="offset points", ha="right" if at > 0.5 * last else "left", va="bottom",
                          fontsize=8, weight="bold", color=COLOURS["trip"])  # fmt: skip


def finish_time_axis(axes: Any, last: float, unit: str) -> None:
    """Grid, spines and the shared time axis."""
    for axis in axes:
        axis.grid(True, color="0.85", lw=0.5)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8.5)
        axis.yaxis.label.set_size(9.5)
        axis.margins(x=0)
    axes[-1].set_xlim(0, last)
    axes[-1].set_xlabel(f"test time / {unit}", fontsize=9.5)
    axes[0].figure.align_ylabels(list(axes))


def title_of(figure: Any, document: dict[str, Any]) -> None:
    """What was pressed, by which program, on which press, when, and how it ended."""
    height = figure.get_size_inches()[1]
    head = document.get("sample") or document.get("program") or "press log"
    figure.text(0.085, 1 - 0.36 / height, head, fontsize=14, weight="bold", va="center")
    figure.text(0.085, 1 - 0.62 / height, " · ".join(facts(document)), fontsize=9, color="0.35", va="center")
    colour = COLOURS["trip"] if document["outcome"] in ("tripped", "aborted", "cut off") else "0.35"
    figure.text(0.925, 1 - 0.36 / height, document["outcome"], fontsize=12, weight="bold", color=colour, ha="right",
                va="center")  # fmt: skip
    if document.get("missing_records"):
        text = missing_text(document["missing_records"])
        figure.text(0.925, 1 - 0.62 / height, text, fontsize=9, color=COLOURS["trip"], ha="right", va="center")


def missing_text(count: int) -> str:
    """How many records are missing, in words."""
    return {0: "no record is missing", 1: "1 record is missing"}.get(count, f"{count} records are missing")


def facts(document: dict[str, Any]) -> list[str]:
    """The line under the title."""
    out = [document["program"]] if document.get("program") and document.get("sample") else []
    if document.get("area_m2"):
        out.append(f"{document['area_m2'] * 1e6:.1f} mm²")
        out.append(f"peak {document['peak_pressure_pa'] / 1e6:#.4g} MPa")
    else:
        out.append(f"peak {document['peak_force_n']:.5g} N")
    out.append(f"press {document['press'].get('name') or document['press']['board']}")
    start = document["time"]["start_unix_s"]
    if start is not None:
        out.append(datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d %H:%M UTC"))
    return out
