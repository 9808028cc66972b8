"""What a press's forces did, for a page to draw: from seconds to months, in memory that does not grow, no excursion lost.

Three tiers of buckets, each a ring: seconds for the last hour, half minutes for the last day, quarter hours for half a year. A
bucket keeps the smallest and the largest of what fell into it, and of the deviation from the set-point likewise, so that a spike of
one sample is still there when three weeks are drawn on a thousand points.
"""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records
from stackpress_core.tick import states

from ..logs.decode import Samples, decode

Floats = npt.NDArray[np.float64]
TIERS = ((1.0, 4000), (30.0, 3200), (900.0, 20000))  # width / s, buckets
LOWS, HIGHS = ("force_low_n", "deviation_low"), ("force_high_n", "deviation_high")
MEANS = ("force_n", "set_n", "travel_m", "temperature_1_c", "temperature_2_c", "cell_1_n", "cell_2_n", "cell_3_n", "cell_4_n")
COLUMNS = (*LOWS, *HIGHS, *MEANS)
FEWEST, MOST = 10, 2000


class ForceHistory:
    """One press's; `hear` records as they come, `drawn` gives a window. Of any thread."""

    def __init__(self) -> None:
        self._tiers = [_Tier(width, count) for width, count in TIERS]
        self._offsets: dict[int, float] = {}  # boot -> Unix time of its press time 0
        self._lock = threading.Lock()

    def contact(self, boot: int, press_s: float, unix_s: float) -> None:
        """At this press time of this boot it was so late."""
        with self._lock:
            self._offsets[boot] = unix_s - press_s

    def hear(self, data: bytes) -> None:
        """Take in raw records; those of a boot whose time nobody told are passed over."""
        found = decode(data)
        with self._lock:
            for record in found.of(records.TIME_MAP):
                unix_s = record.fields["unix_s"] + record.fields["unix_ms"] / 1000
                self._offsets.setdefault(record.boot, unix_s - record.press_s)
            for view in found.views:
                for boot in np.unique(view["boot"]).tolist():
                    if boot in self._offsets:
                        self._add(view[view["boot"] == boot], self._offsets[boot])

    def drawn(self, span_s: float | None, points: int) -> dict[str, Any]:
        """The last `span_s` (None: all there is) in at most `points` buckets, oldest first; None where there is no value."""
        points = max(FEWEST, min(points, MOST))
        with self._lock:
            tier = next((one for one in self._tiers if one.covers(span_s)), self._tiers[-1])
            times, table = tier.window(span_s)
        if len(times) > points:
            times, table = _grouped(times, table, (times[-1] - times[0]) / (points - 1))
        return {"unix_s": times.tolist(), **{name: _listed(table[:, i]) for i, name in enumerate(COLUMNS)}}

    def _add(self, samples: Samples, offset_s: float) -> None:
        times = samples["t_s"] + samples["t_ms"] / 1000 + offset_s
        table = _table(samples)
        for tier in self._tiers:
            tier.add(times, table)


class _Tier:
    """A ring of buckets of one width."""

    def __init__(self, width_s: float, count: int) -> None:
        self.width_s = width_s
        self._times = np.zeros(count)
        self._table = np.zeros((count, len(COLUMNS)))
        self._begun = 0  # buckets ever

    def covers(self, span_s: float | None) -> bool:
        """Whether it still has all of the last `span_s`."""
        whole = self._begun <= len(self._times)
        return whole or span_s is not None and span_s < self.width_s * (len(self._times) - 1)

    def add(self, times: Floats, table: Floats) -> None:
        """Samples in the order of time; what is older than the newest bucket (a clock was put right) counts as its."""
        buckets = np.floor(times / self.width_s) * self.width_s
        if self._begun:
            buckets = np.maximum(buckets, self._times[self._last])
        buckets = np.maximum.accumulate(buckets)
        starts = np.flatnonzero(np.diff(buckets, prepend=-np.inf) > 0)
        merged = _merged(table, starts)
        for time, row in zip(buckets[starts].tolist(), merged, strict=True):
            if self._begun and self._times[self._last] == time:
                self._table[self._last] = _merged(np.stack([self._table[self._last], row]), np.array([0]))[0]
            else:
                at = self._begun % len(self._times)
                self._times[at], self._table[at] = time, row
                self._begun += 1

    def window(self, span_s: float | None) -> tuple[Floats, Floats]:
        """Copies of times and table of the last `span_s`."""
        count = min(self._begun, len(self._times))
        order = np.arange(self._begun - count, self._begun) % len(self._times)
        times = self._times[order]
        first = 0 if span_s is None or not count else int(np.searchsorted(times, times[-1] - span_s))
        return times[first:], self._table[order[first:]]

    @property
    def _last(self) -> int:
        return (self._begun - 1) % len(self._times)


def _table(samples: Samples) -> Floats:
    """Each sample's columns, NaN where there is no value."""

    def scaled(raw: npt.NDArray[Any], scale: float, absent: int) -> Floats:
        return np.where(raw == absent, np.nan, raw * scale)

    names = samples.dtype.names or ()
    low, high, mean = (samples[f"force_{one}_cn"] / 100 for one in ("min", "max", "mean"))
    driven = np.isin(samples["state"], states.DRIVEN) & (samples["set_cn"] > 0)
    wanted = np.where(driven, samples["set_cn"] / 100, np.nan)
    missing = np.full(len(samples), np.nan)
    temps = [scaled(samples["temp_cc"][:, i], 0.01, records.ABSENT_I16) for i in (0, 1)] if "temp_cc" in names else [missing] * 2
    cells = [scaled(samples["cell_cn"][:, i], 0.01, records.ABSENT_I32) for i in range(4)]
    travel = scaled(samples["displacement_nm"], 1e-9, records.ABSENT_I32)
    columns = [low, (low - wanted) / wanted, high, (high - wanted) / wanted, mean, wanted, travel, *temps, *cells]
    return np.stack(columns, axis=1)


def _merged(table: Floats, starts: npt.NDArray[Any]) -> Floats:
    """Rows from each start to the next as one: the smallest of the lows, the largest of the highs, the mean of the rest."""
    out = np.empty((len(starts), len(COLUMNS)))
    lows, highs = len(LOWS), len(LOWS) + len(HIGHS)
    out[:, :lows] = np.fmin.reduceat(table[:, :lows], starts)
    out[:, lows:highs] = np.fmax.reduceat(table[:, lows:highs], starts)
    rest = table[:, highs:]
    there = np.isfinite(rest)
    counts = np.add.reduceat(there.astype(float), starts)
    sums = np.add.reduceat(np.where(there, rest, 0.0), starts)
    out[:, highs:] = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return out


def _grouped(times: Floats, table: Floats, width_s: float) -> tuple[Floats, Floats]:
    groups = np.floor((times - times[0]) / width_s)
    starts = np.flatnonzero(np.diff(groups, prepend=-1.0) > 0)
    return times[starts], _merged(table, starts)


def _listed(values: Floats) -> list[float | None]:
    """Six digits are finer than any screen."""
    return [None if value != value else float(f"{value:.6g}") for value in values.tolist()]
