"""Claims about the runs that a host keeps: found by what people know of them, said something about, taken in from others."""

import json
import os
import time

import polars as pl
import pytest
from stackpress.cli import app
from stackpress.cli.runs import local, moment
from stackpress.logs import annotations, runs
from stackpress.logs.clock import Contact
from stackpress.logs.export import export
from stackpress.logs.importing import NoLog, take_in
from stackpress.logs.levels import COLUMNS, levels
from stackpress.logs.pull import pull
from stackpress.logs.report import html
from stackpress.logs.store import Store
from stackpress.logs.synthetic import AREA_UM2, SyntheticPress, pellet_run
from stackpress_core.log import records


def pressed(identity, sample, program="pellet", start_unix_s=None):
    """A press with one short run of a sample."""
    press = SyntheticPress(identity=identity)
    press.add(records.RUN, 0, 0, 1, AREA_UM2, 4000, 0, 4, b"", b"", b"", b"", [0] * 4, "0.1.0", program, sample, "")
    press.add(records.SAMPLE, 1, 0, 3, 0, 1, 1, 0, 100, 100, 90, 110, [0] * 4, 0, 0, [0, 0], 0, 0, 400, 0)
    press.add(records.RUN_END, 600, 0, 1, records.RUN_DONE, [0] * 4, 100, 0, 0, 0)
    return press


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as opened:
        for n, (sample, program, days) in enumerate((("LIC-01", "pellet", 9), ("LIC-02", "hold20", 5), ("LIC-01", "hold20", 1)), 1):
            press = pressed(f"press-{n}", sample, program)
            opened.add_contact(press.identity, press.boot, Contact(600.0, time.time() - days * 86400))
            pull(press, opened)
            runs.ingest(opened, press.identity)
        yield opened


@pytest.fixture
def said(store, capsys, monkeypatch):
    """Run a command on the store; gives (code, stdout, stderr)."""
    monkeypatch.setenv("STACKPRESS_DATA", str(store.folder))

    def ask(*words):
        code = app.run(list(words))
        told = capsys.readouterr()
        return code, told.out, told.err

    return ask


def listed(said, *words):
    return [one["run_id"][:7] for one in json.loads(said("runs", "--json", *words)[1])["runs"]]


# -- finding ----------------------------------------------------------------------------------------------------------


def test_a_sample_names_its_newest_run_in_any_case(store):
    assert runs.find(store, "LIC-01").board == runs.find(store, "lic-01").board == "press-3"
    assert runs.find(store, "LIC-02").board == "press-2"


def test_a_name_goes_before_a_sample_of_the_same_name(store):
    name = runs.find(store, "LIC-02").run_id
    press = pressed("press-4", name)
    pull(press, store)
    runs.ingest(store, press.identity)
    assert runs.find(store, name).board == "press-2"


def test_who_asks_for_a_sample_that_was_never_pressed_is_told_what_there_is(said):
    code, _, told = said("report", "LIC-99")
    assert code == 2 and "no run is called, or pressed, 'LIC-99'" in told and "(LIC-02)" in told


@pytest.mark.parametrize(
    ("words", "found"),
    [((), ["press-1", "press-2", "press-3"]), (("--sample", "lic-01"), ["press-1", "press-3"]),
     (("--program", "HOLD"), ["press-2", "press-3"]), (("--since", "6d"), ["press-2", "press-3"]),
     (("--since", "1w", "--sample", "01"), ["press-3"]), (("--since", "2h"), [])],
)  # fmt: skip
def test_filters_leave_what_fits_all_of_them(said, words, found):
    assert listed(said, *words) == found


def test_a_filter_that_leaves_nothing_says_that_there_is_something(said):
    assert said("runs", "--sample", "nobody") == (0, "", "None of 3 runs is so; `stackpress runs` lists them all.\n")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "7", "7y", "", "999999999d"])
def test_a_date_that_is_none_is_refused_with_how_it_is_written(said, text):
    code, _, told = said("runs", "--since", text)
    assert code == 2 and "is no date" in told and "7d" in told


def test_a_date_may_bring_its_own_zone():
    assert moment("2026-11-03T12:00+02:00").timestamp() == moment("2026-11-03T10:00+00:00").timestamp() == 1793700000.0


def test_local_time_is_written_with_its_zone(monkeypatch, said):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("COLUMNS", "200")
    time.tzset()
    try:  # the hour that comes twice
        assert [local(t) for t in (1792888200.0, 1792891800.0)] == ["2026-10-25 02:30+02:00", "2026-10-25 02:30+01:00"]
        assert all("+01:00" in line for line in said("runs")[1].splitlines()[1:])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert local(None) == "?"


def test_no_line_is_wider_than_a_narrow_terminal(monkeypatch, said, store):
    annotations.tag(store, runs.find(store, "LIC-02"), ["good", "batch-7"])
    for columns in (80, 60):
        monkeypatch.setenv("COLUMNS", str(columns))
        out = said("runs")[1]
        assert max(len(line) for line in out.splitlines()) <= columns and "batch-7" in out and out.count("LIC-01") == 2


