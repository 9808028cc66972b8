"""Claims about the table of a merge: which row of the press stands beside which of the instrument, and that any reader finds it."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from stackpress.cli import app
from stackpress.logs import runs
from stackpress.logs.clock import Contact
from stackpress.logs.decode import SAMPLE_DTYPE
from stackpress.logs.pull import pull
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress
from stackpress.merge import joined
from stackpress.merge import quantities as q
from stackpress_core.log import records

from host_tools.tests.instruments import AREA_UM2, START_UNIX_S


def beside(unix, rows):
    """What stands beside each moment: the last of `rows` (begin, end) in which it lies, its begin not counted."""
    return [next((n for n, (begin, end) in enumerate(rows) if begin < at <= end), None) for at in unix]


TENTHS = st.integers(0, 200).map(lambda n: n / 10)


@given(st.lists(TENTHS, min_size=1, max_size=40), st.lists(TENTHS, min_size=2, max_size=12, unique=True), st.data())
def test_a_moment_stands_beside_the_row_of_the_press_in_which_it_lies(moments, edges, data):
    edges, unix = sorted(edges), sorted(moments)
    late = [data.draw(st.sampled_from([begin, (begin + end) / 2])) for begin, end in zip(edges, edges[1:], strict=False)]
    rows = list(zip(late, edges[1:], strict=True))
    press = pl.DataFrame({q.UNIX: edges[1:], "begins": late, "n": range(len(rows))}, schema_overrides={"n": pl.UInt8})
    table = pl.DataFrame({q.UNIX: unix, "Remark": [str(at) for at in unix]})
    whole, want = joined.join(table, press), beside(unix, rows)
    assert pl.concat(list(joined.slices(whole)))["n"].to_list() == want
    assert whole.pressed == sum(one is not None for one in want)
    assert whole.in_gaps == sum(late[0] < at <= edges[-1] for at in unix) - whole.pressed


@pytest.mark.parametrize("rest", [["x", None, "x"], [True, False, None]], ids=["texts", "truths"])
def test_parquet_holds_the_rows_that_a_csv_does_wherever_a_slice_ends(rest, tmp_path, monkeypatch):
    monkeypatch.setattr(joined, "ROWS", 5)
    monkeypatch.setattr(joined, "sidecar", lambda *_: {})
    table = pl.DataFrame({q.UNIX: np.arange(30.0), q.VOLTAGE: 3.7, "Rest": rest * 10})
    press = pl.DataFrame({q.UNIX: [9.5, 20.0], "begins": [2.5, 12.0], "Force / N": [1.5, 2.5]})
    whole = joined.join(table, press)
    parquet, csv, _ = joined.write(whole, None, tmp_path / "a", {}, ("parquet", "csv"))
    want = pl.concat(list(joined.slices(whole)))
    assert_frame_equal(pl.read_parquet(parquet), want, check_exact=True)
    assert_frame_equal(pl.read_csv(csv, schema=want.schema), want, check_exact=True)
    assert want["Force / N"].to_list() == [None] * 3 + [1.5] * 7 + [None] * 3 + [2.5] * 8 + [None] * 9


# -- gaps of the press's log ------------------------------------------------------------------------------------------


def kept(folder, ends_s, host_s=1.0):
    """Where a simulated press's run is kept: rows of a second that end at these, each of which lasted `host_s` for the host."""
    r, unhurt = records, bytes(range(8))
    press = SyntheticPress(identity="gap")
    press.add(r.BOOT, 0, 0, press.boot, 0, 4000, unhurt, unhurt, "0.1.0", runs.SIMULATED, press.identity)
    press.add(r.RUN, 0, 0, 1, AREA_UM2, 4000, 0, 4, b"", b"", b"", b"", [0] * 4, "0.1.0", "hold", "GAP", "")
    rows = np.zeros(len(ends_s), SAMPLE_DTYPE)
    rows["run"], rows["ticks"], rows["force_mean_cn"], rows["t_s"] = 1, 4000, 100_00, ends_s
    press.add_samples(rows)
    press.add(r.RUN_END, 300, 0, 1, r.RUN_DONE, [0] * 4, 100_00, 0, 0, 0)
    with Store(folder / "data") as store:
        for at in (0.0, 150.0, 300.0):
            store.add_contact(press.identity, press.boot, Contact(at, START_UNIX_S + at * host_s))
        pull(press, store)
        runs.ingest(store, press.identity)
    return folder / "data"


@pytest.fixture
def gap(tmp_path):
    """A run of 300 s whose rows from 100 to 200 s are lost."""
    return kept(tmp_path, [*range(1, 101), *range(201, 301)])


def merged(capsys, data, folder, *words, begin_s=0, end_s=400):
    t = np.arange(begin_s, end_s) + 0.5
    pl.DataFrame({"Unix Time / s": START_UNIX_S + t, "Voltage / V": 3.7}).write_csv(folder / "cell.csv")
    code = app.run(["merge", "GAP", str(folder / "cell.csv"), "--data", str(data), "-o", str(folder), "--name", "a", *words])
    told = capsys.readouterr()
    assert code == 0, (told.out, told.err)
    return told.out, t, pl.read_parquet(folder / "a.parquet")["Applied Force / N"]


def test_what_the_press_did_in_a_gap_of_its_log_is_empty_and_not_counted(gap, tmp_path, capsys):
    out, t, force = merged(capsys, gap, tmp_path, "--json")
    told = json.loads(out)
    assert (told["rows"], told["rows_pressed"], told["rows_in_gaps"]) == (400, 200, 100)
    assert [known for known in force.is_not_null()] == [at < 100 or 200 < at < 300 for at in t]
    side = json.loads((tmp_path / "a.metadata.json").read_text())["merged"]
    assert (side["rows_pressed"], side["rows_in_gaps"]) == (200, 100)


def test_a_merge_says_how_many_rows_met_a_gap(gap, tmp_path, capsys):
    out, _, _ = merged(capsys, gap, tmp_path)
    assert "400 rows, 200 of them with what the press did" in out and "100 rows lie in gaps of the press's log" in out
    out, _, _ = merged(capsys, gap, tmp_path, begin_s=210, end_s=250)
    assert "gap" not in out


def test_a_file_that_lies_in_a_gap_whole_is_merged_and_said_to(gap, tmp_path, capsys):
    out, _, force = merged(capsys, gap, tmp_path, begin_s=120, end_s=180)
    assert "60 rows, 0 of them" in out and "60 rows lie in gaps" in out and force.null_count() == 60


def test_a_simulated_press_that_ran_slower_than_the_hosts_clock_has_no_gaps(tmp_path, capsys):
    out, _, force = merged(capsys, kept(tmp_path, range(1, 301), host_s=2.0), tmp_path, "--json", end_s=600)
    assert json.loads(out)["rows_in_gaps"] == 0 and force.null_count() == 0
