# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The token for the deadman: one word into the FIFO of its PIO program (RP2040 datasheet 3.7: 4 TXF0)."""

import micropython


@micropython.viper
def token(blackboard):
    """Only a tick that came to its end lets the permissive live for another pulse."""
    s = ptr32(blackboard)
    if s[_VALVE] & _VALVE_PERMISSIVE:
        p = ptr32(ptr32(_BASE)[_PIO1])
        p[4] = 1