def test_a_run_that_an_older_stackpress_read_is_still_shown_and_told_of(store, tmp_path):
    run = runs.find(store, "LIC-02")
    side = json.loads(run.sidecar.read_text())
    for later in ("levels", "tags", "comments", "@context", "@type", "name", "battinfo_dataset"):
        del side[later]
    for later in ("ignored", "doubtful", "uncertain_s", "press_seconds_a_second"):
        del side["time"]["clock"][later]
    run.sidecar.unlink()
    run.sidecar.with_name(f"{run.run_id}.json").write_text(json.dumps(side))
    old = runs.find(store, "LIC-02")
    assert "hold20" in html(old.parquet, runs.document(old))
    assert [one.suffix for one in export(old, tmp_path / "out")] == [".csv", ".parquet", ".json"]
    store.db.execute("UPDATE runs SET fingerprint = 'old'")
    runs.ingest(store, "press-2")
    assert not old.sidecar.exists() and runs.find(store, "LIC-02").sidecar == run.sidecar


# -- saying something -------------------------------------------------------------------------------------------------


def test_tags_and_comments_reach_list_sidecar_report_and_export_and_outlive_a_new_reading(said, store, tmp_path):
    assert said("log", "tag", "LIC-02", "good", "batch-7")[0] == 0
    code, out, _ = said("log", "comment", "LIC-02", "Crack at the <rim>.")
    assert (code, out) == (0, "press-2-b0003-r001 (LIC-02): batch-7, good; 1 comment\n")
    assert listed(said, "--tag", "good") == ["press-2"]
    press = pressed("press-2", "LIC-02", "hold20")
    store.db.execute("UPDATE runs SET fingerprint = 'old'")
    assert runs.ingest(store, press.identity) == ["press-2-b0003-r001"]
    run = runs.find(store, "LIC-02")
    side = runs.document(run)
    assert side["tags"] == ["batch-7", "good"] and [c["text"] for c in side["comments"]] == ["Crack at the <rim>."]
    page = html(run.parquet, side)
    assert "Crack at the &lt;rim&gt;." in page and "batch-7, good" in page
    files = {one.suffix: one for one in export(run, tmp_path / "out")}
    inside = json.loads(pl.read_parquet_metadata(files[".parquet"])["stackpress"])
    assert inside["comments"] == side["comments"] == json.loads(files[".json"].read_text())["comments"]
    assert said("log", "tag", "LIC-02", "good", "--remove")[0] == 0 and listed(said, "--tag", "good") == []


@pytest.mark.parametrize(
    ("words", "why"),
    [(("tag", "LIC-02", "two words"), "is no tag"), (("tag", "LIC-02", "a,b"), "is no tag"),
     (("tag", "LIC-02", "never", "--remove"), "has no tag"), (("comment", "LIC-02", "  "), "says nothing"),
     (("comment", "LIC-77", "x"), "no run is called")],
)  # fmt: skip
def test_what_can_not_be_said_changes_nothing(said, words, why):
    code, _, told = said("log", *words)
    assert code == 2 and why in told
    assert json.loads(said("runs", "--json")[1])["runs"][1]["tags"] == []


# -- taking in --------------------------------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path):
    """A customer's raw file, as it lies on his computer."""
    press = pellet_run(SyntheticPress(identity="customer-7"))
    with Store(tmp_path / "theirs") as theirs:
        pull(press, theirs)
        (path,) = theirs.raw_paths(press.identity)
    return path


def test_a_raw_file_that_another_host_pulled_gives_the_same_run(said, store, raw):
    code, out, _ = said("log", "import", str(raw))
    assert code == 0 and "none is missing" in out and "customer-7-b0003-r001" in out
    run = runs.find(store, "Li6PS5Cl 200 mg")
    assert (run.board, run.outcome, run.samples) == ("customer-7", "done", 2341)
    assert "it was here already" in said("log", "import", str(raw))[1]
    assert len(store.raw_paths("customer-7")) == 1


