"""Claims about the host's logs: nothing lost, nothing invented, killed anywhere, dated right."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress.errors import BadBlock, LinkLost
from stackpress.logs import columns, runs, table
from stackpress.logs.clock import Contact, clock_map
from stackpress.logs.decode import as_it_was, blocks, decode
from stackpress.logs.export import export
from stackpress.logs.flight import flight_table
from stackpress.logs.parquet import slices, write_parquet
from stackpress.logs.pull import pull
from stackpress.logs.raw_file import RawFile, decoded, newest
from stackpress.logs.run_records import runs_of
from stackpress.logs.store import Store, StoreBusy, data_folder, generation_of
from stackpress.logs.synthetic import SyntheticPress, pellet_run, stream
from stackpress.serve.log_follower import LogFollower
from stackpress_core.log import records
from stackpress_core.scpi import line_safe

RUN = b"".join(pellet_run(SyntheticPress()).data)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as opened:
        yield opened


# -- decoding ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(RUN)))
def test_after_any_truncation_every_earlier_record_decodes(cut):
    found = decode(RUN[:cut])
    assert found.bad_bytes <= records.RECORD_MAX and found.good_end <= cut
    assert found.missing == 0 and found.count == found.last_seq
    assert cut - found.good_end < records.RECORD_MAX


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(RUN) - 1), st.integers(1, 255))
def test_one_wrong_byte_costs_one_record_and_is_a_number(at, flip):
    broken = bytearray(RUN)
    broken[at] ^= flip
    whole, found = decode(RUN), decode(bytes(broken))
    edge = whole.last_seq - found.last_seq + found.first_seq - whole.first_seq
    assert found.count == whole.count - 1 and found.missing + edge == 1 and found.bad_bytes > 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=4000))
def test_noise_decodes_to_nothing_and_never_raises(noise):
    found = decode(noise)
    assert found.count == 0 and found.bad_bytes == len(as_it_was(noise))  # a marked block is longer by mark and masks
    assert noise.startswith(line_safe.MARK) or as_it_was(noise) is noise


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.integers(1, 300))
def test_blocks_and_slices_keep_every_sample_in_order(lengths, size):
    every = decode(stream(sum(lengths))).samples
    views = np.split(every, np.cumsum(lengths)[:-1])
    assert np.concatenate([b["seq"].copy() for b in blocks(views, size)]).tolist() == every["seq"].tolist()
    regrouped = list(slices(views, size))
    assert [sum(map(len, g)) for g in regrouped[:-1]] == [size] * (len(regrouped) - 1)
    assert np.concatenate([v for g in regrouped for v in g])["seq"].tolist() == every["seq"].tolist()


def test_values_survive_the_way_from_the_press_to_the_table():
    press = SyntheticPress()
    values = (7, 250, 3, 2, 1, 2, 5, 66366, 66360, 66300, 66420, [1, -2, 3, records.ABSENT_I32], -12, 1234567,
              [2512, records.ABSENT_I16], 65535, 9, 4000, 13)  # fmt: skip
    press.add(records.SAMPLE, *values)
    (view,) = decode(press.data[0]).views
    basis = table.Reference(0, 132.732e-6, clock_map([Contact(0.0, 1000.0)])).fitted([view])
    row = table.to_polars(table.columns([view], basis)).to_dicts()[0]
    assert row["Applied Force / N"] == 663.6 and row["Force Cell 2 / N"] == -0.02 and row["Valve / 1"] == 1.0
    assert row["Test Time / s"] == 7.25 and row["Unix Time / s"] == 1007.25 and row["Step ID"] == 2
    assert row["Displacement / m"] == 0.001234567 and row["Temperature T1 / degC"] == 25.12
    assert row["Applied Pressure / Pa"] == pytest.approx(663.6 / 132.732e-6, abs=0.06)
    assert "Force Cell 4 / N" not in row and "Temperature T2 / degC" not in row


def test_a_table_written_in_slices_is_the_table_written_at_once(tmp_path, monkeypatch):
    found = decode(RUN)
    (run,) = runs_of(found)
    basis = table.Reference(0, 132.7e-6, clock_map([Contact(0.0, 1e9)]), run.steps)
    at_once = table.to_polars(table.columns(run.views, basis.fitted(run.views)))
    monkeypatch.setattr("stackpress.logs.parquet.slices", lambda views: slices(views, 97))
    write_parquet(run.views, basis, tmp_path / "sliced.parquet")
    assert pl.read_parquet(tmp_path / "sliced.parquet").equals(at_once)
    assert at_once["Step Count / 1"].to_list() == at_once["Step ID"].to_list()
    places = at_once.group_by("Step Count / 1").agg(pl.col("Step Record Index / 1").min().alias("first"))
    assert places["first"].to_list() == [1] * 5


def test_the_flight_window_keeps_its_ticks_and_shows_missing_ones():
    slices_of_trip = decode(b"".join(pellet_run(SyntheticPress(), trip=True).data)).of(records.FLIGHT)
    table = flight_table(slices_of_trip[:3] + slices_of_trip[4:], 0)
    ticks = table["Tick / 1"]
    assert ticks[0] == -4000 and ticks[-1] == 1999 and len(ticks) == 6000 - records.FLIGHT_SLICE
    assert table["Trip Time / s"][0] == -1.0 and table["Applied Force / N"][0] == 663.66


# -- the clock --------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.floats(-200, 200), st.lists(st.floats(0, 3e6), min_size=2, max_size=30, unique=True))
def test_the_drift_of_the_press_is_taken_out_between_contacts(ppm, times):
    contacts = [Contact(t, 1.7e9 + t * (1 + ppm * 1e-6)) for t in times]
    inside = np.linspace(min(times), max(times), 50)
    assert np.abs(clock_map(contacts).unix_s(inside) - (1.7e9 + inside * (1 + ppm * 1e-6))).max() < 0.05


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(1e9, 2e9)), min_size=1, max_size=20))
def test_unix_time_never_runs_backwards_whatever_the_contacts(pairs):
    clock = clock_map([Contact(p, u) for p, u in pairs])
    assert (np.diff(clock.unix_s(np.linspace(-1e5, 2e6, 400))) >= 0).all()
    assert len(clock.contacts) + clock.ignored <= len(pairs)


def test_a_laptop_with_a_wrong_clock_is_left_out_and_told():
    good = [Contact(t, 1.7e9 + t) for t in (0.0, 1000.0, 2000.0)]
    clock = clock_map([*good, Contact(1500.0, 1.2e9)])
    assert clock.ignored == 1 and clock.unix_s(np.array([1500.0]))[0] == 1.7e9 + 1500


def test_a_single_contact_is_an_offset():
    clock = clock_map([Contact(100.0, 1.7e9)])
    assert clock.unix_s(np.array([0.0, 400.0])).tolist() == [1.7e9 - 100, 1.7e9 + 300]
    assert clock.as_dict()["method"] == "offset"


# -- pulling ----------------------------------------------------------------------------------------------------------


class Breaking(SyntheticPress):
    """A press whose link breaks after some answers, or garbles some."""

    breaks_after = 10**9
    garbles = ()
    reads = 0

    def log_read(self, seq):
        self.reads += 1
        if self.reads > self.breaks_after:
            raise LinkLost("gone")
        data = super().log_read(seq)
        return data[:-1] + bytes([data[-1] ^ 1]) if self.reads in self.garbles else data


def test_a_pull_goes_on_where_a_broken_one_ended(store):
    press = pellet_run(Breaking(piece=2000))
    press.breaks_after = 11
    with pytest.raises(LinkLost):
        pull(press, store)
    (path,) = store.raw_paths(press.identity)
    before = path.read_bytes()
    press.breaks_after = 10**9
    result = pull(press, store)
    assert path.read_bytes().startswith(before) and path.read_bytes() == b"".join(press.data[:-1])
    assert result.missing == 0 and result.bytes + len(before) == path.stat().st_size


def test_pulling_again_brings_nothing_but_the_mark_and_does_not_mark_again(store):
    press = pellet_run(SyntheticPress())
    pull(press, store)
    assert pull(press, store).records == 1  # the press's own note of the mark
    assert pull(press, store).records == 0 and len(press.pulled) == 1


def test_a_garbled_answer_is_asked_for_again_and_a_garbling_link_is_an_error(store):
    press = pellet_run(Breaking())
    press.garbles = (2, 3)
    result = pull(press, store)
    assert result.retries == 2 and result.missing == 0
    hopeless = pellet_run(Breaking(identity="other"))
    hopeless.garbles = range(1000)
    with pytest.raises(BadBlock):
        pull(hopeless, store)


def test_the_press_is_told_only_what_is_on_disk(store, monkeypatch):
    press = pellet_run(SyntheticPress(), times=4)
    durable = []
    sync = RawFile.sync

    def seen(raw):
        sync(raw)
        durable.append(decoded(raw.path).last_seq)

    monkeypatch.setattr(RawFile, "sync", seen)
    monkeypatch.setattr("stackpress.logs.pull.SYNC_BYTES", 20_000)
    mark = SyntheticPress.log_pulled

    def told(self, seq):
        assert durable and seq <= durable[-1]
        mark(self, seq)

    monkeypatch.setattr(SyntheticPress, "log_pulled", told)
    pull(press, store)
    assert len(press.pulled) > 3


def test_missing_records_are_a_number_with_their_gaps(store):
    press = pellet_run(SyntheticPress())
    press.lose(100, 149)
    press.lose(400, 400)
    result = pull(press, store)
    assert result.missing == 51 and result.gaps == ((100, 149), (400, 400))
    runs.ingest(store, press.identity)
    run = runs.find(store)
    assert run.missing == 51 and json.loads(run.sidecar.read_text())["gaps"][1] == {"first": 400, "last": 400}


def test_a_wiped_chip_gets_a_file_of_its_own_and_the_old_records_stay(store):
    press = pellet_run(SyntheticPress())
    pull(press, store)
    old = store.raw_paths(press.identity)[0].read_bytes()
    fresh = SyntheticPress()
    fresh.add(records.EVENT, 0, 0, records.EVENT_REFUSED, 0, 0, 0, "fresh")
    assert pull(fresh, store).records == 1
    assert [p.read_bytes() for p in store.raw_paths(press.identity)] == [old, fresh.data[0]]


def twins():
    """Two presses of one name, as simulated presses are that are started in different folders; the second has more to tell."""
    return pellet_run(SyntheticPress(piece=1000)), pellet_run(SyntheticPress(piece=1000), trip=True, times=2)


@pytest.mark.parametrize("fetched", ["pulled", "followed"])
def test_the_logs_of_two_presses_of_one_name_are_both_kept_and_told_apart(store, fetched):
    def bring(press):
        if fetched == "pulled":
            return pull(press, store)
        follower = LogFollower(store, press.identity, bytes)
        follower.fetch(press)
        return follower.close()

    first, second = twins()
    for press in (first, second, first, second):
        bring(press)
        press.add(records.EVENT, 700, 0, records.EVENT_REFUSED, 0, 0, 0, "and on it goes")
        bring(press)
    here = [decoded(path) for path in store.raw_paths(first.identity)]
    assert len(here) == 2 and all((one.first_seq, one.missing, one.bad_bytes) == (1, 0, 0) for one in here)
    for press in (first, second):
        assert sum(path.read_bytes() in b"".join(press.data) for path in store.raw_paths(press.identity)) == 1
    runs.ingest(store, first.identity)
    assert {run.outcome for run in runs.runs(store) if run.run} == {"done", "tripped"}


def test_contacts_with_two_presses_of_one_name_date_each_its_own_runs(store):
    first, second = twins()
    for press, days in ((first, 3), (second, 1)):
        result = pull(press, store)
        store.db.execute("DELETE FROM contacts WHERE unix_s > 1.7e9")  # of this computer, now
        store.add_contact(press.identity, press.boot, Contact(600.0, 1.6e9 + days * 86400), generation_of(result.path))
    runs.ingest(store, first.identity)
    begun = {run.run_id[-2:] == "g2": run.start_unix_s for run in runs.runs(store) if run.run == 1}
    assert begun[True] < 1.6e9 + 1 * 86400 and begun[False] > 1.6e9 + 2.9 * 86400


def test_a_file_in_which_an_older_stackpress_mixed_two_journals_still_gives_every_row(store):
    first, second = twins()
    path = pull(first, store).path
    at = sum(seq <= first.seqs[-1] for seq in second.seqs)
    mixed = path.read_bytes() + b"".join(second.data[at - 700 :])
    path.write_bytes(mixed)
    runs.ingest(store, first.identity)
    kept = [run for run in runs.runs(store) if run.board == first.identity]
    assert sum(run.samples for run in kept) == len(decode(mixed).samples)
    assert all(len(pl.read_parquet(run.parquet)) == run.samples for run in kept)


def test_two_pulls_at_once_get_a_clear_error(store):
    with store.pulling("a"), pytest.raises(StoreBusy), Store(store.folder) as other, other.pulling("a"):
        pass
    with store.pulling("a"):
        pass


KILLED = """
import sys
from stackpress.logs.store import Store
from stackpress.logs.parquet import slices, write_parquet
from stackpress.logs.pull import pull
from stackpress_core.scpi import line_safe
from stackpress.logs import runs
from stackpress.logs.synthetic import SyntheticPress, pellet_run
import time
class Slow(SyntheticPress):
    def log_read(self, seq):
        time.sleep(0.002)
        return super().log_read(seq)
