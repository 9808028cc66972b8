"""Calibrating a load cell: judge what was read, gather points of reference force and code, fit what the press gets.

The host does the arithmetic, because it has floats and can explain itself; the press judges the result once more. A
point is refused when its reading cannot be right: a saturated converter, a code that never changes, a force that is
still moving, a span too small to divide by. Accepting such a point would make every later newton wrong without
looking wrong.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from .config.calibration_file import CODE_MAX, POINTS_MAX, CellCalibration, point_complaints

SAMPLES_MIN = 8
UNSTABLE_COUNTS = 1700  # 0.02 % of the converter's scale, between the halves of a reading
NOISY_COUNTS = 1700
SPAN_MIN_COUNTS = 20_000  # below it, 1 count of drift is more than 50 ppm of the span
SPAN_MIN_SIGMAS = 1000
SAME_FORCE = 0.005  # references that differ by less than this part are one load, read again
CODES_PER_NEWTON_SPREAD = 0.3  # slopes of neighbouring segments may differ by this part; more is a mistyped reference


class CalibrationRefused(ValueError):
    """A reading or a set of points is unusable; `complaints` says why, all of it."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(self.complaints))


@dataclass(frozen=True)
class Reading:
    """One cell's codes, read over a second or so while nothing was touched."""

    codes: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean code."""
        return statistics.fmean(self.codes)

    @property
    def sigma(self) -> float:
        """Standard deviation of a code, counts."""
        return statistics.pstdev(self.codes)

    @property
    def drift(self) -> float:
        """Second half's mean less the first half's, counts."""
        half = len(self.codes) // 2
        return statistics.fmean(self.codes[half:]) - statistics.fmean(self.codes[:half])


def reading_complaints(reading: Reading, rail: int = CODE_MAX) -> list[str]:
    """Why a reading cannot be used; empty if it can. `rail` is the code that counts as saturated."""
    codes = reading.codes
    if len(codes) < SAMPLES_MIN:
        return [f"only {len(codes)} samples came; at least {SAMPLES_MIN} are needed"]
    found = []
    worst = max(abs(code) for code in codes)
    if worst >= rail:
        found.append(f"the converter is saturated (code {worst}): open bridge, wrong wiring or overload")
    if len(set(codes)) == 1:
        found.append(f"the code is frozen at {codes[0]}: a real cell is never still to the last bit")
    if abs(reading.drift) > UNSTABLE_COUNTS:
        found.append(f"the force is still moving ({reading.drift:+.0f} counts): wait until it is steady")
    elif reading.sigma > NOISY_COUNTS:
        found.append(f"the reading is unsteady ({reading.sigma:.0f} counts): vibration, or a loose wire")
    return found


@dataclass(frozen=True)
class Fit:
    """What was fitted. `residuals_n`: reference less fit at each reading / N; `worst_permille` of the largest load."""

    cell: CellCalibration
    residuals_n: tuple[tuple[float, float], ...]
    worst_permille: float
    counts_per_n: float


@dataclass
class Session:
    """One cell's calibration: `zero`, then `point` for each reference load, then `fit`. Nothing is sent anywhere.

    `rail` is the code that counts as saturated, `capacity_n` what the cell bears (0: not known).
    """

    serial: str
    rail: int = CODE_MAX
    capacity_n: float = 0.0
    _zero: Reading | None = None
    _points: list[tuple[float, Reading]] = field(default_factory=list)

    @property
    def loads(self) -> int:
        """How many loads have been accepted."""
        return len(self._points)

    def zero(self, reading: Reading) -> None:
        """Take the reading of the unloaded cell. Raises CalibrationRefused."""
        _refuse(reading_complaints(reading, self.rail))
        self._zero = reading

    def point(self, force_n: float, reading: Reading) -> None:
        """Take a reading at a known force / N. Raises CalibrationRefused; the points so far stay."""
        found = reading_complaints(reading, self.rail)
        if self._zero is None:
            found.append("the zero comes first")
        if not 0 < force_n <= 1_000_000:
            found.append(f"{force_n:g} N is not a reference force: above 0, at most 1000 kN")
        if self._zero is not None and not found:
            found += self._span_complaints(force_n, reading, self._zero)
        _refuse(found)
        self._points.append((force_n, reading))

    def drop_last(self) -> None:
        """Forget the last load."""
        if self._points:
            self._points.pop()

    def _span_complaints(self, force_n: float, reading: Reading, zero: Reading) -> list[str]:
        span = reading.mean - zero.mean
        needed = max(SPAN_MIN_COUNTS, SPAN_MIN_SIGMAS * zero.sigma / 20)
        largest = force_n >= max((force for force, _ in self._points), default=0.0)
        if largest and abs(span) < needed:
            return [f"the span is tiny: {span:.0f} counts for {force_n:g} N, at least {needed:.0f} are needed"]
        if span < 0:
            return [f"the code falls under load ({span:.0f} counts): exchange the signal wires of this cell"]
        return []

    def fit(self, unix_s: int | None = None) -> Fit:
        """Fit what the press is given. Raises CalibrationRefused if the points do not make a calibration."""
        if self._zero is None or not self._points:
            raise CalibrationRefused(["a zero and at least one reference load are needed"])
        pairs = [(0.0, self._zero.mean), *((force, one.mean) for force, one in self._points)]
        knots = _knots(pairs)
        points = tuple((round(code), round(force, 2)) for force, code in knots)
        _refuse(point_complaints(points) + _slope_complaints(knots))
        _refuse(_end_complaints(points, self.capacity_n))
        when = int(time.time()) if unix_s is None else unix_s
        cell = CellCalibration(self.serial, points, round(self._zero.mean), when)
        residuals = tuple((force, force - interpolate(points, code)) for force, code in pairs)
        top = max(force for force, _ in pairs)
        worst = max(abs(left) for _, left in residuals) / top * 1000
        return Fit(cell, residuals, worst, (points[-1][0] - points[0][0]) / (points[-1][1] - points[0][1]))


def _refuse(complaints: Sequence[str]) -> None:
    if complaints:
        raise CalibrationRefused(complaints)


def _slope_complaints(knots: Sequence[tuple[float, float]]) -> list[str]:
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(knots, knots[1:], strict=False) if b[0] > a[0]]
    found = []
    for index, (before, after) in enumerate(zip(slopes, slopes[1:], strict=False)):
        if before > 0 and abs(after / before - 1) > CODES_PER_NEWTON_SPREAD:
            found.append(
                f"between {knots[index][0]:g}, {knots[index + 1][0]:g} and {knots[index + 2][0]:g} N the sensitivity"
                f" changes by {abs(after / before - 1) * 100:.0f} %: was a reference force mistyped?"
            )
    return found


def _end_complaints(points: Sequence[tuple[int, float]], capacity_n: float) -> list[str]:
    """The press refuses the same: a cell that the converter does not see to its end would be trusted and never read full."""
    end_n = interpolate(points, CODE_MAX)
    if end_n >= capacity_n:
        return []
    return [
        f"the converter ends at {end_n:.6g} N while the cell bears {capacity_n:.6g} N (its ceiling):"
        " was a reference force mistyped, or is the bridge fed too much?"
    ]


def _knots(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Mean code of each load; of more loads than the press keeps points, the least-squares polyline."""
    loads: list[list[tuple[float, float]]] = []
    for force, code in sorted(pairs):
        if loads and force - loads[-1][0][0] <= SAME_FORCE * max(force, 1e-9):
            loads[-1].append((force, code))
        else:
            loads.append([(force, code)])
    means = [(statistics.fmean(f for f, _ in load), statistics.fmean(c for _, c in load)) for load in loads]
    return means if len(means) <= POINTS_MAX else _polyline(means)


def _polyline(means: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Fit codes at POINTS_MAX knots so that the polyline is nearest to all loads; the zero is kept exactly."""
    import numpy as np

    forces = np.array([force for force, _ in means])
    codes = np.array([code for _, code in means])
    chosen = np.unique(np.linspace(0, len(means) - 1, POINTS_MAX).round().astype(int))
    knots = forces[chosen]
    basis = np.array([np.interp(forces, knots, row) for row in np.eye(len(knots))]).T
    weights = np.ones(len(forces))
    weights[0] = 1e6
    fitted, *_ = np.linalg.lstsq(basis * weights[:, None], codes * weights, rcond=None)
    return [(float(force), float(code)) for force, code in zip(knots, fitted, strict=True)]


def interpolate(points: Sequence[tuple[int, float]], code: float) -> float:
    """Force / N of a code: the polyline through the points, its end segments prolonged, as the press does it."""
    pairs = list(zip(points, points[1:], strict=False))
    for low, high in pairs:
        if code <= high[0] or (low, high) == pairs[-1]:
            return low[1] + (code - low[0]) * (high[1] - low[1]) / (high[0] - low[0])
    raise CalibrationRefused(["fewer than two points"])
