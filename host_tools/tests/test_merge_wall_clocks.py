"""Wall clocks of one width are read as the slow way reads them, and what is none is left to it."""

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress.merge import fixed_width, times

FORMATS = (("ymd", "%Y-%m-%d %H:%M:%S"), ("dmy", "%d.%m.%Y %H:%M:%S"), ("mdy", "%m/%d/%Y %H:%M:%S"), ("ymd", "%Y/%m/%dT%H:%M:%S"))


def fast(texts: list[str], order: str) -> "pl.Series | None":
    parts = times._DATE.match(texts[0])
    assert parts
    groups = {"ymd": (1, 3, 4), "dmy": (4, 3, 1), "mdy": (4, 1, 3)}[order]
    return fixed_width.moments(pl.Series(texts), parts, dict(zip("ymd", groups, strict=True)))


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1)), min_size=1, max_size=30), st.sampled_from(FORMATS),
       st.integers(0, 6))  # fmt: skip
def test_digits_give_what_the_format_gives(moments: list[datetime], form: tuple[str, str], decimals: int) -> None:
    cut = [one.replace(microsecond=one.microsecond // 10 ** (6 - decimals) * 10 ** (6 - decimals)) for one in moments]
    texts = [one.strftime(form[1]) + (f".{one.microsecond:06d}"[: decimals + 1] if decimals else "") for one in cut]
    found = fast(texts, form[0])
    assert found is not None and found.to_list() == cut
    assert times._naive(pl.Series(texts), form[0]).to_list() == cut


@pytest.mark.parametrize("odd", ["2026-06-31 10:00:00", "2026-13-01 10:00:00", "2026-06-30 24:00:00", "2026-06-30 10:60:00",
                                 "2026-06-30 10:00:61", "2026-06-30 10:00:0x", "2026-06-30 10.00:00", "2026-06-30 1:00:00", "",
                                 "2026-06-30 10:00:00 "])  # fmt: skip
def test_a_text_that_is_no_moment_is_left_to_the_slow_way(odd: str) -> None:
    good = "2026-06-30 10:00:00"
    assert fast([good, good], "ymd") is not None and fast([good, odd, good], "ymd") is None


def test_more_rows_than_are_taken_at_a_time_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_width, "ROWS", 3)
    texts = [f"2026-06-{day:02d} 10:00:{day:02d}" for day in range(1, 11)]
    found = fast(texts, "ymd")
    assert found is not None and [one.second for one in found.to_list()] == list(range(1, 11))


def test_days_that_go_to_and_fro_are_left_to_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_width, "DAYS_MOST", 2)
    assert fast(["2026-06-01 10:00:00", "2026-06-02 10:00:00"], "ymd") is not None
    assert fast(["2026-06-01 10:00:00", "2026-06-02 10:00:00", "2026-06-01 10:00:00"], "ymd") is None
