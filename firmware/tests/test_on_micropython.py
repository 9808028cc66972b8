"""The plain tests of the pure core hold on MicroPython as well as on CPython, and a scripted press does the same on both."""

import json
import subprocess
from pathlib import Path

import pytest
import scpi_reference
import scripted
from stackpress.simulator import firmware_copy
from stackpress.simulator.supervisor import MICROPYTHON
from stackpress_core.tick import states
from stackpress_plant import load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROOMS = [HERE.parent / "stackpress_core", HERE, *(ROOT / "boards" / name for name in ("stackpress_plant", "stackpress_sim"))]
CPYTHON_ONLY = ("import pytest", "hypothesis", "pathlib", "_reference", "on_micropython", "import layout")
PLAIN = [path.stem for path in sorted(HERE.rglob("test_*.py")) if not any(word in path.read_text() for word in CPYTHON_ONLY)]


@pytest.fixture(scope="session")
def staged(tmp_path_factory):
    """The firmware and its tests, as a 64-bit MicroPython needs them."""
    folder = tmp_path_factory.mktemp("firmware64")
    firmware_copy.copy(ROOMS, folder)
    return folder / "tests"


def on_micropython(script, *arguments):
    folders = [str(ROOT) + "/"]
    ended = subprocess.run([*MICROPYTHON, "-X", "heapsize=128M", str(script), *arguments, *folders], capture_output=True, text=True)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("module", PLAIN)
def test_plain_tests_pass_on_micropython(staged, module):
    code, out, err = on_micropython(staged / "on_micropython.py", module)
    assert code == 0 and ", 0 failed" in out, out + err
    assert int(out.split()[-4]) > 3


def test_scripted_press_does_the_same_bit_for_bit(staged, tmp_path):
    specs = {kind: load.plant(kind, "blank_set_close") for kind in ("nominal", "fill_vent")}
    (tmp_path / "specs.json").write_text(json.dumps(specs))
    code, out, err = on_micropython(staged / "scripted.py", str(tmp_path / "specs.json"))
    assert code == 0, out + err
    assert out.splitlines() == scripted.traces(specs)
    for state in ("READY", "PRESSING", "HOLDING", "RELEASING", "TRIPPED"):
        assert " [%d, " % getattr(states, state) in out, state


def test_the_reference_of_the_language_is_what_the_table_says():
    text = scpi_reference.FILE.read_text(encoding="utf-8")
    assert text == scpi_reference.reference(), "run: python firmware/scpi_reference.py"
