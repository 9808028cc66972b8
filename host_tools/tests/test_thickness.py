"""Travel less what the frame gives way is thickness: known blanks and pellets, drawn, come out as they were drawn."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stackpress.cli import app
from stackpress.logs import runs
from stackpress.logs.compliance import NoReference, Reference, fit, fitting, keep, kept
from stackpress.logs.pull import pull
from stackpress.logs.report import html
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress.logs.thickness import Specimen, steps, texts, thickness
from stackpress.recorded_runs import named

AREA_M2 = 132.732e-6
FRAME_N_M = 40e6
TOUCH_M = 6e-3  # where the ram stands when a blank of no thickness is touched
BLANK_M = 5e-3
FORCES = np.concatenate([np.linspace(0, 50e3, 400), np.full(20, 50e3), np.linspace(50e3, 100, 400)])


def table_of(thick_m: Any, forces: Any = FORCES, noise_m: float = 0.0, lag_m: float = 0.0) -> pl.DataFrame:
    """A run's rows on a specimen of that thickness at each force: a row's force is its mean, its travel is that of its end."""
    ends = np.append((forces[:-1] + forces[1:]) / 2, forces[-1])
    falls = np.arange(len(forces)) > int(np.argmax(forces))
    travel = TOUCH_M - thick_m + ends / FRAME_N_M + np.random.default_rng(1).normal(0, noise_m, len(forces)) + lag_m * falls
    return pl.DataFrame({
        "Test Time / s": (np.arange(len(forces)) + 1) * 0.1, "Ticks / 1": np.full(len(forces), 400),
        "Applied Force / N": forces, "Displacement / m": travel,
    })  # fmt: skip


def reference(**more: Any) -> Reference:
    told: dict[str, Any] = {"u_thickness_m": 1e-6, "u_scale_m": 0.5e-6, **more}
    return fit([table_of(BLANK_M, lag_m=told.pop("lag_m", 0.0))], "press-1", "13mm-2", AREA_M2, ["r1"], BLANK_M, **told)


def side_of(**specimen: Any) -> dict[str, Any]:
    spans = (("contact", 0.0, 0.0), ("ramp", 0.0, 40.0), ("hold", 40.0, 42.0), ("release", 42.0, 82.0))
    told = [{"phase": phase, "test_time_s": at, "step_id": i, "step_count": i, "cycle": 0, "type": kind, "target_n": 0.0,
             "outcome": ""}
            for i, (kind, begin, end) in enumerate(spans, 1) for phase, at in (("begins", begin), ("ends", end))]  # fmt: skip
    return {"press": {"board": "press-1"}, "area_m2": AREA_M2, "tick_hz": 4000, "steps": told, "specimen": specimen}


def test_a_frame_is_found_with_the_stiffness_that_it_has() -> None:
    assert reference().stiffness_n_m == pytest.approx(FRAME_N_M, rel=0.001)


def test_a_pellet_has_the_thickness_that_it_was_drawn_with_at_every_force() -> None:
    drawn = 1.2e-3 - FORCES / 300e6
    own, u, _ = thickness(table_of(drawn), reference(), Specimen.of(side_of()))
    ends = np.append((drawn[:-1] + drawn[1:]) / 2, drawn[-1])
    known = np.isfinite(own)
    assert known.sum() > 700 and np.abs(own - ends)[known].max() < 0.3e-6 and (u[known] > 1e-6).all()


def test_density_and_porosity_follow_from_mass_and_solid_and_their_uncertainties_cover_the_truth() -> None:
    side = side_of(mass_mg=200.0, density_g_cm3=1.86)
    rows = steps(side, table_of(np.full(len(FORCES), 0.936e-3), noise_m=0.1e-6), reference()).steps
    held = rows[2]
    density = 200e-6 / (AREA_M2 * 0.936e-3)
    assert abs(held["density_kg_m3"] - density) < held["density_u_kg_m3"] < 0.02 * density
    assert abs(held["porosity"] - (1 - density / 1860)) < held["porosity_u"] < 0.02
    assert held["thickness_u_m"] == pytest.approx(2 * np.hypot(1.12e-6, 50e3 * 0.005 / FRAME_N_M), rel=0.05)


def test_a_release_has_the_specimens_own_stiffness_not_the_frames() -> None:
    drawn = np.where(np.arange(len(FORCES)) < 420, 1.2e-3, 1.2e-3 - (FORCES - 50e3) / 300e6)
    row = steps(side_of(), table_of(drawn), reference()).steps[3]
    assert abs(row["stiffness_n_m"] - 300e6) < row["stiffness_u_n_m"] and row["stiffness_n_m"] == pytest.approx(300e6, rel=0.02)
    assert row["modulus_pa"] == pytest.approx(300e6 * row["thickness_m"] / AREA_M2, rel=0.02)


def test_a_hold_has_no_stiffness_and_a_contact_no_thickness() -> None:
    rows = steps(side_of(), table_of(np.full(len(FORCES), 1e-3)), reference()).steps
    assert rows[2]["stiffness_n_m"] is None and rows[0]["thickness_m"] is None


def test_a_micrometer_puts_a_scale_right_that_has_lost_its_zero() -> None:
    moved = table_of(np.full(len(FORCES), 1e-3)).with_columns(pl.col("Displacement / m") + 0.3e-3)
    own, u, notes = thickness(moved, reference(), Specimen.of(side_of(thickness_um=1000.0)))
    known = np.isfinite(own)
    assert np.abs(own[known] - 1e-3).max() < 0.3e-6 and u[known][-1] == pytest.approx(2e-6) and "+300 µm" in notes[-1]


def test_a_blank_that_comes_back_otherwise_than_it_went_makes_the_reference_less_sure() -> None:
    assert max(reference(lag_m=8e-6).u_m) > 2e-6 > max(reference().u_m)


@pytest.mark.parametrize(("forces", "says"), [(np.full(50, 10.0), "presses nothing"), (np.linspace(70, 90, 50), "from")])
def test_no_reference_follows_from_a_run_that_does_not_press(forces: Any, says: str) -> None:
    with pytest.raises(NoReference, match=says):
        fit([table_of(BLANK_M, forces)], "press-1", "d", AREA_M2, ["r1"], BLANK_M, 1e-6, 1e-6)


def test_forces_beyond_the_reference_have_no_thickness() -> None:
    own, _, _ = thickness(table_of(np.full(3, 1e-3), np.array([60e3, 70e3, 80e3])), reference(), Specimen.of(side_of()))
    assert np.isnan(own).all()


def test_a_reference_is_kept_and_found_by_its_dies_name_or_size_and_for_no_other_press(tmp_path: Path) -> None:
    keep(tmp_path, reference())
    assert kept(tmp_path)[0] == fitting(tmp_path, side_of()) == fitting(tmp_path, side_of(die="13mm-2"))
    assert fitting(tmp_path, side_of(die="10mm-1")) is None
    assert fitting(tmp_path, {**side_of(), "area_m2": 78e-6}) is None
    assert fitting(tmp_path, {**side_of(), "press": {"board": "press-2"}}) is None


def test_people_read_values_to_the_second_digit_of_their_uncertainty() -> None:
    rows = steps(side_of(mass_mg=200.0), table_of(np.full(len(FORCES), 0.936e-3)), reference()).steps
    assert texts(rows)[1][2] == "936 ± 13 µm"


@pytest.fixture
def pressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data folder with a run, as the command line sees it; the run's name."""
    press = pellet_run(SyntheticPress())
    with Store(tmp_path) as store:
        pull(press, store)
        runs.ingest(store, press.identity)
        monkeypatch.setenv("STACKPRESS_DATA", str(tmp_path))
        return runs.find(store).run_id


def test_a_run_is_its_own_blank_and_comes_out_as_thick_in_command_report_and_python(
    pressed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["thickness", "--json"]) == 2 and "no reference is kept" in capsys.readouterr().out
    assert app.run(["reference", pressed, "--thickness-um", "5000", "--die", "13mm"]) == 0 and "die 13mm" in capsys.readouterr().out
    assert app.run(["tag", pressed, "die=13mm", "mass_mg=1200", "density_g_cm3=2.0"]) == 0 and capsys.readouterr()
    assert app.run(["thickness", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)["steps"][2]
    assert held["thickness_m"] == pytest.approx(5e-3, abs=held["thickness_u_m"]) and 0.08 < held["porosity"] < 0.11
    assert named(pressed, tmp_path).steps()["density_kg_m3"][2] == held["density_kg_m3"]
    with Store(tmp_path) as store:
        run = runs.find(store)
    assert "The specimen, by travel" in html(run.parquet, runs.document(run))
