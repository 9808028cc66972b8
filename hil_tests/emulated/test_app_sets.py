"""Claims about app sets, on a stock MicroPython and an emulated chip: sent beside, switched at once, gone back from by itself."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boards.images import stock
from hil_tests.devices.probe_set import probe_set
from hil_tests.targets.bare import BareBoard

pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).resolve().parents[2]
PROMPT_S = 0.5
A, B, BAD = "aa" * 8, "bb" * 8, "cc" * 8


@pytest.fixture(scope="module")
def image() -> Path:
    return stock.build("rp2040")


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    """`stackpress flash` as a process of its own; exit code and document."""
    path = ":".join(str(ROOT / one) for one in (".", "host_tools", "firmware"))
    env = {**os.environ, "STACKPRESS_DATA": str(tmp_path / "data"), "PYTHONPATH": path}

    def asked(board: BareBoard, *words: str | Path) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "stackpress", "flash", *map(str, words), "--port", board.port, "--yes", "--wait", "200"]
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=env)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    yield asked


def booted(image: Path, flash: bytes = b"") -> BareBoard:
    board = BareBoard(image)
    if flash:
        board.chip.mcu.flash[:] = flash
    return board


def wait(board: BareBoard, seconds: float) -> None:
    end = board.time_s() + seconds
    while board.time_s() < end:
        assert board.error is None


def test_sets_are_sent_beside_each_other_and_gone_back_from(image: Path, ask: Any, tmp_path: Path) -> None:
    with booted(image) as board:
        wait(board, PROMPT_S)
        code, told = ask(board, "--app", probe_set(tmp_path / "a", A), "--board", "pico")
        assert code == 0 and told["after"]["firmware"].endswith(A), told
        wait(board, 2)  # it runs well, so it is trusted
        code, told = ask(board, "--app", probe_set(tmp_path / "b", B))
        assert code == 0 and told["after"]["firmware"].endswith(B), told
        wait(board, 2)
        code, told = ask(board, "--rollback")
        assert code == 0 and told["app"] == {"letter": "a", "hash": A} and told["after"]["firmware"].endswith(A), told
        wait(board, 2)
        code, told = ask(board, "--app", probe_set(tmp_path / "bad", BAD, "raise ValueError('no')"))
        assert code == 3 and "did not come to run" in told["error"] and A in told["error"], told


def test_a_cable_pulled_in_the_middle_leaves_the_old_set(image: Path, ask: Any, tmp_path: Path) -> None:
    with booted(image) as board:
        wait(board, PROMPT_S)
        assert ask(board, "--app", probe_set(tmp_path / "a", A), "--board", "pico")[0] == 0
        wait(board, 2)
        board.unplug_after = board.received + 9000
        code, told = ask(board, "--app", probe_set(tmp_path / "b", B))
        assert code == 3 and "it starts the set that it had" in told["hint"], told
        flash = bytes(board.chip.mcu.flash)
    with booted(image, flash) as board:
        wait(board, PROMPT_S)
        code, told = ask(board, "--app", tmp_path / "b", "--dry-run")
        assert code == 0 and told["steps"][0].endswith("into folder b (now: a) and verify their hashes"), told
        wait(board, PROMPT_S)
        code, told = ask(board, "--app", tmp_path / "b")
        assert code == 0 and told["after"]["firmware"].endswith(B), told
