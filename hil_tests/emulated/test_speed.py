"""The emulator that was compiled anew for speed computes what the installed one does, to the cycle and to the byte."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil_tests.conftest import EMULATED_TIMEOUT_S
from hil_tests.targets import compilation

ROOT = Path(__file__).resolve().parents[2]
UNTIL_S = (0.05, 0.95)  # while it boots; while it ticks
LOOK = f"""
import hashlib, sys
sys.path[:0] = {[str(ROOT / part) for part in ("", "firmware", "host_tools", "firmware/tests/shim")]!r}
from hil_tests.targets.emulator import EmulatorTarget
with EmulatorTarget() as target:
    for until_s in {UNTIL_S!r}:
        target.run_until(until_s)
        chip = target.chip.mcu
        print(target.chip.slow_because == "", target.chip.now_ns, chip.core.cycles, list(chip.core.registers), target.word("TOKEN"),
              hashlib.sha256(bytes(chip.sram)).hexdigest(), target.carrier.converter.frames)
"""

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


def looked(plain: bool) -> list[str]:
    environment = {**os.environ, compilation.OFF: "1" if plain else ""}
    done = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_compiled_anew_it_is_the_same_to_the_cycle() -> None:
    ours, theirs = looked(plain=False), looked(plain=True)
    assert [line.split()[0] for line in ours] == ["True"] * len(UNTIL_S), "there is nothing to compare: the fast one was not built"
    assert [line.split(" ", 1)[1] for line in ours] == [line.split(" ", 1)[1] for line in theirs]
    assert int(ours[-1].split()[-1]) > 100  # the converter was read: it ticked
