"""`make test` without an image: one line says what was skipped and how to get it, and continuous integration fails of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from boards.images import sources
from hil_tests import suites

ROOT = Path(__file__).resolve().parents[1]
MISSING = "the cross compiler is missing: apt-get install gcc-arm-none-eabi"


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A computer that can't build; what ran on it."""

    def tools() -> None:
        raise sources.CannotBuild(MISSING)

    ran: list[str] = []
    monkeypatch.setattr(sources, "tools", tools)
    monkeypatch.setattr(sources, "install", lambda packages, missing: None)
    monkeypatch.setattr(suites, "_timed", lambda what, command: ran.append(" ".join(command)) or 0)
    return ran


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1), ("false", 0)])
def test_without_an_image_one_line_says_so(
    ci: str, code: int, no_compiler: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    assert suites.test() == code
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1 and said[0].startswith("SKIPPED") and MISSING in said[0]
    assert len(no_compiler) == 1 and "--target" not in no_compiler[0]  # the host's tests ran


def test_programs_that_the_service_talks_to_are_installed_or_told(
    no_compiler: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def refused(packages: list[str], missing: str) -> None:
        asked.extend(packages)
        raise sources.CannotBuild(f"{missing}: apt-get install {' '.join(packages)}")

    monkeypatch.setenv("CI", "")
    monkeypatch.setattr(sources, "install", refused)
    monkeypatch.setattr(suites.shutil, "which", lambda name, path="": None if name in suites.STRANGERS else name)
    assert suites.test() == 0 and asked == list(suites.STRANGERS.values())
    assert "apt-get install chromium mosquitto" in capsys.readouterr().out.splitlines()[0]
    assert len(no_compiler) == 1, "the other tests ran"


def test_image_that_does_not_build_is_no_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise sources.CannotBuild(f"{name}: the compiler complains")

    monkeypatch.setattr(sources, "tools", lambda: None)
    monkeypatch.setattr(sources, "install", lambda packages, missing: None)
    monkeypatch.setattr(sources, "checkout", lambda: None)
    monkeypatch.setattr(suites.build, "build", broken)
    with pytest.raises(sources.CannotBuild, match="complains"):
        suites.test()


def test_failures_beside_busy_processes_are_counted_and_the_processes_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    codes, started = [1, 0, 1], list[subprocess.Popen[bytes]]()
    begin = subprocess.Popen
    monkeypatch.setenv("RUNS", "3")
    monkeypatch.setattr(suites, "TEST_BUSY", tmp_path / "busy.json")
    monkeypatch.setattr(suites, "_timed", lambda what, command: codes.pop(0))
    monkeypatch.setattr(suites.subprocess, "Popen", lambda command: started.append(begin(command)) or started[-1])
    assert suites.busy() == 1
    assert json.loads((tmp_path / "busy.json").read_text()) == {"failures": 2, "runs": 3}
    assert len(started) == suites.BUSY and all(process.poll() is not None for process in started)


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1), ("false", 0)])
def test_a_test_that_is_skipped_for_what_is_missing_fails_where_nobody_would_read_it(ci: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.skipif(True, reason='no cross compiler')\ndef test_marked(): pass\n\n"
        "def test_inside(): pytest.skip('no C compiler')\n\n"
        "@pytest.mark.guest\n@pytest.mark.skipif(True, reason='no browser')\ndef test_guest(): pass\n\n"
        "@pytest.mark.xfail(strict=True)\ndef test_expected(): raise ValueError\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "conftest", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    if code:
        assert "test_marked: Skipped: no cross compiler; with CI=true nothing may be skipped" in done.stdout
        assert "test_inside: Skipped: no C compiler; with CI=true" in done.stdout
        assert "1 failed, 1 skipped, 1 xfailed, 1 error" in done.stdout
