"""The certificate of a calibration, as HTML and as PDF: what was found, by whom, with which reference, how far to trust it.

It is modelled on ISO 7500-1 and says so; only an accredited laboratory certifies. What would lessen it stands at its top.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ..logs.report import rendered
from ..logs.report_content import png
from ..whole_file import write_whole
from . import accuracy, pictures
from .accuracy import CLASSES, VERIFY, Level
from .evaluation import Evaluation
from .readings import Readings
from .reference import Reference
from .uncertainty import Budget

NOTE = (
    "This certificate is modelled on ISO 7500-1 and on EURAMET cg-4. It is no accredited calibration, and nobody has certified this"
    " press by it. The errors are those of the points that the press uses, joined by lines as it joins them. A fitted force has"
    " figures and no say in the class. The uncertainty is of a rising force on that day; the error is told beside it and is no part"
    " of it, nor is reversibility."
)


Drawn = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Circumstances:
    """Who, when, on what."""

    number: str
    identity: str
    cells: tuple[tuple[int, str], ...]  # channel, serial
    operator: str
    done: date
    due: date

    @property
    def cells_text(self) -> str:
        """`cell 1 (C-101) and cell 2 (C-102)`."""
        return " and ".join(f"cell {channel} ({serial})" if channel else serial for channel, serial in self.cells)


def content(found: Evaluation, about: Circumstances, reference: Reference, readings: Readings) -> dict[str, Any]:
    """All that is said, as texts and rows of texts."""
    graded = found.grade != accuracy.NO_CLASS
    warnings = ([] if graded else [f"No class: {found.no_grade}."]) + list(found.warnings)
    if reference.due < about.done:
        warnings.insert(
            0, f"The reference's own certificate had run out on {reference.due}: none of these figures may be relied on."
        )
    return {
        "title": f"Calibration of {about.cells_text}",
        "subtitle": f"{about.number} · {about.done} · by {about.operator or 'nobody who gave a name'} · due {about.due}",
        "ended": f"class {found.grade}" if graded else "no class", "badge": "done" if graded else "bad", "warnings": warnings,
        "tiles": _tiles(found), "origin": _origin(found, about, readings), "reference": _reference(reference),
        "levels": [_level(level, part, found.f0) for level, part in zip(found.levels, found.budgets, strict=True)],
        "decades": _decades(found), "limits": [(f"class {one.name}", *(f"{v:g}" for v in (one.q, one.b, one.v, one.f0, one.a)))
                                               for one in CLASSES],
        "budget": [(_newtons(level.true_n), *(f"{v:.3f}" for v in vars(part).values()), f"{part.combined:.3f}",
                    f"{part.expanded:.3f}") for level, part in zip(found.levels, found.budgets, strict=True)],
        "degrees": [(f"{one.degree}{' (taken)' if one.degree == found.degree else ''}", f"{one.rms:.3f}",
                     f"{max(map(abs, one.residuals)):.3f}", f"{one.predicts:.3f}" if one.predicts == one.predicts else "–")
                    for one in found.curves],
        "points": [(about.cells[i][1], ", ".join(f"{code}: {force:g} N" for code, force in points))
                   for i, points in enumerate(found.points)],
        "note": NOTE, "signatures": (("calibrated by", about.operator), ("checked by", "")),
    }  # fmt: skip


LEVEL_HEAD = ("force / N", "", "series", "q / %", "b / %", "v / %", "a / %", "class", "U / %, k = 2")
BUDGET_HEAD = (
    "force / N",
    "repeatability",
    "resolution",
    "reference",
    "its drift",
    "temperature",
    "combined",
    "expanded, k = 2",
)
DECADE_HEAD = ("from / N", "to / N", "forces", "q / %", "b / %", "v / %", "a / %")
LIMIT_HEAD = ("", "q", "b", "v", "f0", "a")
DEGREE_HEAD = ("degree", "rms / %", "worst / %", "a force left out / %")


def _newtons(value: float) -> str:
    return f"{value:.2f}" if value < 1000 else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"


def _level(level: Level, part: Budget, f0: float) -> tuple[str, ...]:
    said = "verified" if level.use == VERIFY else "fitted"
    grade = accuracy.level_class(level, f0) if level.use == VERIFY else "–"
    return (_newtons(level.true_n), said, str(len(level.errors)), _percent(level.q), f"{level.b:.3f}",
            _percent(level.v), f"{level.a:.3f}", grade, f"{part.expanded:.3f}")  # fmt: skip


def _decades(found: Evaluation) -> list[tuple[str, ...]]:
    return [(_newtons(one.low_n), _newtons(one.high_n), str(one.count), _percent(one.q), f"{one.b:.3f}", _percent(one.v),
             f"{one.a:.3f}")
            for one in accuracy.decades(found.levels, found.asked.range_n)]  # fmt: skip


def _tiles(found: Evaluation) -> list[tuple[str, str]]:
    """(label, value) of the worst of what was verified."""
    told = found.verified or list(zip(found.levels, found.budgets, strict=True))
    back = [level.v for level, _ in told if level.v is not None]
    low = accuracy.lowest_of_class(found.levels, found.f0, found.asked.range_n, found.grade)
    rows = [("largest error q", f"{max((level.q for level, _ in told), key=abs):+.2f} %"),
            ("largest repeatability b", f"{max(level.b for level, _ in told):.2f} %"),
            ("largest reversibility v", f"{max(back, key=abs):+.2f} %" if back else "not known"), ("zero f0", f"{found.f0:+.3f} %"),
            ("largest expanded uncertainty", f"{max(part.expanded for _, part in told):.2f} %"),
            ("resolution", f"{found.asked.resolution_n:g} N"), ("range", f"{found.asked.range_n:g} N")]  # fmt: skip
    return rows + ([(f"lowest force of class {found.grade}", f"{low:.6g} N")] if low is not None else [])


def _origin(found: Evaluation, about: Circumstances, readings: Readings) -> list[tuple[str, str]]:
    series = readings.series()
    falling = sum(any(row.step == accuracy.DOWN for row in rows) for rows in series.values())
    warm = readings.temperatures
    what = (
        f"fitted, degree {found.degree}, {len(found.fit_n)} readings"
        if found.degree
        else "verified as it was in force; nothing fitted"
    )
    return [("press", about.identity or "not told"), ("cells", about.cells_text),
            ("range", f"{found.asked.name}, to {found.asked.range_n:g} N"),
            ("operator", about.operator or "not given"), ("done", str(about.done)), ("due", str(about.due)),
            ("temperature", f"{min(warm):.1f} to {max(warm):.1f} °C" if warm else "not given"),
            ("preloads", str(readings.preloads)), ("series", f"{len(series)} rising, {falling} falling"),
            ("what was done", what)]  # fmt: skip


def _reference(one: Reference) -> list[tuple[str, str]]:
    return [("instrument", f"{one.instrument}, {one.serial}"), ("its certificate", f"{one.certificate}, {one.laboratory}"),
            ("class of ISO 376", one.iso376_class), ("calibrated", f"{one.calibrated}, due {one.due}"),
            ("expanded uncertainty", f"{one.uncertainty_pct:g} % (k = {one.coverage_k:g})"), ("drift", f"{one.drift_pct:g} %"),
            ("temperature", f"{one.temperature_c:g} °C, {one.temperature_pct_per_k:g} %/K")]  # fmt: skip


def drawings(found: Evaluation) -> Drawn:
    """(heading, PNG) of each picture."""
    fit = [("What each degree of fit leaves", png(pictures.residuals(found), 140))] if found.curves else []
    return [(f"Errors of the {found.asked.name} range", png(pictures.errors(found), 140)), *fit]


def html(said: dict[str, Any], drawn: Drawn) -> str:
    """One page that needs nothing else, of what `content` says."""
    inside = [(heading, b64encode(data).decode("ascii")) for heading, data in drawn]
    heads = {"level_head": LEVEL_HEAD, "budget_head": BUDGET_HEAD, "decade_head": DECADE_HEAD, "limit_head": LIMIT_HEAD,
             "degree_head": DEGREE_HEAD}  # fmt: skip
    return rendered(Path(__file__).with_name("certificate.html.j2"), {**said, **heads, "pictures": inside})


def pdf(said: dict[str, Any], about: Circumstances, drawn: Drawn) -> bytes:
    """The same on A4. The same calibration gives the same bytes."""
    from datetime import UTC, datetime

    from ..logs.report_pdf import Paper

    day = datetime(about.done.year, about.done.month, about.done.day, tzinfo=UTC)
    paper = Paper(f"{said['title']} · certificate", f"{about.number} · modelled on ISO 7500-1 · stackpress", day.timestamp())
    paper.head(said["title"], said["ended"], said["badge"], said["subtitle"], said["warnings"])
    paper.tiles(said["tiles"])
    paper.picture(drawn[0][1])
    right = range(2, 9)
    paper.rows("Errors at each force", LEVEL_HEAD, said["levels"], (13, 11, 8, 11, 11, 11, 11, 9, 15), right=(0, *right))
    paper.rows("Worst by decade, verified forces", DECADE_HEAD, said["decades"], (1,) * 7, right=tuple(range(7)))
    paper.rows("What it is", ("", ""), said["origin"], (25, 75))
    paper.rows("Reference", ("", ""), said["reference"], (25, 75))
    for heading, data in drawn[1:]:
        paper.heading(heading)
        paper.picture(data)
    paper.rows("Degrees of fit", DEGREE_HEAD, said["degrees"], (1,) * 4, right=(1, 2, 3))
    paper.rows("Standard uncertainties / % of the force", BUDGET_HEAD, said["budget"], (1,) * 8, right=tuple(range(8)))
    paper.rows("Points in the press", ("cell", "code: force"), said["points"], (15, 85))
    paper.rows("Limits of the classes / %", LIMIT_HEAD, said["limits"], (1,) * 6, right=tuple(range(1, 6)))
    paper.text(said["note"])
    paper.rows(
        "Signed", ("", "name", "date, signature"), [(who, name, "\n\n") for who, name in said["signatures"]], (20, 30, 50)
    )
    return bytes(paper.output())


def write(found: Evaluation, about: Circumstances, reference: Reference, readings: Readings, folder: Path) -> list[Path]:
    """certificate.html, certificate.pdf, and the readings that it rests on. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    page, paper, rows = (folder / name for name in ("certificate.html", "certificate.pdf", "readings.csv"))
    said, drawn = content(found, about, reference, readings), drawings(found)
    write_whole(page, html(said, drawn))
    partial = paper.with_name(paper.name + ".part")
    partial.write_bytes(pdf(said, about, drawn))
    partial.replace(paper)
    write_whole(rows, readings.to_csv())
    return [page, paper, rows]
