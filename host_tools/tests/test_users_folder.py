"""In a folder of the user's, whatever its files are called, every command and every import does what it does elsewhere."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import stackpress
from stackpress.cli.app import COMMANDS

from hil_tests.waiting import until
from host_tools.tests import traps
from host_tools.tests.short_pellet import short

SCRIPT = str(Path(sys.executable).with_name("stackpress"))
PRESS = str(traps.ROOT / "boards" / "sim" / "press.toml")
README = traps.ROOT / "host_tools" / "README.md"
# what is typed, and its exit code
WITHOUT_A_PRESS = (
    *(((name, "--help"), 0) for name, _, _ in COMMANDS),
    (("--version",), 0),
    (("config", "check", PRESS), 0),
    (("config", "board", "pico"), 0),
    (("config", "params"), 0),
    (("program", "check", "kbr_pellet", "--press", PRESS), 0),
    (("sim", "faults"), 0),
    (("sim", "ls"), 0),
    (("runs",), 0),
    (("report", "none"), 2),
    (("flash", "none.uf2"), 2),
    (("doctor",), 3),
    (("status",), 3),
)
NOTHING_TO_STOP = ("stop", "--vent")  # is refused
WITH_A_PRESS = (
    ("status",), ("doctor",), ("selftest",), ("config", "pull", "-o", "pulled.toml"), ("config", "diff", PRESS),
    ("calibrate", "tare"), ("program", "push", "short.toml"), ("program", "ls"), ("monitor", "--for", "0.5"),
    ("run", "li6ps5cl_pellet", "--follow"), ("arm",), ("disarm",), NOTHING_TO_STOP, ("sim", "truth"), ("log", "pull"), ("runs",),
    ("log", "export"), ("log", "plot", "--out", "plot.png"), ("report", "--out", "report.html"),
)  # fmt: skip


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(words), cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STACKPRESS_SIM_DIR", "STACKPRESS_CONFIG_DIR", "STACKPRESS_DATA", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / "own" / name))
    for name in ("STACKPRESS_PORT", "PYTHONSAFEPATH", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files named like all of ours, all of Python's and all that is installed."""
    traps.set_traps(tmp_path / "user", traps.ours() | traps.pythons() | traps.others())
    (tmp_path / "user" / "short.toml").write_text(short(hold_s=2, name="li6ps5cl_pellet"))
    return tmp_path / "user"


@pytest.fixture
def press(folder: Path) -> Iterator[str]:
    """A simulated press that was started there, and keeps its state there; its port."""
    words = [SCRIPT, "sim", "--state", "here", "--speed", "10", "--json"]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["port"])
    finally:
        process.terminate()
        process.wait()


def test_the_traps_are_traps(folder: Path) -> None:
    for name in ("json", "press", "boards", "board", "log", "numpy"):
        assert run(folder, sys.executable, "-c", f"import {name}").returncode == 1
    assert set(traps.taken(folder)) >= {"json", "press", "boards", "board", "log", "numpy"}


def test_every_command_works_in_a_folder_full_of_names(folder: Path) -> None:
    for words, code in WITHOUT_A_PRESS:
        done = run(folder, SCRIPT, *words)
        assert done.returncode == code and "Traceback" not in done.stderr, (words, done.stdout, done.stderr)
    assert traps.taken(folder) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")
def test_the_simulated_press_and_every_command_to_it_work_there(folder: Path, press: str) -> None:
    for words in WITH_A_PRESS:
        done = run(folder, SCRIPT, *words)
        assert done.returncode == (words == NOTHING_TO_STOP), (words, done.stdout, done.stderr)
    assert traps.taken(folder) == []


def test_python_dash_m_works_there_but_for_what_python_itself_imports_first(tmp_path: Path) -> None:
    names = (traps.ours() | traps.pythons() | traps.others()) - traps.imported_on_the_way(tmp_path / "way")
    assert {"json", "press", "log", "enum", "typing"} <= names | traps.imported_on_the_way(tmp_path / "again")
    traps.set_traps(tmp_path / "user", names)
    for words, code in WITHOUT_A_PRESS:
        done = run(tmp_path / "user", sys.executable, "-m", "stackpress", *words)
        assert done.returncode == code and "Traceback" not in done.stderr, (words, done.stdout, done.stderr)
    assert traps.taken(tmp_path / "user") == []


IMPORT_ALL = """import importlib, pkgutil
import stackpress

for one in pkgutil.walk_packages(stackpress.__path__, "stackpress."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
for name in stackpress.__all__:
    getattr(stackpress, name)
"""


def test_every_module_is_imported_beside_files_named_like_ours(tmp_path: Path) -> None:
    traps.set_traps(tmp_path / "user", traps.ours() - traps.pythons() - traps.others())
    script = tmp_path / "user" / "press.py"
    script.write_text(IMPORT_ALL)
    done = run(tmp_path / "user", sys.executable, "press.py")
    assert done.returncode == 0, done.stderr
    assert traps.taken(tmp_path / "user") == []


def test_every_module_is_imported_beside_files_named_like_pythons_where_python_leaves_the_folder_out(folder: Path) -> None:
    done = run(folder, sys.executable, "-P", "-c", IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert traps.taken(folder) == []


def test_an_installed_checkout_gives_no_bare_name(tmp_path: Path) -> None:
    names = sorted(traps.ours() - traps.pythons() - traps.others())
    code = "import importlib.util as u, sys; print([n for n in sys.argv[1:] if u.find_spec(n)])"
    done = run(tmp_path, sys.executable, "-c", code, *names)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")
@pytest.mark.parametrize("name", ["press.py", "stackpress_run.py", "boards.py"])
def test_the_readme_example_presses_once_under_any_name_and_leaves_the_press_safe(
    name: str, tmp_path: Path, folder: Path, press: str
) -> None:
    example = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)[0]
    script = tmp_path / "script" / name
    traps.set_traps(script.parent, traps.ours() - traps.pythons() - traps.others())
    script.write_text(example)
    with stackpress.open(press) as one:
        before = one.program_state().run
    assert run(folder, SCRIPT, "program", "push", "short.toml").returncode == 0
    done = run(script.parent, sys.executable, name)
    assert done.returncode == 0, done.stderr
    forces = [float(line.split()[1]) for line in done.stdout.splitlines()]
    assert max(forces) > 2900
    with stackpress.open(press) as one:
        until(lambda: one.state == "safe")
        assert one.program_state().run == before + 1
    assert traps.taken(script.parent) == []
