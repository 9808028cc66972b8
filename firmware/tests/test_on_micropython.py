"""The plain tests of the pure core hold on MicroPython as well as on CPython."""

import subprocess
import sys
from pathlib import Path

import pytest
import scpi_reference

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("module", ["test_scpi", "test_documents"])
def test_plain_tests_pass_on_micropython(module):
    interpreter = Path(sys.executable).with_name("micropython")
    ended = subprocess.run(
        [interpreter, str(HERE / "on_micropython.py"), module], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0 and ", 0 failed" in ended.stdout, ended.stdout + ended.stderr
    assert int(ended.stdout.split()[-4]) > 5


def test_the_reference_of_the_language_is_what_the_table_says():
    text = scpi_reference.FILE.read_text(encoding="utf-8")
    assert text == scpi_reference.reference(), "run: python firmware/scpi_reference.py"
