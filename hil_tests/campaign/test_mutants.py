"""Claims about the campaign that changes what keeps people safe: it changes what it says it does, and sees which tests fall."""

from pathlib import Path

import pytest
from changed_tree import ChangedTree

from hil_tests.campaign import mutants as m

LIMIT = """\
import micropython
from micropython import const

# words (written by layout.py)
_MOST = const(7)
# end of words

@micropython.viper
def is_over(s):
    return s[0] > 5
"""
CLAIM = """\
from limit import is_over
def test_six_is_over() -> None: assert is_over([6])
def test_four_is_not() -> None: assert not is_over([4])
"""
MODULE = m.Module("firmware/tests/limit.py", ("firmware/tests/test_limit.py",), ("firmware/tests/test_limit.py",))


def test_numbers_operators_and_conditions_of_decorated_functions_are_changed_and_what_is_made_is_not() -> None:
    found = {(one.before, one.after) for one in m.mutants(MODULE, LIMIT)}
    line = "return s[0] > 5"
    assert {(line, "return s[0] >= 5"), (line, "return s[0] > 6"), (line, "return s[0] > 4"), (line, "return s[1] > 5")} <= found
    assert not any("const(" in before for before, _ in found)


def test_a_table_is_changed_as_well() -> None:
    rows = 'ROWS = (\n    ("over", 3, True),\n)\n'
    assert {one.after for one in m.mutants(MODULE, rows)} >= {'("over", 4, True),', '("over", 3, False),'}


def test_a_mutant_is_killed_by_a_test_that_falls_and_survives_where_none_does(tmp_path: Path) -> None:
    tree = ChangedTree(tmp_path)
    tree.write(MODULE.path, LIMIT)
    tree.write("firmware/tests/test_limit.py", CLAIM)
    both = ("return s[0] > 6", "return s[0] >= 5")
    told = {one.after: m.fate(one, tree) for one in m.mutants(MODULE, LIMIT) if one.after in both}
    assert told == {"return s[0] > 6": "killed", "return s[0] >= 5": "survived"}  # five itself: no claim is about it
    assert tree.read(MODULE.path) == LIMIT


def test_every_argued_change_is_one_that_is_made() -> None:
    argued = m.argued()
    of = [module for module in (*m.SAFE, *m.SAMPLED) if module.path in {path for path, _, _ in argued}]
    made = {(one.module.path, one.before, one.after)
            for module in of for one in m.mutants(module, (m.ROOT / module.path).read_text())}  # fmt: skip
    assert set(argued) <= made


def test_a_module_that_there_is_not_is_told() -> None:
    with pytest.raises(SystemExit, match="no module has nonsense in its path; there are firmware/stackpress_core/tick/inter"):
        m.main(["--modules", "nonsense"])
