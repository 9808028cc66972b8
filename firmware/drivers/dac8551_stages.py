# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The regulator's set-point: one word into the FIFO of the PIO program that writes the DAC (RP2040 datasheet 3.7: 5 TXF1)."""

import micropython


@micropython.viper
def drive(blackboard):
    s = ptr32(blackboard)
    p = ptr32(ptr32(_BASE)[_PIO0])
    p[5] = s[_CODE] << 8
