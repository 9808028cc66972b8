"""The columns of an exported log: labels of the Battery Data Format where it has one, its style where it has none.

Labels and meanings follow the BDF ontology, version 1.2.0 (published 2026-06-11 by the Battery Data Alliance,
https://w3id.org/battery-data-alliance/ontology/battery-data-format). A press measures neither voltage nor current, so a
table on its own is not a complete BDF file (those two are required there): it is made to be joined with the cycler's
by `Unix Time / s`. `Step Index / 1` is what BDF 1.2.0 says it is, the point's number within its step; the step's place
in the program is `Step ID`.

Values are raw integers divided by powers of ten, so a CSV shows 12.34 and never 12.340000000000002.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records

from stackpress.logs.clock import ClockMap
from stackpress.logs.decode import SAMPLE_DTYPE, Record, Samples, blocks

BDF_VERSION = "1.2.0"
BDF_IRI = "https://w3id.org/battery-data-alliance/ontology/battery-data-format"
BDF_TERMS = {
    "Test Time / s": "test_time_second",
    "Unix Time / s": "unix_time_second",
    "Cycle Count / 1": "cycle_count",
    "Step Count / 1": "step_count",
    "Step ID": "step_id",
    "Step Index / 1": "step_index",
    "Step Time / s": "step_time_second",
    "Step Type": "step_type",
    "Record Index / 1": "record_index",
    "Applied Pressure / Pa": "applied_pressure_pa",
    "Temperature T1 / degC": "temperature_t1_celsius",
    "Temperature T2 / degC": "temperature_t2_celsius",
}

ORDER = (
    "Test Time / s", "Unix Time / s", "Cycle Count / 1", "Step Count / 1", "Step ID", "Step Index / 1",
    "Step Time / s", "Step Type", "Applied Pressure / Pa", "Set Pressure / Pa", "Applied Force / N", "Set Force / N",
    "Force Min / N", "Force Max / N", "Force Cell 1 / N", "Force Cell 2 / N", "Force Cell 3 / N", "Force Cell 4 / N",
    "Force Imbalance / 1", "Displacement / m", "Temperature T1 / degC", "Temperature T2 / degC", "Valve / 1",
    "Valve Moves / 1", "Valve Bits / 1", "Press State / 1", "Sample Flags / 1", "Ticks / 1", "Record Index / 1",
)  # fmt: skip

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Source:
    """A column that is one number of a sample: value = raw / divisor, or raw as it is when divisor is 0."""

    label: str
    field: str
    part: int | None
    divisor: float
    absent: int | None


def _sources() -> tuple[Source, ...]:
    found = []
    for name, code, scale, _unit, label in records.KINDS[records.SAMPLE][1]:
        if not label:
            continue
        divisor = 0.0 if scale == 1 else float(round(1 / scale))
        absent = {"i": records.ABSENT_I32, "h": records.ABSENT_I16}.get(code[-1]) if divisor else None
        parts = range(int(code[:-1])) if len(code) > 1 else (None,)
        found += [Source(label if k is None else label % (k + 1), name, k, divisor, absent) for k in parts]
    return tuple(found)


SOURCES = _sources()


@dataclass(frozen=True)
class Frame:
    """What the samples of a run are put in relation to."""

    start_ms: int  # press time that is Test Time 0
    area_m2: float  # 0.0 = unknown: no pressure columns
    clock: ClockMap
    steps: Sequence[Record] = ()  # STEP records of the run that begin a step, in order
    absent: frozenset[str] = frozenset()  # columns left out because no sample has a value
    step_starts: Array | None = None  # samples of the run before each step; needed when it comes in slices

    def fitted(self, views: Sequence[Samples]) -> "Frame":
        """The same, fitted to the whole run: columns without any value left out, steps placed among the samples."""
        gone = {s.label for s in SOURCES if s.absent is not None}
        for view in views:
            gone = {s.label for s in SOURCES if s.label in gone and not (_raw(s, view) != s.absent).any()}
            if not gone:
                break
        seqs = np.concatenate([v["seq"] for v in views]) if views else np.empty(0, np.uint32)
        starts = np.searchsorted(seqs, np.array([s.seq for s in self.steps], np.uint32))
        return replace(self, absent=frozenset(gone), step_starts=starts)


def columns(views: Sequence[Samples], frame: Frame, before: int = 0) -> dict[str, Array]:
    """The table of consecutive samples as {label: array}, ordered; `before` samples of the run went before these."""
    total = sum(len(v) for v in views)
    used = [s for s in SOURCES if s.label not in frame.absent]
    out = {s.label: np.empty(total, np.float64 if s.divisor else SAMPLE_DTYPE[s.field]) for s in used}
    time_ms, seqs = np.empty(total, np.int64), np.empty(total, np.uint32)
    at = 0
    for block in blocks(views):
        span = slice(at, at + len(block))
        time_ms[span] = block["t_s"]
        time_ms[span] *= 1000
        time_ms[span] += block["t_ms"]
        seqs[span] = block["seq"]
        for source in used:
            _fill(source, block, out[source.label][span])
        at += len(block)
    out["Test Time / s"] = (time_ms - frame.start_ms) / 1000.0
    out["Record Index / 1"] = seqs
    if frame.clock.known:
        out["Unix Time / s"] = np.round(frame.clock.unix_s(time_ms / 1000.0), 3)
    if frame.area_m2 > 0:
        out["Applied Pressure / Pa"] = np.round(out["Applied Force / N"] / frame.area_m2, 1)
        out["Set Pressure / Pa"] = np.round(out["Set Force / N"] / frame.area_m2, 1)
    out.update(_step_columns(seqs, time_ms, frame, before))
    return {label: out[label] for label in ORDER if label in out}


def _raw(source: Source, samples: Samples) -> Array:
    found: Array = samples[source.field] if source.part is None else samples[source.field][:, source.part]
    return found


def _fill(source: Source, block: Samples, into: Array) -> None:
    raw = _raw(source, block)
    if not source.divisor:
        into[:] = raw
        return
    np.divide(raw, source.divisor, out=into)
    if source.divisor == 65535.0:
        np.round(into, 6, out=into)
    if source.absent is not None and int(raw.min()) <= source.absent:
        into[raw == source.absent] = np.nan


def _step_columns(seqs: Array, time_ms: Array, frame: Frame, before: int) -> dict[str, Array]:
    """Step Count, Index, Time and Type, from the records that begin a step (their place in the stream decides)."""
    total = len(seqs)
    edges = np.searchsorted(seqs, np.array([s.seq for s in frame.steps], np.uint32))
    starts = np.concatenate([[0], edges]).astype(np.int64)
    lengths = np.diff(np.concatenate([starts, [total]]))
    begun_ms = [frame.start_ms] + [s.fields["t_s"] * 1000 + s.fields["t_ms"] for s in frame.steps]
    counts = [0] + [s.fields["count"] for s in frame.steps]
    kinds = [""] + [s.fields["kind"] for s in frame.steps]
    names = sorted(set(kinds))
    firsts = starts + before if frame.step_starts is None else np.concatenate([[0], frame.step_starts])
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


def describe(labels: Sequence[str]) -> list[dict[str, Any]]:
    """For the sidecar: each column, its unit, and its BDF term if it has one."""
    out = []
    for label in labels:
        term = BDF_TERMS.get(label)
        unit = label.rsplit(" / ", 1)[1] if " / " in label else None
        out.append({"label": label, "unit": unit, "bdf": f"{BDF_IRI}#{term}" if term else None})
    return out


def to_frame(table: dict[str, Array]) -> Any:
    """The table as a polars DataFrame; absent values become null."""
    import polars as pl

    series = []
    for label, values in table.items():
        if isinstance(values, Coded):
            kinds = pl.Enum([name for name in values.names if name])  # an enum is written as its codes
            texts = pl.Series(label, [name or None for name in values.names], dtype=kinds)
            series.append(texts.gather(np.asarray(values)))
        else:
            one = pl.Series(label, values)
            series.append(one.fill_nan(None) if values.dtype == np.float64 and np.isnan(values).any() else one)
    return pl.DataFrame(series)
