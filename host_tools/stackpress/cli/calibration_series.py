"""`stackpress calibrate series` and `history`: a calibration that a reviewer accepts, and what is known of each cell."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import REFUSED, Failure, wire_text
from .options import Json, Port, finite
from .output import Output

if TYPE_CHECKING:
    from ..config import Calibration
    from ..metrology.certificate import Circumstances
    from ..metrology.evaluation import Evaluation
    from ..metrology.readings import Readings
    from ..metrology.reference import Reference

FIT, VERIFY = "10,30,50,70,90,100", "20,40,60,80,95"
UNITS = {"N": 1.0, "kN": 1000.0}

ReferenceFile = Annotated[Path, typer.Option("--reference", help="File of the reference and its own certificate (TOML).")]
RangeN = Annotated[float, typer.Option("--range-n", callback=finite, min=1, max=1_000_000, help="End of the range / N.")]
From = Annotated[Path | None, typer.Option("--from", help="Readings taken already (CSV); asks no press.")]
Serials = Annotated[
    list[str] | None, typer.Option("--serial", help="Serial number on a cell; once for each, in the order of the channels.")
]
Cells = Annotated[
    list[int] | None,
    typer.Option("--cell", min=1, max=4, help="Channel of a cell; of several that carry the force together, each."),
]
Have = Annotated[
    Path | None, typer.Option("--calibration", help="With --from: the calibration that the cells have (`calibrate pull`).")
]
Degree = Annotated[
    int | None, typer.Option("--degree", min=0, max=3, help="Of the fit; 0 verifies only. Without it the lowest that will do.")
]
By = Annotated[str, typer.Option("--by", help="Who calibrates.")]
Months = Annotated[int, typer.Option("--months", min=1, max=60, help="When it is due again.")]
Done = Annotated[str, typer.Option("--done", help="With --from: the day of the readings, as 2026-03-31; today without it.")]
Resolution = Annotated[
    float,
    typer.Option(
        "--resolution-n", callback=finite, min=0, help="r of what is shown / N; measured at the zeros where a press is read."
    ),
]
Temperature = Annotated[float | None, typer.Option("--temperature", callback=finite, help="degC, with a press.")]
Instrument = Annotated[
    str,
    typer.Option("--instrument", help="VISA resource of the reference, as TCPIP::10.0.0.7::5025::SOCKET; else it is typed."),
]
Question = Annotated[str, typer.Option("--ask", help="What the instrument is asked.")]
Unit = Annotated[str, typer.Option("--instrument-unit", help="N or kN.")]
Folder = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the certificate; else beside the cell's history.")]
FitAt = Annotated[str, typer.Option("--fit", help="% of the range that are fitted.")]
VerifyAt = Annotated[str, typer.Option("--verify", help="% of the range that are verified.")]
Count = Annotated[int, typer.Option("--series", min=1, max=9, help="Rising series.")]
Preloads = Annotated[int, typer.Option("--preloads", min=0, max=9, help="Full loads before.")]
Falling = Annotated[bool, typer.Option("--falling/--no-falling", help="Whether each series falls through its forces too.")]


@dataclass(frozen=True)
class _Taken:
    """What was read, of which cells of which press, with the calibration that it has."""

    readings: "Readings"
    identity: str
    cells: tuple[tuple[int, str], ...]
    have: "Calibration | None"
    resolution_n: float
    done: date


def series(
    reference: ReferenceFile, range_n: RangeN, from_file: From = None, cell: Cells = None, serial: Serials = None,
    calibration: Have = None, degree: Degree = None, by: By = "", months: Months = 12, done: Done = "",
    resolution_n: Resolution = 0.0, temperature: Temperature = None, instrument: Instrument = "", question: Question = "READ?",
    unit: Unit = "N", fit: FitAt = FIT, verify: VerifyAt = VERIFY, count: Count = 3, preloads: Preloads = 3,
    falling: Falling = True,
    range_name: Annotated[str, typer.Option("--range", help="Its name, as high or low.")] = "high",
    out_folder: Folder = None, port: Port = None, json: Json = False,
) -> None:  # fmt: skip
    """Calibrate or verify a range in series, with errors, class and uncertainty modelled on ISO 7500-1, and a certificate."""
    from ..metrology.reference import read_reference

    out = Output(json)
    operator = wire_text("name of who calibrates", by, 64)
    told = read_reference(reference)
    if from_file is not None:
        taken = _from_file(from_file, cell, serial, calibration, resolution_n, done)
        found, about, files = _certified(out, taken, told, range_n, degree, range_name, operator, months, out_folder)
        _written(out, taken, found, files)
        _history(taken, found, about, told, files, _as_it_will_be(taken, found))
        _answer(out, found, about, files, False)
        return
    from .calibration_questions import accepted
    from .connect import opened
    from .series_questions import Plan, checked, parts

    plan = checked(Plan(range_n, parts(fit, "fit") if degree != 0 else (), parts(verify, "verify"), count, preloads, falling))
    if unit not in UNITS:
        raise Failure(f"{unit} is no unit of an instrument.", "N or kN.")
    with opened(port, contact=True) as press:
        taken = _with_press(press, plan, cell or [1], serial, resolution_n, temperature, (instrument, question, UNITS[unit]))
        found, about, files = _certified(out, taken, told, range_n, degree, range_name, operator, months, out_folder)
        if found.points:
            accepted()
            _put_in_force(out, press, taken, found)
        _history(taken, found, about, told, files, _in_force(press))
    _answer(out, found, about, files, bool(found.points))


def _from_file(path: Path, cells: list[int] | None, serials: list[str] | None, have_file: Path | None, resolution_n: float,
               done: str) -> _Taken:  # fmt: skip
    from ..config.calibration_file import read_calibration
    from ..config.complaints import Complaints
    from ..metrology.evaluation import STEP_N
    from ..metrology.readings import read_csv

    have = None
    if have_file is not None:
        complaints = Complaints()
        have = read_calibration(have_file, complaints)
        complaints.raise_if_any()
    readings = read_csv(path)
    channels = list(readings.channels) or (cells or [])
    if cells and sorted(cells) != sorted(channels):
        raise Failure(f"{path} has readings of cell {', '.join(map(str, channels))}.", "Leave --cell out.")
    day = date.today()
    if done:
        try:
            day = date.fromisoformat(done)
        except ValueError as error:
            raise Failure(f"{done} is no day.", "As 2026-03-31.") from error
    if day > date.today():
        raise Failure(f"{day} has not been yet.", "The day on which the readings were taken.")
    named = _named(channels, serials, have)
    return _Taken(readings, have.board_identity if have else "", named, have, resolution_n or STEP_N, day)


def _named(channels: list[int], serials: list[str] | None, have: "Calibration | None") -> tuple[tuple[int, str], ...]:
    """(channel, serial) of each cell, by what was told, else by what is in force."""
    known = [have.cells[c - 1] if have and c <= len(have.cells) else None for c in channels]
    told = serials or [one.serial for one in known if one is not None]
    if len(told) != max(1, len(channels)):
        raise Failure(
            f"{len(told)} serial numbers for {max(1, len(channels))} cells.", "Say --serial once for each cell, in their order."
        )
    return tuple(zip(channels or [0], (wire_text("serial number", one, 32) for one in told), strict=True))


def _with_press(press: Any, plan: Any, channels: list[int], serials: list[str] | None, resolution_n: float,
                temperature_c: float | None, visa: tuple[str, str, float]) -> _Taken:  # fmt: skip
    from ..config.calibration_file import CODE_MAX, from_document
    from ..metrology import reference
    from .series_questions import Gatherer

    data = press.document_get("calibration")
    have = from_document(data) if data is not None else None
    if have is not None and have.board_identity != press.identity:
        have = None
    named = _named(channels, serials, have)
    parameter = press.parameter("rail_counts").value
    rail = int(parameter) if isinstance(parameter, (int, float)) else CODE_MAX
    try:
        asks = reference.instrument(*visa) if visa[0] else None
    except ImportError as error:
        raise Failure("An instrument is read by PyVISA, which is not installed.", "pip install pyvisa pyvisa-py") from error
    gatherer = Gatherer(press, channels, plan, rail, asks, temperature_c)
    readings = gatherer.readings()
    return _Taken(
        readings, press.identity, named, have, resolution_n or _fluctuation_n(gatherer.zero_blocks, readings), date.today()
    )


def _fluctuation_n(zeros: list[tuple[tuple[float, ...], ...]], readings: "Readings") -> float:
    """r / N of the cells' sum, from how the means of a zero's eighths spread, by the readings' own sensitivity."""
    from ..metrology.accuracy import UP, resolution
    from ..metrology.evaluation import STEP_N

    rows = [row for row in readings.rows if row.step == UP]
    top = max(rows, key=lambda row: row.reference_n)
    zero = next(row for row in readings.rows if row.series == top.series)
    per_n = (sum(top.codes) - sum(zero.codes)) / top.reference_n
    if per_n <= 0:
        raise Failure("What the cells show falls under load.", "Exchange the signal wires.", REFUSED)
    return max(resolution([sum(cells) / per_n for cells in zip(*one, strict=True)], STEP_N) for one in zeros)


