"""A run's samples as a table: what each column holds, in arrays and as a polars DataFrame.

Values are raw integers divided by powers of ten, so a CSV shows 12.34 and never 12.340000000000002. Samples of an older
firmware have no value in a column that came later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records

from stackpress.logs.clock import ClockMap
from stackpress.logs.columns import OF_SAMPLES, Column, ordered
from stackpress.logs.decode import SAMPLE_DTYPE, Record, Samples, blocks

Array = npt.NDArray[Any]
ALWAYS = ("Applied Force / N", "Set Force / N", "Force Min / N", "Force Max / N")  # of a run without any, too
_LIES_IN = ("step", "cycle")  # of a sample: which step of the program and which round of it


@dataclass(frozen=True)
class Reference:
    """What the samples of a run are put in relation to."""

    start_ms: int  # press time that is Test Time 0
    area_m2: float  # 0.0 = unknown: no pressure columns
    clock: ClockMap
    steps: Sequence[Record] = ()  # STEP records of the run that begin a step, in order
    notes: Sequence[Record] = ()  # EVENT records of the run that tell a step's note
    absent: frozenset[str] = frozenset()  # columns left out because no sample has a value
    step_starts: Array | None = None  # samples of the run before each step; needed when it comes in slices

    @property
    def begun_ms(self) -> Array:
        """Press time at which each step began."""
        return np.array([_at_ms(s) for s in self.steps], np.int64)

    def fitted(self, views: Sequence[Samples]) -> "Reference":
        """The same, fitted to the whole run: columns without any value left out, steps placed among the samples."""
        gone = {column.label for column in OF_SAMPLES if column.label not in ALWAYS and not _any_value(column, views)}
        if not any((view["flags"] & records.FLAG_LOCKED).any() for view in views):
            gone.add("Surface Pressure / Pa")
        times = [v["t_s"].astype(np.int64) * 1000 + v["t_ms"] for v in views]
        ends_ms = np.concatenate(times) if times else np.empty(0, np.int64)
        lies = [np.concatenate([v[name] for v in views]) if views else np.empty(0, np.int64) for name in _LIES_IN]
        return replace(self, absent=frozenset(gone), step_starts=_edges(ends_ms, lies, self))


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
        if "Surface Pressure / Pa" not in reference.absent:
            locked = (out["Sample Flags / 1"] & records.FLAG_LOCKED) != 0
            out["Surface Pressure / Pa"] = np.where(locked, out["Applied Pressure / Pa"], np.nan)
    lies = [np.concatenate([v[name] for v in views]) if views else np.empty(0, np.int64) for name in _LIES_IN]
    out.update(_step_columns(time_ms, lies, reference, before))
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


def _step_columns(time_ms: Array, lies: Sequence[Array], reference: Reference, before: int) -> dict[str, Array]:
    """What the records that begin a step say of each row: it is of the last one that began before its end."""
    total = len(time_ms)
    edges = _edges(time_ms, lies, reference)
    starts = np.concatenate([[0], edges]).astype(np.int64)
    lengths = np.diff(np.concatenate([starts, [total]]))
    begun_ms = np.concatenate([[reference.start_ms], reference.begun_ms]).astype(np.int64)
    fields = [s.fields for s in reference.steps]
    counts = [0] + [f["count"] for f in fields]
    rounds = np.cumsum([0] + [f["cycle"] > 0 for f in fields])
    noted = {n.fields["a"]: n.fields["text"] for n in reference.notes}
    firsts = starts + before if reference.step_starts is None else np.concatenate([[0], reference.step_starts])
    out: dict[str, Array] = {
        "Cycle Count / 1": np.repeat(rounds.astype(np.uint32), lengths),
        "Step Count / 1": np.repeat(np.array(counts, np.uint32), lengths),
        "Step Record Index / 1": (np.arange(before + 1, before + total + 1) - np.repeat(firsts, lengths)).astype(np.uint32),
        "Step Time / s": (time_ms - np.repeat(begun_ms, lengths)) / 1000.0,
        "Step Type": Coded.of([""] + [f["kind"] for f in fields], lengths),
    }
    if noted:
        out["Step Note"] = Coded.of([""] + [noted.get(f["step"], "") for f in fields], lengths)
    return out


def _edges(ends_ms: Array, lies: Sequence[Array], reference: Reference) -> Array:
    """How many rows end before each step begins. A row of a few ticks may end in the millisecond in which its step began: then what
    it says itself that it lies in counts. Where a file holds two journals, as an older stackpress could write it, time runs back in
    it: then a step that seems to begin before the one before it begins with that one."""
    begun_ms = reference.begun_ms
    edges = np.maximum.accumulate(np.searchsorted(ends_ms, begun_ms, side="right"))
    for i, step in enumerate(reference.steps):
        least, of = edges[i - 1] if i else 0, (step.fields["step"], step.fields["cycle"])
        while edges[i] > least and ends_ms[edges[i] - 1] == begun_ms[i] and tuple(own[edges[i] - 1] for own in lies) == of:
            edges[i] -= 1
    return edges


def _at_ms(record: Record) -> int:
    return int(record.fields["t_s"]) * 1000 + int(record.fields["t_ms"])


class Coded(np.ndarray[Any, Any]):
    """Codes into a short list of texts: a text column that costs four bytes a row until it is written."""

    names: list[str]

    @classmethod
    def make(cls, names: list[str], codes: npt.NDArray[np.uint32]) -> "Coded":
        """Codes with the texts that they stand for."""
        coded = codes.view(cls)
        coded.names = names
        return coded

    @classmethod
    def of(cls, texts: list[str], lengths: Array) -> "Coded":
        """Each of the texts as often as its length says."""
        names = sorted(set(texts))
        return cls.make(names, np.repeat(np.array([names.index(t) for t in texts], np.uint32), lengths))


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
