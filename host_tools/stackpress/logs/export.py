"""A run as files for others: a CSV, the Parquet table, the JSON sidecar and the flight recorder's windows."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from stackpress.logs.runs import Run

FORMATS = ("csv", "parquet", "json", "flight")


def export(run: Run, folder: Path, name: str = "", formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write the run into `folder` as `<name>.csv`, `<name>.press.parquet`, `<name>.json`, `<name>.trip<n>.csv`.

    `name` is the run's own if empty. Gives the files written. Raises OSError; ValueError for an unknown format.
    """
    unknown = [f for f in formats if f not in FORMATS]
    if unknown:
        raise ValueError(f"unknown format {unknown[0]!r}: one of {', '.join(FORMATS)}")
    folder.mkdir(parents=True, exist_ok=True)
    name = name or run.run_id
    written: list[Path] = []
    if "csv" in formats:
        written.append(to_csv(run.parquet, folder / f"{name}.csv"))
    if "parquet" in formats:
        written.append(_copy(run.parquet, folder / f"{name}.press.parquet"))
    if "json" in formats:
        written.append(_copy(run.sidecar, folder / f"{name}.json"))
    if "flight" in formats:
        for window in sorted(run.parquet.parent.glob(f"{run.run_id}.trip*.flight.parquet")):
            trip = window.name.removeprefix(f"{run.run_id}.").split(".")[0]
            written.append(to_csv(window, folder / f"{name}.{trip}.csv"))
    return written


def to_csv(parquet: Path, path: Path) -> Path:
    """The table as CSV: header row of labels, dot as decimal point, empty where there is no value."""
    import polars as pl

    partial = path.with_name(path.name + ".part")
    pl.scan_parquet(parquet).sink_csv(partial)
    partial.replace(path)
    return path


def _copy(source: Path, path: Path) -> Path:
    if source.resolve() != path.resolve():
        partial = path.with_name(path.name + ".part")
        shutil.copyfile(source, partial)
        partial.replace(path)
    return path
