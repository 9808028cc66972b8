"""Claims about the Battery Data Format: labels that its reader takes as what they are, and values that come through it unchanged.

`bdf` is the format's own package. That it says "ok" means that the required columns are there and no more, so values are compared.
"""

import json
import warnings

import bdf
import numpy as np
import pandas as pd
import polars as pl
import pytest
from stackpress.logs import columns, runs
from stackpress.logs.clock import Contact
from stackpress.logs.export import bdf_name, export
from stackpress.logs.pull import pull
from stackpress.logs.runs import find, ingest
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress_core.log import records

START_UNIX_S = 1_795_000_000.0  # 2026-11-18
LATER_TERMS = {"Step Record Index / 1", "Surface Pressure / Pa", "Step Time / s", "Step ID", "Step Type", "Record Index / 1",
               "Temperature T1 / degC", "Temperature T2 / degC"}  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """(run, its files in a folder) of a pellet, and of the same cell pressed again on that day."""
    press = pellet_run(SyntheticPress())
    folder = tmp_path_factory.mktemp("bdf")
    with Store(folder / "data") as store:
        store.add_contact(press.identity, press.boot, Contact(600.0, START_UNIX_S + 600))  # where a pull looks as well
        pull(press, store)
        ingest(store, press.identity)
        run = find(store)
        files = export(run, folder / "out", "UCam__A7__20261118_001", parquet=".parquet")
    return run, {"".join(one.suffixes): one for one in files}


@pytest.fixture(scope="module")
def merged(kept, tmp_path_factory):
    """The press's table with a cycler's beside it, as a BDF file: each cycler row with the press's row before it."""
    press = pl.read_parquet(kept[0].parquet)
    t = np.arange(1.0, 599.0, 0.5)
    volts, amperes = 3.0 + 0.001 * t, np.full(len(t), 1e-4)
    cycler = pl.DataFrame({"Unix Time / s": START_UNIX_S + t, "Voltage / V": volts, "Current / A": amperes})
    table = cycler.join_asof(press, on="Unix Time / s").with_columns(pl.Series("Test Time / s", t))
    path = tmp_path_factory.mktemp("merged") / "UCam__A7__20261118_001.bdf.csv"
    table.write_csv(path)
    return table, path


def test_a_table_without_voltage_and_current_is_no_bdf_file_and_does_not_claim_to_be(kept):
    _, files = kept
    told = bdf.validate(pd.read_parquet(files[".parquet"]))
    assert not told["ok"] and told["missing"] == ["Voltage / V", "Current / A"]
    assert not any(".bdf." in one.name for one in files.values())


def test_merged_with_a_cyclers_table_it_is_one_and_every_value_comes_through(merged):
    table, path = merged
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told, read = bdf.validate(path), bdf.read(path)
    assert told["ok"] and told["legacy_labels"] == [] and told["time_stats"]["monotonic"]
    assert set(read.columns) == set(table.columns) and table["Applied Pressure / Pa"].null_count() == 0
    for label in table.columns:
        ours = table[label]
        if ours.dtype.is_numeric():
            theirs, here = read[label].to_numpy(float), ours.cast(pl.Float64).to_numpy()
            assert np.allclose(theirs, here, rtol=1e-12, equal_nan=True), label
        else:
            assert [None if pd.isna(v) else v for v in read[label]] == ours.cast(pl.String).to_list(), label


def test_every_term_of_the_format_that_its_package_knows_has_the_label_that_we_give_it():
    from bdf.normalize import spec

    known = {spec._label_for(term): term for term in spec.COLUMNS}
    ours = {label: term for label, term in columns.BDF_TERMS.items() if label not in LATER_TERMS}
    assert ours and all(known[label] == term for label, term in ours.items())
    assert columns.BDF_VERSION == "1.3.0" and "Step Index / 1" not in columns.ORDER


def test_a_pressure_of_a_pellet_is_its_force_over_its_area(kept):
    table = pl.read_parquet(kept[0].parquet)
    assert table["Applied Pressure / Pa"].max() == pytest.approx(370e6, rel=1e-3)
    assert np.allclose(table["Applied Pressure / Pa"] * kept[0].area_m2, table["Applied Force / N"], atol=0.01)


