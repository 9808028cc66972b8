"""A scenario on the emulated board is the same to the nanosecond each time, however busy the computer is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil_tests.conftest import EMULATED_TIMEOUT_S

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = "crc_vents"  # a start, a fault, questions, the log; seconds
BUSY = 4
PLAYED = f"""
import hashlib, sys
sys.path[:0] = {[str(ROOT / part) for part in ("", "firmware", "firmware/tests/shim")]!r}
from pathlib import Path
from hil_tests import player, scenario
def told(target):
    pins = target.board["pins"].values()
    seen = (target.carrier.flash.memory, target.carrier.recorder.truth, [target.carrier.wires.edges(pin) for pin in pins],
            target.console, target.chip.mcu.sram.tobytes(), target.chip.now_ns)
    print(target.chip.now_ns, *(hashlib.sha256(repr(one).encode()).hexdigest()[:16] for one in seen))
one = scenario.read(scenario.SCENARIOS / "{SCENARIO}.toml")
player.play(one, "short", "emulator", Path(sys.argv[1]), over=told)
"""

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


def played(folder: Path, seed: str) -> str:
    """End, journal, truth, edges, console and RAM of the scenario in a process of its own; `seed` is of Python's hashes."""
    command = [sys.executable, "-c", PLAYED, str(folder)]
    return subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout


def test_same_scenario_beside_busy_processes_leaves_the_same_trace(tmp_path: Path) -> None:
    alone = played(tmp_path, "1")
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        beside = played(tmp_path, "2")
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert alone == beside and len(alone.split()) == 7
