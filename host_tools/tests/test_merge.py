"""Claims about a cell that a cycler or potentiostat has measured in the press: one table, true times, spectra at their pressure."""

import io
import json
import shutil
import warnings
from pathlib import Path

import bdf
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress.cli import app
from stackpress.logs import runs
from stackpress.logs.clock import Contact
from stackpress.logs.pull import pull
from stackpress.logs.store import Store
from stackpress.merge import clocks, quantities, readers, spectra, text_tables, times

from host_tools.tests.instruments import (
    AREA_UM2,
    BERLIN,
    CYCLING_HEAD,
    IN_S,
    LEVEL_S,
    LEVELS_MPA,
    OHM,
    OUT_S,
    START_UNIX_S,
    eis_of_the_sweep,
    eis_rows,
    mpr,
    mpt,
    swept_press,
    wall,
)

DATA = Path(__file__).with_name("data")
SPAN = (START_UNIX_S, START_UNIX_S + 700.0)
ASKED = readers.FileHints(zone="Europe/Berlin")
PEAK_PA = (25 * AREA_UM2 / 1e6 + 1.0) / (AREA_UM2 * 1e-12)  # the highest tick of the sweep


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merge") / "data"
    with Store(folder) as store:
        press = swept_press()
        store.add_contact(press.identity, press.boot, Contact(600.0, START_UNIX_S + 600))
        pull(press, store)
        runs.ingest(store, press.identity)
    return folder