@pytest.mark.parametrize("name", ["log.spj", "a copy of a log (2).spj", "renamed.bin"])
def test_a_raw_file_may_have_any_name_and_may_have_grown(store, raw, tmp_path, name):
    whole = raw.read_bytes()
    mine = tmp_path / name
    for part, records_in in ((whole[: len(whole) // 2], None), (whole, True), (whole[: len(whole) // 3], False)):
        mine.write_bytes(part)
        (told,) = take_in(store, [mine])
        assert told.board == "customer-7" and told.was_there == (records_in is False)
    (kept,) = store.raw_paths("customer-7")
    assert kept.read_bytes() == whole and runs.find(store, "customer-7-b0003-r001").outcome == "done"


def test_two_logs_of_one_press_that_do_not_follow_each_other_are_both_kept(store, tmp_path):
    for n, sample in enumerate(("x", "y")):
        (tmp_path / f"{n}.spj").write_bytes(b"".join(pressed("twice", sample).data))
    assert [one.was_there for one in take_in(store, [tmp_path / "0.spj", tmp_path / "1.spj"])] == [False, False]
    assert len(store.raw_paths("imported")) == 2  # no record says whose they are


def test_a_torn_end_and_bytes_that_are_no_record_are_kept_and_told(store, raw, tmp_path):
    mine = tmp_path / "torn.spj"
    mine.write_bytes(raw.read_bytes()[:-7] + b"garbage")
    (told,) = take_in(store, [mine])
    assert told.bad_bytes > 7 and "bytes are no record" in str(told) and told.records > 2000


def test_a_folder_is_searched_and_what_is_no_log_stops_all_of_it(said, store, raw, tmp_path):
    assert said("log", "import", str(raw.parent.parent))[0] == 0
    (tmp_path / "notes.spj").write_text("nothing of a press")
    for words in (("notes.spj",), ("absent.spj",)):
        code, _, told = said("log", "import", str(raw), str(tmp_path / words[0]))
        assert code == 2 and words[0] in told
    empty = tmp_path / "empty"
    os.mkdir(empty)
    with pytest.raises(NoLog):
        list(take_in(store, [empty]))


# -- levels of a sweep ------------------------------------------------------------------------------------------------


def swept(force, settled=(True, True), answered=True):
    """(steps, events, table) of a sweep of two levels of 10 s each, measured in their last 4 s."""
    steps, events = [], []
    for k in (0, 1):
        base = {"step_id": 2, "step_count": 5 + k, "cycle": k + 1, "type": "sweep", "target_n": 100.0 * (k + 1), "outcome": ""}
        outcome = "" if settled[k] and answered else "not settled" if not settled[k] else "no trigger in"
        at = 10.0 * k
        steps += [{**base, "phase": "begins", "test_time_s": at}]
        steps += [{**base, "phase": "ends", "test_time_s": at + 10, "outcome": outcome}]
        if settled[k]:
            events += [{"event": "trigger out", "test_time_s": at + after, "a": on} for after, on in ((6.0, 1), (6.1, 0))]
            events += [{"event": "trigger in", "test_time_s": at + 9.0, "a": 0}] if answered else []
    t = [float(k) for k in range(1, 21)]
    table = pl.DataFrame({
        "Test Time / s": t, "Unix Time / s": [1.78e9 + x for x in t],
        "Applied Force / N": force, "Force Min / N": [f - 1 for f in force],
        "Force Max / N": [f + 1 for f in force], "Ticks / 1": [4000] * 20, "Press State / 1": [3] * 20,
        "Temperature T1 / degC": [60.0] * 20, "Displacement / m": [x * 1e-6 for x in t],
    })  # fmt: skip
    return steps, events, table


FORCE = [0.0] * 5 + [500.0, 99.0, 100.0, 101.0, 900.0] + [150.0] * 6 + [200.0, 202.0, 201.0, 100.0]


def test_a_level_tells_of_its_measurement_only():
    first, second = levels(*swept(FORCE), 1e-4)
    assert set(first) == set(COLUMNS)
    assert (first["Set Force / N"], first["Mean Force / N"], first["Rows / 1"]) == (100.0, 100.0, 3)
    assert first["Force Standard Deviation / N"] == 1.0
    assert (first["Start Test Time / s"], first["End Test Time / s"]) == (6.0, 9.0)
    assert (first["Start Unix Time / s"], first["End Unix Time / s"]) == (1.78e9 + 6, 1.78e9 + 9)
    assert (first["Force Min / N"], first["Force Max / N"], first["Largest Force Before / N"]) == (98.0, 102.0, 501.0)
    assert first["Mean Pressure / Pa"] == 1e6 and first["Temperature T1 / degC"] == 60.0 and first["Settled"] is True
    assert (second["Level / 1"], second["Set Pressure / Pa"], second["Mean Force / N"]) == (2, 2e6, 201.0)
    assert second["Ended By"] == "trigger in"
    assert second["Travel / m"] == pytest.approx(9e-6) and second["Largest Force Before / N"] == 901.0


def test_a_level_that_did_not_settle_has_no_mean_and_is_not_called_measured():
    first, second = levels(*swept(FORCE, settled=(True, False)), 0.0)
    assert (second["Settled"], second["Measured"], second["Ended By"]) == (False, False, "not settled")
    assert second["Mean Force / N"] is None
    assert first["Settled"] and first["Mean Pressure / Pa"] is None


def test_without_an_answer_the_measurement_lasts_to_the_end_of_the_wait():
    first, _ = levels(*swept(FORCE, answered=False), 0.0)
    assert first["End Test Time / s"] == 10.0 and first["Ended By"] == "no trigger in" and first["Rows / 1"] == 4
