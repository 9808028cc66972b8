"""Several runs in one picture, each from its own start: what was the same about them is seen at once, and what was not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stackpress.logs.drawing import COLOURS, finish_time_axis, thinned, time_unit
from stackpress.logs.plot import course, over_ticks
from stackpress.whole_file import whole

RUN_COLOURS = ("#12508c", "#c2410c", "#2d6a4f", "#7a3e9d", "#8d6e63", "#00838f", "#c2185b", "#4b5563")

_MANY = 6000  # points; more are drawn as what lies in a slice of time


def draw_overlay(
    runs: Sequence[tuple[Path, dict[str, Any]]],
    zeros: Sequence[float] = (),
    since: str = "each run's start",
    width_in: float = 11.0,
) -> Any:
    """The matplotlib figure of runs, each a table and its sidecar: pressure (force, unless every run has an area) and travel.

    `zeros` are the test times / s that become 0, those of `since` (in words).
    """
    from matplotlib.figure import Figure

    areas = all(side.get("area_m2") for _, side in runs)
    courses = [course(parquet, side if areas else {**side, "area_m2": None}) for parquet, side in runs]
    begins = list(zeros) or [0.0] * len(runs)
    for c, begin in zip(courses, begins, strict=True):
        c.t, c.middle = c.t - begin, c.middle - begin
    last = max((float(c.t[-1]) for c in courses if len(c.t)), default=1.0)
    factor, unit = time_unit(last)
    travel = any(c.travel_mm is not None for c in courses)
    head = 0.55 + 0.24 * len(runs)
    height = 0.6 + head + 4.2 + (1.9 if travel else 0)
    figure = Figure(figsize=(width_in, height))
    figure.subplots_adjust(left=0.085, right=0.97, top=1 - head / height, bottom=0.55 / height, hspace=0.1)
    ratios = [4.2, 1.9] if travel else [4.2]
    axes = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios})[:, 0]
    for number, (c, (_, side), begin) in enumerate(zip(courses, runs, begins, strict=True)):
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        time, low, high, mean = over_ticks(c, c.low, c.high, c.mean)
        time, low, high, mean = thinned(time, low, high, mean) if len(time) > _MANY else (time, low, high, mean)
        axes[0].fill_between(time / factor, low, high, color=colour, alpha=0.22, lw=0)
        axes[0].plot(time / factor, mean, color=colour, lw=_width(number), label=named(side))
        axes[0].plot(c.t / factor, c.target, color=colour, lw=0.9, ls=":", alpha=0.8)
        if c.travel_mm is not None:
            axes[1].plot(c.t / factor, c.travel_mm, color=colour, lw=_width(number))
        for trip in side.get("trips", []):
            axes[0].axvline((trip["test_time_s"] - begin) / factor, color=COLOURS["trip"], lw=1.2)
    axes[0].set_ylabel(f"{courses[0].label} / {courses[0].unit}")
    axes[0].set_ylim(0, max(float(np.nanmax(c.high, initial=1e-3)) for c in courses) * 1.06)
    if travel:
        axes[1].set_ylabel("travel / mm")
    axes[0].legend(loc="lower left", bbox_to_anchor=(0.085, 1 - (head - 0.08) / height), borderaxespad=0, frameon=False,
                   bbox_transform=figure.transFigure, fontsize=8.5)  # fmt: skip
    finish_time_axis(axes, last / factor, unit)
    axes[-1].set_xlim(min([0.0, *(float(c.t[0]) for c in courses if zeros and len(c.t))]) / factor, last / factor)
    axes[-1].set_xlabel(f"time since {since} / {unit}; dotted: set-point", fontsize=9.5)
    return figure


def _width(number: int) -> float:
    """Later runs are drawn thinner: of two that are the same both are seen."""
    return max(1.0, 3.2 - 1.1 * number)


def named(side: dict[str, Any]) -> str:
    """A run as a legend names it."""
    parts = [side.get("sample") or "no sample", side.get("program") or "", side["run_id"], side["outcome"]]
    return " · ".join(part for part in parts if part)


def overlay(
    runs: Sequence[tuple[Path, dict[str, Any]]],
    path: Path,
    dpi: int = 150,
    zeros: Sequence[float] = (),
    since: str = "each run's start",
) -> Path:
    """Write the picture to `path` (.png, .svg or .pdf). Raises OSError."""
    with whole(path) as partial:
        draw_overlay(runs, zeros, since).savefig(partial, dpi=dpi, facecolor="white")
    return path
