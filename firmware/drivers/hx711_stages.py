# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The HX711's sample inside the tick, when there is one. PIO registers (RP2040 datasheet 3.7): 1 FSTAT, 8 RXF0."""

import micropython


@micropython.viper
def receive(blackboard):
    """25 bits: the code, and the level that DOUT had after it, which is high unless the line is dead."""
    s = ptr32(blackboard)
    p = ptr32(ptr32(_BASE)[_PIO0])
    status = 0
    while not p[1] & 0x100:
        w = p[8]
        if w & 1:
            s[_RAW] = (w << 7) >> 8
            status = _SAMPLE_NEW
    s[_STATUS] = status
