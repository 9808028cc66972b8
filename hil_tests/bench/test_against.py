"""Two commits side by side: what was measured is kept, a change here is measured anew, a ratio is here over there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hil_tests.bench import against

QUIET = Console(quiet=True)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A measure of the speed, one that breaks here the first time, and one that only this side has; what was measured."""
    done: list[str] = []

    def measure(name: str, here: float, breaks: bool = False) -> Callable[[against.Tree], against.Figures]:
        def run(tree: against.Tree) -> against.Figures:
            side = "here" if tree.root == against.ROOT else "there"
            done.append(f"{name} {side}")
            if breaks and done.count(f"{name} here") == 1 and side == "here":
                raise RuntimeError("the power was cut")
            return {name: here if side == "here" else 2.0}

        return run

    table = {"speed": against.Row(measure("speed", 5.0), {"speed_ratio": "speed"}),
             "wall": against.Row(measure("wall", 1.0, breaks=True), {"wall_ratio": "wall"}),
             "failures": against.Row(measure("failures", 0.0), {}, there=False)}  # fmt: skip
    monkeypatch.setattr(against, "ROWS", table)
    monkeypatch.setattr(against, "OUT", tmp_path / "against.json")
    return done


def test_what_was_interrupted_goes_on_where_it_was(rows: list[str], tmp_path: Path) -> None:
    results: dict[str, Any] = {}
    there, kept = against.Tree(tmp_path, tmp_path / "logs" / "there"), list[str]()

    def keep() -> None:
        kept.append(json.dumps(results))

    with pytest.raises(RuntimeError, match="power"):
        against.measure(list(against.ROWS), there, results, keep, QUIET)
    assert rows == ["speed there", "speed here", "wall there", "wall here"] and len(kept) == 3
    assert against.ratios(results) == {"speed_ratio": {"ratio": 2.5, "here": 5.0, "there": 2.0}}
    against.measure(list(against.ROWS), there, results, keep, QUIET)
    assert rows[4:] == ["wall here", "failures here"]
    assert against.ratios(results)["wall_ratio"]["ratio"] == 0.5


def test_a_change_here_is_measured_anew_and_the_other_side_is_kept(rows: list[str]) -> None:
    sides = {"speed": {"there": {"speed": 2.0}, "here": {"speed": 5.0}}, "failures": {"here": {"failures": 0.0}}}
    against.OUT.write_text(json.dumps({"against": "a" * 40, "here": "b" * 40, "rows": sides}))
    assert against.known("a" * 40, "b" * 40)["rows"] == sides
    assert against.known("a" * 40, "c" * 40)["rows"] == {"speed": {"there": {"speed": 2.0}}}
    assert against.known("d" * 40, "b" * 40)["rows"] == {}


def test_a_command_that_fails_is_told_with_the_end_of_what_it_said(tmp_path: Path) -> None:
    tree = against.Tree(tmp_path, tmp_path / "logs")
    with pytest.raises(RuntimeError, match="(?s)exit 3.*no compiler"):
        tree.run("suite", "sh", "-c", "echo no compiler; exit 3")
    assert tree.run("suite", "sh", "-c", "exit 3", may_fail=True) < 10
