"""A copy of the sources in which a text is changed, and what is run there: for every sentence that says "one row".

    tree = ChangedTree(tmp_path)
    tree.add("firmware/stackpress_core/tick/interlock.py", 'the text of a row,', 'the new row,')
    assert "new_reason" in tree.stackpress("sim", "faults").stdout  # the host tool of the copy
    tree.pytest("firmware/tests/tick/test_interlock.py")            # the tests of the copy
    tree.python("from stackpress_core.tick import interlock; ...")  # any Python, the copy's modules first
    tree.make_docs()                                                # what `make docs` writes, in the copy

An edit that finds its place not just once fails, so that a test can't pass on an unchanged tree. Each command fails with all that
was said if its exit code is not the expected one; `code=None` takes any. Packages are the copy's, because its `stackpress_checkout`
is found before the one of the checkout that is installed; `test_changed_tree.py` holds that.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("boards", "firmware", "hil_tests", "host_tools", "pyproject.toml", "Makefile", "README.md")
ON_PATH = ("host_tools/checkout", "host_tools", "firmware", "boards", "firmware/tests", ".")
LEFT = shutil.ignore_patterns(".hypothesis", ".pytest_cache", "build", "*.pyc.*")  # the last: what Python is writing just now


class ChangedTree:
    """`root` is the copy, under `folder`; 4 MB, a fraction of a second."""

    def __init__(self, folder):
        self.root = Path(folder) / "changed_tree"
        self.root.mkdir()
        for name in SOURCES:
            source = ROOT / name
            copy = shutil.copy2 if source.is_file() else lambda a, b: shutil.copytree(a, b, ignore=LEFT)
            copy(source, self.root / name)

    def read(self, file):
        return (self.root / file).read_text(encoding="utf-8")

    def write(self, file, text):
        (self.root / file).write_text(text, encoding="utf-8")

    def replace(self, file, old, new):
        """Put `new` in the place of `old`, which stands in the file once."""
        text = self.read(file)
        assert text.count(old) == 1, "%s: %d places, not one, read %r" % (file, text.count(old), old)
        self.write(file, text.replace(old, new))

    def add(self, file, after, text):
        """Put `text` behind `after`, which stands in the file once."""
        self.replace(file, after, after + text)

    def run(self, *command, code=0, timeout_s=None):
        """A command with the copy as its folder and first on the path of every Python in it."""
        path = os.pathsep.join(str(self.root / name) for name in ON_PATH)
        env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200", "NO_COLOR": "1"}
        done = subprocess.run([str(word) for word in command], cwd=self.root, env=env, capture_output=True, text=True, timeout=timeout_s)
        assert code is None or done.returncode == code, "%s ended with %d:\n%s%s" % (command, done.returncode, done.stdout, done.stderr)
        return done

    def python(self, text, *arguments, code=0):
        """Python statements on the copy's modules, the shim of `micropython` included."""
        shim = "import sys; sys.path.insert(1, %r)\n" % str(self.root / "firmware/tests/shim")  # a `micropython` for nobody else
        return self.run(sys.executable, "-c", shim + text, *arguments, code=code)

    def module(self, name, *arguments, code=0):
        """`python -m name`."""
        return self.run(sys.executable, "-m", name, *arguments, code=code)

    def stackpress(self, *arguments, code=0):
        """The host tool of the copy."""
        return self.module("stackpress", *arguments, code=code)

    def pytest(self, *arguments, code=0, timeout_s=None):
        """Tests of the copy, from its files."""
        return self.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, code=code, timeout_s=timeout_s)

    def make_docs(self):
        """The documents and generated blocks of the copy made anew, by the lines of the Makefile's own target."""
        lines = self.read("Makefile").partition("\ndocs:")[2].splitlines()[1:]
        for line in lines[: lines.index("")]:
            self.run("sh", "-c", line.strip().lstrip("@").replace("$(BIN)/python", sys.executable))
