"""Whether a dump that was opened brings the force down: whoever vents is watched until the force has gone.

A vent is the last that a press can do by itself. So it is never believed: from the tick in which the dump opens, in whatever state,
the force has to fall and must not come back. A press that was never pressed has nothing to wait for: a cell may be calibrated with
weights.
"""

import micropython
from micropython import const

# words (written by layout.py)
_STATE_READY = const(1)
_VALVE_DUMP_CLOSED = const(4)
_HZ = const(14)
_VALID = const(35)
_FORCE_F = const(42)
_SIG_STALE = const(57)
_SIG_RUNAWAY = const(63)
_SIG_VENT = const(66)
_STATE = const(99)
_FALL_FROM = const(125)
_VALVE = const(149)
_K_HIGH_MASK = const(179)
_K_LOW_MASK = const(180)
_K_RUNAWAY = const(199)
_K_CONTACT = const(202)
# end of words


@micropython.viper
def dump(blackboard):
    """Count the ticks for which the dump has been open with force behind it; what rises meanwhile is running away."""
    s = ptr32(blackboard)
    force = s[_FORCE_F]
    if s[_VALVE] & _VALVE_DUMP_CLOSED:
        s[_SIG_VENT] = 1
        return
    waited = s[_SIG_VENT]
    if waited == 1 or force < s[_FALL_FROM]:
        s[_FALL_FROM] = force
    if force > s[_K_CONTACT]:
        # a force that can't be seen is no force that stays: the rows that say so have tripped
        unseen = s[_VALID] ^ (s[_K_HIGH_MASK] | s[_K_LOW_MASK])
        if waited and not unseen and s[_SIG_STALE] < s[_HZ] >> 2 and waited < 0x1FFFFFFF:
            s[_SIG_VENT] = waited + 1
    elif waited:
        # not at once: a ram that bounces comes back
        s[_SIG_VENT] = waited - 1 - (waited >> 5)
    if waited:
        s[_SIG_RUNAWAY] = force - s[_FALL_FROM] - s[_K_RUNAWAY]
    elif s[_STATE] != _STATE_READY:
        s[_SIG_RUNAWAY] = -1
