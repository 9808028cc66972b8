"""Whether two clocks agree, from what both sides saw: the press's trigger edges and the steps that the instrument began.

A level's trigger goes out and the potentiostat starts; where none goes out, the cycler goes a step on and the press hears of it.
The offset between the clocks is the one that brings the most edges of the press onto beginnings of the instrument; a pattern that
fits in two places fits nowhere. An offset that is less than a row of the instrument is none; one near whole hours is a zone or a
summer time, and is said so.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records

from stackpress.merge import quantities as q
from stackpress.merge.spectra import sweeps

if TYPE_CHECKING:
    import polars as pl

_OUT, _IN = records.EVENTS[records.EVENT_TRIGGER_OUT], records.EVENTS[records.EVENT_TRIGGER_IN]
Floats = npt.NDArray[np.float64]
WITHIN_S = 1.0  # edges of one event, as two clocks and a slow instrument see them
FURTHEST_S = 26 * 3600.0  # a wrong zone at its worst
FEWEST = 3


@dataclass(frozen=True)
class Offset:
    """How far the instrument's clock is ahead of the press's, in s, and what says so; None if nothing does."""

    seconds: float | None
    matched: int
    edges: int  # of the press
    spread_s: float
    why: str

    def __str__(self) -> str:
        if self.seconds is None:
            return f"clocks not compared: {self.why}"
        if not self.seconds and self.matched:
            return f"the clocks agree within {self.spread_s:.2f} s ({self.matched} of {self.edges} edges)"
        told = f"{abs(self.seconds):.2f} s {'ahead' if self.seconds >= 0 else 'behind'}"
        hours = round(self.seconds / 3600.0)
        zone = (
            f"; that is {abs(hours)} h: is the zone right?"
            if hours and abs(self.seconds - hours * 3600.0) < 120
            else ""
        )
        return (
            f"the instrument's clock is {told} ({self.matched} of {self.edges} edges, +- {self.spread_s:.2f} s){zone}"
        )


def press_edges(side: dict[str, Any]) -> Floats:
    """Unix times at which the press's trigger went out (or, if it hardly did, at which one came in), from a run's sidecar."""
    start = side["time"]["start_unix_s"]
    if start is None:
        return np.empty(0)
    outs = [event["test_time_s"] for event in side["events"] if event["event"] == _OUT and event["a"]]
    ins = [event["test_time_s"] for event in side["events"] if event["event"] == _IN]
    edges: Floats = np.unique(np.array(outs if len(outs) >= FEWEST else ins, np.float64)) + start
    return edges


def beginnings(table: "pl.DataFrame") -> Floats:
    """Unix times at which an instrument began something: a step, a current, a sweep of frequencies."""
    unix = table[q.UNIX].to_numpy()
    found = [unix[:1]]
    if q.STEP in table.columns:
        steps = table[q.STEP]
        found.append(table[q.UNIX].filter(steps.ne_missing(steps.shift(1))).to_numpy())
    found += [sweep[q.UNIX].to_numpy()[:1] for sweep in sweeps(table)]
    if q.CURRENT in table.columns and q.STEP not in table.columns:
        flowing = np.nan_to_num(table[q.CURRENT].to_numpy().astype(np.float64)) != 0
        found.append(unix[1:][np.diff(flowing.astype(np.int8)) != 0])
    return np.unique(np.concatenate(found))


def offset(press: Floats, instrument: Floats, row_s: float = 0.0) -> Offset:
    """The clocks' offset, instrument minus press; `row_s` is what an instrument's row lasts."""
    count = len(press)
    if count < FEWEST or len(instrument) < FEWEST:
        return Offset(
            None, 0, count, 0.0, f"the press has {count} trigger edges and the instrument {len(instrument)} beginnings"
        )
    apart = np.sort((instrument[None, :] - press[:, None]).ravel())
    apart = apart[np.abs(apart) <= FURTHEST_S]
    if not len(apart):
        return Offset(None, 0, count, 0.0, "no edge lies within a day of a beginning")
    best, matched = _densest(apart)
    elsewhere = apart[np.abs(apart - best) > 3 * WITHIN_S]
    second = _densest(elsewhere)[1] if len(elsewhere) else 0
    if matched < max(FEWEST, count / 2):
        return Offset(None, matched, count, 0.0, f"at most {matched} of {count} trigger edges meet a beginning")
    if second >= matched:
        return Offset(None, matched, count, 0.0, "the edges fit in more than one place")
    inside = apart[np.abs(apart - best) <= WITHIN_S]
    middle, spread = float(np.median(inside)), float(np.ptp(inside)) / 2
    if abs(middle) <= row_s:
        return Offset(0.0, matched, count, max(row_s, spread), "")
    return Offset(middle, matched, count, spread, "")


def _densest(apart: Floats) -> tuple[float, int]:
    """Where the most differences lie within one another's reach, and how many."""
    ends = np.searchsorted(apart, apart + WITHIN_S, side="right")
    counts = ends - np.arange(len(apart))
    at = int(np.argmax(counts))
    return float(np.median(apart[at : ends[at]])), int(counts[at])