press = pellet_run(Slow(piece=1000))
with Store(sys.argv[1]) as store:
    print("go", flush=True)
    while True:
        pull(press, store)
        runs.ingest(store, press.identity)
"""


@pytest.mark.parametrize("after_s", [0.03, 0.25, 0.55])
def test_a_kill_at_any_time_loses_nothing_and_leaves_nothing_broken(tmp_path, after_s):
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env=env)
    assert child.stdout is not None and child.stdout.readline() == b"go\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    child.wait()
    child.stdout.close()
    press = pellet_run(SyntheticPress())
    with Store(tmp_path) as store:
        result = pull(press, store)
        runs.ingest(store, press.identity)
        assert result.missing == 0 and result.first_seq == 1
        assert runs.find(store).samples == 2341 and len(pl.read_parquet(runs.find(store).parquet)) == 2341


@pytest.mark.parametrize("torn", [b"", b"\x00" * 5000, b"\x01\x40\x03"])
def test_a_torn_tail_stays_where_it_is_is_told_and_its_record_is_pulled_again(store, torn):
    press = pellet_run(SyntheticPress())
    pull(press, store)
    (path,) = store.raw_paths(press.identity)
    left = path.read_bytes()[:-30] + torn
    path.write_bytes(left)
    result = pull(press, store)
    assert path.read_bytes().startswith(left) and result.missing == 0 and result.last_seq == press.next_seq - 2
    assert result.bad_bytes == len(press.data[-3]) - 30 + len(torn)


def test_the_newest_record_is_found_from_the_end_however_much_of_it_is_torn(tmp_path):
    path = tmp_path / "log.spj"
    for cut in (0, 1, 30, 5000, 150_000, len(RUN)):
        for torn in (b"", b"\xff" * 70_000):
            path.write_bytes(RUN[: len(RUN) - cut] + torn)
            assert newest(path)[0] == decoded(path).last_seq


# -- runs and exports -------------------------------------------------------------------------------------------------


def test_ingesting_twice_changes_nothing_and_a_lost_table_comes_back(store):
    press = pellet_run(SyntheticPress(), trip=True)
    pull(press, store)
    assert len(runs.ingest(store, press.identity)) == 1
    assert runs.ingest(store, press.identity) == []
    run = runs.find(store)
    before = run.parquet.read_bytes()
    run.parquet.unlink()
    runs.ingest(store, press.identity)
    assert run.parquet.read_bytes() == before


def test_a_run_that_goes_on_is_running_and_one_without_end_is_cut_off(store):
    press = pellet_run(SyntheticPress())
    press.lose(press.seqs[-1], press.seqs[-1])  # no end record
    pull(press, store)
    runs.ingest(store, press.identity)
    assert runs.find(store).outcome == "running"
    press.boot += 1
    press.add(records.EVENT, 0, 0, records.EVENT_REFUSED, 0, 0, 0, "rebooted")
    pellet_run(press)
    pull(press, store)
    runs.ingest(store, press.identity)
    assert [r.outcome for r in runs.runs(store) if r.run] == ["cut off", "done"]


def test_what_happens_after_a_run_does_not_change_it(store):
    press = pellet_run(SyntheticPress())
    after = decode(RUN).samples[-3:].copy()
    after["state"], after["t_s"] = 0, 9000
    press.add_samples(after)
    pull(press, store)
    before = runs.ingest(store, press.identity)
    press.add(records.EVENT, 90000, 0, records.EVENT_STATE, 1, 0, 1, "")  # a press keeps naming its last run
    press.add(records.TIME_MAP, 90001, 0, 1_780_090_001, 0)
    pull(press, store)
    assert "synthetic-0001-b0003-r001" in before
    assert "synthetic-0001-b0003-r001" not in runs.ingest(store, press.identity)
    assert runs.find(store).duration_s == 600.0 and runs.find(store).outcome == "done"


def test_samples_after_a_run_are_its_own_only_while_the_cell_is_held():
    press = pellet_run(SyntheticPress())
    after = decode(RUN).samples[-5:].copy()
    after["state"] = [3, 3, 0, 0, 0]
    press.add_samples(after)
    counted = {r.run: r.samples for r in runs_of(decode(b"".join(press.data)))}
    assert counted == {1: 2343, 0: 3}


def test_the_export_follows_the_formats_labels_and_says_which(store, tmp_path):
    press = pellet_run(SyntheticPress(), trip=True)
    pull(press, store)
    runs.ingest(store, press.identity)
    files = export(runs.find(store), tmp_path / "out", "log")
    assert [f.name for f in files] == ["log.csv", "log.press.parquet", "log.metadata.json", "log.trip1.csv"]
    table = pl.read_csv(files[0])
    assert table.columns == pl.read_parquet(files[1]).columns
    assert table.columns[:4] == ["Test Time / s", "Unix Time / s", "Cycle Count / 1", "Step Count / 1"]
    assert {"Applied Pressure / Pa", "Set Pressure / Pa", "Applied Force / N", "Force Cell 1 / N"} <= set(table.columns)
    assert (table["Test Time / s"].diff().drop_nulls() >= 0).all()
    side = json.loads(files[2].read_text())
    assert side["bdf"]["version"] == "1.3.0" and side["sample"] == "Li6PS5Cl 200 mg" and side["area_m2"] == 132.732e-6
    assert side["hashes"]["config"] == "0706050403020100" and side["zero"]["after_n"] == [0.09, -0.02, 0.06, 0.01]
    assert {c["label"] for c in side["columns"] if c["bdf"]} == set(columns.BDF_TERMS) & set(table.columns)
    assert side["trips"][0]["flight"] and side["time"]["clock"]["method"] == "offset"


def test_a_csv_shows_short_decimals(store, tmp_path):
    pull(pellet_run(SyntheticPress()), store)
    runs.ingest(store, "synthetic-0001")
    (csv,) = export(runs.find(store), tmp_path, "log", ("csv",))
    columns = csv.read_text().splitlines()[0].split(",")
    at = columns.index("Applied Force / N")
    assert all(len(line.split(",")[at].partition(".")[2]) <= 2 for line in csv.read_text().splitlines()[1:])


def test_a_run_is_found_by_a_piece_of_its_name_and_a_wrong_name_says_what_there_is(store):
    pull(pellet_run(SyntheticPress()), store)
    runs.ingest(store, "synthetic-0001")
    assert runs.find(store, "r001").run_id == runs.find(store).run_id == "synthetic-0001-b0003-r001"
    with pytest.raises(runs.NoSuchRun) as error:
        runs.find(store, "nonsense")
    assert "r001" in error.value.hint


def test_a_log_with_no_samples_and_one_with_no_area_come_through(store):
    press = SyntheticPress()
    header = (1, 0, 4, 0, 4000, 0, 3, b"", b"", b"", b"", [0] * 4, "", "p", "", "")
    press.add(records.RUN, *header)
    pull(press, store)
    runs.ingest(store, press.identity)
    run = runs.find(store)
    assert run.samples == 0 and run.peak_pa is None
    assert "Applied Pressure / Pa" not in pl.read_parquet(run.parquet).columns


def test_the_data_folder_is_the_users_unless_the_environment_says_another(monkeypatch, tmp_path):
    monkeypatch.setenv("STACKPRESS_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("STACKPRESS_DATA")
    assert "stackpress" in str(data_folder())


def test_a_hundred_thousand_records_are_decoded_without_loss():
    found = decode(stream(100_000))
    assert sum(len(v) for v in found.views) == 100_000 and found.missing == 0 and found.bad_bytes == 0


def test_every_column_is_explained_in_the_document_that_is_made_of_them():
    text = (Path(columns.__file__).parent / "COLUMNS.md").read_text()
    assert text == columns.markdown() and all(f"| `{label}` |" in text for label in columns.ORDER)


def test_a_column_that_no_list_knows_is_an_error():
    with pytest.raises(ValueError, match="Humidity"):
        columns.ordered({"Humidity / 1": 0.4})
