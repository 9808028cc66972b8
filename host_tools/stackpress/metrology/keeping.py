"""What is kept of a calibration: the points for the press, and a row in each cell's history."""

import time
from pathlib import Path
from statistics import fmean

from ..config.calibration_file import Calibration, CellCalibration
from . import accuracy
from .certificate import Circumstances
from .evaluation import Evaluation, Points
from .history import Certificate
from .readings import Readings
from .reference import Reference


def calibration(
    found: Evaluation, identity: str, cells: tuple[tuple[int, str], ...], have: Calibration | None
) -> Calibration | None:
    """The press's calibration with these cells' points; None where the press is not known or nothing was fitted."""
    if not found.points or not identity:
        return None
    new = have or Calibration(identity, (None,) * 4)
    for (channel, serial), points, zero in zip(cells, found.points, found.zero_codes, strict=True):
        new = new.with_cell(channel - 1, CellCalibration(serial, points, zero, int(time.time())))
    return new


def certificates(
    found: Evaluation, about: Circumstances, reference: Reference, readings: Readings, have: Calibration | None, folder: Path
) -> list[Certificate]:
    """One of each cell; `have` is what is in force afterwards. The figures are the worst of the verified forces."""
    rows = found.verified or list(zip(found.levels, found.budgets, strict=True))
    back = [level.v for level, _ in rows if level.v is not None]
    graded = found.grade != accuracy.NO_CLASS
    low = accuracy.lowest_of_class(found.levels, found.f0, found.asked.range_n, found.grade) if graded else None
    warm = readings.temperatures
    names = tuple(serial for _, serial in about.cells)
    made = []
    for i, (channel, serial) in enumerate(about.cells):
        points = _points(found, i, channel, have)
        made.append(Certificate(
            number=about.number, identity=about.identity, channel=channel, serial=serial, points=points,
            together=tuple(name for name in names if name != serial), range_name=found.asked.name, range_n=found.asked.range_n,
            from_n=low, grade=found.grade, q_pct=max((level.q for level, _ in rows), key=abs),
            b_pct=max(level.b for level, _ in rows), v_pct=max(back, key=abs) if back else None, f0_pct=found.f0,
            expanded_pct=max(part.expanded for _, part in rows),
            degree=found.degree, done=about.done, due=about.due, operator=about.operator,
            temperature_c=fmean(warm) if warm else None,
            reference=f"{reference.instrument} {reference.serial} ({reference.certificate})", counts_per_n=_slope(points),
            folder=str(folder),
        ))  # fmt: skip
    return made


def _points(found: Evaluation, place: int, channel: int, have: Calibration | None) -> Points:
    """Those in force, else those that were found."""
    kept = have.cells[channel - 1] if have is not None and 0 < channel <= len(have.cells) else None
    if kept is not None:
        return kept.points
    return found.points[place] if found.points else ()


def _slope(points: Points) -> float:
    return (points[-1][0] - points[0][0]) / (points[-1][1] - points[0][1]) if points else 0.0
