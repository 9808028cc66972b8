"""The errors of a force indication as ISO 7500-1 names them: q, b, v, f0, a, and the class that they allow.

Each is a percentage of the force at which it was found, f0 of the range's largest force. A reading is what the press shows less
what it showed unloaded at the series's begin, beside the reference's force:

    q = (shown - true) / true    accuracy, mean of the rising series          b = largest q - smallest q    repeatability
    v = q falling - q rising     reversibility, of the same series            f0 = shown unloaded afterwards / range    zero
    a = resolution / true        resolution

The limits are those of the standard's table of classes. A level that was fitted has figures, and no say in the class: a curve
passes near to what it was drawn through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from statistics import fmean

FIT, VERIFY = "fit", "verify"
UP, DOWN = "up", "down"
SAME_LEVEL = 0.03  # forces of different series with less than this part between neighbours are one level
LEVELS_LEAST, SERIES_LEAST = 5, 3  # what a class is judged from
RANGE_PART = 0.2  # a class is of the range from here to its end


@dataclass(frozen=True)
class Limits:
    """The largest figures of a class / %."""

    name: str
    q: float
    b: float
    v: float
    f0: float
    a: float


CLASSES = (
    Limits("0.5", 0.5, 0.5, 0.75, 0.05, 0.25),
    Limits("1", 1.0, 1.0, 1.5, 0.1, 0.5),
    Limits("2", 2.0, 2.0, 3.0, 0.2, 1.0),
    Limits("3", 3.0, 3.0, 4.5, 0.3, 1.5),
)
NO_CLASS = "none"
NAMES = tuple(one.name for one in CLASSES)


@dataclass(frozen=True)
class Shown:
    """One reading beside the reference's / N; the series's number, `up` or `down`, `fit` or `verify`."""

    series: int
    direction: str
    use: str
    true_n: float
    shown_n: float

    @property
    def q(self) -> float:
        """Relative error / %."""
        return 100 * (self.shown_n - self.true_n) / self.true_n


@dataclass(frozen=True)
class Level:
    """One force of the series, its figures / %; `v` is None where no series fell through it. `errors` are the rising series's q."""

    true_n: float
    use: str
    errors: tuple[float, ...]
    q: float
    b: float
    v: float | None
    a: float

    def meets(self, limits: Limits, f0: float) -> bool:
        """Whether the figures, and the zero of the series, are within a class."""
        pairs = ((self.q, limits.q), (self.b, limits.b), (self.v or 0.0, limits.v), (self.a, limits.a), (f0, limits.f0))
        return all(abs(found) <= most + 1e-9 for found, most in pairs)


def levels(shown: Sequence[Shown], resolution_n: float) -> list[Level]:
    """The readings by level, from the lowest force; those of a level that never rose are left out."""
    groups: list[list[Shown]] = []
    for one in sorted(shown, key=lambda one: (one.use, one.true_n)):
        if groups and groups[-1][0].use == one.use and one.true_n <= groups[-1][-1].true_n * (1 + SAME_LEVEL):
            groups[-1].append(one)
        else:
            groups.append([one])
    found = [_level(group, resolution_n) for group in groups if any(one.direction == UP for one in group)]
    return sorted(found, key=lambda level: level.true_n)


def _level(group: Sequence[Shown], resolution_n: float) -> Level:
    rising = [one for one in group if one.direction == UP]
    before = {one.series: one.q for one in rising}
    back = [one.q - before[one.series] for one in group if one.direction == DOWN and one.series in before]
    errors = tuple(one.q for one in rising)
    true_n = fmean(one.true_n for one in rising)
    return Level(true_n, rising[0].use, errors, fmean(errors), max(errors) - min(errors), fmean(back) if back else None,
                 100 * resolution_n / true_n)  # fmt: skip


def zero_error(returned_n: Sequence[float], range_n: float) -> float:
    """f0 / %: the largest force that is shown unloaded behind a series, of the range."""
    return max((100 * one / range_n for one in returned_n), key=abs, default=0.0)


def level_class(level: Level, f0: float) -> str:
    """The best class whose limits the level keeps; NO_CLASS beyond the last."""
    return next((limits.name for limits in CLASSES if level.meets(limits, f0)), NO_CLASS)


def judged(found: Sequence[Level]) -> list[Level]:
    """The levels that have a say: not fitted, three rising series."""
    return [one for one in found if one.use == VERIFY and len(one.errors) >= SERIES_LEAST]


def range_class(found: Sequence[Level], f0: float, range_n: float, reference: str) -> tuple[str, str]:
    """(class of the range from a fifth of it to its end, why there is none). Never better than the reference's own class."""
    counted = [one for one in judged(found) if one.true_n >= RANGE_PART * range_n * (1 - SAME_LEVEL)]
    if len(counted) < LEVELS_LEAST:
        return NO_CLASS, (f"{len(counted)} forces from {100 * RANGE_PART:g} % of the range on were verified in {SERIES_LEAST}"
                          f" rising series and not fitted; a class wants {LEVELS_LEAST}")  # fmt: skip
    worst = max((level_class(one, f0) for one in counted), key=_rank)
    if worst == NO_CLASS:
        return NO_CLASS, "the errors are beyond those of class 3"
    if reference not in REFERENCE_GIVES:
        return NO_CLASS, f"the reference has no class of ISO 376 ({reference or 'none is told'})"
    return max(worst, REFERENCE_GIVES[reference], key=_rank), ""


REFERENCE_GIVES = {"00": "0.5", "0.5": "0.5", "1": "1", "2": "2"}  # ISO 376's class -> the best class that it may verify


def _rank(name: str) -> int:
    return NAMES.index(name) if name in NAMES else len(NAMES)


def lowest_of_class(found: Sequence[Level], f0: float, range_n: float, name: str) -> float | None:
    """The lowest verified force from which on, up to the end, every level keeps that class; None if the top one does not."""
    low = None
    for one in reversed(judged(found)):
        if _rank(level_class(one, f0)) > _rank(name):
            break
        low = one.true_n
    return low


@dataclass(frozen=True)
class Decade:
    """The worst figures / % of a decade of the range, of verified levels."""

    low_n: float
    high_n: float
    q: float
    b: float
    v: float | None
    a: float
    count: int


def decades(found: Sequence[Level], range_n: float) -> list[Decade]:
    """Tens of the range downwards from its end: 10 - 100 %, 1 - 10 %, ...; those in which something was verified."""
    groups: dict[int, list[Level]] = {}
    for one in found:
        if one.use == VERIFY:
            groups.setdefault(min(-1, floor(log10(one.true_n / range_n) + 1e-9)), []).append(one)
    return [_decade(group, range_n * 10.0**place) for place, group in sorted(groups.items(), reverse=True)]


def _decade(group: Sequence[Level], low_n: float) -> Decade:
    def worst(values: Sequence[float]) -> float:
        return max(values, key=abs)

    back = [one.v for one in group if one.v is not None]
    return Decade(low_n, 10 * low_n, worst([one.q for one in group]), max(one.b for one in group), worst(back) if back else None,
                  max(one.a for one in group), len(group))  # fmt: skip


def resolution(means_n: Sequence[float], step_n: float) -> float:
    """r / N of a reading that fluctuates: half its span and a step of the display; a steady one resolves a step."""
    span = max(means_n) - min(means_n) if means_n else 0.0
    return step_n if span <= step_n else span / 2 + step_n
