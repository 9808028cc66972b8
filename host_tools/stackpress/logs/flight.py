"""The flight recorder's window of a trip as a table: every tick from 1 s before to 0.5 s after it."""

from pathlib import Path
from typing import Any

import numpy as np
from stackpress_core.log import records

from stackpress.logs.decode import Record

_DTYPE = np.dtype([("force_cn", "<i4"), ("word", "<u4"), ("requested", "<u2"), ("permitted", "<u2"), ("flags", "<u2")])


def flight_table(slices: list[Record], start_ms: int) -> dict[str, Any]:
    """Columns of one trip's slices (FLIGHT records of the same trip), ordered by time; empty if there are none.

    `Trip Time / s` is 0 at the trip; ticks whose slice is missing are missing.
    """
    if not slices:
        return {}
    ordered = sorted(slices, key=lambda r: int(r.fields["first"]))
    parts = [np.frombuffer(r.fields["entries"], _DTYPE, len(r.fields["entries"]) // _DTYPE.itemsize) for r in ordered]
    entries = np.concatenate(parts)
    ticks = np.concatenate([np.arange(len(p)) + r.fields["first"] for p, r in zip(parts, ordered, strict=True)])
    head = ordered[0].fields
    trip_s = (head["t_s"] * 1000 + head["t_ms"] - start_ms) / 1000.0
    seconds = ticks / max(1, head["hz"])
    table: dict[str, Any] = {"Trip Time / s": seconds, "Test Time / s": trip_s + seconds, "Tick / 1": ticks}
    word = entries["word"].astype(np.int64)
    packed = {"set_cn": records.flight_set_cn(word), "imbalance_percent": records.flight_imbalance_percent(word)}
    for name, scale, label in records.FLIGHT_FIELDS:
        values = packed[name] if name in packed else entries[name]
        table[label] = values if scale == 1 else np.round(values / float(round(1 / scale)), 6)
    return table


def write_flight(slices: list[Record], start_ms: int, path: Path) -> int:
    """Write one trip's window to a Parquet file; gives its ticks."""
    import polars as pl

    table = flight_table(slices, start_ms)
    partial = path.with_name(path.name + ".part")
    pl.DataFrame(table).write_parquet(partial, compression="lz4")
    partial.replace(path)
    return len(table["Tick / 1"])
