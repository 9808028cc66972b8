"""What can be said of Windows without one: what it lacks is asked for where it does not come; no port is opened to look at it."""

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stackpress import port_lock, ports, simulator

HOST = Path(port_lock.__file__).parent
MODULES = {"fcntl", "termios", "pty", "tty", "resource", "pwd", "grp", "posix"}
NAMES = {"major", "minor", "fork", "getuid", "geteuid", "getpgid", "killpg", "openpty", "ttyname", "set_blocking", "O_NOCTTY",
         "SIGKILL", "SIGHUP", "SIGUSR1", "AF_UNIX", "st_rdev", "add_signal_handler", "setraw"}  # fmt: skip
ELSEWHERE = {
    "port_lock.py": "behind a question for the platform, its modules tried for",
    "doctor.py": "asked on Linux only",
    "simulator": "missing() says why not",
}


def lacking() -> Iterator[tuple[str, str]]:
    """(file, name) of all that Windows lacks."""
    for path in sorted(HOST.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found = MODULES & {name.partition(".")[0] for name in names}
            if isinstance(node, ast.Attribute) and node.attr in NAMES:
                found = {node.attr}
            for one in found:
                yield path.relative_to(HOST).as_posix(), one


def test_what_windows_lacks_is_asked_for_where_windows_does_not_come_only() -> None:
    asked = {file for file, _ in lacking()}
    assert {file for file in asked if file not in ELSEWHERE and file.partition("/")[0] not in ELSEWHERE} == set()
    assert {file if file in ELSEWHERE else file.partition("/")[0] for file in asked} == set(ELSEWHERE)


def test_a_port_is_not_opened_to_see_who_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("to stat a port of Windows is to open it")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "stat", opened)
    assert port_lock.others("COM3") == []


def test_there_are_no_simulated_presses_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert ports.simulated_ports() == [] and "Linux" in simulator.missing()
