"""Pictures of a certificate and of a cell's history: errors beside the classes' limits, residuals of each degree, drift."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..logs.drawing import COLOURS
from .accuracy import CLASSES, VERIFY
from .evaluation import Evaluation
from .history import Certificate, Zero

FITTED, VERIFIED = "#9aa5b1", COLOURS["force"]
GREYS = ("#dcebe0", "#eef3e2", "#f9f0dd", "#fbe6e0")


def errors(found: Evaluation) -> Any:
    """q of every rising series over the force, the mean with its expanded uncertainty, and the classes as bands."""
    figure = _figure(3.9)
    axis = figure.subplots()
    _bands(axis, found)
    for level, part in zip(found.levels, found.budgets, strict=True):
        colour = VERIFIED if level.use == VERIFY else FITTED
        axis.plot([level.true_n] * len(level.errors), level.errors, ".", ms=5, color=colour, alpha=0.55)
        axis.errorbar([level.true_n], [level.q], yerr=[part.expanded], fmt="o" if level.use == VERIFY else "D", ms=5.5, capsize=4,
                      color=colour, lw=1.4)  # fmt: skip
        if level.v is not None:
            axis.plot([level.true_n], [level.q + level.v], "v", ms=6, mfc="white", color=colour)
    for label, mark, colour, fill in (("verified, mean ± expanded uncertainty", "o", VERIFIED, VERIFIED),
                                      ("fitted", "D", FITTED, FITTED), ("falling", "v", VERIFIED, "white")):  # fmt: skip
        if label != "fitted" or found.degree:
            axis.plot([], [], mark, color=colour, mfc=fill, label=label)
    if min(level.true_n for level in found.levels) < 0.05 * found.asked.range_n:
        axis.set_xscale("log")
    _named(axis, "reference force / N", "error / % of the force")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.13), ncols=3, frameon=False, fontsize=9)
    return figure


def _bands(axis: Any, found: Evaluation) -> None:
    """The classes as tints, as far as the points reach, the widest behind."""
    far = max(max(abs(level.q) + part.expanded, *(abs(e) for e in level.errors), abs(level.q + (level.v or 0.0)))
              for level, part in zip(found.levels, found.budgets, strict=True))  # fmt: skip
    widest = next((i for i, one in enumerate(CLASSES) if one.q >= far), len(CLASSES) - 1)
    for limits, tint in list(zip(CLASSES, GREYS, strict=True))[widest::-1]:
        axis.axhspan(-limits.q, limits.q, color=tint, lw=0, zorder=0)
        axis.text(0.995, limits.q, f"class {limits.name}", transform=axis.get_yaxis_transform(), ha="right", va="top", fontsize=8,
                  color="0.35")  # fmt: skip
    axis.axhline(0, color="0.4", lw=0.8)
    most = 1.12 * max(far, CLASSES[widest].q)
    axis.set_ylim(-most, most)


def residuals(found: Evaluation) -> Any:
    """What each degree leaves of the fitted readings, side by side on one scale."""
    figure = _figure(2.9)
    axes = figure.subplots(1, len(found.curves), sharey=True, squeeze=False)[0]
    for axis, one in zip(axes, found.curves, strict=True):
        taken = one.degree == found.degree
        axis.axhline(0, color="0.4", lw=0.8)
        axis.plot(found.fit_n, one.residuals, "o", ms=4.5, color=VERIFIED if taken else FITTED)
        axis.set_title(f"degree {one.degree}{' (taken)' if taken else ''}: rms {one.rms:.2g} %", fontsize=9)
        _named(axis, "fitted force / N", "shown less true / %" if axis is axes[0] else "")
    return figure


def drift(serial: str, certificates: Sequence[Certificate], found: Sequence[Zero]) -> Any:
    """A cell's zeros before and after every run over the days, and its certificates' sensitivity relative to the first."""
    figure = _figure(4.4)
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    days = [datetime.fromtimestamp(one.unix_s, UTC) for one in found]
    for values, mark, label in (
        ([one.before_n for one in found], "o", "before"),
        ([one.after_n for one in found], "v", "after"),
    ):
        seen = [(day, value) for day, value in zip(days, values, strict=True) if value is not None]
        above.plot([day for day, _ in seen], [value for _, value in seen], mark, ms=5, color=VERIFIED,
                   mfc=VERIFIED if mark == "o" else "white", label=f"{label} a run")  # fmt: skip
    dates = [datetime(one.done.year, one.done.month, one.done.day, tzinfo=UTC) for one in certificates]
    for axis in (above, below):
        for day in dates:
            axis.axvline(day, color=COLOURS["set"], lw=1.2, alpha=0.7)
    if certificates:
        first = certificates[0].counts_per_n
        below.plot(
            dates, [100 * (one.counts_per_n / first - 1) for one in certificates], "D-", ms=5, color=COLOURS["travel"], lw=1
        )
    _named(above, "", "zero / N")
    above.set_title(f"{serial}: zeros of the unloaded cell; certificates as lines", fontsize=10, loc="left")
    if found:
        above.legend(loc="best", frameon=False, fontsize=9)
    _named(below, "day", "sensitivity / %")
    figure.autofmt_xdate(rotation=0, ha="center")
    return figure


def _figure(height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(11, height), layout="constrained")


def _named(axis: Any, x: str, y: str) -> None:
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.grid(True, alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
