"""The flight recorder's window of a trip as a table: every tick from 1 s before to 0.5 s after it."""

from pathlib import Path
from typing import Any

import numpy as np
from stackpress_core.log import records

from stackpress.logs.decode import Record
from stackpress.whole_file import whole

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
    with whole(path) as partial:
        pl.DataFrame(table).write_parquet(partial, compression="lz4")
    return len(table["Tick / 1"])


def draw_flight(table: Any, reason: str) -> Any:
    """A window: force, and the valve as it was asked for and as it was permitted; `table` gives its columns by name."""
    from matplotlib.figure import Figure

    from stackpress.logs.drawing import COLOURS, finish_time_axis

    t = np.asarray(table["Trip Time / s"]) * 1000
    figure = Figure(figsize=(11, 4.2))
    figure.subplots_adjust(left=0.085, right=0.97, top=0.93, bottom=0.12, hspace=0.15)
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    top.plot(t, table["Set Force / N"], color=COLOURS["set"], lw=3, alpha=0.65, label="set-point")
    top.plot(t, table["Applied Force / N"], color=COLOURS["force"], lw=1.0, label="force, every tick")
    top.set_ylabel("Force / N")
    bottom.plot(t, 100 * np.asarray(table["Requested Valve / 1"]), color=COLOURS["set"], lw=3, alpha=0.65, label="requested")
    bottom.plot(t, 100 * np.asarray(table["Valve / 1"]), color=COLOURS["force"], lw=1.0, label="permitted")
    bottom.set_ylabel("Valve / %")
    for axis in (top, bottom):
        axis.axvline(0, color=COLOURS["trip"], lw=1.4)
        axis.legend(loc="best", frameon=True, framealpha=0.85, edgecolor="none", fontsize=8)
    finish_time_axis([top, bottom], float(t[-1]), "ms")
    bottom.set_xlim(float(t[0]), float(t[-1]))
    bottom.set_xlabel(f"time from the trip ({reason}) / ms", fontsize=9.5)
    return figure