def test_files_are_called_as_the_format_calls_them_and_the_sidecar_stands_by_their_stem(kept):
    run, files = kept
    assert {one.name for one in files.values()} >= {
        "UCam__A7__20261118_001.csv", "UCam__A7__20261118_001.parquet", "UCam__A7__20261118_001.metadata.json",
    }  # fmt: skip
    side = json.loads(files[".metadata.json"].read_text())
    assert side["@type"] == "Dataset" and side["@context"]["bdf"].startswith("https://w3id.org/battery-data-alliance/ontology/")


def test_what_the_format_does_not_know_is_declared_so_that_its_readers_keep_it(kept):
    run, files = kept
    side = json.loads(files[".metadata.json"].read_text())
    declared = side["battinfo_dataset"]["dataset"]["variable_measured"]
    labels = {one["name"] if one["unit_text"] == "1" and one["name"] in columns.ORDER else f"{one['name']} / {one['unit_text']}"
              for one in declared}  # fmt: skip
    assert labels == set(pl.read_parquet(run.parquet).columns) - set(columns.BDF_TERMS)
    assert all(one["name"] and one["unit_text"] and one["description"] for one in declared)


def test_a_table_that_has_lost_its_sidecar_still_says_what_it_is(kept):
    import pyarrow.parquet as pq

    run, files = kept
    for path in (run.parquet, files[".parquet"]):
        inside = pq.read_metadata(path).metadata
        side = json.loads(inside[b"stackpress"])
        assert (side["run_id"], side["sample"], inside[b"bdf_version"]) == (run.run_id, "Li6PS5Cl 200 mg", b"1.3.0")


@pytest.mark.parametrize(
    ("institution", "sample", "name"),
    [("UCam", "A7", "UCam__A7__20261118_001"), ("U Cam", "LIC 01/b", "U-Cam__LIC-01-b__20261118_001"),
     ("TU__B", "a__b", "TU_B__a_b__20261118_001"), ("x", "Zelle ß", "x__Zelle__20261118_001"),
     ("TU München", "Prägung é1", "TU-Munchen__Pragung-e1__20261118_001"), ("样", "образец 1", "unknown__1__20261118_001")],
)  # fmt: skip
def test_names_have_four_parts_whatever_the_sample_is_called(kept, institution, sample, name):
    from dataclasses import replace

    run = replace(kept[0], sample=sample)
    assert bdf_name(run, institution, [run]) == name and name.count("__") == 2


def test_samples_whose_files_would_have_one_name_are_counted_together(kept):
    from dataclasses import replace

    samples = ("样品 1", "образец 1", "A/1", "A 1", "A-1")
    every = [replace(kept[0], sample=sample, run_id=sample) for sample in samples]
    assert len({bdf_name(one, "U", every) for one in every}) == 5


def test_the_second_run_of_a_cell_on_a_day_is_002_and_a_run_without_a_date_has_no_such_name(kept):
    from dataclasses import replace

    first = replace(kept[0], sample="A7")
    second = replace(first, run_id="other", start_unix_s=first.start_unix_s + 3600)
    next_day = replace(first, run_id="next", start_unix_s=first.start_unix_s + 86400)
    every = [first, second, next_day]
    assert [bdf_name(one, "U", every)[-12:] for one in every] == ["20261118_001", "20261118_002", "20261119_001"]
    with pytest.raises(ValueError, match="no contact with a host dates"):
        bdf_name(replace(first, start_unix_s=None), "U", every)


def stepped(rows, steps, notes=()):
    """A run of bare rows (ms, step, flags, round if any) and steps (ms, place, cycle, kind)."""
    press = SyntheticPress(identity="stepped")
    press.add(records.RUN, 0, 0, 1, 132_732_000, 4000, 0, 4, b"", b"", b"", b"", [0] * 4, "0.1.0", "p", "s", "")
    told = [(ms, 0, (records.STEP, place, count, cycle, kind)) for count, (ms, place, cycle, kind) in enumerate(steps, 1)]
    told += [(ms, 1, (records.SAMPLE, *row)) for ms, *row in rows]
    for ms, _, (what, *more) in sorted(told, key=lambda one: one[:2]):
        at = ms // 1000, ms % 1000
        if what == records.STEP:
            place, count, cycle, kind = more
            press.add(records.STEP, *at, 1, place, count, cycle, records.STEP_BEGINS, 100, 100, 0, kind, "")
        else:
            step, flags, cycle = (*more, 0)[:3]
            press.add(records.SAMPLE, *at, 3, flags, 1, step, cycle, 100, 100, 90, 110, [0] * 4, 0, 0, [0, 0], 0, 0, 400, 0)
    for place, text in notes:
        press.add(records.EVENT, 0, 0, records.EVENT_STEP_NOTE, 1, place, 1, text)
    press.add(records.RUN_END, 60, 0, 1, records.RUN_DONE, [0] * 4, 100, 0, 0, 0)
    return press


