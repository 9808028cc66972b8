"""Logs of any age on hosts of any age: a field more or less costs no record, and nothing that is kept is cut.

`data/first_format.spj` is the whole journal of a press with the first firmware that was given away: a run that is done, one
that is tripped by an open guard, with its window.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from changed_tree import ChangedTree
from stackpress.logs import columns, runs
from stackpress.logs.decode import decode, sample_dtype
from stackpress.logs.export import export
from stackpress.logs.pull import pull, pull_press
from stackpress.logs.raw_file import decoded
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, encoded, pellet_run
from stackpress_core.log import packing, records

FIRST = (Path(__file__).parent / "data" / "first_format.spj").read_bytes()
FIRST_COMMIT = "77d9a12"  # a host that was given away before records could grow
ROOT = Path(__file__).resolve().parents[2]
WRITTEN = sample_dtype(records.OLDEST_BYTES[records.SAMPLE]).names  # fields of a sample of the first firmware


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as opened:
        yield opened


class Journal(SyntheticPress):
    """A press that gives the records of a stream."""

    def holding(self, data):
        at = 0
        while at < len(data):
            size = data[at + 1] + records.OVERHEAD_BYTES
            self.data.append(bytes(data[at : at + size]))
            self.seqs.append(int.from_bytes(data[at + 6 : at + 10], "little"))
            at += size
        self.next_seq = self.seqs[-1] + 1
        return self


# -- older logs -------------------------------------------------------------------------------------------------------


def test_a_log_of_the_first_firmware_is_read_to_the_last_byte(store, tmp_path):
    result, changed = pull_press(Journal().holding(FIRST), store)
    assert (result.missing, result.bad_bytes, result.newer) == (0, 0, {}) and result.records == 224
    assert [name[-4:] for name in changed] == ["idle", "r001", "r002"]
    done, tripped = (run for run in runs.runs(store) if run.run)
    assert (done.outcome, done.sample, done.samples, done.peak_n) == ("done", "LPSC 7", 33, 5014.17)
    assert (tripped.outcome, tripped.samples) == ("tripped", 15)
    side = json.loads(tripped.sidecar.read_text())
    assert side["trips"][0] | {"cells_n": 0} == {
        "test_time_s": 2.505, "reason": "guard", "reaction": "vent", "state_before": "holding", "step_id": 3,
        "force_n": 5003.23, "set_n": 0.0, "cells_n": 0, "inputs": 2099,
        "flight": "synthetic-0001-b0001-r002.trip1.flight.parquet",
    }  # fmt: skip
    assert len(pl.read_parquet(tripped.parquet.with_name(side["trips"][0]["flight"]))) == 2103
    head = export(done, tmp_path / "out")[0].read_text().splitlines()[0].split(",")
    assert head == [label for label in columns.ORDER if label in head], "columns stand in the order of the table"
    written = {column.label for column in columns.OF_SAMPLES if column.field in WRITTEN}
    assert written - set(head) == {"Temperature T2 / degC"}, "all that was written is there, but for a sensor that was not"


# -- newer logs -------------------------------------------------------------------------------------------------------


def lengthened(data, kind, more):
    """A stream in which records of one kind carry more behind what is known."""
    out, at = [], 0
    while at < len(data):
        size = data[at + 1] + records.OVERHEAD_BYTES
        payload = data[at + records.HEAD_BYTES : at + size - records.CRC_BYTES]
        boot, seq = int.from_bytes(data[at + 2 : at + 6], "little"), int.from_bytes(data[at + 6 : at + 10], "little")
        out.append(encoded(data[at], boot, seq, payload + more) if data[at] == kind else data[at : at + size])
        at += size
    return b"".join(out)


@pytest.mark.parametrize("kind", sorted(set(records.KINDS) - {records.FLIGHT}))
def test_a_newer_press_is_pulled_whole_and_what_is_not_known_is_kept_and_told(kind, store):
    newer = lengthened(FIRST, kind, b"\x00\x07\x08")
    result, _ = pull_press(Journal().holding(newer), store)
    name, count = records.KINDS[kind][0], sum(1 for record in decode(FIRST).others if record.kind == kind)
    assert result.newer == {name: count or len(decode(FIRST).samples)}
    assert result.path.read_bytes() == newer and (result.missing, result.bad_bytes) == (0, 0)
    assert [run.outcome for run in runs.runs(store) if run.run] == ["done", "tripped"]


def test_what_a_newer_press_wrote_behind_a_step_stands_in_the_sidecar(store):
    pull_press(Journal().holding(lengthened(FIRST, records.STEP, b"\x00\x07\x08")), store)
    side = json.loads(runs.find(store, "r001").sidecar.read_text())
    assert {step["more"] for step in side["steps"]} == {"0708"} and side["newer_records"] == {"step": len(side["steps"])}


def test_a_kind_of_record_that_is_not_known_is_kept_and_told(store):
    press = pellet_run(SyntheticPress())
    press.append(77, b"\x01\x02")
    press.append(records.SAMPLE, b"shorter than a sample ever was")
    result, _ = pull_press(press, store)
    assert result.newer == {"kind 77": 1, "sample": 1} and result.bad_bytes == 0 and result.missing == 0
    assert result.path.read_bytes() == b"".join(press.data[:-1])
    assert runs.find(store).outcome == "done"


def test_a_raw_file_that_this_host_cannot_read_at_all_is_kept_whole(store):
    press = pellet_run(SyntheticPress())
    path = store.raw_path(press.identity, press.origin, Path.exists)
    strange = b"SPJ9 a form of the far future " * 40_000
    path.write_bytes(strange)
    result = pull(press, store)
    assert path.read_bytes().startswith(strange) and result.bad_bytes == len(strange) and result.missing == 0
    assert decoded(path).count == press.next_seq - 2


# -- a field is one line ----------------------------------------------------------------------------------------------

ROW = '    ("missed", "I", 1, "1", "Missed Ticks / 1", "MISSED", "ticks that came too late, since boot"),\n'
BEHIND = f'"{records.SAMPLE_FIELDS[-1][-1]}"),\n'  # the last row, whichever it is
RUN = """
import sys
from bench_press import CONTACT, VENT, bench, hold, ramp
from stackpress_core.tick import blackboard, states
b = bench()
b.started(CONTACT, ramp(500000), hold(5000), VENT)
b.S[blackboard.AT["MISSED"]] = 7
b.until_state(states.SAFE)
b.run(3)
b.press.journal.flush()
buf, out, seq, n = bytearray(4096), b"", 1, 1
while n:
    n, seq = b.press.journal.read_from(seq, buf)
    out += bytes(buf[:n])
