"""`why` tells the first reason, what the press did, what came later and what to check; a bundle has it all, and no secret."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stackpress import help_bundle, why
from stackpress.cli import app
from stackpress.first_checks import FIRST_CHECKS, first_checks
from stackpress.logs import runs
from stackpress.logs.decode import Decoded, Record, decode
from stackpress.logs.pull import pull
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress_core.log import records
from stackpress_core.tick import interlock


@pytest.fixture(scope="module")
def press() -> SyntheticPress:
    return pellet_run(SyntheticPress(), trip=True)


@pytest.fixture(scope="module")
def log(press: SyntheticPress) -> Decoded:
    return decode(b"".join(press.data))


@pytest.fixture
def data(press: SyntheticPress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STACKPRESS_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    with Store() as store:
        pull(press, store)
        runs.ingest(store, press.identity)
    yield tmp_path


def event(after: Record, later_s: int, code: int, text: str = "", a: int = 0, b: int = 0) -> Record:
    fields = {**after.fields, "t_s": after.fields["t_s"] + later_s, "code": code, "a": a, "b": b, "text": text}
    return Record(records.EVENT, after.boot, after.seq + 1000 + later_s, fields)


@pytest.mark.parametrize("name", interlock.NAMES)
def test_every_interlock_row_says_what_to_check_first(name: str) -> None:
    """A row more in the table is a row more in stackpress/first_checks.py."""
    checks = FIRST_CHECKS.get(name, ())
    assert checks and all(len(one) > 20 and one[0].isupper() and one[-1] in ".?" for one in checks), name


def test_no_checks_are_left_of_a_row_that_is_gone() -> None:
    assert set(FIRST_CHECKS) - set(interlock.NAMES) == set(why.CRASHES)
    assert "status" in first_checks("of_a_newer_press")[0]


def test_a_trip_is_told_with_reason_place_reaction_and_window(log: Decoded) -> None:
    trip = log.of(records.TRIP)[0]
    told = why.of_trip(trip, log.others)
    assert told.reason == "force_drop" and told.checks == FIRST_CHECKS["force_drop"]
    assert "The force dropped at once" in told.sentence and "in step 5 (hold)" in told.sentence
    assert f"{trip.fields['force_cn'] / 100:.1f} N pressed" in told.sentence
    assert any(line.startswith("reaction: ") for line in told.did) and any("most in the window" in line for line in told.did)
    assert told.whole and len(told.flight["Tick / 1"]) > 1000


def test_what_came_later_is_told_and_a_trip_behind_the_first_is_not_taken_for_it(log: Decoded) -> None:
    trip = log.of(records.TRIP)[0]
    again = replace(trip, seq=trip.seq + 1500, fields={**trip.fields, "trip": 2, "name": "stale", "t_s": trip.fields["t_s"] + 3})
    others = [*log.others, event(trip, 1, records.EVENT_WARNING, "imbalance"), again]
    told = why._last_of(others, "The press is tripped")
    assert told.reason == "force_drop" and "warning: imbalance" in " ".join(told.later)
    assert any(line.startswith("+3.0 s  tripped again: stale") for line in told.later)
    acknowledged = [*others[:-1], event(trip, 2, records.EVENT_RESET), again]
    assert why._last_of(acknowledged, "The press is tripped").reason == "stale"


def test_a_window_that_is_not_there_yet_is_said_to_be_missing(log: Decoded) -> None:
    trip = log.of(records.TRIP)[0]
    told = why.of_trip(trip, [one for one in log.others if one.kind != records.FLIGHT])
    assert not told.whole and any("not in the log" in line for line in told.did)


@pytest.mark.parametrize("cause", why.CRASHES)
def test_a_crash_is_told_with_what_came_before_it(log: Decoded, cause: str) -> None:
    last = log.others[-1]
    boot = log.of(records.BOOT)[0]
    start = replace(boot, boot=9, seq=last.seq + 1, fields={**boot.fields, "boot": 9, "cause": records.RESET_CAUSES.index(cause)})
    known = event(start, 0, records.EVENT_CRASH, "last section: sampler")
    told = why.of_crash(9, [*[one for one in log.others if "t_s" in one.fields], start, known])
    assert "last section: sampler" in told.did and not any("sampler" in line for line in told.later)
    assert told.reason == cause and "boot 9" in told.sentence and told.did and told.checks == FIRST_CHECKS[cause]
    assert "stackpress reset" in told.later[0] and told.whole


def test_a_pulled_run_is_asked_by_name_and_its_window_is_drawn(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store() as store:
        run = runs.find(store)
    assert app.run(["why", run.run_id, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["reason"] == "force_drop" and told["checks"] == list(FIRST_CHECKS["force_drop"])
    assert Path(told["picture"]).read_bytes()[:4] == b"\x89PNG"
    assert app.run(["why", run.run_id, "-o", "mine.png"]) == 0
    shown = capsys.readouterr().out
    assert "What to check first:\n  Take the specimen out" in shown and Path("mine.png").exists()


def test_a_run_that_nothing_stopped_says_how_it_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    press = pellet_run(SyntheticPress())
    with Store(tmp_path) as store:
        pull(press, store)
        runs.ingest(store, press.identity)
        told = why.of_run(store, runs.find(store))
    assert (told.reason, told.checks, told.flight) == ("", (), {}) and told.sentence.endswith("it ended as done.")


def test_a_bundle_without_a_press_has_what_was_pulled_and_names_what_is_missing(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STACKPRESS_CODE", "horse-battery")
    monkeypatch.setattr(Path, "home", lambda: data)
    assert app.run(["doctor", "--no-press", "--bundle", "help.zip", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bundle"] == "help.zip" and len(told["missing"]) == 1 and "none was reached" in told["missing"][0]
    with zipfile.ZipFile("help.zip") as archive:
        names = archive.namelist()
        whole = b"".join(archive.read(name) for name in names)
        events = archive.read("log/events.csv").decode()
        about = json.loads(archive.read("about.json"))
    assert any(name.endswith(".flight.parquet") for name in names) and any(name.endswith(".metadata.json") for name in names)
    assert ",trip," in events and "force_drop" in events and about["packages"]["numpy"] and about["python"]
    assert b"horse-battery" not in whole and str(data).encode() not in whole


def test_a_part_that_can_not_be_had_takes_no_other_along(tmp_path: Path) -> None:
    def sick() -> Any:
        raise OSError("the port is gone")

    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        bundle = help_bundle.Bundle(archive)
        bundle.part("press", sick)
        bundle.part("log", lambda: bundle.add("log.txt", "there"))
    assert bundle.missing == ["press: OSError: the port is gone"]
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["log.txt"]
