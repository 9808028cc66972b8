"""Files of cyclers and potentiostats as tables with the labels of the Battery Data Format, each row with its Unix time.

Binary files are read by the packages that know them (`pip install 'stackpress[merge]'`): galvani for .mpr, fastnda for .nda and
.ndax. Text files are read here: of the packages that read them one drops the clock, one the spectra, one takes a decimal comma for
a point. Voltages and currents come out as 64-bit numbers in V and A whatever a file holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from stackpress.errors import WrongInput
from stackpress.merge import quantities as q
from stackpress.merge import text_tables, times
from stackpress.merge.text_tables import TextTable, UnreadableFile

if TYPE_CHECKING:
    import polars as pl


class ReaderMissing(WrongInput):
    """The package that reads a kind of file is not installed, or another one sits in its place."""


class ZoneUnknown(WrongInput):
    """A file tells the wall clock, and nobody has said of which zone."""


class UnitUnknown(WrongInput):
    """Nobody has said in which units columns are; `columns` has their labels."""

    def __init__(self, path: Path, missing: q.UnitMissing) -> None:
        self.columns = missing.columns
        said = " ".join(f"--unit '{column}=...' ({q.USUAL[q.OF_LABEL[label]]})" for column, label in self.columns.items())
        super().__init__(f"{path}: {missing}", f"Say it: {said}")


@dataclass(frozen=True)
class FileHints:
    """What the user says about files that do not say it themselves."""

    zone: str = ""
    dates: str = ""  # dmy or mdy
    columns: dict[str, str] = field(default_factory=dict)  # label: column of the file
    units: dict[str, str] = field(default_factory=dict)  # column of the file: unit
    separator: str = ""


@dataclass(frozen=True)
class Measured:
    """An instrument's file: its rows in order of time, with labels of BDF, and what was decided about it in reading."""

    path: Path
    table: "pl.DataFrame"
    notes: tuple[str, ...]
    units: frozenset[str] = frozenset()  # columns that were read in the unit that the user has told


def read(path: Path, asked: FileHints, span: tuple[float, float]) -> Measured:
    """One file; `span` is the run's begin and end in Unix time / s. Raises UnreadableFile, ReaderMissing, ZoneUnknown,
    UnitUnknown, OSError."""
    import polars as pl

    reader = READERS.get(path.suffix.casefold())
    if reader is None:
        raise UnreadableFile(
            f"{path}: no reader for {path.suffix or 'a file without suffix'}", f"There are: {', '.join(READERS)}."
        )
    parts, notes, units = [], [], set()
    for frame, told, used in (_labelled(path, table, asked, span) for table in reader(path, asked)):  # no file's texts outlive it
        parts.append(frame)
        notes += told
        units |= used
    if not parts:
        raise UnreadableFile(f"{path} holds no table of measurements", "Is it the file of data, not of settings?")
    whole = pl.concat(parts, how="diagonal_relaxed")
    timed = whole[q.UNIX].is_finite().fill_null(False)
    if not timed.all():
        notes.append(f"{len(timed) - timed.sum()} rows have no time and were left out")
        whole = whole.filter(timed)
    back = not whole[q.UNIX].is_sorted()
    if back:
        notes.append(f"{(whole[q.UNIX].diff() < 0).sum()} rows come after a later one and were put in order")
    return Measured(path, whole.sort(q.UNIX, maintain_order=True) if back else whole, tuple(dict.fromkeys(notes)), frozenset(units))


def _labelled(
    path: Path, table: TextTable, asked: FileHints, span: tuple[float, float]
) -> tuple["pl.DataFrame", list[str], set[str]]:
    import polars as pl

    for column in asked.columns.values():
        if column not in table.frame.columns:
            raise UnreadableFile(f"{path} has no column {column!r}", f"It has: {', '.join(table.frame.columns)}.")
    try:
        known = q.meanings(table.frame.columns, {**table.units, **asked.units}, asked.columns)
    except q.UnitMissing as error:
        raise UnitUnknown(path, error) from error
    except q.UnknownUnit as error:
        hint = f"Say its unit: --unit 'COLUMN=...'; or name another column: --column '{q.CURRENT}=...'."
        raise UnreadableFile(f"{path}: {error}", hint) from error
    in_units = {one.column for one in known.values() if one.label in q.OF_LABEL}
    units = asked.units.keys() & set(table.frame.columns)
    if units - in_units:
        raise UnreadableFile(f"{path}: {min(units - in_units)!r} is taken as it stands, in whichever unit",
                             f"--unit is for the columns of {', '.join(q.OF_LABEL)}; --column says which these are.")  # fmt: skip
    numbers = {label: one for label, one in known.items() if label != q.WALL_CLOCK}
    for one in numbers.values():
        if not table.frame.schema[one.column].is_numeric():
            raise UnreadableFile(f"{path}: the column {one.column!r} holds {_odd(table.frame[one.column])!r}, which is no number",
                                 "Mend the row, or name another column with --column.")  # fmt: skip
    unix, notes = _unix(path, table, known, asked, span)
    if q.WALL_CLOCK in known and table.frame.schema[known[q.WALL_CLOCK].column] == pl.String:
        table.frame.drop_in_place(known[q.WALL_CLOCK].column)  # its texts are half of what a file takes, and spent
    notes += [f"{column!r} is in {asked.units[column]}, as you said" for column in sorted(units)]
    spent = {one.column for one in known.values()}
    rest = [name for name in table.frame.columns if name not in spent and name not in known]
    values = [_in_unit(one).alias(label) for label, one in numbers.items() if label != q.UNIX]
    return table.frame.select(unix.alias(q.UNIX), *values, *rest), notes, units


