"""The safety manual's matrix is whole, and a gap of any kind in it is a failure."""

import sys
from pathlib import Path

import pytest
from changed_tree import ChangedTree

from hil_tests import safety_matrix


def test_every_requirement_has_a_test_that_is_there() -> None:
    wanted = safety_matrix.manual()
    assert safety_matrix.gaps(wanted, safety_matrix.shown(), safety_matrix.tests()) == [] and len(wanted) >= 60


GAPS = (
    ("firmware/SAFETY.md", "| R-504 |", "| R-599 | H9 | do what nobody tests |\n| R-504 |", "R-599 has no test"),
    ("firmware/SAFETY.md", "| R-231 | H7 | row foreground |\n", "", "the interlock row foreground is no requirement"),
    ("firmware/SAFETY.md", "| R-231 | H7 | row foreground |\n", "", "R-231 is in the table of tests and not in SAFETY.md"),
    ("firmware/tests/requirements.txt", "scenario: estop_vents_a_ramp", "scenario: estop_is_ignored", "no test estop_is_ignored"),
    ("firmware/tests/tick/test_permit.py", "def test_every_tick_gives", "def test_a_tick_gives", "R-106: there is no test"),
)


@pytest.mark.parametrize(("file", "old", "new", "told"), GAPS, ids=[told for *_, told in GAPS])
def test_a_gap_fails_and_is_named(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    tree = ChangedTree(tmp_path)
    tree.replace(file, old, new)
    done = tree.run(sys.executable, "-m", "hil_tests.safety_matrix", code=1)
    assert any(line.startswith("gap: ") and told in line for line in done.stderr.splitlines()), done.stderr
