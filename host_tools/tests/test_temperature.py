"""What temperature does to a cell is found within its uncertainty where it is known, and refused where a run can't tell it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stackpress.metrology import temperature

ZERO_N_PER_K, SPAN_PPM_PER_K, DRIFT_N_PER_H, LOAD_N = 0.35, -42.0, 0.08, 5000.0


def told(seed: int = 1, swing_k: float = 6.0, loaded: bool = True, periods: float = 1.5) -> pl.DataFrame:
    """Two days of a cell: unloaded first, then under a dead weight; noise, and a zero that drifts with time."""
    dice, rows = np.random.default_rng(seed), 2000
    t = np.arange(2 * rows) * 43.2
    warm = 24 + swing_k / 2 * np.sin(2 * np.pi * periods * 2 * t / t[-1])
    load = np.where((np.arange(2 * rows) >= rows) & loaded, LOAD_N, 0.0)
    force = load * (1 + SPAN_PPM_PER_K * 1e-6 * (warm - 24)) + ZERO_N_PER_K * (warm - 24) + DRIFT_N_PER_H * t / 3600
    return pl.DataFrame({"Test Time / s": t, "Temperature T1 / degC": warm, "Set Force / N": np.zeros(2 * rows),
                         "Force Cell 1 / N": force + dice.normal(0, 2.0, 2 * rows)})  # fmt: skip


def test_zero_and_span_are_found_within_their_uncertainty_whatever_the_noise() -> None:
    outside = 0
    for seed in range(40):
        one = temperature.fitted(told(seed), 1, "C-101", "r1", LOAD_N)
        assert one.span_ppm_per_k is not None and one.span_u is not None
        assert one.zero_u < 0.15 and one.span_u < 40
        outside += abs(one.zero_n_per_k - ZERO_N_PER_K) > one.zero_u
        outside += abs(one.span_ppm_per_k - SPAN_PPM_PER_K) > one.span_u
    assert outside <= 12  # of 80, where one in twenty is expected


def test_a_run_at_rest_tells_the_zero_alone() -> None:
    one = temperature.fitted(told(loaded=False), 1, "C-101", "r1")
    assert one.span_ppm_per_k is None and abs(one.zero_n_per_k - ZERO_N_PER_K) < 2 * one.zero_u


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (told(swing_k=1.0, loaded=False), "moved by 1.0 K"),
        (told(loaded=False, periods=0.1, swing_k=9.0), "only went one way"),
        (told(loaded=False)[:20], "too few"),
        (told().drop("Temperature T1 / degC"), "no column Temperature T1"),
    ],
)
def test_a_run_that_can_not_tell_is_refused_in_words(table: pl.DataFrame, why: str) -> None:
    with pytest.raises(temperature.NotFitted, match=why):
        temperature.fitted(table, 1, "C-101", "r1")


def test_a_regulated_hold_tells_no_span() -> None:
    held = told().with_columns(pl.lit(LOAD_N).alias("Set Force / N"))
    with pytest.raises(temperature.NotFitted, match="too few"):
        temperature.fitted(held, 1, "C-101", "r1", LOAD_N)


def test_what_is_kept_takes_the_swing_out_of_a_table(tmp_path: Path) -> None:
    table = told(7)
    temperature.keep(temperature.fitted(table, 1, "C-101", "r1", LOAD_N), tmp_path)
    even = temperature.compensated(table, ["C-101", None, "C-999"], tmp_path)
    assert even.columns == [*table.columns, "Force Cell 1 Compensated / N"]
    half = even[: len(even) // 2]
    warm = half["Temperature T1 / degC"].to_numpy()

    def swing(label: str) -> float:
        return float(np.polyfit(warm, half[label].to_numpy() - DRIFT_N_PER_H * half["Test Time / s"].to_numpy() / 3600, 1)[0])

    assert abs(swing("Force Cell 1 / N")) > 0.3 and abs(swing("Force Cell 1 Compensated / N")) < 0.06


def test_the_command_keeps_it_for_the_cell_and_tells_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from stackpress.cli import app
    from stackpress.logs import runs

    found = type("Found", (), {"run_id": "night", "parquet": tmp_path / "runs" / "night.parquet"})()
    found.parquet.parent.mkdir()
    told().write_parquet(found.parquet)
    monkeypatch.setattr(runs, "find", lambda store, name: found)
    monkeypatch.setattr(runs, "document", lambda run: {})
    words = ["calibrate", "temperature", "1", "night", "--load-n", "5000", "--data", str(tmp_path)]
    assert app.run(words) == 2 and "--serial" in capsys.readouterr().err
    assert app.run([*words, "--serial", "C-101"]) == 0
    shown = capsys.readouterr().out
    kept = temperature.of_cell("C-101", tmp_path)
    assert kept is not None and kept.told in shown and "ppm/K" in shown
