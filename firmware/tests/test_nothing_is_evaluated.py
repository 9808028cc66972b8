"""Text is never run: no product file evaluates, executes or unpickles anything, nor imports or starts by a name from outside."""

import ast
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("firmware/stackpress_core", "firmware/drivers", "firmware/main.py", "firmware/boot.py", "boards/sim", "boards/stackpress_sim",
         "boards/stackpress_plant", "host_tools/stackpress")  # fmt: skip
RUNS = {"eval", "exec", "execfile", "compile", "__import__", "import_module", "system", "popen"}
MODULES = {"pickle", "marshal", "shelve", "code", "codeop", "runpy"}
# (file, what is called): where the name comes from
KNOWN = {
    ("firmware/drivers/rp2_board.py", "__import__"): "DRIVERS of the frozen image",
    ("host_tools/stackpress/cli/app.py", "import_module"): "COMMANDS, the table above it",
    ("host_tools/stackpress/__init__.py", "import_module"): "the table of what the package offers",
    ("host_tools/stackpress/merge/readers.py", "import_module"): "packages that the readers above it name",
}


def sources():
    for room in ROOMS:
        path = ROOT / room
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def found_in(path, text):
    """(file, what) of each thing in this text that could run what somebody has sent."""
    file, found = str(path), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            plain = isinstance(node.func, ast.Name)
            name = node.func.id if plain else getattr(node.func, "attr", "")
            of = getattr(getattr(node.func, "value", None), "id", "")
            constant = bool(node.args) and isinstance(node.args[0], ast.Constant)
            if name in RUNS and not constant and (plain or of in ("builtins", "importlib", "os")):
                found.append((file, name))
            found += [(file, "shell") for one in node.keywords if one.arg == "shell" and getattr(one.value, "value", True)]
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        found += [(file, name) for name in names if name.split(".")[0] in MODULES]
    return found


def test_no_text_from_outside_is_evaluated_on_either_end():
    paths = list(sources())
    assert len(paths) > 200
    found = {one for path in paths for one in found_in(path.relative_to(ROOT), path.read_text())}
    assert found - set(KNOWN) == set()
    assert set(KNOWN) <= found, "an exception that nobody needs any more"


def test_each_way_of_running_a_text_would_be_seen():
    for text in ("eval(line)", "exec(line)", "__import__(name)", "import importlib\nimportlib.import_module(name)", "import pickle",
                 "from marshal import loads", "import os\nos.system(line)", "run(line, shell=True)", "compile(line, 'x', 'exec')"):  # fmt: skip
        assert found_in("x.py", text), text
    for text in ("re.compile(pattern)", "sm.exec('mov(x, y)')", "sm.exec(word)", "importlib.import_module('json')", "run(line, shell=False)"):
        assert not found_in("x.py", text), text
