"""One picture of a run that can be read at a glance and trusted at a second look.

The full course of the pressure comes first; a second panel enlarges what the peak would flatten (a 5 MPa hold after
370 MPa); below them stand the deviation in the holds, travel, and how the load cells share the force. What is drawn is
the mean with the smallest and largest force of every sample's ticks as a band; nothing is smoothed. Means stand at the
middle of their ticks, what a sample says of its end (set-point, travel, cells) stands there. Missing records are shaded,
not bridged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stackpress.logs.drawing import (
    COLOURS,
    Axis,
    Step,
    band,
    finish_time_axis,
    mark_events,
    shade_steps,
    spans_of_steps,
    time_unit,
    title_of,
)
from stackpress.view.snapshot import SHARES_ABOVE_N
from stackpress.whole_file import whole

Floats = npt.NDArray[np.float64]
_LOW = 0.2  # a hold below this part of the peak gets its own, enlarged panel


@dataclass
class Course:
    """What is drawn, in the units of the picture: pressure / MPa, or force / kN when there is no area."""

    t: Floats
    mean: Floats
    low: Floats
    high: Floats
    target: Floats
    middle: Floats  # of each sample's ticks: where its mean, smallest and largest belong
    still: npt.NDArray[np.bool_]  # rows of steps in which the force is meant to stay: drawn over all of their ticks
    travel_mm: Floats | None
    shares: dict[str, Floats]
    label: str
    unit: str
    gaps: list[tuple[float, float]]


def course(parquet: Path, document: dict[str, Any]) -> Course:
    """The columns of a run's table that are drawn, time in s."""
    import polars as pl

    table = pl.read_parquet(parquet)
    area = document.get("area_m2") or 0.0
    scale, label, unit = (1e-6 / area, "Pressure", "MPa") if area else (1e-3, "Force", "kN")

    def column(name: str) -> Floats:
        return np.asarray(table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy(), float)

    force = column("Applied Force / N")
    shares = {}
    cells = [c for c in table.columns if c.startswith("Force Cell ")]
    parallel = cells[:3] if len(cells) == 4 else cells  # the fourth of four is the low range, in series
    if len(parallel) > 1:
        together = np.sum([column(name) for name in parallel], axis=0)
        together[~(together >= SHARES_ABOVE_N)] = np.nan
        for name in parallel:
            shares[name.removesuffix(" / N").removeprefix("Force ").lower()] = 100.0 * column(name) / together
    t, seqs = column("Test Time / s"), table["Record Index / 1"].to_numpy().astype(np.int64)
    lost = {g["first"] for g in document.get("gaps", [])}
    where = [i for i in np.flatnonzero(np.diff(seqs) > 1) if any(seqs[i] < s <= seqs[i + 1] for s in lost)]
    middle = middles(t, column("Ticks / 1"), document.get("tick_hz"))
    return Course(
        t, force * scale, column("Force Min / N") * scale, column("Force Max / N") * scale,
        column("Set Force / N") * scale, middle, _still(middle, spans_of_steps(document, float(t[-1]) if len(t) else 0.0)),
        column("Displacement / m") * 1e3 if "Displacement / m" in table.columns else None,
        shares, label, unit, [(float(t[i]), float(t[i + 1])) for i in where],
    )  # fmt: skip


def middles(t: Floats, ticks: Floats, hz: float | None) -> Floats:
    """The middle of each sample's ticks, which end at `t`; without a tick rate they begin where those before ended."""
    since = np.diff(t, prepend=min(0.0, float(t[0])) if len(t) else 0.0)
    return t - 0.5 * (np.fmin(ticks / hz, since) if hz else since)


def _still(middle: Floats, steps: Sequence[Step]) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(middle), bool)
    for step in steps:
        if step.still:
            inside |= (middle >= step.begin_s) & (middle <= step.end_s)
    return inside


def over_ticks(c: Course, *values: Floats) -> list[Floats]:
    """Time and these values as they are drawn: where the force stays, each row from its first tick to its last, else its middle."""
    twice = np.where(c.still, 2, 1)
    first = np.concatenate([[0], np.cumsum(twice)[:-1]]).astype(int)
    time = np.repeat(c.middle, twice)
    time[first[c.still]] = (2 * c.middle - c.t)[c.still]
    time[first[c.still] + 1] = c.t[c.still]
    return [time, *(np.repeat(v, twice) for v in values)]