def _certified(out: Output, taken: _Taken, told: "Reference", range_n: float, degree: int | None, name: str, operator: str,
               months: int, folder: Path | None) -> "tuple[Evaluation, Circumstances, list[Path]]":  # fmt: skip
    from ..calibration import CalibrationRefused
    from ..config.calibration_file import point_complaints
    from ..metrology import certificate, history
    from ..metrology.evaluation import Asked, evaluate

    cells = [taken.have.cells[c - 1] if taken.have and 0 < c <= len(taken.have.cells) else None for c, _ in taken.cells]
    before = tuple(one.points for one in cells if one is not None) if all(cells) else ()
    if not taken.readings.channels:
        before = ()
        degree = degree or 0
    found = evaluate(taken.readings, Asked(range_n, degree, taken.resolution_n, before, name), told)
    said = [text for points in found.points for text in point_complaints(points)]
    if said:
        raise CalibrationRefused(said)
    serials = "-".join(serial for _, serial in taken.cells)
    number = f"{serials}-{taken.done:%Y%m%d}-{len(history.of_cell(taken.cells[0][1])) + 1}"
    due = history.months_later(taken.done, months)
    about = certificate.Circumstances(number, taken.identity, taken.cells, operator, taken.done, due)
    from ..logs.store import file_name

    where = folder or history.folder() / file_name(number)
    files = certificate.write(found, about, told, taken.readings, where)
    _show(out, found, about, told, taken.readings)
    return found, about, files


