"""The simulated press on a serial device: its process, its side channel, and where running ones are found."""

import sys
from importlib.util import find_spec


def missing() -> str:
    """Why a simulated press can't run on this computer; empty if it can."""
    if sys.platform == "win32":
        return "it needs Linux or macOS"
    if find_spec("micropython_module") is None:
        return "there is no MicroPython for this computer: Linux x86-64 and macOS have one"
    return ""
