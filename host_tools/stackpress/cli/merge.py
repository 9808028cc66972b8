"""`stackpress merge`: a run and the files of the cycler or potentiostat that measured the same cell, as one table."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import Failure
from .log import Data, Institution, Name
from .options import Json, single
from .output import Output, plural

if TYPE_CHECKING:
    from ..logs.runs import Run
    from ..merge.readers import FileHints, Measured

app = single()
APPS = {"merge": app}
FORMATS = ("parquet", "csv")

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Its files: .mpr, .mpt, .nda, .ndax, .DTA, .csv, .txt.")
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, its beginning or end, or its sample (then the newest).")
]
Zone = Annotated[
    str, typer.Option("--zone", envvar="STACKPRESS_ZONE", help="Where the instrument's clock is: Europe/Berlin, UTC.")
]
Dates = Annotated[
    str, typer.Option("--dates", help="3/4/2026: dmy is in April, mdy in March; asked where the run does not tell.")
]
ColumnNames = Annotated[
    list[str] | None,
    typer.Option("--column", help="'Current / A=My Current (mA)': which column of the files it is; repeat it."),
]
Units = Annotated[
    list[str] | None, typer.Option("--unit", help="'Current=mA': the unit of a column that tells none; repeat it.")
]
Separator = Annotated[str, typer.Option("--separator", help="What parts a CSV's columns, where that is not seen.")]
Align = Annotated[
    bool, typer.Option("--align/--no-align", help="Move the instrument's times by the offset that triggers show.")
]
Shift = Annotated[
    float | None, typer.Option("--offset", help="How far the instrument's clock is ahead, in s, if you know it.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
Formats = Annotated[list[str] | None, typer.Option("--format", help="parquet, csv; repeat it. Parquet without.")]
Impedance = Annotated[
    str, typer.Option("--impedance", help="What is drawn: at the lowest or highest frequency, or intercept.")
]


@app.command()
def merge(
    run: RunName,
    files: Files,
    zone: Zone = "",
    dates: Dates = "",
    column: ColumnNames = None,
    unit: Units = None,
    separator: Separator = "",
    align: Align = True,
    offset: Shift = None,
    out_folder: Out = Path("."),
    name: Name = "",
    institution: Institution = "",
    formats: Formats = None,
    impedance: Impedance = "lowest",
    data: Data = None,
    json: Json = False,
) -> None:
    """Join a run with what a cycler or potentiostat has measured of the same cell: one table, its spectra, their loop."""
    from ..merge.cell import merged
    from ..merge.spectra import IMPEDANCES

    if impedance not in IMPEDANCES:
        raise Failure(f"There is no impedance {impedance!r}.", f"One of {', '.join(IMPEDANCES)}.")
    unknown = [one for one in formats or () if one not in FORMATS]
    if unknown:
        raise Failure(f"There is no format {unknown[0]}.", f"One of {', '.join(FORMATS)}.")
    out = Output(json)
    found, stem, before_pa = _found(data, run, out_folder, name, institution)
    span = (found.start_unix_s or 0.0, (found.start_unix_s or 0.0) + found.duration_s)
    measured = _read(out, files, _asked(zone, dates, column, unit, separator), span)
    ahead = offset if offset is not None else "triggers" if align else 0.0
    done = merged(found, measured, stem, tuple(formats or FORMATS[:1]), ahead, before_pa, impedance)
    out.say(str(done.offset))
    out.say(f"{plural(done.rows, 'row')}, {done.pressed} of them with what the press did; {plural(len(done.spectra), 'spectrum')}"
            .replace("spectrums", "spectra"))  # fmt: skip
    if done.in_gaps:
        out.say(f"{plural(done.in_gaps, 'row')} lie in gaps of the press's log, where its columns are empty")
    _show(out, done.spectra, done.loop, impedance)
    for file in done.files:
        out.say(str(file))
    out.answer({"run": found.run_id, "offset_s": done.offset.seconds, "clocks": str(done.offset), "rows": done.rows,
                "rows_pressed": done.pressed, "rows_in_gaps": done.in_gaps, "spectra": done.spectra, "loop": done.loop,
                "files": [str(f) for f in done.files],
                "notes": {str(one.path): list(one.notes) for one in measured}})  # fmt: skip


def _found(data: Path | None, name: str, folder: Path, files: str, institution: str) -> tuple["Run", Path, float]:
    """The run, what its files are called, and the highest pressure / Pa that its sample had seen in runs before it."""
    from ..logs.export import bdf_name
    from ..logs.runs import find, runs
    from ..logs.store import Store

    with Store(data) as store:
        found, every = find(store, name), runs(store)
    if found.start_unix_s is None:
        raise Failure(f"No contact with a host dates {found.run_id}, so nothing can be put beside it.",
                      "Pull the press's log once more while it is on: `stackpress log pull`.")  # fmt: skip
    earlier = [
        one
        for one in every
        if found.sample and one.sample == found.sample and (one.start_unix_s or 0) < found.start_unix_s
    ]
    before_pa = max((one.peak_pa or 0.0 for one in earlier), default=0.0)
    called = files or (bdf_name(found, institution, every) if institution else f"{found.run_id}.merged")
    return found, folder / called, before_pa


def _asked(zone: str, dates: str, columns: list[str] | None, units: list[str] | None, separator: str) -> "FileHints":
    from ..merge import quantities
    from ..merge.readers import FileHints

    if dates not in ("", "dmy", "mdy"):
        raise Failure(f"--dates {dates} is no order.", "dmy (day first) or mdy (month first).")
    named = {}
    for text in columns or ():
        label, mark, of_file = text.partition("=")
        if not mark or label.strip() not in quantities.NAMES:
            raise Failure(
                f"--column {text!r} names no column.",
                f"As 'Current / A=My Current (mA)', of {', '.join(quantities.NAMES)}.",
            )
        named[label.strip()] = of_file.strip()
    told = {}
    for text in units or ():
        of_file, mark, one = text.rpartition("=")
        if not mark or not of_file.strip() or not one.strip():
            raise Failure(f"--unit {text!r} tells no unit.", "As 'Current=mA': a column of the files, and what its numbers are in.")
        told[of_file.strip()] = one.strip()
    return FileHints(zone, dates, named, told, separator.encode().decode("unicode_escape"))


def _read(out: Output, files: list[Path], asked: "FileHints", span: tuple[float, float]) -> list["Measured"]:
    """Every file; who sits at a terminal is asked for zone and units if a file needs them."""
    found = []
    for file in files:
        one, asked = _read_one(out, file, asked, span)
        out.say(f"{file}: {plural(len(one.table), 'row')}" + "".join(f"; {note}" for note in one.notes))
        found.append(one)
    unread = asked.units.keys() - {column for one in found for column in one.units}
    if unread:
        raise Failure(f"--unit {min(unread)!r}: no file has such a column.", "As the row of names has it, brackets included.")
    return found


def _read_one(out: Output, file: Path, asked: "FileHints", span: tuple[float, float]) -> tuple["Measured", "FileHints"]:
    """A file, and what has been told by then."""
    from dataclasses import replace

    from ..merge import quantities, readers, times

    while True:
        try:
            return readers.read(file, asked, span), asked
        except (readers.ZoneUnknown, readers.UnitUnknown) as error:
            if out.as_json or not sys.stdin.isatty():
                raise
            print(f"{error}.", file=sys.stderr)
            if isinstance(error, readers.ZoneUnknown):
                asked = replace(asked, zone=times.zone_of(_answer("Its time zone, as Europe/Berlin or UTC")).key)
                continue
            for column, label in error.columns.items():
                unit = _answer(f"The unit of {column!r}, as {quantities.USUAL[quantities.OF_LABEL[label]]}")
                if not unit:
                    raise
                asked = replace(asked, units={**asked.units, column: unit})


def _answer(question: str) -> str:
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _show(out: Output, spectra: list[dict[str, Any]], loop: list[dict[str, float]], impedance: str) -> None:
    """The spectra in a few columns, and what the loop says."""
    from ..merge.spectra import IMPEDANCES

    def pressure(value: float | None) -> str:
        return "?" if value is None else f"{value / 1e6:.3g}"

    label = IMPEDANCES[impedance]
    rows = [
        [str(one["Spectrum / 1"]), pressure(one["Set Pressure / Pa"]), pressure(one["Mean Pressure / Pa"]),
         pressure(one["Highest Pressure Ever / Pa"]), one["Direction"] or "", "?" if one[label] is None else f"{one[label]:.4g}",
         "" if one["Settled"] in (None, True) else "not settled"]
        for one in spectra
    ]  # fmt: skip
    out.table(["spectrum", "set / MPa", "mean / MPa", "highest ever", "way", "ohm", ""], rows, right=(0, 1, 2, 3, 5))
    for both in loop:
        out.say(
            f"at {both['pressure_pa'] / 1e6:.3g} MPa: {both['up_ohm']:.4g} ohm on the way up, "
            f"{both['down_ohm']:.4g} after the highest"
        )