def _show(out: Output, found: "Evaluation", about: "Circumstances", told: "Reference", readings: "Readings") -> None:
    from ..metrology import certificate

    said = certificate.content(found, about, told, readings)
    out.table(certificate.LEVEL_HEAD, said["levels"], right=(0, *range(2, 9)))
    out.table(certificate.DEGREE_HEAD, said["degrees"], right=(1, 2, 3))
    for label, value in said["tiles"]:
        out.say(f"{label}: {value}")
    for warning in said["warnings"]:
        out.say(f"! {warning}")


def _calibration(taken: _Taken, found: "Evaluation") -> "Calibration | None":
    from ..metrology.keeping import calibration

    return calibration(found, taken.identity, taken.cells, taken.have)


def _written(out: Output, taken: _Taken, found: "Evaluation", files: list[Path]) -> None:
    """The file that `calibrate push` puts in force."""
    new = _calibration(taken, found)
    if new is None:
        if found.points:
            out.progress("Without --calibration it is not known which board this is: no file for `calibrate push` is written.")
        return
    path = files[0].with_name("calibration.toml")
    path.write_text(new.to_toml(), encoding="utf-8")
    files.append(path)


def _as_it_will_be(taken: _Taken, found: "Evaluation") -> "Calibration | None":
    return _calibration(taken, found) or taken.have


