"""The bench of the board measures what it says: short and few, on the image that is there."""

import pytest

from hil_tests.bench.board import measures, table
from hil_tests.bench.board.rig import forked
from hil_tests.conftest import EMULATED_TIMEOUT_S

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


def test_a_short_bench_presses_downloads_and_gives_figures_that_can_be_true() -> None:
    found = measures.ticks(lambda text: None, seconds=0.4)
    period_us = 1e6 / 4000
    assert 0 < found["tick_us_p50"] <= found["tick_us_max"] < period_us and found["missed_ticks"] == 0
    assert abs(found["ticks_measured"] - 0.4 * 4000) <= 2
    assert found["force_n_at_end"] > 300 and found["downloaded_bytes"] > 0 and found["nor_programs"] > 0
    assert found["records_missing"] == found["records_dropped"] == found["log_bad_bytes"] == 0
    assert 0 < found["heap_free_bytes"] < found["heap_bytes"]


def test_trials_happen_in_copies_and_the_press_goes_on() -> None:
    rig = measures.pressing()

    def hung() -> bool:
        rig.chip.go_in_circles(interrupts=False)
        rig.run(0.005)
        return bool(rig.carrier.one_shot.alive)

    assert not forked(hung)
    before = rig.word("TOKEN")
    rig.run(0.005)
    rig.need_pressing()
    assert rig.word("TOKEN") != before
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        forked(lambda: 1 // 0)


def test_a_figure_that_was_not_measured_is_not_met() -> None:
    rows = table.judged({"tick_us_max": 30.0, "usb_stop_ms_max": float("inf")}, {"tick_us_max", "usb_stop_ms_max", "jitter_us_max"})
    assert {row["name"]: row["met"] for row in rows} == {"tick_us_max": True, "jitter_us_max": False, "usb_stop_ms_max": False}


def test_the_sustained_rate_is_the_highest_that_held() -> None:
    values = table.merged({"a": {"at_6000_hz": {"held": True}}, "b": {"at_8000_hz": {"held": False}}})
    assert values["tick_hz_sustained"] == 6000
