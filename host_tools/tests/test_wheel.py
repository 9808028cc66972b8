"""What a stranger gets: the wheel is built, looked into, and installed where there is no checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stackpress.simulator import missing

from host_tools.tests import traps

PACKAGES = {"stackpress", "stackpress_core", "stackpress_plant", "stackpress_sim"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)], cwd=traps.ROOT, check=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


class Installed:
    """An environment that has the wheel, and beside it what it depends on; an empty folder to type in."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        environment = folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
        self.python = environment / "bin" / "python"
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "--no-deps", "--no-index"]
        subprocess.run([*pip, str(wheel)], check=True)
        self.folder = folder / "empty"
        self.folder.mkdir()
        self.site = Path(self.say("import sysconfig; print(sysconfig.get_path('purelib'))"))
        # a path in a .pth file brings modules, not the .pth files there: the checkout stays out
        (self.site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
        own = {name: str(folder / "own" / name) for name in ("STACKPRESS_SIM_DIR", "STACKPRESS_DATA", "STACKPRESS_CONFIG_DIR")}
        gone = ("PYTHONPATH", "STACKPRESS_PORT", "VIRTUAL_ENV")
        self.variables = {key: value for key, value in os.environ.items() if key not in gone}
        self.variables |= {**own, "XDG_CACHE_HOME": str(folder / "cache"), "MPLCONFIGDIR": str(folder / "mpl")}

    def say(self, code: str) -> str:
        """What Python prints there."""
        words = [str(self.python), "-c", code]
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=True).stdout.strip()

    def command(self, *words: str) -> list[str]:
        return [str(self.python.with_name("stackpress")), *words]

    def run(self, *words: str) -> str:
        """What a command that is typed in the empty folder prints; it must end with 0."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.variables, capture_output=True, text=True
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    if sys.platform == "win32":
        pytest.skip("its folders have other names there")
    return Installed(tmp_path_factory.mktemp("stranger"), wheel)


def test_a_wheel_holds_the_four_packages_and_nothing_else(names: list[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_a_wheel_holds_no_tests(names: list[str]) -> None:
    parts = {part for name in names for part in Path(name).parts}
    assert not parts & {"tests", "hil_tests", "checkout", "conftest.py"}
    assert not [part for part in parts if part.startswith("test_") and part.endswith(".py")]


def test_a_wheel_holds_every_file_of_its_packages(names: list[str]) -> None:
    rooms = tomllib.loads((traps.ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    listed = subprocess.run(["git", "ls-files", *rooms], cwd=traps.ROOT, capture_output=True, text=True).stdout.split()
    wanted = {name.partition("/")[2] for name in listed}
    assert wanted and wanted <= set(names)


def test_a_wheel_holds_every_file_that_is_looked_for_beside_the_packages(names: list[str]) -> None:
    boards = traps.ROOT / "boards"
    wanted = [traps.ROOT / "firmware/main.py", boards / "sim/board.py", boards / "sim/prompt.py", *boards.glob("*.toml")]
    wanted += [*boards.glob("*/*.toml"), *boards.glob("*/micropython/mpconfigboard.h")]
    assert {f"stackpress/_files/{path.relative_to(traps.ROOT).as_posix()}" for path in wanted} <= set(names)


def test_what_is_imported_is_what_was_installed(installed: Installed) -> None:
    for name in PACKAGES:
        assert installed.say(f"import {name}; print({name}.__file__)").startswith(str(installed.site))


def test_an_installed_wheel_gives_no_bare_name(installed: Installed) -> None:
    bare = sorted(traps.ours() - traps.pythons() - traps.others())
    assert installed.say(f"import importlib.util as u; print([n for n in {bare} if u.find_spec(n)])") == "[]"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--help",), "doctor"),
        (("--version",), "stackpress 0."),
        (("config", "board", "pico"), "pins"),
        (("config", "params", "force_limit_n"), "force_limit_n"),
        (("program", "check", "kbr_pellet"), "kbr_pellet"),
        (("sim", "faults"), "estop"),
    ],
)
def test_a_stranger_gets_an_answer_without_a_press(installed: Installed, words: tuple[str, ...], says: str) -> None:
    assert says in installed.run(*words)


@pytest.fixture
def press(installed: Installed) -> Iterator[str]:
    process = subprocess.Popen(
        installed.command("sim", "--json"), cwd=installed.folder, env=installed.variables, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["port"])
    finally:
        process.terminate()
        process.wait()


@pytest.mark.network
@pytest.mark.parametrize("python", ["3.11", "3.14"])
@pytest.mark.parametrize("platform", ["win_amd64", "macosx_14_0_arm64"])
def test_a_wheel_and_all_that_it_wants_can_be_installed(wheel: Path, tmp_path: Path, platform: str, python: str) -> None:
    words = ["install", "--dry-run", "--quiet", "--only-binary=:all:", "--target", str(tmp_path)]
    words += ["--platform", platform, "--python-version", python]
    done = subprocess.run([sys.executable, "-m", "pip", *words, str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_strangers_simulated_press_is_found_by_itself(installed: Installed, press: str) -> None:
    assert press in installed.run("status")
    assert json.loads(installed.run("--json", "status"))["board"] == "sim"


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_the_demonstration_runs_in_an_empty_folder(installed: Installed) -> None:
    summary = json.loads(installed.run("demo", "--json"))["summary"]
    assert summary["log_missing"] == 0 and abs(summary["pressure_peak_mpa"] - 370) < 2
    assert [path.name for path in installed.folder.iterdir()] == ["build"]
