"""What is run in a changed copy of the sources is the copy, whichever way it is started, and an edit that misses is told."""

import pytest
from changed_tree import ON_PATH, ROOT, ChangedTree

PACKAGES = ("stackpress", "stackpress_core", "stackpress_plant", "stackpress_sim", "hil_tests", "boards", "micropython")
WHERE = "import %s; print([str(m.__file__ or list(m.__path__)[0]) for m in (%s)])" % (", ".join(PACKAGES), ", ".join(PACKAGES))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return ChangedTree(tmp_path_factory.mktemp("copy"))


def test_every_package_is_the_copys_in_a_command(tree):
    assert str(ROOT) + "/" not in tree.python(WHERE).stdout


def test_every_package_is_the_copys_in_a_test(tree):
    tree.write("firmware/tests/test_where.py", "def test_where():\n    %s\n" % WHERE.replace("; ", "\n    "))
    said = tree.pytest("-s", "firmware/tests/test_where.py").stdout
    assert str(tree.root) in said and str(ROOT) + "/" not in said


def test_the_host_tool_is_the_copys(tree):
    tree.replace("firmware/stackpress_core/version.py", 'VERSION = "', 'VERSION = "9')
    assert "9" in tree.python("from stackpress_core.version import VERSION; print(VERSION)").stdout[:1]


def test_a_command_that_fails_is_told_with_what_it_said(tree):
    with pytest.raises(AssertionError, match="no such place"):
        tree.python("raise SystemExit('no such place')")
    assert tree.python("raise SystemExit('no such place')", code=1).stderr == "no such place\n"


@pytest.mark.parametrize("old", ["no file says this", "\n"])
def test_an_edit_that_does_not_find_just_one_place_is_told(tree, old):
    with pytest.raises(AssertionError, match="places, not one"):
        tree.replace("Makefile", old, "")


def test_documents_made_anew_in_an_unchanged_copy_are_the_same(tmp_path):
    tree = ChangedTree(tmp_path)
    made = [path for name in ON_PATH[1:4] for path in (tree.root / name).rglob("*.md")]
    before = {path: path.read_text() for path in made}
    tree.make_docs()
    assert before == {path: path.read_text() for path in made} and len(made) > 5
