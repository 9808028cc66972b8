"""Cells that stand where the press file says tell where the load is, how even, and what that makes of the die's pressure."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stackpress import paths
from stackpress.cli import app
from stackpress.config import load
from stackpress.config.complaints import ConfigError
from stackpress.logs import runs, uniformity
from stackpress.logs.pull import pull
from stackpress.logs.report import html
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run

CELLS = ((0.0, 40.0), (-34.641, -20.0), (34.641, -20.0))
AREA_M2 = 132.732e-6
PRESS = (paths.BOARDS / "sim" / "press.toml").read_text()


def shares_of(x_mm: float, y_mm: float) -> np.ndarray[Any, Any]:
    """What three cells carry of a load at a place: forces and both moments in balance."""
    return np.linalg.solve(np.vstack([np.ones(3), np.array(CELLS).T]), [1.0, x_mm, y_mm])


@pytest.mark.parametrize(("x_mm", "y_mm"), [(0, 0), (1.5, 0), (0, -3), (-2, 2.5)])
def test_the_centre_is_where_the_load_was_put(x_mm: float, y_mm: float) -> None:
    found = uniformity.spread("3", "hold", 20e3 * shares_of(x_mm, y_mm), CELLS, AREA_M2)
    assert (found.x_mm, found.y_mm) == pytest.approx((x_mm, y_mm), abs=1e-6) and found.force_n == pytest.approx(20e3)
    assert found.at_rim == pytest.approx(8 * np.hypot(x_mm, y_mm) / 13, rel=1e-3)


def test_an_even_load_is_even_and_a_tilted_one_says_by_how_much_a_cell_is_off() -> None:
    assert uniformity.spread("1", "hold", np.full(3, 100.0), CELLS, None).uneven == pytest.approx(0)
    assert uniformity.spread("1", "hold", np.array([120.0, 90, 90]), CELLS, None).uneven == pytest.approx(0.2)
    assert uniformity.spread("1", "hold", np.array([120.0, 90, 90]), CELLS, None).at_rim is None


def test_a_force_that_the_high_cells_hardly_feel_has_no_place() -> None:
    assert np.isnan(uniformity.centres(np.array([[1.0, 2.0, -1.0]]), CELLS)).all()


@pytest.mark.parametrize(("text", "says"), [
    ("cell_mm = [[0, 40], [1, 2]]", "2 places for 3 cells"), ("cell_mm = [[0, 40], [0, 40], [3, 4]]", "two cells in one place"),
    ("cell_mm = [[0, 40], [0], [3, 4]]", "no list of places"), ("cell_mm = 3", "no list of places"), ("cells = []", "other keys"),
    ("cell_mm = [[0, nan], [1, 2], [3, 4]]", "no list of places"),
])  # fmt: skip
def test_places_that_can_not_be_are_refused_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "press.toml"
    file.write_text(f"{PRESS}\n[positions]\n{text}\n")
    with pytest.raises(ConfigError) as error:
        load(file)
    assert any(says in one.text and one.line for one in error.value.complaints)


@pytest.fixture
def pressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a run, and beside it a press file that says where the cells stand."""
    press = pellet_run(SyntheticPress())
    with Store(tmp_path / "data") as store:
        pull(press, store)
        runs.ingest(store, press.identity)
    monkeypatch.setenv("STACKPRESS_DATA", str(tmp_path / "data"))
    (tmp_path / "press.toml").write_text(f"{PRESS}\n[positions]\ncell_mm = {[list(one) for one in CELLS]}\n")
    return tmp_path


def test_each_hold_is_told_and_a_map_is_drawn(pressed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = pressed / "map.png"
    assert app.run(["uniformity", "--press", str(pressed / "press.toml"), "-o", str(picture), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["holds"]
    assert [one["step"] for one in told] == ["3", "5"] and told[0]["uneven"] == pytest.approx(0.04, abs=0.006)  # 0.32 of three
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_a_report_has_it_as_soon_as_the_presss_places_are_known(pressed: Path) -> None:
    with Store(pressed / "data") as store:
        run = runs.find(store)
    assert "Where the load was" not in html(run.parquet, runs.document(run))
    uniformity.keep(pressed / "data", run.board, load(pressed / "press.toml").positions)
    assert "Where the load was" in html(run.parquet, runs.document(run))


def test_without_places_it_says_what_to_write(
    pressed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pressed / "data")
    assert app.run(["uniformity"]) == 2 and "[positions] in the press file" in capsys.readouterr().err


def test_rows_without_a_hold_are_drawn_all_the_same(pressed: Path) -> None:
    with Store(pressed / "data") as store:
        run = runs.find(store)
    side = {**runs.document(run), "steps": [], "area_m2": None}
    assert len(uniformity.draw(side, pl.read_parquet(run.parquet), CELLS).axes) >= 2
