"""From readings to what the press gets and what a certificate says: fit, points of each cell, figures, class, uncertainty.

The figures are those of the points as the press will use them, rounded and joined by lines, so what the lines lack of the curve
is in them. Cells that carry a force together are one indication: the curve is of their sum by the calibration that they have,
and each gets its share of what is corrected. One cell alone is fitted from its codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median

import numpy as np

from ..calibration import CalibrationRefused, interpolate
from . import accuracy, curve
from .accuracy import DOWN, FIT, UP, VERIFY, Level, Shown
from .curve import Curve
from .readings import ZERO, Reading, Readings
from .reference import Reference
from .uncertainty import Budget, budget

Points = tuple[tuple[int, float], ...]
COUNTS: Points = ((0, 0.0), (1_000_000, 1_000_000.0))  # one cell alone: what it shows is its code
ODD = 0.1  # a reading whose force is further from the others' sensitivity was mistyped
ODD_OF_RANGE = 0.0005  # unless it is this part of the range: noise near zero
STEP_N = 0.01  # of what the press shows


@dataclass(frozen=True)
class Asked:
    """What is calibrated and how: `degree` 0 verifies what is in force, None takes the degree that the readings bear."""

    range_n: float
    degree: int | None = None
    resolution_n: float = STEP_N
    before: tuple[Points, ...] = ()  # of the cells together, as they are in force
    name: str = "high"  # of the range


@dataclass(frozen=True)
class Evaluation:
    """All that was found. Percentages are of the force; `f0` of the range. `points` are empty where nothing was fitted."""

    asked: Asked
    curves: tuple[Curve, ...]  # of each degree that the forces allow
    degree: int  # the one that was taken
    points: tuple[Points, ...]
    zero_codes: tuple[int, ...]
    levels: tuple[Level, ...]
    budgets: tuple[Budget, ...]  # of each level
    f0: float
    grade: str
    no_grade: str
    fit_x: tuple[float, ...] = ()
    fit_n: tuple[float, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def fitted(self) -> Curve | None:
        """The curve that was taken."""
        return next((one for one in self.curves if one.degree == self.degree), None)

    @property
    def verified(self) -> list[tuple[Level, Budget]]:
        """Levels that were not fitted."""
        return [(level, one) for level, one in zip(self.levels, self.budgets, strict=True) if level.use == VERIFY]


def evaluate(found: Readings, asked: Asked, reference: Reference) -> Evaluation:
    """Everything, from the readings. Raises CalibrationRefused with what makes them useless."""
    before = _before(found, asked)
    read = _responses(found.rows, before)
    _refuse_odd(read, asked.range_n)
    zeros = tuple(round(fmean(column)) for column in zip(*[r.codes for r in found.rows if r.step == ZERO], strict=True))
    curves, taken = _curves(read, asked)
    points = _points(read, before, zeros, taken) if taken else ()
    shown = _shown(found, points or before)
    levels = accuracy.levels([_as_verified(one) if taken is None else one for one in shown[0]], asked.resolution_n)
    f0 = accuracy.zero_error(shown[1], asked.range_n)
    warm = fmean(found.temperatures) if found.temperatures else reference.temperature_c
    budgets = tuple(budget(level, reference, warm) for level in levels)
    grade, why = accuracy.range_class(levels, f0, asked.range_n, reference.iso376_class)
    return Evaluation(
        asked, curves, taken.degree if taken else 0, points, zeros, tuple(levels), budgets, f0, grade, why,
        tuple(one.x for one in read if one.fits), tuple(one.row.reference_n for one in read if one.fits),
        tuple(_warnings(found, levels, asked, reference)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Response:
    """A loaded reading: what each cell showed less its series's zero, in the unit of `before`."""

    row: Reading
    parts: tuple[float, ...]

    @property
    def x(self) -> float:
        return sum(self.parts)

    @property
    def fits(self) -> bool:
        return self.row.use == FIT and self.row.step == UP


def _before(found: Readings, asked: Asked) -> tuple[Points, ...]:
    channels = found.channels
    if not channels:
        if asked.degree:
            raise CalibrationRefused(
                ["a force that the press showed can be verified, not fitted: say --degree 0, or read codes"]
            )
        return (COUNTS,)
    if asked.before and len(asked.before) != len(channels):
        raise CalibrationRefused([f"{len(channels)} cells were read, {len(asked.before)} calibrations of them are told"])
    if asked.before and (len(channels) > 1 or asked.degree == 0):
        return asked.before
    if len(channels) > 1 or asked.degree == 0:
        what = "cells that carry a force together are corrected" if len(channels) > 1 else "what is in force is verified"
        raise CalibrationRefused(
            [f"{what} by the calibration that they have: say --calibration FILE, or calibrate each alone first"]
        )
    return (COUNTS,)


def _force(points: Points, code: float) -> float:
    return interpolate(points, code)


def _responses(rows: Sequence[Reading], before: Sequence[Points]) -> list[_Response]:
    """The loaded readings, each from the zero that its series began with."""
    found: list[_Response] = []
    zero: dict[int, tuple[float, ...]] = {}
    for row in rows:
        forces = tuple(_force(points, code) for points, code in zip(before, row.codes, strict=True))
        if row.step == ZERO:
            zero.setdefault(row.series, forces)
        elif row.step in (UP, DOWN):
            start = zero[row.series]
            found.append(_Response(row, tuple(b - a for a, b in zip(start, forces, strict=True))))
    return found


