"""Claims about a run's table in somebody's own units, rows and signs: the same run, read without a calculator."""

import zipfile

import numpy as np
import openpyxl
import polars as pl
import pytest
from stackpress.cli import app
from stackpress.logs import runs, tailored
from stackpress.logs.clock import Contact
from stackpress.logs.pull import pull
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress.logs.tailored import CannotTailor, Tailoring

START_UNIX_S = 1_795_000_000.0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    press = pellet_run(SyntheticPress())
    with Store(tmp_path_factory.mktemp("tailored") / "data") as store:
        store.add_contact(press.identity, press.boot, Contact(600.0, START_UNIX_S + 600))
        pull(press, store)
        runs.ingest(store, press.identity)
        yield runs.find(store)


def test_a_column_in_another_unit_is_another_column_with_the_same_values(run):
    ours, theirs = pl.read_parquet(run.parquet), tailored.tailored(run.parquet, Tailoring(("MPa", "kN", "mm", "h"))).collect()
    assert np.allclose(theirs["Applied Pressure / MPa"] * 1e6, ours["Applied Pressure / Pa"], rtol=1e-8)
    assert np.allclose(theirs["Force Cell 2 / kN"] * 1e3, ours["Force Cell 2 / N"], rtol=1e-8)
    assert np.allclose(theirs["Test Time / h"] * 3600, ours["Test Time / s"], rtol=1e-8)
    assert theirs["Unix Time / s"].equals(ours["Unix Time / s"]) and "Displacement / mm" in theirs.columns
    assert len(theirs.columns) == len(ours.columns) and "Applied Pressure / Pa" not in theirs.columns


@pytest.mark.parametrize("every", [1.0, 7.5, 60.0])
def test_a_slice_of_time_has_every_tick_of_its_rows(run, every):
    ours, theirs = pl.read_parquet(run.parquet), tailored.tailored(run.parquet, Tailoring(every_s=every)).collect()
    assert len(theirs) < len(ours) and theirs["Ticks / 1"].sum() == ours["Ticks / 1"].sum()
    assert theirs["Force Max / N"].max() == ours["Force Max / N"].max()
    assert theirs["Force Min / N"].min() == ours["Force Min / N"].min()
    means = [np.average(t["Applied Force / N"], weights=t["Ticks / 1"]) for t in (ours, theirs)]
    assert means[0] == pytest.approx(means[1], rel=1e-7)
    assert np.diff(theirs["Test Time / s"].to_numpy()).max() <= 2 * every + 2.5
    assert theirs["Test Time / s"][-1] == ours["Test Time / s"][-1]


def test_local_time_tells_its_zone(run):
    theirs = tailored.tailored(run.parquet, Tailoring(zone="Europe/Berlin")).collect()
    assert theirs.columns[0] == "Time"
    assert theirs["Time"][0].startswith("2026-11-18T12:06:") and theirs["Time"][0].endswith("+01:00")


def test_a_csv_with_decimal_commas_is_read_back_as_the_same_numbers(run, tmp_path):
    path = tailored.to_csv(tailored.tailored(run.parquet, Tailoring(comma=True)), tmp_path / "a.csv", True)
    read = pl.read_csv(path, separator=";", decimal_comma=True, infer_schema_length=None)
    assert np.allclose(read["Applied Force / N"], pl.read_parquet(run.parquet)["Applied Force / N"])


def test_a_workbook_opens_with_every_row(run, tmp_path):
    path = tailored.to_xlsx(tailored.tailored(run.parquet, Tailoring(every_s=10, units=("MPa",))), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(path, read_only=True)["run"]
    rows = list(sheet.iter_rows(values_only=True))
    assert zipfile.is_zipfile(path) and "Applied Pressure / MPa" in rows[0]
    assert len(rows) - 1 == len(tailored.tailored(run.parquet, Tailoring(every_s=10)).collect())
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize(
    ("wanted", "why"),
    [(Tailoring(("psi",)), "no unit"), (Tailoring(("MPa", "kPa")), "two units"), (Tailoring(every_s=-1), "no interval"),
     (Tailoring(zone="Mars/Olympus"), "no time zone")],
)  # fmt: skip
def test_what_can_not_be_made_is_refused_before_anything_is_written(run, wanted, why):
    with pytest.raises(CannotTailor, match=why):
        tailored.tailored(run.parquet, wanted)


def test_more_rows_than_a_sheet_has_are_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tailored, "MOST_XLSX", 100)
    with pytest.raises(CannotTailor, match="do not fit"):
        tailored.to_xlsx(pl.scan_parquet(run.parquet), tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_both(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("STACKPRESS_DATA", str(run.parquet.parent.parent))
    formats = ["--format", "csv", "--format", "xlsx"]
    words = ["log", "export", run.run_id, "-o", str(tmp_path), "--unit", "MPa", "--every", "5", *formats]
    assert app.run(words) == 0 and {p.suffix for p in tmp_path.iterdir()} == {".csv", ".xlsx"}
    assert "Applied Pressure / MPa" in next(tmp_path.glob("*.csv")).read_text().splitlines()[0]
    assert app.run([*words, "--unit", "psi"]) == 2 and "no unit" in capsys.readouterr().err