def draw(parquet: Path, document: dict[str, Any], width_in: float = 11.0, titled: bool = True) -> Any:
    """The matplotlib figure of a run (not shown), with its title or, for a report that has its own, without."""
    from matplotlib.figure import Figure

    c = course(parquet, document)
    factor, unit = time_unit(float(c.t[-1] - c.t[0]) if len(c.t) else 1.0)
    steps = spans_of_steps(document, float(c.t[-1]) if len(c.t) else 0.0)
    low = _low_top(c, steps)
    holds = [s for s in steps if s.still]
    rows = [("full", 3.0)] + ([("low", 2.2)] if low else []) + ([("error", 1.5)] if holds else [])
    rows += [("travel", 1.5)] if c.travel_mm is not None or c.shares else []
    heights = [h for _, h in rows]
    head = 1.2 if titled else 0.6
    height = 0.55 + head + sum(heights)
    figure = Figure(figsize=(width_in, height))
    figure.subplots_adjust(left=0.085, right=0.925, top=1 - head / height, bottom=0.55 / height, hspace=0.12)
    axes = figure.subplots(len(rows), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for number, ((name, _), axis) in enumerate(zip(rows, axes, strict=True)):
        shade_steps(axis, steps, factor, labels=number == 0)
        for a, b in c.gaps:
            axis.axvspan(a / factor, b / factor, facecolor="none", edgecolor=COLOURS["trip"], hatch="////", lw=0)
        {"full": _full, "low": _low, "error": _error, "travel": _travel}[name](axis, c, factor, low, holds)
    last = float(c.t[-1]) / factor if len(c.t) else 1.0
    first_trip = min((trip["test_time_s"] / factor for trip in document.get("trips", [])), default=last)
    side = "left" if first_trip > 0.5 * last else "right"  # trips are named in the same line
    axes[0].legend(loc=f"lower {side}", bbox_to_anchor=(0.085 if side == "left" else 0.925, 1 - (head - 0.2) / height),
                   bbox_transform=figure.transFigure, borderaxespad=0, ncols=2, frameon=False, fontsize=8)  # fmt: skip
    mark_events(axes[0], document, factor, last)
    for axis in axes[1:]:
        mark_events(axis, document, factor, last, labels=False)
    finish_time_axis(axes, last, unit)
    if titled:
        title_of(figure, document)
    return figure


def plot(parquet: Path, document: dict[str, Any], path: Path, dpi: int = 150) -> Path:
    """Write the picture to `path` (.png or .svg). Raises OSError."""
    figure = draw(parquet, document)
    with whole(path) as partial:
        figure.savefig(partial, dpi=dpi, facecolor="white")
    return path


def _low_top(c: Course, steps: list[Any]) -> float | None:
    """Upper end of the enlarged panel, or None if the full one shows everything."""
    peak = float(np.nanmax(c.high, initial=0.0))
    tops = []
    for step in steps:
        inside = (c.t >= step.begin_s) & (c.t <= step.end_s) & np.isfinite(c.mean)
        if step.still and inside.sum() > 2:
            level = float(np.nanmedian(c.mean[inside]))
            if 0 < level < _LOW * peak:
                tops.append(level)
    return max(tops) * 1.6 if tops else None


def _full(axis: Axis, c: Course, factor: float, low: float | None, holds: list[Any]) -> None:
    axis.plot(c.t / factor, c.target, color=COLOURS["set"], lw=3.0, alpha=0.65, label="set-point")
    told = f"{c.label.lower()}: mean, smallest to largest"
    time, low_force, high_force, mean = over_ticks(c, c.low, c.high, c.mean)
    band(axis, time / factor, low_force, high_force, mean, COLOURS["force"], told)
    axis.set_ylabel(f"{c.label} / {c.unit}")
    axis.set_ylim(0, float(np.nanmax(c.high, initial=1e-3)) * 1.06)


def _low(axis: Axis, c: Course, factor: float, low: float | None, holds: list[Any]) -> None:
    axis.plot(c.t / factor, c.target, color=COLOURS["set"], lw=3.0, alpha=0.65)
    time, low_force, high_force, mean = over_ticks(c, c.low, c.high, c.mean)
    band(axis, time / factor, low_force, high_force, mean, COLOURS["force"], "")
    axis.set_ylim(0, low)
    axis.set_ylabel(f"enlarged / {c.unit}")


def _error(axis: Axis, c: Course, factor: float, low: float | None, holds: list[Any]) -> None:
    """Deviation from the set-point in the holds, in per cent of it."""
    before = np.concatenate([c.target[:1], c.target[:-1]])
    between = np.interp(c.middle, c.t, c.target) if len(c.t) else c.target
    target = np.where(c.target > 0, between, before)  # a trip takes the set-point away at once
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.where(c.still & (np.abs(target) > 1e-9), target, np.nan)
        mean, lower, upper = (100.0 * (v - target) / base for v in (c.mean, c.low, c.high))
    time, low_error, high_error, mean_error = over_ticks(c, lower, upper, mean)
    band(axis, time / factor, low_error, high_error, mean_error, COLOURS["error"], "")
    seen = np.abs(np.concatenate([lower, upper]))
    seen = seen[np.isfinite(seen)]
    reach = max(0.05, float(np.percentile(seen, 99.0)) * 1.3) if len(seen) else 1.0
    axis.set_ylim(-reach, reach)
    axis.axhline(0, color=COLOURS["set"], lw=1.0, zorder=1)
    axis.set_ylabel("off set-point / %")
    beyond = int((seen > reach).sum())
    if beyond:
        text = f"largest {seen.max():.3g} %, beyond this scale"
        axis.text(0.995, 0.93, text, transform=axis.transAxes, ha="right", va="top", fontsize=7.5, color="0.35")


def _travel(axis: Axis, c: Course, factor: float, low: float | None, holds: list[Any]) -> None:
    if c.travel_mm is not None:
        axis.plot(c.t / factor, c.travel_mm, color=COLOURS["travel"], lw=1.3)
    axis.set_ylabel("travel / mm", color=COLOURS["travel"])
    if not c.shares:
        return
    right = axis.twinx()
    for (name, share), colour in zip(c.shares.items(), COLOURS["cells"].split(), strict=False):
        right.plot(c.t / factor, share, color=colour, lw=0.9, label=name)
    every = np.concatenate(list(c.shares.values()))
    every = every[np.isfinite(every)]
    if len(every):
        low_share, high_share = np.percentile(every, [1, 99])
        pad = max(1.0, 0.35 * (high_share - low_share))
        right.set_ylim(low_share - pad, high_share + pad)
    right.set_ylabel("share of their sum / %")
    right.spines["top"].set_visible(False)
    right.legend(loc="lower right", bbox_to_anchor=(0.925, 0.0), bbox_transform=axis.figure.transFigure, borderaxespad=0.3,
                 ncols=len(c.shares), frameon=False, fontsize=8)  # fmt: skip
