"""A run as files for others: a CSV, the Parquet table, the JSON-LD sidecar, the levels of its sweeps, the windows of its trips.

The Parquet file carries the sidecar inside as well. Files can be named as BDF 1.3.0 wants it: Institution__Cell__YYYYMMDD_XXX.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from stackpress.logs import tailored as tailoring
from stackpress.logs.levels import data_frame
from stackpress.logs.runs import Run, document, embedded
from stackpress.logs.sidecar import SUFFIX
from stackpress.logs.tailored import Tailoring, tailored
from stackpress.whole_file import whole, write_whole

AS_IT_IS = Tailoring()

FORMATS = ("csv", "parquet", "json", "levels", "flight")
ASKED_ONLY = ("xlsx",)  # written where it is named


def export(
    run: Run,
    folder: Path,
    name: str = "",
    formats: Sequence[str] = FORMATS,
    parquet: str = ".press.parquet",
    wanted: Tailoring = AS_IT_IS,
) -> list[Path]:
    """Write the run into `folder`: `<name>.csv`, `.press.parquet`, `.metadata.json`, `.levels.csv`, `.trip<n>.csv`.

    `name` is the run's own if empty, `parquet` what the table's name ends in, `wanted` how CSV and workbook are
    tailored. Gives the files written. Raises OSError; CannotTailor; ValueError for an unknown format.
    """
    unknown = [f for f in formats if f not in FORMATS + ASKED_ONLY]
    if unknown:
        raise ValueError(f"unknown format {unknown[0]!r}: one of {', '.join(FORMATS + ASKED_ONLY)}")
    wanted.checked()
    folder.mkdir(parents=True, exist_ok=True)
    name = name or run.run_id
    written: list[Path] = []
    if "csv" in formats:
        written.append(tailoring.to_csv(tailored(run.parquet, wanted), folder / f"{name}.csv", wanted.comma))
    if "xlsx" in formats:
        written.append(tailoring.to_xlsx(tailored(run.parquet, wanted), folder / f"{name}.xlsx"))
    if "parquet" in formats:
        written.append(_to_parquet(run, folder / f"{name}{parquet}"))
    side = document(run)
    if "json" in formats:
        write_whole(folder / f"{name}{SUFFIX}", json.dumps(side, indent=1))
        written.append(folder / f"{name}{SUFFIX}")
    if "levels" in formats and side.get("levels"):
        write_whole(folder / f"{name}.levels.csv", data_frame(side["levels"]).write_csv())
        written.append(folder / f"{name}.levels.csv")
    if "flight" in formats:
        for window in sorted(run.parquet.parent.glob(f"{run.run_id}.trip*.flight.parquet")):
            trip = window.name.removeprefix(f"{run.run_id}.").split(".")[0]
            written.append(to_csv(window, folder / f"{name}.{trip}.csv"))
    return written


def to_csv(parquet: Path, path: Path) -> Path:
    """The table as CSV: header row of labels, dot as decimal point, empty where there is no value."""
    import polars as pl

    with whole(path) as partial:
        pl.scan_parquet(parquet).sink_csv(partial)
    return path


def _to_parquet(run: Run, path: Path) -> Path:
    """The table with the sidecar as it is today: a comment may have come since the run was read."""
    import polars as pl

    if run.parquet.resolve() != path.resolve():
        with whole(path) as partial:
            pl.scan_parquet(run.parquet).sink_parquet(partial, compression="lz4", metadata=embedded(document(run)))
    return path


def bdf_name(run: Run, institution: str, same_day: Sequence[Run]) -> str:
    """`UCam__LPS-17__20261127_001`: who, which cell, which day (UTC), the how manieth run of that cell on that day.

    Raises ValueError for a run that no contact dates.
    """
    day = _day(run)
    if day is None:
        raise ValueError(f"no contact with a host dates {run.run_id}, so it has no day for its file's name")
    before = [one.run_id for one in same_day if _cell(one) == _cell(run) and one.run and _day(one) == day]
    number = 1 + before.index(run.run_id) if run.run_id in before else 1
    return f"{_part(institution)}__{_cell(run)}__{day}_{number:03d}"


def _cell(run: Run) -> str:
    """As its files name it: samples that differ only in letters that no file's name takes are counted together."""
    return _part(run.sample or run.run_id)


def _day(run: Run) -> str | None:
    from datetime import UTC, datetime

    return None if run.start_unix_s is None else datetime.fromtimestamp(run.start_unix_s, UTC).strftime("%Y%m%d")


def _part(text: str) -> str:
    """A part of a name whose parts are parted by two underscores; letters without their accents."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9._-]+", "-", bare)).strip("-._") or "unknown"