open(sys.argv[1], "wb").write(out)
"""
EXPORT = """
import sys
from pathlib import Path
sys.path.insert(0, "host_tools/tests")
from stackpress.logs import runs
from stackpress.logs.export import export
from stackpress.logs.pull import pull_press
from stackpress.logs.store import Store
from test_logs_formats import Journal
for name in sys.argv[2:]:
    with Store(Path(sys.argv[1]) / name) as store:
        raw = Path(sys.argv[1], name + ".spj").read_bytes()
        result, _ = pull_press(Journal(identity=name).holding(raw), store)
        print(name, result.missing, result.bad_bytes, result.newer)
        export(runs.find(store, "r001"), Path(sys.argv[1], "out"), name)
"""


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    """A copy of the sources with one row more, the log of a press of it, and what its host makes of old and new."""
    folder = tmp_path_factory.mktemp("newer")
    tree = ChangedTree(folder)
    tree.add("firmware/stackpress_core/log/records.py", BEHIND, ROW)
    tree.python(RUN, folder / "new.spj")
    (folder / "old.spj").write_bytes(FIRST)
    said = tree.python(EXPORT, folder, "old", "new").stdout
    return tree, folder, said


def test_with_a_row_more_the_records_from_before_are_whole_and_their_column_is_empty(newer):
    _, folder, said = newer
    assert "old 0 0 {}" in said
    table = pl.read_parquet(folder / "out" / "old.press.parquet")
    assert "Missed Ticks / 1" not in table.columns and len(table) == 33


def test_with_a_row_more_the_column_is_in_every_export(newer):
    tree, folder, said = newer
    assert "new 0 0 {}" in said
    table = pl.read_parquet(folder / "out" / "new.press.parquet")
    assert table["Missed Ticks / 1"].dtype == pl.UInt32 and 7 in table["Missed Ticks / 1"].to_list()
    assert pl.read_csv(folder / "out" / "new.csv")["Missed Ticks / 1"].to_list() == table["Missed Ticks / 1"].to_list()
    side = json.loads((folder / "out" / "new.metadata.json").read_text())
    assert {"label": "Missed Ticks / 1", "unit": "1", "bdf": None} in side["columns"]
    tree.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "firmware/tests/log/test_records.py")


def test_with_a_row_more_the_document_of_columns_says_it(newer):
    tree, _, _ = newer
    tree.make_docs()
    assert "| `Missed Ticks / 1` |  | ticks that came too late, since boot |" in tree.read("host_tools/stackpress/logs/COLUMNS.md")


def test_a_log_that_changes_its_firmware_in_the_middle_is_one_table_with_empty_places(newer, tmp_path):
    tree, folder, _ = newer
    mixed = """
