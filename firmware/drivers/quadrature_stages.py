# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""Displacement in the tick: the count that DMA keeps in a fixed word, and whether the ram is still within its travel."""

import micropython


@micropython.viper
def scale(blackboard):
    """nm from the ram's rest; ABSENT while the count is lost (no travel is allowed then)."""
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    if m[_SCALE_TOP]:
        s[_DISPLACEMENT] = (m[_SCALE] - m[_SCALE_ZERO]) * _SCALE_NM_PER_COUNT
    else:
        s[_DISPLACEMENT] = _ABSENT


@micropython.viper
def travel(blackboard):
    """After the switches were read."""
    s = ptr32(blackboard)
    if s[_DISPLACEMENT] < ptr32(_BASE)[_SCALE_TOP] and s[_DISPLACEMENT] != _ABSENT:
        s[_INPUTS] |= _IN_TRAVEL_OK
