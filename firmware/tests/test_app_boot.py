"""Claims about which of two app sets is started: never one that is torn, never one that failed while there is another."""

import hashlib
import json
import os
import sys

import pytest

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "stock"))
import app_boot


@pytest.fixture
def board(tmp_path, monkeypatch):
    """Two whole sets; `a` runs and is trusted."""
    monkeypatch.setattr(app_boot, "FOLDER", str(tmp_path))
    monkeypatch.setattr(app_boot, "NOW", str(tmp_path / "now"))
    for letter in "ab":
        (tmp_path / letter).mkdir()
        data = b"set " + letter.encode()
        (tmp_path / letter / "main.mpy").write_bytes(data)
        files = {"main.mpy": [len(data), hashlib.sha256(data).hexdigest()]}
        (tmp_path / letter / "manifest.json").write_text(json.dumps({"files": files, "hash": letter * 16}))
    app_boot.point("a")
    return tmp_path


class Press:
    at_rest = True


def runs_well(ms=app_boot.CONFIRM_MS + 1):
    part = app_boot.Confirmation()
    part.begin(Press)
    part.service(5)
    part.service(5 + ms)


def test_a_trusted_set_starts_every_time(board):
    assert [app_boot.choose() for _ in range(3)] == ["a", "a", "a"]
    assert app_boot.now() == ("a", "")


def test_a_new_set_that_runs_well_is_trusted_from_then_on(board):
    app_boot.point("b", "new")
    assert app_boot.choose() == "b" and app_boot.now() == ("b", "tried")
    runs_well()
    assert app_boot.now() == ("b", "") and app_boot.choose() == "b"


def test_a_new_set_that_crashes_makes_way_for_the_old_one(board):
    app_boot.point("b", "new")
    assert app_boot.choose() == "b"
    runs_well(app_boot.CONFIRM_MS - 1)
    assert app_boot.choose() == "a" and app_boot.now() == ("a", "")


def test_a_torn_set_is_never_started(board):
    (board / "b" / "main.mpy").write_bytes(b"set x")  # of the right length
    app_boot.point("b", "new")
    assert app_boot.faulty("b") == "main.mpy" and app_boot.choose() == "a"
    (board / "a" / "manifest.json").unlink()
    assert app_boot.choose() == "" and app_boot.faulty("a") == "manifest.json"


def test_the_only_set_there_is_is_tried_again_rather_than_nothing(board):
    (board / "a" / "main.mpy").unlink()
    app_boot.point("b", "new")
    assert [app_boot.choose() for _ in range(3)] == ["b", "b", "b"]


def test_a_board_without_a_pointer_starts_nothing(board):
    (board / "now").unlink()
    assert app_boot.choose() == ""
    (board / "now").write_text("rubbish")
    assert app_boot.choose() == ""


def test_nothing_is_written_while_the_press_is_not_at_rest(board):
    app_boot.point("b", "new")
    app_boot.choose()

    class Armed:
        at_rest = False

    part = app_boot.Confirmation()
    part.begin(Armed)
    part.service(5)
    part.service(50000)
    assert app_boot.now() == ("b", "tried")
