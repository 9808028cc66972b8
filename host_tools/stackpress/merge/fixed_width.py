"""Moments that are all written alike, read a column of digits at a time: a tenth of what parsing each text by a format costs.

A cycler writes a million of them in one width, and many with the date, hour and minute of the one before: these are read once.
Whatever is not so (a shorter row, a letter, a 31st of June) gives None, and is then parsed, and complained of, one by one.
"""

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import re

    import polars as pl

ROWS = 32768  # at a time: what is between them and the numbers stays small
DAYS_MOST = 5000  # changes of the day; more is no log in order of time
DAY_US = 86_400_000_000
EPOCH = date(1970, 1, 1).toordinal()
Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]


def moments(texts: "pl.Series", parts: "re.Match[str]", places: dict[str, int]) -> "pl.Series | None":
    """Moments without a zone. `parts` is the first text taken apart, `places` says which of its groups year, month and day are."""
    import polars as pl

    whole = np.empty(len(texts), np.int64)
    for at in range(0, len(texts), ROWS):
        found = _microseconds(texts[at : at + ROWS], parts, places)
        if found is None:
            return None
        whole[at : at + ROWS] = found
    return pl.Series(texts.name, whole).cast(pl.Datetime("us"))


def _microseconds(texts: "pl.Series", parts: "re.Match[str]", places: dict[str, int]) -> Whole | None:
    import polars as pl

    first = parts.string
    whole = texts.str.join("").cast(pl.Binary).item()
    if texts.null_count() or len(whole) != len(first) * len(texts):
        return None
    cells = np.frombuffer(whole, np.uint8).reshape(len(texts), len(first))
    to = parts.start(7)  # what stands before the seconds is the same in many rows
    begins = _changes(cells, to)
    heads, tails = _figures(cells[begins, :to], first[:to]), _figures(cells[:, to:], first[to:])
    if heads is None or tails is None:
        return None
    days = _days(*(_number(heads, parts.span(places[name])) for name in ("y", "m", "d")))
    hour, minute = (_number(heads, parts.span(group)) for group in (5, 6))
    second, part = (_number(tails, (parts.start(group) - to, parts.end(group) - to)) for group in (7, 8))
    if days is None or (hour > 23).any() or (minute > 59).any() or (second > 59).any():
        return None
    minutes = days * DAY_US + (hour * 60 + minute) * 60_000_000
    scale = 10 ** (6 - len(parts[8])) if parts[8] else 0
    return np.repeat(minutes, np.diff(begins, append=len(texts))) + second * 1_000_000 + part * scale


def _changes(cells: Bytes, to: int) -> Whole:
    """Rows whose first characters are not those of the row before, eight compared at a time."""
    changed = np.zeros(len(cells), bool)
    changed[0] = True
    for at in {*range(0, to - 7, 8), to - 8}:
        words = np.ndarray(len(cells), np.uint64, cells, at, cells.strides[:1])
        changed[1:] |= words[1:] != words[:-1]
    return np.flatnonzero(changed)


def _figures(cells: Bytes, like: str) -> Bytes | None:
    """Columns of digits, in one piece each; None if a row has something else than `like` where that has no digit, or no digit."""
    columns = np.ascontiguousarray(cells.T)
    figures = columns - np.uint8(48)
    for char, column, figure in zip(like, columns, figures, strict=True):
        if (figure > 9).any() if char.isdigit() else (column != ord(char)).any():
            return None
    return figures


def _number(figures: Bytes, span: tuple[int, int]) -> Whole:
    """What stands there in each row; 0 where the first text has nothing."""
    found = np.zeros(figures.shape[1], np.int32)
    for place in range(max(0, span[0]), span[1]):
        found *= 10
        found += figures[place]
    return found.astype(np.int64)


def _days(year: Whole, month: Whole, day: Whole) -> Whole | None:
    """Days since 1970 of each row's date; None for a date that there is not. Each day is looked up once."""
    written: Any = year * 10000 + month * 100 + day
    edges = np.flatnonzero(np.diff(written, prepend=-1))
    if len(edges) > DAYS_MOST:
        return None
    try:
        known = [date(int(year[i]), int(month[i]), int(day[i])).toordinal() - EPOCH for i in edges]
    except ValueError:
        return None
    return np.repeat(np.array(known, np.int64), np.diff(np.append(edges, len(written))))