import sys
sys.path.insert(0, "host_tools/tests")
from pathlib import Path
from stackpress.logs.clock import clock_map
from stackpress.logs.decode import decode
from stackpress.logs.parquet import write_parquet
from stackpress.logs.table import Reference
views = [v for name in ("old", "new", "old") for v in decode(Path(sys.argv[1], name + ".spj").read_bytes()).views]
write_parquet(views, Reference(0, 0.0, clock_map([])), Path(sys.argv[2]))
"""
    tree.python(mixed, folder, tmp_path / "mixed.parquet")
    got = pl.read_parquet(tmp_path / "mixed.parquet")["Missed Ticks / 1"].to_list()
    old, new = 50, len(got) - 100
    assert got[:old] == got[-old:] == [None] * old and None not in got[old:-old] and new > 10


def test_todays_host_reads_the_log_of_the_newer_press_as_far_as_it_knows_and_keeps_it_whole(newer, store):
    _, folder, _ = newer
    raw = (folder / "new.spj").read_bytes()
    result, _ = pull_press(Journal().holding(raw), store)
    assert result.path.read_bytes() == raw and (result.missing, result.bad_bytes) == (0, 0)
    assert result.newer == {"sample": len(decode(raw).samples)} == {"sample": 45}
    assert "45 hold what only a newer stackpress can read: kept" in str(result)
    ours = pl.read_parquet(runs.find(store, "r001").parquet)
    theirs = pl.read_parquet(folder / "out" / "new.press.parquet")
    assert theirs.drop("Missed Ticks / 1").equals(ours)


def test_a_host_that_learns_to_read_more_writes_the_runs_again(newer, tmp_path):
    tree, folder, _ = newer
    with Store(tmp_path) as store:
        pull_press(Journal().holding((folder / "new.spj").read_bytes()), store)
        path = runs.find(store, "r001").parquet
    assert "Missed Ticks / 1" not in pl.read_parquet(path).columns
    again = "import sys; from stackpress.logs import runs; from stackpress.logs.store import Store; "
    tree.python(again + "runs.ingest(Store(sys.argv[1]), 'synthetic-0001')", tmp_path)
    assert "Missed Ticks / 1" in pl.read_parquet(path).columns


# -- an older host ----------------------------------------------------------------------------------------------------


OLD_HOST = """
import sys
sys.path[:0] = sys.argv[1:3]
sys.meta_path[:] = [one for one in sys.meta_path if getattr(one, "__module__", "") != "stackpress_checkout"]
import stackpress
from stackpress.logs.decode import decode
found = decode(open(sys.argv[3], "rb").read())
print(stackpress.__file__, found.count, found.bad_bytes, found.missing)
"""


@pytest.fixture(scope="module")
def old_host(tmp_path_factory):
    """What a host from before records could grow says of a log: (records, bytes that are none, records that are missing)."""
    tmp_path = tmp_path_factory.mktemp("old_host")
    git = shutil.which("git")  # a checkout without its history has no older host to ask
    there = git and subprocess.run([git, "cat-file", "-e", FIRST_COMMIT + "^{commit}"], cwd=ROOT, capture_output=True)
    if not there or there.returncode:
        pytest.skip(f"this checkout does not hold {FIRST_COMMIT}")
    old = tmp_path / "old"
    old.mkdir()
    packed = subprocess.run([git, "archive", FIRST_COMMIT, "host_tools", "firmware"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(old)], input=packed.stdout, check=True)

    def asked(log):
        ask = [sys.executable, "-c", OLD_HOST, old / "host_tools", old / "firmware", log]
        where, *told = subprocess.run(ask, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.split()
        assert where == str(old / "host_tools" / "stackpress" / "__init__.py")
        return [int(one) for one in told]

    return asked


def grown(log):
    """The samples of a log that are longer than those of the first firmware, and their bytes."""
    known = decode(FIRST).views[0].dtype.itemsize
    longer = [view for view in decode(log.read_bytes()).views if view.dtype.itemsize > known]
    return sum(len(view) for view in longer), sum(view.nbytes for view in longer)


@pytest.mark.guest
def test_a_host_from_before_reads_what_todays_press_logs(old_host, tmp_path):
    """But for samples that a later column has made longer: it takes these for damage, so that its pull marks nothing as pulled."""
    ChangedTree(tmp_path).python(RUN, tmp_path / "log.spj")
    now, (samples, size) = decode((tmp_path / "log.spj").read_bytes()), grown(tmp_path / "log.spj")
    assert old_host(tmp_path / "log.spj") == [now.count - samples, size, samples] and now.count - samples > 15


@pytest.mark.guest
def test_with_a_row_more_a_host_from_before_reads_all_but_the_samples(old_host, newer):
    _, folder, _ = newer
    now, (samples, size) = decode((folder / "new.spj").read_bytes()), grown(folder / "new.spj")
    assert samples == len(now.samples) > 30
    assert old_host(folder / "new.spj") == [now.count - samples, size, samples]


def test_the_oldest_size_of_a_record_is_what_the_first_firmware_wrote():
    sizes = {record.kind: len(packing.pack(record.kind, list(record.fields.values()))) for record in decode(FIRST).others}
    assert all(size >= records.OLDEST_BYTES[kind] for kind, size in sizes.items()) and len(sizes) == len(records.KINDS) - 1
