"""A host of 0.1.0 pulls, stops and flashes a press of today, and a host of today a press of 0.1.0: the very code of then, from git.

Two commits of 0.1.0 are tried: that of its entry in the CHANGELOG, and the last before the tick was compiled, which flashes.
"""

import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from stackpress import paths

from hil_tests.targets.flashable_press import FlashablePress, image
from hil_tests.waiting import PATIENCE_S

FIRST, LAST = "619f28b", "77d9a12"
RELEASES = pytest.mark.parametrize("release", [FIRST, LAST], indirect=True)
pytestmark = [pytest.mark.guest, pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")]
ROOMS = ("host_tools", ".", "firmware", "firmware/tests", "firmware/tests/shim")

# an installed checkout is asked before any path: it has to go out of the way of the code of then
ALONE = """import sys
from pathlib import Path
sys.meta_path[:] = [one for one in sys.meta_path if getattr(one, "__module__", "") != "stackpress_checkout"]
import stackpress
assert Path(stackpress.__file__).is_relative_to(Path(__file__).parent)
"""
STARTER = """from stackpress.cli import main
main()
"""
FLASHABLE = """
from hil_tests.targets.flashable import FlashBench
press = FlashBench(Path(sys.argv[1])).boot()
print("ready", flush=True)
sys.stdin.readline()
press.close()
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of a commit, which nobody changes; what it names otherwise today is there by its old name."""
    made = subprocess.run(["git", "archive", request.param], cwd=paths.ROOT, capture_output=True)
    if made.returncode:
        pytest.skip(f"this clone has no commit {request.param}")
    tree = tmp_path_factory.mktemp("then")
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(tree, filter="data")
    (tree / "host_tools" / "micropython_run.py").write_text("from micropython_module import run_main\n")
    (tree / "start.py").write_text(ALONE + STARTER)
    (tree / "flashable.py").write_text(ALONE + FLASHABLE)
    return tree


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    own = {name: str(tmp_path / name) for name in ("STACKPRESS_SIM_DIR", "STACKPRESS_CONFIG_DIR", "STACKPRESS_DATA")}
    return {key: value for key, value in os.environ.items() if key != "STACKPRESS_PORT"} | own


def of_then(release: Path, folders: dict[str, str]) -> dict[str, str]:
    return folders | {"PYTHONPATH": os.pathsep.join(str(release / room) for room in ROOMS)}


@contextmanager
def running(command: list[str], env: dict[str, str], cwd: Path) -> Iterator[str]:
    """A simulated press in a process of its own; its port."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, cwd=cwd)
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        yield re.search(r"/dev/\S+", said)[0]  # type: ignore[index]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def pulls_and_stops(command: list[str], env: dict[str, str], cwd: Path, port: str) -> None:
    def done(*words: str) -> str:
        run = subprocess.run([*command, *words], capture_output=True, text=True, env=env, cwd=cwd)
        assert run.returncode == 0, (words, run.stdout, run.stderr)
        return run.stdout

    there = ("--port", port)
    assert re.search(r"state +safe", done("status", *there))
    assert "run 1" in done("run", "li6ps5cl_pellet", "--sample", "A7", *there)
    assert re.search(r"state +(pressing|holding)", done("status", *there))
    assert "Stopped, venting" in done("stop", "--vent", *there)
    ends = time.monotonic() + PATIENCE_S  # the run's last record comes when the force has gone
    while not re.search(r"li6ps5cl_pellet +A7 .*(vented|stopped)", done("runs")):
        assert time.monotonic() < ends, done("runs")
        assert "no record is missing" in done("log", "pull", *there)
    done("config", "pull", *there)


TODAY = [sys.executable, "-m", "stackpress"]


@RELEASES
def test_a_host_of_then_pulls_and_stops_a_press_of_today(release: Path, folders: dict[str, str], tmp_path: Path) -> None:
    with running([*TODAY, "sim"], folders, tmp_path) as port:
        pulls_and_stops([sys.executable, str(release / "start.py")], of_then(release, folders), tmp_path, port)


@RELEASES
def test_a_host_of_today_pulls_and_stops_a_press_of_then(release: Path, folders: dict[str, str], tmp_path: Path) -> None:
    with running([sys.executable, str(release / "start.py"), "sim"], of_then(release, folders), tmp_path) as port:
        pulls_and_stops(TODAY, folders, tmp_path, port)


def flashes(command: list[str], env: dict[str, str], folder: Path) -> str:
    image(folder / "new.uf2", content="22" * 8)
    where = ("--port", str(folder / "port"), "--drive", str(folder / "RPI-RP2"), "--wait", "20", "--yes")
    run = subprocess.run([*command, "flash", str(folder / "new.uf2"), *where], capture_output=True, text=True, env=env)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.mark.parametrize("release", [LAST], indirect=True)
def test_a_host_of_then_flashes_a_press_of_today(release: Path, folders: dict[str, str], tmp_path: Path) -> None:
    press: Any = FlashablePress(tmp_path).boot()
    try:
        told = flashes([sys.executable, str(release / "start.py")], of_then(release, folders), tmp_path)
        assert "22" * 8 in told and press.board.content == bytes.fromhex("22" * 8)
    finally:
        press.close()


@pytest.mark.parametrize("release", [LAST], indirect=True)
def test_a_host_of_today_flashes_a_press_of_then(release: Path, folders: dict[str, str], tmp_path: Path) -> None:
    press = subprocess.Popen(
        [sys.executable, str(release / "flashable.py"), str(tmp_path)], env=of_then(release, folders),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert press.stdout is not None and press.stdout.readline() == "ready\n"
    try:
        assert "22" * 8 in flashes(TODAY, folders, tmp_path)
    finally:
        press.communicate("\n")
