"""A scenario on the emulated board is the same to the nanosecond each time, however busy the computer is."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hil_tests.conftest import EMULATED_TIMEOUT_S

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = "crc_vents"  # a start, a fault, questions, the log; seconds
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


def played(folder: Path, seed: str, held_up: random.Random | None = None) -> str:
    """End, journal, truth, edges, console and RAM of the scenario in a process of its own; `seed` is of Python's hashes.

    One that is held up stands still again and again, as a process does that gets no processor.
    """
    command = [sys.executable, "-c", PLAYED, str(folder)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True)
    while held_up and process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        time.sleep(held_up.uniform(0.01, 0.2))
        process.send_signal(signal.SIGCONT)
        time.sleep(held_up.uniform(0.01, 0.5))
    told = process.communicate()[0]
    assert process.returncode == 0, told
    return told


@pytest.mark.skipif(sys.platform == "win32", reason="Windows stops no process")
def test_same_scenario_in_a_process_that_is_held_up_leaves_the_same_trace(tmp_path: Path) -> None:
    alone = played(tmp_path, "1")
    assert played(tmp_path, "2", random.Random(1)) == alone and len(alone.split()) == 7
