"""Collect MicroPython's type stubs into a folder that mypy can use: `python boards/typings.py build/typings`.

The packages put them straight into site-packages, where mypy does not look for stubs that are no package.
"""

import shutil
import sys
from importlib.metadata import files
from pathlib import Path

PACKAGES = ("micropython-stdlib-stubs", "micropython-rp2-stubs")


def collect(target: Path) -> None:
    """Copy every stub of the packages, and nothing else, to `target`."""
    shutil.rmtree(target, ignore_errors=True)
    for package in PACKAGES:
        for file in files(package) or ():
            if file.suffix == ".pyi" or file.name == "VERSIONS":
                copy = target / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), copy)


if __name__ == "__main__":
    collect(Path(sys.argv[1]))