def _in_unit(one: q.Meaning) -> "pl.Expr":
    """A column's numbers in its label's unit; what is in it stays as it is, and takes no memory."""
    import polars as pl

    number = pl.col(one.column).cast(pl.Float64)
    return number * one.factor if one.factor != 1 else number


def _odd(values: "pl.Series") -> Any:
    """The first text that is no number."""
    import polars as pl

    texts = values.cast(pl.String)
    odd = texts.filter(texts.cast(pl.Float64, strict=False).is_null() & texts.is_not_null())
    return odd[0] if len(odd) else ""


def _unix(
    path: Path, table: TextTable, known: dict[str, q.Meaning], asked: FileHints, span: tuple[float, float]
) -> tuple["pl.Series", list[str]]:
    """Unix time of each row: as it stands there, from the beginning and the time since, or from the wall clock of each row."""
    import polars as pl

    if q.UNIX in known:
        return table.frame[known[q.UNIX].column].cast(pl.Float64) * known[q.UNIX].factor, []
    start = _start(table)
    if q.TEST_TIME in known and start:
        zone = _zone(path, asked)
        order = times.decided([start], zone, span, asked.dates, str(path))
        begun, twice = times.unix_of(times.local(start, order), zone)
        since = table.frame[known[q.TEST_TIME].column].cast(pl.Float64) * known[q.TEST_TIME].factor
        again = ["that moment came twice that night; the first is taken"] if twice else []
        return since + begun, [f"began {start}, {zone.key}", *again]
    if q.WALL_CLOCK in known:
        zone = _zone(path, asked)
        column = table.frame[known[q.WALL_CLOCK].column].cast(pl.String)
        order = times.decided([str(column[0]), str(column[-1])], zone, span, asked.dates, str(path))
        unix, twice_rows = times.series(column, order, zone, str(path))
        again = [f"{twice_rows} rows lie in the hour that came twice"] if twice_rows else []
        return pl.Series(unix), [f"wall clock of {zone.key}", *again]
    raise UnreadableFile(
        f"{path} does not say when it was measured",
        f"Name a column of it: --column '{q.UNIX}=...' or '{q.WALL_CLOCK}=...'.",
    )


def _start(table: TextTable) -> str:
    """When the measurement began, as the head says it."""
    head = table.head
    if "DATE" in head and "TIME" in head:
        return f"{head['DATE']} {head['TIME']}"
    return next((text for key, text in head.items() if key.casefold().startswith("acquisition started on")), "")


def _zone(path: Path, asked: FileHints) -> ZoneInfo:
    if not asked.zone:
        raise ZoneUnknown(
            f"{path} tells the wall clock of a place that it does not name", "Say which: --zone Europe/Berlin"
        )
    return times.zone_of(asked.zone)


# -- readers -----------------------------------------------------------------------------------------------------------


def _package(name: str, distribution: str, suffix: str) -> Any:
    """The package that reads a suffix. Raises ReaderMissing."""
    from importlib import import_module

    owners = packages_distributions().get(name, [])
    if set(owners) - {distribution}:
        raise ReaderMissing(
            f"two packages here install {name!r}: {', '.join(sorted(set(owners)))}", f"Keep {distribution} only."
        )
    try:
        return import_module(name)
    except ImportError as error:
        hint = "pip install 'stackpress[merge]', or export it as text from the instrument's own program."
        raise ReaderMissing(f"{distribution}, which reads {suffix} files, is not installed", hint) from error


def _mpr(path: Path, _asked: FileHints) -> Iterator[TextTable]:
    import numpy as np
    import polars as pl

    galvani = _package("galvani", "galvani", ".mpr")
    try:
        with path.open("rb") as opened:
            found = galvani.MPRfile(opened)
    except (ValueError, AssertionError, NotImplementedError, OSError) as error:
        what = str(error) or type(error).__name__
        raise UnreadableFile(
            f"{path}: galvani can't read it ({what[:120]})", "Export it with EC-Lab as text (.mpt) and take that."
        ) from error
    data = {name: np.ascontiguousarray(found.data[name]) for name in found.data.dtype.names if name != "flags"}
    started = getattr(found, "timestamp", None)
    head = {"Acquisition started on": started.isoformat(" ")} if started else {}
    yield TextTable(
        pl.DataFrame({name: column.astype(column.dtype.newbyteorder("=")) for name, column in data.items()}), {}, head
    )


def _neware(path: Path, _asked: FileHints) -> Iterator[TextTable]:
    import polars as pl

    fastnda = _package("fastnda", "fastnda", path.suffix)
    try:
        frame = fastnda.read(path, columns="bdf")
    except Exception as error:  # what a damaged file makes of a reader of binary data can't be foreseen
        raise UnreadableFile(
            f"{path}: fastnda can't read it ({' '.join(str(error).split())[:120]})", "Export it as CSV."
        ) from error
    # written as 32-bit numbers with a handful of digits: their shortest text is what the cycler has measured
    floats = [name for name, kind in frame.schema.items() if kind == pl.Float32]
    yield TextTable(frame.with_columns(pl.col(name).cast(pl.String).cast(pl.Float64) for name in floats))


Reader = Callable[[Path, FileHints], Any]
READERS: dict[str, Reader] = {
    ".mpr": _mpr,
    ".mpt": lambda path, _: text_tables.mpt(path),
    ".nda": _neware,
    ".ndax": _neware,
    ".dta": lambda path, _: text_tables.dta(path),
    ".csv": lambda path, asked: text_tables.csv(path, asked.separator),
    ".txt": lambda path, asked: text_tables.csv(path, asked.separator),
}
