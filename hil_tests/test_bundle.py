"""A scenario that fails leaves behind what happened: proven by one that claims something wrong."""

import csv
from pathlib import Path

import pytest

from hil_tests import player, scenario
from hil_tests.expectations import Unmet

WRONG = """
claim = "an open guard does nothing"
[[step]]
run_s = 0.2
[[step]]
fault = "guard"; run_s = 0.1
expect = { checks = "estop" }
""".replace("; ", "\n")


def left_by(kind: str, folder: Path) -> Path:
    """Where a scenario left its bundle that can't be met on this target."""
    file = folder / "wrong.toml"
    file.write_text(WRONG)
    into = folder / "bundle"
    with pytest.raises(Unmet, match="step 2 .*checks is"):
        player.play(scenario.read(file), "short", kind, into)
    return into


def test_failing_scenario_leaves_log_truth_and_console(tmp_path: Path) -> None:
    into = left_by("sim", tmp_path)
    assert (into / "scenario.toml").read_text() == WRONG
    wrong = (into / "wrong.txt").read_text()
    assert "step 2" in wrong and "'guard'" in wrong and "without" not in wrong
    with (into / "events.csv").open(newline="") as f:
        assert "event" in {row["kind"] for row in csv.DictReader(f)}
    with (into / "truth.csv").open(newline="") as f:
        assert float(next(csv.DictReader(f))["Applied Force / N"]) == 0
    assert (into / "console.txt").exists()
    with (into / "log.csv").open(newline="") as f:
        assert {row["state"] for row in csv.DictReader(f)} == {"0"}  # a press at rest, sampled once in a while


def test_scenario_that_is_met_leaves_nothing(tmp_path: Path) -> None:
    met = tmp_path / "met.toml"
    met.write_text(WRONG.replace('"estop"', '"guard"'))
    player.play(scenario.read(met), "short", "sim", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
