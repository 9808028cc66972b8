"""Local times of instruments to Unix time: cyclers write the wall clock without a zone, days and months in either order.

The zone is asked for, never guessed. Whether 3/4/2026 is in March or April is decided by the run that the file belongs to; where
that does not decide it, it is asked for as well. In the hour that comes twice in autumn a clock that falls back begins its second.
"""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from stackpress.merge.text_tables import UnreadableFile

if TYPE_CHECKING:
    import polars as pl

ORDERS = ("ymd", "dmy", "mdy")
DAY_S = 86400.0
_DATE = re.compile(
    r"^\s*(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp][Mm])?)?\s*$"
)


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name, as Europe/Berlin. Raises UnreadableFile."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown; no relative name; a folder of the data base
        raise UnreadableFile(
            f"there is no time zone {name!r}", "As Europe/Berlin, Asia/Tokyo, America/Chicago or UTC."
        ) from error


def orders(text: str) -> list[str]:
    """In which orders a date can be read. A point parts days from months, a year in front comes with the month behind it."""
    parts = _DATE.match(text)
    if not parts:
        return []
    first, mark, second = parts[1], parts[2], int(parts[3])
    if len(first) == 4:
        return ["ymd"]
    if mark == ".":
        return ["dmy"] if second <= 12 else []
    return [
        order
        for order, month in (("mdy", int(first)), ("dmy", second))
        if 1 <= month <= 12 and _day(parts, order) <= 31
    ]


def _day(parts: "re.Match[str]", order: str) -> int:
    return int(parts[3] if order == "mdy" else parts[1])


def local(text: str, order: str) -> datetime:
    """A moment of a wall clock. Raises ValueError."""
    parts = _DATE.match(text)
    if not parts:
        raise ValueError(f"{text!r} is no date with a time")
    numbers = {
        "ymd": (parts[1], parts[3], parts[4]),
        "dmy": (parts[4], parts[3], parts[1]),
        "mdy": (parts[4], parts[1], parts[3]),
    }
    year, month, day = (int(number) for number in numbers[order])
    hour = int(parts[5] or 0)
    if parts[9]:
        hour = hour % 12 + (12 if parts[9].casefold() == "pm" else 0)
    micro = int((parts[8] or "0").ljust(6, "0")[:6])
    return datetime(
        year + 2000 if year < 100 else year, month, day, hour, int(parts[6] or 0), int(parts[7] or 0), micro
    )


def unix_of(moment: datetime, zone: ZoneInfo) -> tuple[float, bool]:
    """Unix time of a wall clock's moment, and whether that moment comes twice there (then it is the first)."""
    first, second = (moment.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    return first, second > first


def decided(texts: list[str], zone: ZoneInfo, span: tuple[float, float], asked: str, where: str) -> str:
    """The order of days and months: the one that was asked for, or the only one that puts the times near the run's `span` / s.

    Raises UnreadableFile.
    """
    able = set(ORDERS).intersection(*[orders(text) for text in texts])
    if asked:
        able &= {asked, "ymd"}
    if not able:
        raise UnreadableFile(
            f"{where}: {texts[0]!r} is no date that can be read", "As 2026-03-21 10:00:00, 21.03.2026 or 3/21/2026."
        )
    if len(able) == 1:
        return able.pop()
    near = [order for order in sorted(able) if _near([unix_of(local(text, order), zone)[0] for text in texts], span)]
    if len(near) != 1:
        raise UnreadableFile(
            f"{where}: {texts[0]!r} can be read in two ways", "Say which: --dates dmy (day first) or mdy (month first)."
        )
    return near[0]


def _near(moments: list[float], span: tuple[float, float]) -> bool:
    return min(moments) < span[1] + DAY_S and max(moments) > span[0] - DAY_S


def series(texts: "pl.Series", order: str, zone: ZoneInfo, where: str) -> tuple[np.ndarray[Any, Any], int]:
    """Unix times / s of a column of wall clock's moments, and how many lie in an hour that comes twice. Raises UnreadableFile."""
    import polars as pl

    plain = texts.str.replace(r"(:\d\d),(\d)", "$1.$2") if "," in str(texts[0]) else texts
    naive = _naive(plain, order)
    if naive.null_count():
        row = int(naive.is_null().arg_max() or 0)
        raise UnreadableFile(
            f"{where}: row {row + 1} has {texts[row]!r} where the rows before have moments", "Mend or leave out the row."
        )
    shift_s = _steady(naive, zone)
    if shift_s is not None:
        unix: np.ndarray[Any, Any] = naive.dt.epoch("us").to_numpy() / 1e6
        unix -= shift_s
        return unix, 0
    first, second = (
        naive.dt.replace_time_zone(zone.key, ambiguous=which, non_existent="null").dt.epoch("us").cast(pl.Float64).to_numpy()
        / 1e6
        for which in ("earliest", "latest")
    )
    if np.isnan(first).any():
        row = int(np.isnan(first).argmax())
        raise UnreadableFile(
            f"{where}: {texts[row]!r} did not happen in {zone.key}: the clock went forward over it",
            "Is the zone right?",
        )
    twice = second > first
    fell = np.flatnonzero(np.concatenate([[False], np.diff(naive.dt.epoch("us").to_numpy()) < -1_000_000]) & twice)
    begun = np.zeros(len(first), bool)
    for row in fell.tolist():
        once_again = np.flatnonzero(~twice[row:])
        begun[row : row + int(once_again[0]) if len(once_again) else len(begun)] = True
    return np.where(begun, second, first), int(twice.sum())


def _naive(texts: "pl.Series", order: str) -> "pl.Series":
    """Moments without a zone; null where a text is none."""
    from stackpress.merge import fixed_width

    first = str(texts[0])
    parts = _DATE.match(first)
    if parts and parts[5] and parts[7] and not parts[9] and len(parts[8] or "") <= 6:
        groups = {"ymd": (1, 3, 4), "dmy": (4, 3, 1), "mdy": (4, 1, 3)}[order]
        if len(parts[groups[0]]) == 4:
            found = fixed_width.moments(texts, parts, dict(zip("ymd", groups, strict=True)))
            if found is not None:
                return found
    return texts.str.to_datetime(_format(first.strip(), order), strict=False)


def _steady(naive: "pl.Series", zone: ZoneInfo) -> float | None:
    """How far local time is ahead of UTC, in s, if it stayed so over all these moments and a day around them."""
    first, last = naive.min(), naive.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return None
    days = range(-1, (last - first).days + 3)
    ahead = {(first + timedelta(days=day)).replace(tzinfo=zone).utcoffset() for day in days}
    only = ahead.pop()
    return only.total_seconds() if only is not None and not ahead else None


def _format(text: str, order: str) -> str:
    """The strptime format of a wall clock's moment."""
    parts = _DATE.match(text)
    if not parts:
        raise ValueError(f"{text!r} is no date with a time")
    year = "%y" if len(parts[1] if order == "ymd" else parts[4]) == 2 else "%Y"
    date = parts[2].join({"y": year, "m": "%m", "d": "%d"}[one] for one in order)
    if not parts[5]:
        return date
    gap = "T" if "T" in text else " "
    clock = (
        ("%I" if parts[9] else "%H")
        + ":%M"
        + (":%S" if parts[7] else "")
        + ("%.f" if parts[7] else "")
        + (" %p" if parts[9] else "")
    )
    return date + gap + clock
