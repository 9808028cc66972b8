"""A disk that is full, a folder that can't be written, a word that is no text: one line that says so, and nothing half done."""

import errno
import io
import json
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stackpress.cli import app
from stackpress.logs import runs
from stackpress.logs.pull import pull
from stackpress.logs.store import Database, Store, StoreBusy
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress.serve.orders import Orders

if sys.platform == "win32":
    pytest.skip("Windows has no limit for the size of a file", allow_module_level=True)

import resource

pytestmark = pytest.mark.usefixtures("own_folders")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may become longer than so many bytes: what writes on hears of it as of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a run that has tripped."""
    folder = tmp_path_factory.mktemp("kept")
    press = pellet_run(SyntheticPress(), trip=True)
    with Store(folder) as store:
        pull(press, store)
        runs.ingest(store, press.identity)
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = app.run(list(words))
    return code, capsys.readouterr().err


WRITERS = (
    ("report", "r001", "-o", "{}/a.html"),
    ("log", "plot", "r001", "-o", "{}/a.png"),
    ("log", "plot", "r001", "r001", "-o", "{}/a.svg"),
    ("log", "export", "r001", "--format", "csv", "-o", "{}"),
    ("log", "export", "r001", "--format", "csv", "--unit", "MPa", "-o", "{}"),
    ("log", "export", "r001", "--format", "parquet", "-o", "{}"),
    ("log", "export", "r001", "--format", "json", "-o", "{}"),
    ("log", "export", "r001", "--format", "flight", "-o", "{}"),
)


@pytest.mark.parametrize("words", WRITERS, ids=" ".join)
def test_a_full_disk_is_one_line_and_leaves_no_half_of_a_file(
    words: tuple[str, ...], kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKPRESS_DATA", str(kept))
    out = tmp_path / "out"
    words = tuple(word.format(out) for word in words)
    with Store(kept), room_for(1500):  # the list of runs is there, and open
        code, told = said(capsys, *words)
    assert code == 2 and told.count("\n") == 1 and f"stackpress: {out}/" in told and "File too large" in told
    assert not list(out.iterdir())
    if words[0] != "report":  # seconds of drawing
        assert said(capsys, *words)[0] == 0 and list(out.iterdir())


def test_a_pull_that_finds_no_room_says_so_and_the_next_one_goes_on(tmp_path: Path) -> None:
    press = pellet_run(SyntheticPress())
    with Store(tmp_path / "data") as store:
        with room_for(100_000), pytest.raises(OSError, match="File too large"):
            pull(press, store)
        assert not press.pulled, "the press was told that all of it is on the disk"
        assert pull(press, store).missing == 0


def test_a_database_that_is_none_is_named(kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = Path(os.environ["STACKPRESS_DATA"])
    data.mkdir(parents=True)
    (data / "runs.sqlite").write_bytes(b"someone else's file " * 100)
    code, told = said(capsys, "runs")
    assert code == 2 and told == f"stackpress: {data / 'runs.sqlite'}: file is not a database\n"


def test_only_another_program_makes_a_store_busy(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        with store.pulling("a"), pytest.raises(StoreBusy), store.pulling("a", 0.0):
            pass
        (store.raw_folder / "b.lock").write_bytes(b"no lock of ours " * 100)
        with pytest.raises(OSError, match="not a database"), store.pulling("b"):
            pass


def test_a_folder_that_can_not_be_written_can_be_read(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a colleague's folder on a share, or a backup."""
    asked = Database.execute

    def read_only(self: Database, *words: str) -> sqlite3.Cursor:
        if "journal_mode" in words[0]:
            raise OSError(30, "Read-only file system", str(self.path))
        return asked(self, *words)

    monkeypatch.setattr(Database, "execute", read_only)
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK)
    monkeypatch.setenv("STACKPRESS_DATA", str(kept))
    monkeypatch.chdir(tmp_path)
    assert said(capsys, "runs") == (0, "")
    assert said(capsys, "log", "export", "r001", "--format", "json")[0] == 0
    code, told = said(capsys, "log", "tag", "r001", "good")
    assert code == 2 and "attempt to write a readonly database" in told


def test_an_order_that_the_disk_does_not_take_was_given_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Store(tmp_path) as store:
        orders = Orders(store)
        with room_for(0), caplog.at_level(logging.ERROR, "stackpress.serve"):
            orders.add("press-1", "AB", "page", "STOP CONT", "done")
        assert "the order 'STOP CONT' of AB is not written down" in caplog.text
        orders.add("press-1", "AB", "page", "STOP HOLD", "done")
        assert [one.text for one in orders.newest("press-1")] == ["STOP HOLD"]
        orders.close()


@pytest.mark.parametrize("words", [("log", "comment", "r001", "caf\udce9"), ("log", "tag", "r001", "caf\udce9")])
def test_a_word_that_is_no_text_is_wrong_input(
    words: tuple[str, ...], kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKPRESS_DATA", str(kept))
    code, told = said(capsys, *words)
    assert code == 2 and "no text in UTF-8" in told


def test_what_a_page_or_a_line_has_no_room_for_is_no_comment_and_no_tag(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKPRESS_DATA", str(kept))
    code, told = said(capsys, "log", "comment", "r001", "x" * 2001)
    assert code == 2 and "2001 characters" in told and "2000" in told
    code, told = said(capsys, "log", "tag", "r001", "x" * 41)
    assert code == 2 and "40 characters" in told and len(told) < 200
    with Store(kept) as store:
        assert json.loads(runs.find(store, "r001").sidecar.read_text())["comments"] == []


class Full(io.StringIO):
    """A stream to a disk without room."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("words", [("runs",), ("runs", "--json"), ("report", "nosuch", "--json")], ids=" ".join)
def test_an_answer_that_finds_no_room_is_told_on_the_other_stream(
    words: tuple[str, ...], kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKPRESS_DATA", str(kept))
    monkeypatch.setattr(sys, "stdout", Full())
    assert app.run([*words]) == 2 and capsys.readouterr().err.startswith("stackpress: ")