def _refuse_odd(read: Sequence[_Response], range_n: float) -> None:
    """A reference that was mistyped bends the curve for all the others."""
    said = []
    if not read:
        raise CalibrationRefused(["no force was applied"])
    usual = median(one.row.reference_n / one.x if one.x else 0.0 for one in read)
    if usual <= 0:
        raise CalibrationRefused(["what the cells show falls under load: exchange the signal wires"])
    for one in read:
        row, told = one.row, usual * one.x
        off = abs(told - row.reference_n)
        if off > ODD * row.reference_n and off > ODD_OF_RANGE * range_n:
            said.append(f"series {row.series}, {row.step}: {row.reference_n:g} N beside {told:.6g} N by the other readings:"
                        " was it mistyped?")  # fmt: skip
        if row.reference_n > 1.05 * range_n:
            said.append(f"series {row.series}, {row.step}: {row.reference_n:g} N is beyond the range of {range_n:g} N")
    if said:
        raise CalibrationRefused(said)


def _curves(read: Sequence[_Response], asked: Asked) -> tuple[tuple[Curve, ...], Curve | None]:
    """The curves of each degree that the fitted forces allow, and the one to take; none at degree 0."""
    if asked.degree == 0:
        return (), None
    fits = [one for one in read if one.fits]
    level = _level_numbers([one.row.reference_n for one in fits])
    if len(set(level)) < 2:
        raise CalibrationRefused(
            [f"{len(set(level))} forces are to be fitted: a line wants 2, and others to verify it (column use)"]
        )
    curves = tuple(curve.fitted([one.x for one in fits], [one.row.reference_n for one in fits], level, degree)
                   for degree in curve.DEGREES if len(set(level)) > degree)  # fmt: skip
    if asked.degree is None:
        return curves, curve.chosen(curves)
    taken = next((one for one in curves if one.degree == asked.degree), None)
    if taken is None:
        raise CalibrationRefused(
            [f"{len(set(level))} forces are fitted, degree {asked.degree} wants {asked.degree + 1} at least"]
        )
    if not taken.rises():
        raise CalibrationRefused([f"the curve of degree {asked.degree} does not rise everywhere: take a lower one"])
    return curves, taken


def _level_numbers(forces: Sequence[float]) -> list[int]:
    """Which of the readings are of one force."""
    number, before, found = -1, 0.0, {}
    for force in sorted(set(forces)):
        number += force > before * (1 + accuracy.SAME_LEVEL)
        before = force
        found[force] = number
    return [found[force] for force in forces]


def _points(read: Sequence[_Response], before: Sequence[Points], zeros: Sequence[int], taken: Curve) -> tuple[Points, ...]:
    """What each cell gets: codes where the curve is sampled, and its share of the curve's force."""
    largest = max(read, key=lambda one: one.x)
    shares = [sum(one.parts[i] for one in read) / sum(one.x for one in read) for i in range(len(before))]
    if min(shares) <= 0:
        raise CalibrationRefused(
            [f"cell {shares.index(min(shares)) + 1} of those together bears nothing: {largest.row.reference_n:g} N"]
        )
    at = curve.knots(taken)
    found = []
    for points, zero, share in zip(before, zeros, shares, strict=True):
        start = _force(points, zero)
        codes = [_code(points, start + share * float(x)) for x in at]
        found.append(tuple((round(code), round(share * float(taken.force(x)), 2)) for code, x in zip(codes, at, strict=True)))
    return tuple(found)


def _code(points: Points, force: float) -> float:
    """The code that shows a force: `interpolate` the other way round."""
    pairs = list(zip(points, points[1:], strict=False))
    low, high = next((pair for pair in pairs if force <= pair[1][1]), pairs[-1])
    return low[0] + (force - low[1]) * (high[0] - low[0]) / (high[1] - low[1])


def _shown(found: Readings, points: Sequence[Points]) -> tuple[list[Shown], list[float]]:
    """What the press shows by these points: at each load, and unloaded behind each series."""
    loads = [
        Shown(one.row.series, one.row.step, one.row.use, one.row.reference_n, one.x) for one in _responses(found.rows, points)
    ]
    returned = []
    for rows in found.series().values():
        first, last = rows[0], rows[-1]
        returned.append(sum(_force(p, b) - _force(p, a) for p, a, b in zip(points, first.codes, last.codes, strict=True)))
    return loads, returned


def _as_verified(one: Shown) -> Shown:
    return replace(one, use=VERIFY)


def _warnings(found: Readings, levels: Sequence[Level], asked: Asked, reference: Reference) -> list[str]:
    """What a reviewer would ask about."""
    said = []
    if found.preloads < 3:
        said.append(
            f"{found.preloads} preloads are told where three are usual: the first series may carry the fixture's settling."
        )
    if not any(one.v is not None for one in levels):
        said.append("No series fell: reversibility is not known, and a force that was approached from above may be off by it.")
    if asked.resolution_n <= STEP_N:
        said.append(
            f"No resolution was told: a step of what is shown, {STEP_N:g} N, is taken; noise is in none of these figures."
        )
    warm = found.temperatures
    if not warm:
        said.append("No temperature was told: its part of the uncertainty is taken as that of the reference's own calibration.")
    elif min(warm) < 10 or max(warm) > 35:
        said.append(f"It was {min(warm):g} to {max(warm):g} °C: ISO 7500-1 wants 10 to 35 °C.")
    elif max(warm) - min(warm) > 2:
        said.append(f"The temperature moved by {max(warm) - min(warm):.1f} K; more than 2 K is too much for one series.")
    top = max((one.true_n for one in levels), default=0.0)
    if reference.capacity_n < top:
        said.append(f"{top:.6g} N is beyond the reference's {reference.capacity_n:g} N.")
    if np.isfinite(top) and top < 0.9 * asked.range_n:
        said.append(f"The largest force was {top:.6g} N, {100 * top / asked.range_n:.0f} % of the range.")
    return said
