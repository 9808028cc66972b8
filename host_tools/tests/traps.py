"""A folder full of files whose names others have too: what imports one of them has taken a user's file for its own."""

import subprocess
import sys
from collections.abc import Collection
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("host_tools", "firmware", "boards", "hil_tests")
TAKEN = "taken.txt"  # who was imported out of the folder
TRAP = """\
with open({taken!r}, "a") as f:
    f.write(__name__ + "\\n")
raise ImportError(__name__ + " was taken out of the user's folder")
"""


def ours() -> set[str]:
    """Every bare name in this tree that a user's file could have: modules, packages and folders."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts]
    names = {part for path in files for part in path.relative_to(ROOT).with_suffix("").parts}
    return {name for name in names if name.isidentifier() and not name.startswith("__") and not name.startswith("stackpress")}


def pythons() -> set[str]:
    """Python's own modules."""
    return {name for name in sys.stdlib_module_names if not name.startswith("__")}


def others() -> set[str]:
    """What else is installed here."""
    return {name for name in packages_distributions() if name.isidentifier() and not name.startswith("stackpress")}


def imported_on_the_way(folder: Path) -> set[str]:
    """What Python imports for `python -m` before the package's first line: there no package can help."""
    (folder / "bare").mkdir(parents=True)
    (folder / "bare" / "__init__.py").write_text("import sys\nprint(*sys.modules)\n")
    (folder / "bare" / "__main__.py").touch()
    run = subprocess.run([sys.executable, "-m", "bare"], cwd=folder, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def set_traps(folder: Path, names: Collection[str]) -> None:
    """A file NAME.py for each name, and an empty folder `stackpress`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.py").write_text(TRAP.format(taken=str(folder / TAKEN)))
    (folder / "stackpress").mkdir(exist_ok=True)


def taken(folder: Path) -> list[str]:
    """Which files of the folder were imported."""
    path = folder / TAKEN
    return path.read_text().split() if path.exists() else []