@pytest.fixture
def said(data, capsys, monkeypatch):
    monkeypatch.setenv("STACKPRESS_DATA", str(data))
    monkeypatch.delenv("STACKPRESS_ZONE", raising=False)

    def ask(*words):
        code = app.run([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return ask


def cycler_csv(path, rows=700, every_s=1.0, ahead_s=0.0, begin_s=0.0):
    """A cycler's export with wall clock, milliamperes, and a step for each level's measurement."""
    t = begin_s + np.arange(rows) * every_s
    step = (np.floor(t / LEVEL_S) * 2 + (t % LEVEL_S >= OUT_S) + (t % LEVEL_S >= IN_S)).astype(int)
    clock = [wall(START_UNIX_S + x + ahead_s, "%Y-%m-%d %H:%M:%S.%f") for x in t]
    lines = [f"{c},{n},{2.5 + x / 1000:.6f},{0.1 * (n % 2):.5f}" for c, n, x in zip(clock, step, t, strict=True)]
    path.write_text("Date Time,Step Index,Voltage(V),Current(mA)\n" + "\n".join(lines) + "\n")
    return path


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_spectra_of_a_sweep_stand_at_their_pressures_and_make_the_loop(said, tmp_path):
    files = eis_of_the_sweep(tmp_path / "eis.mpt", ahead_s=7.3)
    code, out, err = said("merge", "LIC-01", files, "--zone", "Europe/Berlin", "--out", tmp_path / "o", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["offset_s"] == pytest.approx(7.3, abs=0.15) and len(told["spectra"]) == len(OHM)
    for one, mpa, ohm in zip(told["spectra"], LEVELS_MPA, OHM, strict=True):
        assert one["Mean Pressure / Pa"] == pytest.approx(mpa * 1e6, rel=1e-4) and one["Settled"] is True
        assert one[spectra.IMPEDANCES["lowest"]] == pytest.approx(ohm, rel=0.01)
        assert one[spectra.IMPEDANCES["intercept"]] == pytest.approx(10.0, abs=0.1)
    assert [one["Direction"] for one in told["spectra"]] == [None, *["up"] * 5, "down"]
    assert told["spectra"][-1]["Highest Pressure Ever / Pa"] == pytest.approx(PEAK_PA, rel=1e-4)
    assert told["spectra"][1]["Highest Pressure Ever / Pa"] < 5.1e6
    (both,) = told["loop"]
    assert (both["up_ohm"], both["down_ohm"]) == pytest.approx((110.0, 50.0), rel=0.01)
    names = {Path(file).name for file in told["files"]}
    assert {name.partition(".merged.")[2] for name in names} == {"parquet", "metadata.json", "spectra.csv", "spectra.png"}


def test_every_row_of_the_instrument_has_what_the_press_did_and_no_row_is_lost(said, tmp_path):
    file = cycler_csv(tmp_path / "cell.csv", rows=900, begin_s=-100.5)
    words = ("--zone", "Europe/Berlin", "--out", tmp_path, "--name", "A", "--format", "csv", "--json")
    code, out, err = said("merge", "LIC-01", file, *words)
    assert code == 0, err
    told, table = json.loads(out), pl.read_csv(tmp_path / "A.csv", infer_schema_length=None)
    assert len(table) == told["rows"] == 900 and told["rows_pressed"] == 700
    t = table["Unix Time / s"].to_numpy() - START_UNIX_S
    level = np.ceil(t / LEVEL_S).astype(int) - 1  # a row of the press ends at its time
    inside = (t > 0) & (t <= 700)
    newtons = [round(mpa * AREA_UM2 / 1e6, 2) for mpa in LEVELS_MPA]  # a press counts hundredths of a newton
    want = np.array([newtons[k] / AREA_UM2 * 1e12 if ok else np.nan for k, ok in zip(level, inside, strict=True)])
    got = table["Applied Pressure / Pa"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    assert np.allclose(got, want, rtol=1e-6, equal_nan=True)
    assert table["Current / A"].max() == pytest.approx(1e-4)  # milliamperes were read
    assert table["Press Step ID"].drop_nulls().unique().to_list() == [1]


def test_the_merged_table_is_bdf_to_its_own_package_and_its_values_come_through(said, tmp_path):
    file = cycler_csv(tmp_path / "cell.csv", rows=600, begin_s=20.0)
    words = ("--zone", "Europe/Berlin", "--out", tmp_path, "--institution", "UCam", "--format", "csv", "--format", "parquet")
    assert said("merge", "LIC-01", file, *words)[0] == 0
    path = tmp_path / "UCam__LIC-01__20261118_001.csv"
    side = json.loads(path.with_name("UCam__LIC-01__20261118_001.metadata.json").read_text())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told, read = bdf.validate(path), bdf.read(path)
    ours = pl.read_parquet(path.with_suffix(".parquet"))
    assert told["ok"] and told["time_stats"]["monotonic"]
    for label in ("Voltage / V", "Current / A", "Unix Time / s", "Test Time / s", "Applied Pressure / Pa"):
        assert np.allclose(pd.to_numeric(read[label]).to_numpy(float), ours[label].to_numpy(), rtol=1e-12)
    assert [one["label"] for one in side["columns"]] == ours.columns and side["merged"]["files"][0]["rows"] == 600


def test_letters_of_another_encoding_leave_the_numbers_beside_them_as_they_are(tmp_path):
    """Far behind the rows in which the kinds of the columns are looked for."""
    rows = [f"{START_UNIX_S + n},{n / 1000},{'25 °C' if n > 9000 else 'ok'}" for n in range(10_000)]
    path = tmp_path / "latin.csv"
    path.write_bytes("\n".join(["Unix Time / s,Voltage / V,Remark", *rows]).encode("latin-1"))
    table = readers.read(path, readers.FileHints(), SPAN).table
    assert len(table) == 10_000 and table[quantities.VOLTAGE].to_list() == [n / 1000 for n in range(10_000)]
    assert table["Remark"][-1].startswith("25 ") and table["Remark"][0] == "ok"


def test_who_sits_at_a_terminal_is_asked_for_the_zone_and_a_script_is_told(said, tmp_path):
    code, _, told = said("merge", "LIC-01", cycler_csv(tmp_path / "cell.csv"), "--out", tmp_path)
    assert code == 2 and "does not name" in told and "--zone Europe/Berlin" in told
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.parametrize(
    ("words", "why"),
    [(("--zone", "Europe/Brelin"), "no time zone"), (("--zone", "America/Chicago", "--no-align"), "lies in"),
     (("--dates", "ydm"), "is no order"),
     (("--column", "Amps=x"), "names no column"), (("--zone", "UTC", "--column", "Current / A=x"), "has no column 'x'"),
     (("--format", "xls"), "no format"), (("--impedance", "mean"), "no impedance")],
)  # fmt: skip
def test_what_can_not_be_merged_writes_nothing_and_says_why(said, tmp_path, words, why):
    code, _, told = said("merge", "LIC-01", cycler_csv(tmp_path / "cell.csv"), "--out", tmp_path / "o", *words)
    assert code == 2 and why in told and not (tmp_path / "o").exists()


# -- clocks -----------------------------------------------------------------------------------------------------------


@given(st.floats(-7200, 7200), st.integers(0, 2**32), st.integers(4, 12))
def test_the_offset_is_found_whatever_it_is_and_whatever_else_the_instrument_did(ahead, seed, count):
    dice = np.random.default_rng(seed)
    press = np.cumsum(dice.uniform(20, 400, count))
    noise = dice.uniform(press[0] - 100, press[-1] + 100, 3)
    found = clocks.offset(press, np.sort(np.concatenate([press + ahead + dice.uniform(0, 0.2, count), noise])))
    assert found.seconds is not None and abs(found.seconds - ahead) < 0.6 and found.matched >= count


def test_edges_that_fit_in_two_places_or_in_none_give_no_offset():
    even = np.arange(5) * 100.0
    assert clocks.offset(even, np.arange(40) * 100.0).seconds is None
    assert clocks.offset(even[:2], even).seconds is None
    assert clocks.offset(np.array([0.0, 33, 71, 190, 400]), np.array([5.0, 300, 1000])).seconds is None


def test_a_clock_that_is_hours_wrong_is_asked_about_its_zone():
    press = np.array([0.0, 33, 71, 190, 400])
    told = str(clocks.offset(press, press + 3601.5))
    assert "3601.50 s ahead" in told and "is the zone right?" in told
    assert "zone" not in str(clocks.offset(press, press - 40))


@pytest.mark.parametrize(
    ("text", "able"),
    [("2026-03-04 10:00:00", ["ymd"]), ("03/04/2026 10:00:00", ["mdy", "dmy"]), ("21/03/2026", ["dmy"]),
     ("3/21/2026 1:02:03 PM", ["mdy"]),
     ("04.03.2026 10:00", ["dmy"]), ("10-2-2020 17:18:00", ["mdy", "dmy"]), ("yesterday", [])],
)  # fmt: skip
def test_a_date_is_read_in_every_way_it_can_be(text, able):
    assert times.orders(text) == able


def test_the_run_decides_between_march_and_april_and_else_it_is_asked(tmp_path):
    zone = times.zone_of("Europe/Berlin")
    near = times.unix_of(times.local("2026-04-03 10:00:00", "ymd"), zone)[0]
    assert times.decided(["03/04/2026 10:00:00"], zone, (near - 100, near + 100), "", "x") == "dmy"
    assert times.decided(["03/04/2026 10:00:00"], zone, (near - 100, near + 100), "mdy", "x") == "mdy"
    with pytest.raises(text_tables.UnreadableFile, match="two ways"):
        times.decided(["03/04/2026 10:00:00"], zone, (0.0, 1.0), "", "x")


def test_the_hour_that_comes_twice_is_passed_twice_and_one_that_never_came_is_refused():
    zone = times.zone_of("Europe/Berlin")
    unix = 1_792_886_400.0 + np.arange(0, 4 * 3600, 600.0)  # 2026-10-25 02:00 summer time on
    texts = pl.Series([wall(u, "%d.%m.%Y %H:%M:%S") for u in unix])
    found, twice = times.series(texts, "dmy", zone, "x")
    assert np.array_equal(found, unix) and twice > 0
    with pytest.raises(text_tables.UnreadableFile, match="went forward over it"):
        times.series(pl.Series(["29.03.2026 02:30:00"]), "dmy", zone, "x")


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decimal", [".", ","])
def test_an_mpt_is_the_same_with_a_decimal_comma(tmp_path, decimal):
    rows = [(1, 1, 0, 0, 0, 0, n // 5, 0.5 * n, 0.1, 2.5 + n / 100, 0.25 * n, 1) for n in range(20)]
    one = readers.read(mpt(tmp_path / "a.mpt", CYCLING_HEAD, rows, wall(START_UNIX_S), decimal), ASKED, SPAN)
    assert np.allclose(one.table[quantities.UNIX].to_numpy(), START_UNIX_S + 0.5 * np.arange(20))
    assert np.allclose(one.table[quantities.VOLTAGE].to_numpy(), 2.5 + np.arange(20) / 100)
    assert np.allclose(one.table[quantities.CURRENT].to_numpy(), 0.25e-3 * np.arange(20))
    assert one.table[quantities.STEP].to_list()[-1] == 3


def test_galvani_reads_an_mpr_and_its_clock_is_taken_to_the_zone(tmp_path):
    rows = [(0.5 * n, 2.5 + n / 128, 0.25 * n) for n in range(20)]
    one = readers.read(mpr(tmp_path / "a.mpr", START_UNIX_S, rows), ASKED, SPAN)
    assert np.allclose(one.table[quantities.UNIX].to_numpy(), START_UNIX_S + 0.5 * np.arange(20), atol=1e-4)
    assert np.allclose(one.table[quantities.VOLTAGE].to_numpy(), 2.5 + np.arange(20) / 128)
    assert np.allclose(one.table[quantities.CURRENT].to_numpy(), 0.25e-3 * np.arange(20))


def test_a_real_spectrum_of_gamrys_is_read_with_its_torn_lines_left_out():
    asked = readers.FileHints(zone="America/New_York", dates="mdy")
    one = readers.read(DATA / "eispot_data.dta", asked, SPAN)
    (sweep,) = spectra.sweeps(one.table)
    assert sweep[quantities.REAL].to_list()[:2] == [224.6075, 224.712] and sweep[quantities.IMAGINARY][0] == -3.767681
    assert sweep[quantities.FREQUENCY].to_list()[0] == 10000.0
    assert one.table[quantities.UNIX][0] == 1463003223.0 + 1  # 2016-05-11 17:47:03 in New York


def test_a_real_chronoamperometry_of_gamrys_is_the_same_with_points_and_with_commas():
    asked = readers.FileHints(zone="UTC", dates="mdy")
    points, commas = (readers.read(DATA / name, asked, SPAN).table for name in ("chronoa_data.dta", "chronoa_de_data.dta"))
    for label in (quantities.VOLTAGE, quantities.CURRENT, quantities.UNIX):
        assert np.allclose(points[label].to_numpy(), commas[label].to_numpy(), atol=5e-5), label  # its author has rounded one
    assert 0 < points[quantities.CURRENT].abs().max() < 1


@pytest.mark.parametrize(
    ("text", "why"),
    [("a,b\n1,2\n", "does not say when"), ("time;I/mA\n1,5;2.5\n2,5;3.5\n", "decimal comma"), ("\n\n", "no row of names"),
     ("Date Time,Voltage (K)\n2026-11-18 10:00:00,1\n", "no unit"),
     ("Unix Time,Voltage / V\n1,two\n", "'two', which is no number")],
)  # fmt: skip
def test_a_csv_that_can_be_read_in_two_ways_is_refused(tmp_path, text, why):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(text_tables.UnreadableFile, match=why):
        readers.read(tmp_path / "a.csv", ASKED, SPAN)


@pytest.mark.parametrize("name", ["a.mpt", "a.dta", "a.mpr", "a.ndax", "a.nda", "a.xlsx"])
def test_a_file_that_is_not_what_its_name_promises_is_one_line(said, tmp_path, name):
    (tmp_path / name).write_bytes(b"something else entirely\n" * 50)
    code, _, told = said("merge", "LIC-01", tmp_path / name, "--zone", "UTC", "--out", tmp_path)
    assert code == 2 and name in told and "Traceback" not in told


@pytest.mark.parametrize(
    ("column", "label", "factor"),
    [("<I>/mA", "Current / A", 1e-3), ("Current (uA)", "Current / A", 1e-6), ("current_ampere", "Current / A", 1.0),
     ("Current / A", "Current / A", 1.0),
     ("Voltage(mV)", "Voltage / V", 1e-3), ("Ewe/V", "Voltage / V", 1.0), ("-Im(Z)/Ohm", "Imaginary Impedance / ohm", -1.0),
     ("Im(Z) (kOhm)", "Imaginary Impedance / ohm", 1e3), ("Total Time (h)", "Test Time / s", 3600.0),
     ("freq/Hz", "Frequency / Hz", 1.0),
     ("Frequency (kHz)", "Frequency / Hz", 1e3)],
)  # fmt: skip
def test_a_column_is_known_by_its_quantity_and_read_in_its_unit(column, label, factor):
    found = quantities.meanings([column])
    assert found[label].column == column and found[label].factor == factor


def test_megaamperes_are_not_believed():
    with pytest.raises(quantities.UnknownUnit, match="'MA', which is no unit for Current / A"):
        quantities.meanings(["Current(MA)"])


NAMES = {label: names[0] for label, names in quantities.NAMES.items()}


@pytest.mark.parametrize("label", [label for label in quantities.OF_LABEL if label != quantities.UNIX])
def test_a_quantity_without_a_unit_is_refused_in_words_until_its_unit_is_told(label, tmp_path):
    (tmp_path / "a.csv").write_text(f"Unix Time,{NAMES[label]}\n{START_UNIX_S},1.5\n{START_UNIX_S + 1},2.5\n")
    with pytest.raises(readers.UnitUnknown, match=f"a.csv: '{NAMES[label]}' tells no unit") as told:
        readers.read(tmp_path / "a.csv", ASKED, SPAN)
    unit = quantities.OF_LABEL[label]
    assert f"--unit '{NAMES[label]}=...' ({unit}, " in told.value.hint
    one = readers.read(tmp_path / "a.csv", readers.FileHints(units={NAMES[label]: "m" + unit}), SPAN)
    assert one.table[label].to_list() == [0.0015, 0.0025]
    assert one.notes == (f"'{NAMES[label]}' is in m{unit}, as you said",)


def test_unix_time_is_in_seconds_and_what_the_field_names_by_its_unit_needs_no_other(tmp_path):
    rows = "".join(f"{START_UNIX_S + n},3.7,1e-4\n" for n in range(2))
    (tmp_path / "a.csv").write_text("unix_time_second,voltage_volt,current_ampere\n" + rows)
    table = readers.read(tmp_path / "a.csv", ASKED, SPAN).table
    assert table[quantities.UNIX][0] == START_UNIX_S and (table[quantities.VOLTAGE][0], table[quantities.CURRENT][0]) == (3.7, 1e-4)


def without_units(path):
    path.write_text(cycler_csv(path).read_text().replace("Voltage(V),Current(mA)", "Voltage,Current"))
    return path


def test_a_cyclers_current_without_a_unit_writes_nothing_and_every_such_column_is_named_at_once(said, tmp_path):
    words = ("merge", "LIC-01", without_units(tmp_path / "cell.csv"), "--zone", BERLIN.key, "--out", tmp_path / "o")
    code, _, told = said(*words)
    assert code == 2 and "'Voltage' and 'Current' tell no unit" in told and not (tmp_path / "o").exists()
    assert "--unit 'Voltage=...' (V, mV)" in told and "--unit 'Current=...' (A, mA, uA)" in told
    code, out, err = said(*words, "--unit", "Voltage=V", "--unit", "Current=mA")
    assert code == 0 and "'Current' is in mA, as you said" in out, err
    assert pl.read_parquet(next((tmp_path / "o").glob("*.parquet")))["Current / A"].max() == pytest.approx(1e-4)


def test_a_column_that_was_named_is_read_in_the_unit_that_was_told_and_not_in_that_of_its_label(said, tmp_path):
    file = tmp_path / "cell.csv"
    file.write_text(cycler_csv(file).read_text().replace("Current(mA)", "I_cell"))
    words = ("merge", "LIC-01", file, "--zone", BERLIN.key, "--out", tmp_path / "o", "--column", "Current / A=I_cell")
    code, _, told = said(*words)
    assert code == 2 and "'I_cell' tells no unit" in told
    code, _, err = said(*words, "--unit", "I_cell=mA")
    assert code == 0, err
    assert pl.read_parquet(next((tmp_path / "o").glob("*.parquet")))["Current / A"].max() == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("unit", "why"),
    [("Current", "tells no unit"), ("=mA", "tells no unit"), ("Current=", "tells no unit"),
     ("Curent=mA", "no file has such a column"),
     ("Current=mV", "which is no unit for Current / A"), ("Step Index=mA", "'Step Index' is taken as it stands")],
)  # fmt: skip
def test_a_unit_that_can_not_be_meant_is_refused(said, tmp_path, unit, why):
    file = without_units(tmp_path / "cell.csv")
    told_before = ("--unit", "Voltage=V", "--unit", "Current=mA")
    code, _, told = said("merge", "LIC-01", file, "--zone", BERLIN.key, "--out", tmp_path / "o", *told_before, "--unit", unit)
    assert code == 2 and why in told and not (tmp_path / "o").exists()


def test_who_sits_at_a_terminal_is_asked_for_zone_and_units(said, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(f"V\nmA\n{BERLIN.key}\n"))
    code, out, err = said("merge", "LIC-01", without_units(tmp_path / "cell.csv"), "--out", tmp_path / "o")
    assert code == 0 and "The unit of 'Current', as A, mA, uA: " in err and "'Current' is in mA, as you said" in out
    monkeypatch.setattr("sys.stdin", Terminal(""))
    code, _, err = said("merge", "LIC-01", tmp_path / "cell.csv", "--zone", BERLIN.key, "--out", tmp_path / "p")
    assert code == 2 and "tell no unit" in err and not (tmp_path / "p").exists()


def test_spectra_that_follow_each_other_without_a_pause_are_told_apart():
    rows = [*eis_rows(0, 100.0), *eis_rows(60, 50.0), *eis_rows(120, 20.0)[::-1]]
    table = pl.DataFrame({quantities.FREQUENCY: [r[0] for r in rows], quantities.REAL: [r[1] for r in rows],
                          quantities.IMAGINARY: [-r[2] for r in rows]})  # fmt: skip
    found = [spectra.impedances(one)[spectra.IMPEDANCES["lowest"]] for one in spectra.sweeps(table)]
    assert found == pytest.approx([100.0, 50.0, 20.0], rel=0.01)


def test_the_highest_pressure_ever_counts_the_runs_before(said, data, tmp_path):
    mine = tmp_path / "data"
    shutil.copytree(data, mine)
    with Store(mine) as store:
        press = swept_press("press-0", levels=(3, 300))
        store.add_contact(press.identity, press.boot, Contact(600.0, START_UNIX_S - 86400))
        pull(press, store)
        runs.ingest(store, press.identity)
    file = eis_of_the_sweep(tmp_path / "eis.mpt")
    words = ("--zone", BERLIN.key, "--out", tmp_path, "--data", mine, "--json")
    told = json.loads(said("merge", "press-1-b0003-r001", file, *words)[1])
    assert [one["Highest Pressure Ever / Pa"] for one in told["spectra"]] == pytest.approx([300e6] * 7, rel=1e-3)


@pytest.mark.parametrize("time", ["nan", "inf", "-inf", "1e999", ""])
def test_a_row_without_a_time_is_left_out_and_told(time: str, tmp_path: Path) -> None:
    """Left in, it would be the first of the table, and no row's test time a number."""
    times = [time, START_UNIX_S, START_UNIX_S + 2, START_UNIX_S + 1]
    (tmp_path / "a.csv").write_text("Unix Time / s,Voltage / V\n" + "".join(f"{one},3.7\n" for one in times))
    one = readers.read(tmp_path / "a.csv", ASKED, SPAN)
    assert one.table["Unix Time / s"].to_list() == [START_UNIX_S, START_UNIX_S + 1, START_UNIX_S + 2]
    assert one.notes == ("1 rows have no time and were left out", "1 rows come after a later one and were put in order")