def _put_in_force(out: Output, press: Any, taken: _Taken, found: "Evaluation") -> None:
    from .calibration_sent import keep, send
    from .owner import in_service

    new = _calibration(taken, found)
    if new is None:
        raise Failure("The press says no identity.", "", REFUSED)
    with in_service(press, out, "the calibration"):
        send(press, new, False)
    out.say(f"In force; kept in {keep(new, None)}.")


def _in_force(press: Any) -> "Calibration | None":
    from ..config.calibration_file import from_document
    from ..metrology.history import note_document

    data = press.document_get("calibration")
    if data is None:
        return None
    note_document(data)
    return from_document(data)


def _history(taken: _Taken, found: "Evaluation", about: "Circumstances", told: "Reference", files: list[Path],
             have: "Calibration | None") -> None:  # fmt: skip
    from ..metrology import history as kept
    from ..metrology.keeping import certificates

    for one in certificates(found, about, told, taken.readings, have, files[0].parent):
        kept.keep(one)


def _answer(out: Output, found: "Evaluation", about: "Circumstances", files: list[Path], in_force: bool) -> None:
    for file in files:
        out.say(str(file))
    out.answer({
        "number": about.number, "class": found.grade, "why_none": found.no_grade, "degree": found.degree, "f0_pct": found.f0,
        "levels": [{**vars(level), "expanded_pct": part.expanded} for level, part in zip(found.levels, found.budgets, strict=True)],
        "points": found.points, "due": str(about.due), "warnings": found.warnings, "in_force": in_force,
        "files": [str(file) for file in files],
    })  # fmt: skip


def history(
    serial: Annotated[str, typer.Argument(metavar="[SERIAL]", help="A cell's serial number; all cells without it.")] = "",
    picture: Annotated[Path | None, typer.Option("--out", "-o", help="Picture of its zeros (.png, .svg, .pdf).")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """List certificates and when they are due; of one cell also its zeros before and after every run."""
    from ..metrology import history as kept

    out = Output(json)
    names = [serial] if serial else kept.serials()
    rows = [one for name in names for one in kept.of_cell(name)]
    if serial and not rows:
        raise Failure(f"No certificate of {serial} is kept here.", f"There are: {', '.join(kept.serials()) or 'none'}.")
    shown = [(one.serial, one.number, one.grade, f"{one.range_n:g} N", f"{one.expanded_pct:.2f} %", str(one.due)) for one in rows]
    out.table(("cell", "certificate", "class", "range", "U", "due"), shown)
    zeros = kept.zeros(rows) if serial else []
    told = [(one.run_id, _newtons(one.before_n), _newtons(one.after_n)) for one in zeros]
    out.table(("run", "zero before", "after"), told, right=(1, 2))
    if picture is not None:
        _draw(picture, serial, rows, zeros)
        out.say(str(picture))
    if not rows:
        out.progress("No certificate is kept here yet: `stackpress calibrate series` makes one.")
    out.answer({"certificates": [{**vars(one), "done": str(one.done), "due": str(one.due)} for one in rows],
                "zeros": [vars(one) for one in zeros]})  # fmt: skip


def _newtons(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f} N"


def _draw(path: Path, serial: str, rows: Any, zeros: Any) -> None:
    from ..metrology.pictures import drift

    if not serial or path.suffix not in (".png", ".svg", ".pdf"):
        raise Failure("A picture is of one cell, as .png, .svg or .pdf.", "Name its serial number.")
    drift(serial, rows, zeros).savefig(path, dpi=130, facecolor="white")