def table_of(press, folder):
    with Store(folder) as store:
        pull(press, store)
        runs.ingest(store, press.identity)
        return pl.read_parquet(runs.find(store).parquet)


def test_the_cycle_count_never_falls_over_two_loops_and_counts_them_all(tmp_path):
    steps = [(0, 1, 0, "ramp"), (1000, 2, 1, "cycle"), (2000, 2, 2, "cycle"), (3000, 2, 3, "cycle"), (4000, 3, 0, "hold"),
             (5000, 4, 1, "sweep"), (6000, 4, 2, "sweep"), (7000, 5, 1, "cycle"), (8000, 6, 0, "vent")]  # fmt: skip
    rows = [(ms, 0, 0) for ms in range(500, 9000, 500)]
    table = table_of(stepped(rows, steps), tmp_path)
    assert table["Cycle Count / 1"].to_list() == [0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 6]
    assert (table["Step Count / 1"].diff().drop_nulls() >= 0).all()
    assert table["Step Record Index / 1"].to_list() == [1, 2] * 8 + [1]


def test_a_row_of_a_tick_that_ends_in_the_millisecond_in_which_its_step_began_is_of_that_step(tmp_path):
    rows = [(1000, 1, 0), (2000, 1, 0), (2000, 2, 0, 1), (3000, 2, 0, 1), (4000, 2, 0, 1), (4000, 2, 0, 2), (5000, 2, 0, 2)]
    table = table_of(stepped(rows, [(0, 1, 0, "ramp"), (2000, 2, 1, "cycle"), (4000, 2, 2, "cycle")]), tmp_path)
    assert table["Step Count / 1"].to_list() == [1, 1, 2, 2, 2, 3, 3]
    assert table["Step Record Index / 1"].to_list() == [1, 2, 1, 2, 3, 1, 2]
    assert table["Cycle Count / 1"].to_list() == table["Step Cycle / 1"].to_list() == [0, 0, 1, 1, 1, 2, 2]


def test_a_row_that_ends_as_the_next_step_begins_is_the_step_befores(tmp_path):
    table = table_of(stepped([(1000, 1, 0), (2000, 1, 0), (3000, 2, 0)], [(0, 1, 0, "ramp"), (2000, 2, 0, "hold")]), tmp_path)
    assert table["Step Type"].cast(pl.String).to_list() == ["ramp", "ramp", "hold"]
    assert table["Step ID"].to_list() == [1, 1, 2] and table["Step Time / s"].to_list() == [1.0, 2.0, 1.0]


def test_the_note_of_a_step_stands_in_each_of_its_rows(tmp_path):
    press = stepped([(1000, 1, 0), (3000, 2, 0), (5000, 3, 0)], [(0, 1, 0, "ramp"), (2000, 2, 0, "hold"), (4000, 3, 0, "hold")],
                    notes=[(2, "60 °C")])  # fmt: skip
    assert table_of(press, tmp_path)["Step Note"].cast(pl.String).to_list() == [None, "60 °C", None]


def test_a_pressure_under_a_locked_valve_is_a_surface_pressure_as_well(tmp_path):
    rows = [(1000, 1, 0), (2000, 1, records.FLAG_LOCKED), (3000, 1, records.FLAG_LOCKED | records.FLAG_DENSE)]
    table = table_of(stepped(rows, [(0, 1, 0, "relax")]), tmp_path)
    applied = table["Applied Pressure / Pa"].to_list()
    assert table["Surface Pressure / Pa"].to_list() == [None, *applied[1:]]
