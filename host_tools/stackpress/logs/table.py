"""A run's samples as a table: what each column holds, in arrays and as a polars DataFrame.

Values are raw integers divided by powers of ten, so a CSV shows 12.34 and never 12.340000000000002. Samples of an older
firmware have no value in a column that came later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from stackpress.logs.clock import ClockMap
from stackpress.logs.columns import OF_SAMPLES, Column, ordered
from stackpress.logs.decode import SAMPLE_DTYPE, Record, Samples, blocks

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Reference:
    """What the samples of a run are put in relation to."""

    start_ms: int  # press time that is Test Time 0
    area_m2: float  # 0.0 = unknown: no pressure columns
    clock: ClockMap
    steps: Sequence[Record] = ()  # STEP records of the run that begin a step, in order
    absent: frozenset[str] = frozenset()  # columns left out because no sample has a value
    step_starts: Array | None = None  # samples of the run before each step; needed when it comes in slices

    def fitted(self, views: Sequence[Samples]) -> "Reference":
        """The same, fitted to the whole run: columns without any value left out, steps placed among the samples."""
        gone = {column.label for column in OF_SAMPLES if not _any_value(column, views)}
        seqs = np.concatenate([v["seq"] for v in views]) if views else np.empty(0, np.uint32)
        starts = np.searchsorted(seqs, np.array([s.seq for s in self.steps], np.uint32))
        return replace(self, absent=frozenset(gone), step_starts=starts)


def columns(views: Sequence[Samples], reference: Reference, before: int = 0) -> dict[str, Array]:
    """The table of consecutive samples as {label: array}, ordered; `before` samples of the run went before these."""
    total = sum(len(v) for v in views)
    used = [c for c in OF_SAMPLES if c.label not in reference.absent]
    out = {c.label: np.empty(total, np.float64 if c.divisor else SAMPLE_DTYPE[c.field]) for c in used}
    lacking: dict[str, Array] = {}
    time_ms, seqs = np.empty(total, np.int64), np.empty(total, np.uint32)
    at = 0
    for block in blocks(views):
        span = slice(at, at + len(block))
        time_ms[span] = block["t_s"]
        time_ms[span] *= 1000
        time_ms[span] += block["t_ms"]
        seqs[span] = block["seq"]
        for column in used:
            if has(block, column):
                _fill(column, block, out[column.label][span])
            elif column.divisor:
                out[column.label][span] = np.nan
            else:
                out[column.label][span] = 0
                lacking.setdefault(column.label, np.zeros(total, bool))[span] = True
        at += len(block)
    out.update({label: np.ma.array(out[label], mask=mask) for label, mask in lacking.items()})
    out["Test Time / s"] = (time_ms - reference.start_ms) / 1000.0
    out["Record Index / 1"] = seqs
    if reference.clock.known:
        out["Unix Time / s"] = np.round(reference.clock.unix_s(time_ms / 1000.0), 3)
    if reference.area_m2 > 0:
        out["Applied Pressure / Pa"] = np.round(out["Applied Force / N"] / reference.area_m2, 1)
        out["Set Pressure / Pa"] = np.round(out["Set Force / N"] / reference.area_m2, 1)
    out.update(_step_columns(seqs, time_ms, reference, before))
    return ordered(out)


def has(samples: Samples, column: Column) -> bool:
    """Whether samples of this size have the field of a column."""
    return column.field in (samples.dtype.names or ())


def _any_value(column: Column, views: Sequence[Samples]) -> bool:
    """Whether a column would hold one value at least; without samples, whether its field always has one."""
    if column.absent is None:
        return not views or any(has(view, column) for view in views)
    return any(has(view, column) and (_raw(column, view) != column.absent).any() for view in views)


def _raw(column: Column, samples: Samples) -> Array:
    found: Array = samples[column.field] if column.part is None else samples[column.field][:, column.part]
    return found


def _fill(column: Column, block: Samples, into: Array) -> None:
    raw = _raw(column, block)
    if not column.divisor:
        into[:] = raw
        return
    np.divide(raw, column.divisor, out=into)
    if column.divisor == 65535.0:
        np.round(into, 6, out=into)
    if column.absent is not None and int(raw.min()) <= column.absent:
        into[raw == column.absent] = np.nan


def _step_columns(seqs: Array, time_ms: Array, reference: Reference, before: int) -> dict[str, Array]:
    """Step Count, Index, Time and Type, from the records that begin a step (their place in the stream decides)."""
    total = len(seqs)
    edges = np.searchsorted(seqs, np.array([s.seq for s in reference.steps], np.uint32))
    starts = np.concatenate([[0], edges]).astype(np.int64)
    lengths = np.diff(np.concatenate([starts, [total]]))
    begun_ms = [reference.start_ms] + [s.fields["t_s"] * 1000 + s.fields["t_ms"] for s in reference.steps]
    counts = [0] + [s.fields["count"] for s in reference.steps]
    kinds = [""] + [s.fields["kind"] for s in reference.steps]
    names = sorted(set(kinds))
    firsts = starts + before if reference.step_starts is None else np.concatenate([[0], reference.step_starts])
    return {
        "Step Count / 1": np.repeat(np.array(counts, np.uint32), lengths),
        "Step Index / 1": (np.arange(before + 1, before + total + 1) - np.repeat(firsts, lengths)).astype(np.uint32),
        "Step Time / s": (time_ms - np.repeat(np.array(begun_ms, np.int64), lengths)) / 1000.0,
        "Step Type": Coded.make(names, np.repeat(np.array([names.index(k) for k in kinds], np.uint32), lengths)),
    }


class Coded(np.ndarray[Any, Any]):
    """Codes into a short list of texts: a text column that costs four bytes a row until it is written."""

    names: list[str]

    @classmethod
    def make(cls, names: list[str], codes: npt.NDArray[np.uint32]) -> "Coded":
        """Codes with the texts that they stand for."""
        coded = codes.view(cls)
        coded.names = names
        return coded


def to_polars(table: dict[str, Array]) -> Any:
    """The table as a polars DataFrame; absent values become null."""
    import polars as pl

    series = []
    for label, values in table.items():
        if isinstance(values, Coded):
            kinds = pl.Enum([name for name in values.names if name])  # an enum is written as its codes
            texts = pl.Series(label, [name or None for name in values.names], dtype=kinds)
            series.append(texts.gather(np.asarray(values)))
        else:
            one = pl.Series(label, np.ma.getdata(values))
            if isinstance(values, np.ma.MaskedArray):
                one = one.set(pl.Series(np.ma.getmaskarray(values)), None)
            series.append(one.fill_nan(None) if values.dtype == np.float64 and np.isnan(values).any() else one)
    return pl.DataFrame(series)
