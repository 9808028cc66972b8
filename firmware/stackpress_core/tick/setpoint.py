"""The set-point: a ramp with limited rate and rounded corners that lands on its target and never passes it."""

import micropython
from micropython import const

# words (written by layout.py)
_KIND_FILL_VENT = const(2)
_MODE_FORCE = const(2)
_STATE_PRESSING = const(2)
_MODE_LOCK = const(3)
_STATE_HOLDING = const(3)
_STATE_RELEASING = const(4)
_FORCE_F = const(42)
_STATE = const(100)
_MODE = const(101)
_TARGET = const(112)
_RAMP_ALLOWED = const(118)
_RATE_MAX = const(120)
_CORNER = const(121)
_LANDING = const(122)
_SET = const(123)
_SET_REM = const(124)
_SET_RATE = const(125)
_REACHED = const(128)
_K_KIND = const(204)
_K_SETTLE = const(207)
# end of words


@micropython.viper
def setpoint(blackboard):
    """Move the set-point one tick towards its target."""
    s = ptr32(blackboard)
    if s[_MODE] != _MODE_FORCE:
        if s[_MODE] == _MODE_LOCK:
            s[_SET_RATE] = 0
            if s[_REACHED] < 0x1FFFFFFF:
                s[_REACHED] += 1
        return
    left = s[_TARGET] - s[_SET]
    limit = s[_RATE_MAX]
    rate = s[_SET_RATE]
    if left == 0 and rate < 65536 and rate > -65536:
        s[_SET_RATE] = 0
        s[_SET_REM] = 0
        if s[_REACHED] < 0x1FFFFFFF:
            s[_REACHED] += 1
        if s[_REACHED] > s[_K_SETTLE] and (s[_STATE] == _STATE_PRESSING or s[_STATE] == _STATE_RELEASING):
            s[_STATE] = _STATE_HOLDING
        return
    # landing: rate in proportion to the distance, at least a 32nd of the full rate, and a cN in 64 ticks
    far = limit // s[_LANDING] + 1
    if left > far:
        wanted = limit
    elif left < 0 - far:
        wanted = 0 - limit
    else:
        wanted = left * s[_LANDING]
        if wanted > limit:
            wanted = limit
        elif wanted < 0 - limit:
            wanted = 0 - limit
    least = limit >> 5
    if least < 1024:
        least = 1024 if limit > 1024 else limit
    if left > 0 and wanted < least:
        wanted = least
    elif left < 0 and wanted > 0 - least:
        wanted = 0 - least
    corner = s[_CORNER]
    # a release waits for a force that can't fall as fast as it was asked to, and a ramp of solenoids, which give a flow, for one
    # that can't rise as fast; judge.py watches whether it moves at all
    allowed = s[_RAMP_ALLOWED]
    over = s[_FORCE_F] - s[_SET]
    if wanted > 0 and s[_K_KIND] == _KIND_FILL_VENT:
        over = 0 - over
    elif wanted > 0:
        over = 0
    if over > allowed - (allowed >> 2):
        wanted = 0
        rate = 0
    if wanted > rate + corner:
        rate += corner
    elif wanted < rate - corner:
        rate -= corner
    else:
        rate = wanted
    rest = s[_SET_REM] + (rate & 0xFFFF)
    step = (rate >> 16) + (rest >> 16)
    s[_SET_REM] = rest & 0xFFFF
    if (left >= 0 and step >= left and rate >= 0) or (left <= 0 and step <= left and rate <= 0):
        # the target is passed or met in this tick: land on it
        s[_SET] = s[_TARGET]
        s[_SET_REM] = 0
        rate = 0
    else:
        s[_SET] += step
    s[_SET_RATE] = rate
    s[_REACHED] = 0
