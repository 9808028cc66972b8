"""One table of one cell: every row of the instrument with what the press did then, as the field's `bdf` package accepts it.

A row of the press says what was between the row before and its own time, so a moment belongs to the row that ends at it or next
after it. What the press did not log stays empty: before the run, behind it, in a gap. The instrument's time and steps keep
BDF's names; the press's own are called "Press ...".
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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
Counts = npt.NDArray[np.int64]


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
    unix, test_s = rows[q.UNIX].to_numpy(), rows["Test Time / s"].to_numpy()
    begins = np.concatenate([[(run.start_unix_s or 0.0) - SLACK_S], unix])[:-1]
    if "Ticks / 1" in rows.columns:  # in the press's own time: that of a simulated one has another pace
        own_s = rows["Ticks / 1"].to_numpy() / (document(run).get("tick_hz") or 4000) + SLACK_S
        late = test_s - own_s > np.concatenate([[0.0], test_s])[:-1]
        begins[late] = np.maximum(begins, unix - own_s)[late]
    named = {label: f"Press {label}" for label in OF_THE_PRESS if label in rows.columns}
    return rows.with_columns(pl.Series("begins", begins)).rename(named)


@dataclass(frozen=True)
class Join:
    """The instrument's rows, in order of `Unix Time / s`, as runs that meet one row of the press, or none (-1)."""

    table: "pl.DataFrame"
    beside: "pl.DataFrame"  # the press's columns that stand in the table
    met: Counts  # one a run
    lengths: Counts
    in_run: int  # rows between the begin of the press's first row and the end of its last

    @property
    def pressed(self) -> int:
        """How many rows meet a row of the press."""
        return int(self.lengths[self.met >= 0].sum())

    @property
    def in_gaps(self) -> int:
        """How many rows lie in the run where the press's log has nothing."""
        return self.in_run - self.pressed

    def order(self) -> tuple[list[str], list[str]]:
        """The instrument's columns before the press's, and those behind."""
        first = [name for name in FIRST if name in (*self.table.columns, q.TEST_TIME)]
        return first, [name for name in self.table.columns if name not in first]


def join(table: "pl.DataFrame", press: "pl.DataFrame") -> Join:
    """Each row of an instrument with the press's row in which it lies; the press's few times are looked up in the many."""
    import polars as pl

    if q.TEST_TIME not in table.columns:
        table = table.with_columns((pl.col(q.UNIX) - pl.col(q.UNIX).first()).alias(q.TEST_TIME))
    unix, ends, begins = table[q.UNIX].to_numpy(), press[q.UNIX].to_numpy(), press["begins"].to_numpy()
    behind = np.searchsorted(unix, ends, side="right")  # the first row that a row of the press is over at
    first = np.concatenate([[0], behind])[:-1]
    late = np.flatnonzero(begins > np.concatenate([[-np.inf], ends])[:-1])  # the first row, and those behind a gap
    first[late] = np.minimum(np.searchsorted(unix, begins[late], side="right"), behind[late])
    edges = np.zeros(2 * len(ends) + 2, np.int64)  # of no row of the press, of its first, of none, of its second
    edges[1:-1:2], edges[2:-1:2], edges[-1] = first, behind, len(unix)
    met = np.full(len(edges) - 1, -1)
    met[1::2] = np.arange(len(ends))
    lengths = np.diff(edges)
    beside = pl.DataFrame([one for one in press.get_columns() if one.name not in (q.UNIX, "begins")])  # `drop` would copy the rest
    beside = beside.rename({name: f"Press {name}" for name in beside.columns if name in table.columns})
    in_run = int(behind[-1] - first[0]) if len(ends) else 0
    return Join(table, beside, met[lengths > 0], lengths[lengths > 0], in_run)


def slices(whole: Join) -> Iterator["pl.DataFrame"]:
    """The joined rows, so many at a time."""
    import polars as pl

    first, rest = whole.order()
    met = np.repeat(whole.met, whole.lengths)
    for at in range(0, max(1, len(met)), ROWS):
        part = whole.table[at : at + ROWS]
        yield pl.concat([part.select(first), _rows(whole.beside, met[at : at + ROWS]), part.select(rest)], how="horizontal")


def _rows(beside: "pl.DataFrame", met: Counts) -> "pl.DataFrame":
    import polars as pl

    if (met >= 0).all():  # by plain numbers, which is a third quicker
        return beside[met]
    return beside.select(pl.all().gather(pl.Series(met).replace(-1, None)))


def write(whole_table: Join, run: Run, stem: Path, told: dict[str, Any], formats: Sequence[str]) -> list[Path]:
    """Write `<stem>.parquet` or `.csv` and its sidecar `<stem>.metadata.json`; gives the files. Raises OSError."""
    import polars as pl
    from polars.io.plugins import register_io_source

    first, rest = whole_table.order()
    table = whole_table.table.head(0)
    nothing = pl.concat([table.select(first), whole_table.beside.head(0), table.select(rest)], how="horizontal")
    side = sidecar(run, nothing.columns, told)
    metadata = {"stackpress": json.dumps(side)}
    written = []
    for name in formats:
        rows = register_io_source(lambda *_: slices(whole_table), schema=nothing.schema, validate_schema=False)
        path = stem.with_name(f"{stem.name}.{name}")
        with whole(path) as partial:
            if name == "csv":
                rows.sink_csv(partial)
            else:
                rows.sink_parquet(partial, compression="lz4", statistics=False, row_group_size=ROWS, metadata=metadata)
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
