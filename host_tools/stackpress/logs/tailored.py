"""A run's table as somebody else's spreadsheet wants it: in his units, with his decimal sign, with local time, in fewer rows.

The table of the run stays as it is, in SI and by BDF's labels; a tailored one is for reading. A column says its unit as ever, so a
column in another unit is another column. A row of a resampled table stands for the rows that ended in its slice of time: means are
weighted with their ticks, the smallest and the largest are of every tick, the rest is how it was at the end.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from stackpress.errors import WrongInput
from stackpress.whole_file import whole

if TYPE_CHECKING:
    import polars as pl

UNITS = {  # unit: of which, and what one of that is in it
    "MPa": ("Pa", 1e-6), "kPa": ("Pa", 1e-3), "bar": ("Pa", 1e-5), "kN": ("N", 1e-3), "tf": ("N", 1 / 9806.65),
    "mm": ("m", 1e3), "um": ("m", 1e6), "min": ("s", 1 / 60), "h": ("s", 1 / 3600), "d": ("s", 1 / 86400),
}  # fmt: skip
UNIX, TEST, TICKS = "Unix Time / s", "Test Time / s", "Ticks / 1"
MEANS = ("Applied Force / N", "Applied Pressure / Pa", "Surface Pressure / Pa")
SMALLEST, LARGEST, SUMS = ("Force Min / N",), ("Force Max / N",), (TICKS,)
MOST_XLSX = 1_048_575  # rows under the row of names


class CannotTailor(WrongInput):
    """A unit, a zone or an interval that is none, or a table that the format has no room for."""


@dataclass(frozen=True)
class Tailoring:
    """What is wanted; nothing is changed by default. `every_s` is a slice of time / s, `zone` gives a column of local ISO time."""

    units: tuple[str, ...] = ()
    every_s: float = 0.0
    zone: str = ""
    comma: bool = False

    def checked(self) -> "Tailoring":
        """Itself. Raises CannotTailor."""
        for unit in self.units:
            if unit not in UNITS:
                raise CannotTailor(f"there is no unit {unit!r} here", f"One of {', '.join(UNITS)}.")
        of = [UNITS[unit][0] for unit in self.units]
        twice = next((one for one in of if of.count(one) > 1), None)
        if twice:
            raise CannotTailor(f"two units are given for what is in {twice}", "Name one of them.")
        if not 0 <= self.every_s < 1e7:
            raise CannotTailor(f"{self.every_s} s is no interval", "As 60, for a row a minute.")
        if self.zone:
            try:
                ZoneInfo(self.zone)
            except (KeyError, ValueError, OSError) as error:
                raise CannotTailor(f"there is no time zone {self.zone!r}", "As Europe/Berlin or UTC.") from error
        return self


def tailored(parquet: Path, wanted: Tailoring) -> "pl.LazyFrame":
    """The run's table as it is wanted. Raises CannotTailor."""
    import polars as pl

    wanted.checked()
    rows = pl.scan_parquet(parquet)
    if wanted.every_s:
        rows = resampled(rows, wanted.every_s)
    labels = rows.collect_schema().names()
    if wanted.zone:
        if UNIX not in labels:
            raise CannotTailor("no contact with a host dates this run: it has no local time", "Leave out --iso.")
        moment = pl.from_epoch((pl.col(UNIX) * 1e3).round().cast(pl.Int64), time_unit="ms").dt.replace_time_zone("UTC")
        local = moment.dt.convert_time_zone(wanted.zone).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
        rows = rows.select(local.alias("Time"), pl.all())
    factors = {UNITS[unit][0]: (unit, UNITS[unit][1]) for unit in wanted.units}
    changed = {}
    for label in labels:
        name, mark, unit = label.rpartition(" / ")
        if mark and unit in factors and label != UNIX:
            changed[label] = (f"{name} / {factors[unit][0]}", factors[unit][1])
    rows = rows.with_columns((pl.col(label) * by).round_sig_figs(9) for label, (_, by) in changed.items())
    return rows.rename({label: name for label, (name, _) in changed.items()})


def resampled(rows: "pl.LazyFrame", every_s: float) -> "pl.LazyFrame":
    """A row for each slice of `every_s` of test time in which a row ended."""
    import polars as pl

    labels = rows.collect_schema().names()
    weight = pl.col(TICKS).cast(pl.Float64)
    how = []
    for label in labels:
        column = pl.col(label)
        if label in MEANS:
            weighted = (column * weight).sum() / weight.filter(column.is_not_null()).sum()
            how.append(weighted.fill_nan(None).round_sig_figs(9).alias(label))
        elif label in (*SMALLEST, *LARGEST, *SUMS):
            how.append(column.min() if label in SMALLEST else column.max() if label in LARGEST else column.cast(pl.UInt64).sum())
        else:
            how.append(column.last())
    # a row that ends on the border belongs to the slice before it
    place = ((pl.col(TEST) / every_s).ceil() - 1).cast(pl.Int64).alias("slice")
    return rows.group_by(place, maintain_order=True).agg(how).drop("slice")


def to_csv(rows: "pl.LazyFrame", path: Path, comma: bool) -> Path:
    """Write a CSV, whole or not at all; with decimal commas its columns are parted by semicolons, as spreadsheets there read it."""
    with whole(path) as partial:
        rows.sink_csv(partial, separator=";" if comma else ",", decimal_comma=comma)
    return path


def to_xlsx(rows: "pl.LazyFrame", path: Path) -> Path:
    """Write a workbook of one sheet. Raises CannotTailor for more rows than one has, or without XlsxWriter."""
    table = rows.collect()
    if len(table) > MOST_XLSX:
        raise CannotTailor(f"{len(table)} rows do not fit on a sheet ({MOST_XLSX})", "Take fewer with --every 60, or CSV.")
    try:
        with whole(path) as partial:
            table.write_excel(partial, worksheet="run", freeze_panes=(1, 0), autofit=True)
    except ImportError as error:
        hint = "pip install 'stackpress[xlsx]', or take CSV."
        raise CannotTailor("XlsxWriter, which writes .xlsx, is not installed", hint) from error
    return path
