"""Fill and vent valves: how fast the force goes with each of them open, and how late.

The press asks for a rate, from a guess of what an open valve gives. While a ramp goes on evenly, what it asks and what comes tell
how good the guess was; where the two begin to differ in time is the dead time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .result import BAD, GOOD, LEFT_OUT, TOLD, Line

if TYPE_CHECKING:
    import polars as pl

WINDOW_S = 0.4  # over which a rate is taken: some pulses
BEGINS_PART = 0.25  # of a ramp, until it goes on evenly
LONGEST_S = 0.15
EXCHANGED = "Are the two exchanged? Is the supply on?"
FLUID_PART = 0.65  # of the stack's stiffness, where nobody knows what is trapped: the reference press's
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Force rates / N/s with a valve open, at these forces / N; how late the force answers / s."""

    fill_n_per_s: float
    fill_at_n: float
    vent_n_per_s: float
    vent_at_n: float
    dead_s: float


@dataclass(frozen=True)
class Guess:
    """What the press was told while it was measured."""

    fill_n_per_s: float
    vent_n_per_s: float
    kv_per_s: float


def slope(at: Array, value: Array, window_s: float = WINDOW_S) -> Array:
    """Rate of change over a window round each row."""
    before = np.interp(at - window_s / 2, at, value)
    after = np.interp(at + window_s / 2, at, value)
    reach = np.minimum(at + window_s / 2, at[-1]) - np.maximum(at - window_s / 2, at[0])
    found: Array = (after - before) / reach
    return found


def measure(tables: Sequence["pl.DataFrame"], guess: Guess) -> tuple[Rates, list[Line]]:
    """From the ramps of these levels, which were run with this guess."""
    ramps = [_ramp(part) for table in tables for part in _parts(table)]
    up = [one for one in ramps if one[1] > 0]
    down = [one for one in ramps if one[1] < 0]
    # the slow ramps, whose pulses are the shortest: what a valve loses while it opens counts as in a hold and in an approach
    fill = _open_rate(up[:1], guess.fill_n_per_s, guess)
    vent = _open_rate(down[:1], guess.vent_n_per_s, guess)
    late = _dead_s([one[0] for one in ramps], guess)
    found = Rates(*fill, *vent, late)
    good = fill[0] > 0 and vent[0] > 0
    said, todo = ("filling is more force, venting less", "") if good else ("a valve does not move the force", EXCHANGED)
    lines = [
        Line("direction", GOOD if good else BAD, said, todo),
        Line("fill valve", TOLD, f"{fill[0]:.0f} N/s for the time it is open, short pulses, at {fill[1]:.0f} N"),
        Line("vent valve", TOLD, f"{vent[0]:.0f} N/s for the time it is open, short pulses, at {vent[1]:.0f} N"),
        Line("delay", TOLD, f"about {late * 1000:.0f} ms from a pulse to its force (by 30 ms: pulses hide it)"),
        Line("shortest pulse that moves the ram", LEFT_OUT, "not tried: the press file's valve_min_on_ms stands"),
        Line("fluid that closed valves trap", LEFT_OUT, f"taken for {FLUID_PART:g} of the block's stiffness"),
    ]  # fmt: skip
    return found, lines


def _parts(table: "pl.DataFrame") -> list["pl.DataFrame"]:
    moved = table.filter(table["Step Type"] == "ramp")
    return list(moved.partition_by("Step ID", maintain_order=True))


def _columns(part: "pl.DataFrame") -> tuple[Array, Array, Array]:
    """(time / s, force / N at the end of the row, set-point / N)."""
    from .identify import column

    at, force, wanted = (column(part, name) for name in ("Test Time / s", "Applied Force / N", "Set Force / N"))
    middle = at - np.gradient(at) / 2
    return at, np.interp(at, middle, force), wanted


def _ramp(part: "pl.DataFrame") -> tuple[tuple[Array, Array, Array], int]:
    found = _columns(part)
    return found, 1 if found[2][-1] > found[2][0] else -1


def _open_rate(ramps: Sequence[tuple[tuple[Array, Array, Array], int]], guess_n_per_s: float, guess: Guess) -> tuple[float, float]:
    """(N/s with the valve open, N at which) over the even part of the ramps."""
    ratios, forces = [], []
    for (at, force, wanted), _ in ramps:
        asked = slope(at, wanted) + guess.kv_per_s * (wanted - force)
        came = slope(at, force)
        begun = at > at[0] + max(WINDOW_S, BEGINS_PART * (at[-1] - at[0]))
        even = begun & (at < at[-1] - WINDOW_S) & (np.abs(asked) < guess_n_per_s)
        even &= np.abs(came) > 0.5 * np.median(np.abs(came[begun]))
        if even.sum() >= 5:
            ratios.append(float(np.sum(came[even]) / np.sum(asked[even])))
            forces.append(float(np.mean(force[even])))
    if not ratios:
        return guess_n_per_s, float(ramps[-1][0][1].mean()) if ramps else 0.0
    return guess_n_per_s * float(np.mean(ratios)), float(np.mean(forces))


def _dead_s(ramps: Sequence[tuple[Array, Array, Array]], guess: Guess) -> float:
    """The shift at which what was asked explains best what came."""
    best = (np.inf, 0.0)
    for late in np.arange(0.0, LONGEST_S, 0.005):
        left = 0.0
        for at, force, wanted in ramps:
            asked = slope(at, wanted, 0.06) + guess.kv_per_s * (wanted - force)
            came = slope(at, force, 0.06)
            there = np.interp(at - late, at, asked)
            part = float(there @ came) / max(float(there @ there), 1e-9)
            left += float(np.sum((came - part * there) ** 2))
        best = min(best, (left, float(late)))
    return best[1]
