"""A curve from what the cells show to force, of degree 1 to 3, fitted and not drawn through every point.

It passes through the unloaded cell: each series begins with its zero, and a run takes the zero out anew. Deviations count as
parts of the force, since so do the limits of ISO 7500-1; plain newtons would leave the low end to the noise of the high one. A
degree costs freedom: how well each predicts a force that was left out says which one the readings bear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..config.calibration_file import POINTS_MAX

DEGREES = (1, 2, 3)
AS_GOOD = 1.1  # a lower degree that predicts nearly as well is taken
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """force / N = sum of coefficients[i] * (x / scale) ** (i + 1). `residuals` are shown less true / % at each reading fitted."""

    degree: int
    scale: float
    coefficients: tuple[float, ...]
    residuals: tuple[float, ...]
    rms: float  # of the residuals, with the degrees of freedom that are left / %
    predicts: float  # rms error at a force that was left out / %; nan where too few forces are left

    def force(self, x: Any) -> Any:
        """Force / N of what the cells show."""
        part = np.asarray(x, float) / self.scale
        return sum(c * part ** (i + 1) for i, c in enumerate(self.coefficients))

    def rises(self) -> bool:
        """Whether it rises over the whole range: else two readings would be one force."""
        return bool(np.all(np.diff(self.force(np.linspace(0, self.scale, 200))) > 0))


def fitted(x: Sequence[float], force_n: Sequence[float], level: Sequence[int], degree: int) -> Curve:
    """The curve of this degree; `level` says which readings are of one force. Raises ValueError where the forces are too few."""
    if len(set(level)) <= degree:
        raise ValueError(
            f"{len(set(level))} forces were fitted; degree {degree} wants {degree + 1} at least, so that residuals are left"
        )
    xs, forces, which = np.asarray(x, float), np.asarray(force_n, float), np.asarray(level)
    scale = float(np.max(np.abs(xs))) or 1.0
    found = _solved(xs / scale, forces, degree)
    off = 100 * (_value(xs / scale, found) - forces) / forces
    rms = float(np.sqrt(np.sum(off**2) / max(1, len(off) - degree)))
    return Curve(
        degree, scale, tuple(map(float, found)), tuple(map(float, off)), rms, _predicts(xs / scale, forces, which, degree)
    )


def _solved(part: Floats, forces: Floats, degree: int) -> Floats:
    basis = np.stack([part ** (i + 1) for i in range(degree)], axis=1) / forces[:, None]
    found, *_ = np.linalg.lstsq(basis, np.ones(len(forces)), rcond=None)
    return np.asarray(found, float)


def _value(part: Floats, coefficients: Floats) -> Floats:
    return np.asarray(sum(c * part ** (i + 1) for i, c in enumerate(coefficients)), float)


def _predicts(part: Floats, forces: Floats, level: npt.NDArray[Any], degree: int) -> float:
    """Each force left out once, and foretold from the others."""
    names = np.unique(level)
    if len(names) <= degree + 1:
        return float("nan")
    errors = []
    for one in names:
        there = level != one
        found = _solved(part[there], forces[there], degree)
        errors.append(100 * (_value(part[~there], found) - forces[~there]) / forces[~there])
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def chosen(curves: Sequence[Curve]) -> Curve:
    """The lowest degree that foretells a force nearly as well as the best does."""
    told = [one for one in curves if one.rises() and np.isfinite(one.predicts)]
    if not told:
        return curves[0]
    best = min(one.predicts for one in told)
    return next(one for one in told if one.predicts <= AS_GOOD * best)


def knots(curve: Curve) -> Floats:
    """Where the press's points stand, which it joins by lines: two on a line, all that it keeps on a bent curve."""
    return np.linspace(0, curve.scale, 2 if curve.degree == 1 else POINTS_MAX)
