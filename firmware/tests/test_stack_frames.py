"""A pass of the foreground takes no stack frame from the heap: MicroPython puts those of more than eleven words there, and every such call
looks for a place between all that lies about. With passes in the thousands that was a fifth of what the simulated press does."""

import re
import subprocess
from pathlib import Path

import pytest
from stackpress.simulator.supervisor import MICROPYTHON

CORE = Path(__file__).resolve().parents[1] / "stackpress_core"
ON_THE_STACK = 11  # words: VM_MAX_STATE_ON_STACK of MicroPython's py/objfun.c
HANDLER = 3  # words of each nested `try`
BLOCK = re.compile(r"code block '(\w+)'.*?\(N_STATE (\d+)\)\s*\(N_EXC_STACK (\d+)\)", re.DOTALL)
IN_EVERY_PASS = {
    "scheduler.py": ("go", "at", "reached", "look"),
    "firmware.py": ("foreground", "_ticked", "_tenth"),
    "calibration.py": ("look", "follow_zero"),
    "log/run_log.py": ("look",),
    "log/sampler.py": ("look", "_rows"),
    "log/telemetry.py": ("look",),
    "panel/panel.py": ("look", "_look_at_run", "_look_at_force"),
}


def frames(path):
    """Words of each function's stack frame; of two with one name the larger."""
    command = [*MICROPYTHON, "-v", "-v", "-v", "-X", "compile-only", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for name, state, handlers in BLOCK.findall(told):
        found[name] = max(found.get(name, 0), int(state) + HANDLER * int(handlers))
    return found


@pytest.mark.parametrize("file", IN_EVERY_PASS)
def test_what_every_pass_calls_has_its_frame_on_the_stack(file):
    words = frames(CORE / file)
    assert {name: words[name] for name in IN_EVERY_PASS[file] if words[name] > ON_THE_STACK} == {}
