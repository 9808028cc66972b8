"""One table of one cell: every row of the instrument with what the press did then, as the field's `bdf` package accepts it.

A row of the press says what was between the row before and its own time, so a moment belongs to the row that ends at it or next
after it. What the press did not log stays empty: before the run, behind it, in a gap. The instrument's time and steps keep
BDF's names; the press's own are called "Press ...".
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stackpress.errors import WrongInput
from stackpress.logs.columns import BDF_TERMS, MEANINGS
from stackpress.logs.runs import Run, document
from stackpress.logs.sidecar import SUFFIX
from stackpress.merge import quantities as q
from stackpress.whole_file import whole, write_whole

if TYPE_CHECKING:
    import polars as pl

OF_THE_PRESS = ("Test Time / s", "Cycle Count / 1", "Step Count / 1", "Step ID", "Step Record Index / 1", "Step Time / s",
                "Step Type", "Record Index / 1")  # fmt: skip
FIRST = (q.TEST_TIME, q.VOLTAGE, q.CURRENT, q.UNIX, q.CYCLE, q.STEP, q.FREQUENCY, q.REAL, q.IMAGINARY)
ROWS = 16384  # joined at a time
SLACK_S = 0.02  # between two rows that follow each other


class NotMergeable(WrongInput):
    """A run or a measurement lacks what the other could be joined to."""


def press_rows(run: Run) -> "pl.DataFrame":
    """The press's rows by the Unix time at which each ends, named to stand beside an instrument's. Raises NotMergeable.

    `begins` is where a row begins: at the end of the one before, or, behind a gap, where its own ticks began.
    """
    import polars as pl

    rows = pl.read_parquet(run.parquet)
    if q.UNIX not in rows.columns:
        raise NotMergeable(
            f"no contact with a host dates {run.run_id}, so its rows have no Unix time",
            "Pull the log once more while the press is running.",
        )
    begins = pl.col(q.UNIX).shift(1).fill_null((run.start_unix_s or 0.0) - SLACK_S)
    if "Ticks / 1" in rows.columns:
        hz = document(run).get("tick_hz") or 4000
        begins = pl.max_horizontal(begins, pl.col(q.UNIX) - pl.col("Ticks / 1") / hz - SLACK_S)
    named = {label: f"Press {label}" for label in OF_THE_PRESS if label in rows.columns}
    return rows.with_columns(begins.alias("begins")).rename(named)


def slices(table: "pl.DataFrame", press: "pl.DataFrame") -> Iterator["pl.DataFrame"]:
    """The instrument's rows, in order of `Unix Time / s`, with the columns of the press, so many at a time."""
    import polars as pl

    ends, begins = press[q.UNIX].to_numpy(), press["begins"].to_numpy()
    beside = press.drop(q.UNIX, "begins")
    beside = beside.rename({name: f"Press {name}" for name in beside.columns if name in table.columns})
    first = table[q.UNIX][0] if len(table) else 0.0
    order = [name for name in FIRST if name in (*table.columns, q.TEST_TIME)]
    rest = [name for name in table.columns if name not in order]
    for at in range(0, max(1, len(table)), ROWS):
        part = table[at : at + ROWS]
        unix = part[q.UNIX].to_numpy()
        place = np.searchsorted(ends, unix)
        inside = (place < len(ends)) & (unix > begins[np.minimum(place, len(ends) - 1)])
        if inside.all():  # by plain numbers, which is a third quicker
            pressed = beside[place]
        else:
            pressed = beside.select(pl.all().gather(pl.Series(np.where(inside, place, -1)).replace(-1, None)))
        if q.TEST_TIME not in table.columns:
            part = part.with_columns((pl.col(q.UNIX) - first).alias(q.TEST_TIME))
        yield pl.concat([part.select(order), pressed, part.select(rest)], how="horizontal")


def write(
    table: "pl.DataFrame", press: "pl.DataFrame", run: Run, stem: Path, told: dict[str, Any], formats: Sequence[str]
) -> list[Path]:
    """Write `<stem>.parquet` or `.csv` and its sidecar `<stem>.metadata.json`; gives the files. Raises OSError."""
    from polars.io.plugins import register_io_source

    schema = next(slices(table[:0], press)).schema
    side = sidecar(run, list(schema), told)
    written = []
    for name in formats:
        rows = register_io_source(lambda *_: slices(table, press), schema=schema, validate_schema=False)
        path = stem.with_name(f"{stem.name}.{name}")
        with whole(path) as partial:
            if name == "parquet":
                metadata = {"stackpress": json.dumps(side)}
                rows.sink_parquet(partial, compression="lz4", statistics=False, row_group_size=ROWS, metadata=metadata)
            else:
                rows.sink_csv(partial)
        written.append(path)
    write_whole(stem.with_name(stem.name + SUFFIX), json.dumps(side, indent=1))
    return [*written, stem.with_name(stem.name + SUFFIX)]


def sidecar(run: Run, labels: Sequence[str], told: dict[str, Any]) -> dict[str, Any]:
    """The run's sidecar, made the merged table's: its columns, the files that it was made of, and how the clocks agreed."""
    side = document(run)
    terms = {**BDF_TERMS, q.VOLTAGE: "voltage_volt", q.CURRENT: "current_ampere"}
    iri, version = side["bdf"]["ontology"], side["bdf"]["version"]
    unknown = [label for label in labels if label not in terms]
    return {
        **side,
        "merged": told,
        "columns": [
            {"label": label, "unit": label.rsplit(" / ", 1)[1] if " / " in label else None,
             "bdf": f"{iri}#{terms[label]}" if label in terms else None} for label in labels
        ],
        "battinfo_dataset": {"dataset": {"name": run.run_id, "variable_measured": [_declared(label) for label in unknown]}},
        "bdf": {"version": version, "ontology": iri},
    }  # fmt: skip


def _declared(label: str) -> dict[str, str]:
    name, _, unit = label.rpartition(" / ") if " / " in label else (label, "", "1")
    meaning = MEANINGS.get(label) or MEANINGS.get(label.removeprefix("Press ")) or "as the instrument's file calls it"
    return {"name": name, "unit_text": unit, "description": meaning}
