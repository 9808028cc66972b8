"""From samples to a Parquet file, in slices of rows: the table of a month never stands in memory at once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stackpress.logs.decode import Samples
from stackpress.logs.table import Reference, columns, to_polars
from stackpress.whole_file import whole

_ROWS = 131072


def slices(views: Sequence[Samples], rows: int = _ROWS) -> Iterator[list[Samples]]:
    """The views regrouped into lists of `rows` samples each (the last may be shorter)."""
    group: list[Samples] = []
    room = rows
    for view in views:
        while len(view) >= room:
            yield [*group, view[:room]]
            group, view, room = [], view[room:], rows
        if len(view):
            group.append(view)
            room -= len(view)
    if group:
        yield group


def labels_of(views: Sequence[Samples], reference: Reference) -> list[str]:
    """The columns that the table of these samples has."""
    return list(columns([], reference if reference.step_starts is not None else reference.fitted(views)))


def write_parquet(
    views: Sequence[Samples], reference: Reference, path: Path, metadata: dict[str, str] | None = None
) -> list[str]:
    """Write the run's table to `path` (whole or not at all), `metadata` in the file's own; gives its column labels."""
    from polars.io.plugins import register_io_source

    fitted = reference if reference.step_starts is not None else reference.fitted(views)
    schema = to_polars(columns([], fitted)).schema

    def batches(_columns: Any, _predicate: Any, _rows: Any, _size: Any) -> Iterator[Any]:
        done = 0
        for part in slices(views):
            yield to_polars(columns(part, fitted, done))
            done += sum(len(v) for v in part)

    source = register_io_source(batches, schema=schema, validate_schema=False)
    with whole(path) as partial:
        source.sink_parquet(partial, compression="lz4", statistics=False, row_group_size=_ROWS, metadata=metadata or {})
    return list(schema)

