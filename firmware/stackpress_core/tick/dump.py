"""Whether a dump that was opened brings the force down: whoever vents is watched until the force has gone.

A vent is the last that a press can do by itself. So it is never believed: from the tick in which the dump opens, in whatever state,
the force has to fall and must not come back, and one that nobody can see any more has not gone. A press that was never pressed has
nothing to wait for: a cell may be calibrated with weights. But once it is armed nobody reaches in, so a force that comes then is a
valve's (its beginning is FALL_FROM, see stiffness.py).
"""

import micropython
from micropython import const

# words (written by layout.py)
_STATE_READY = const(1)
_VALVE_DUMP_CLOSED = const(4)
_STATE_TRIPPED = const(5)
_HZ = const(14)
_VALID = const(35)
_LOW = const(37)
_FORCE_F = const(42)
_SIG_STALE = const(58)
_SIG_RUNAWAY = const(64)
_SIG_VENT = const(67)
_TRIP_TICKS = const(96)
_STATE = const(100)
_FALL_FROM = const(126)
_VALVE = const(150)
_K_HIGH_MASK = const(180)
_K_LOW_MASK = const(181)
_K_RUNAWAY = const(200)
_K_CONTACT = const(203)
# end of words

_NONE = const(0x10000000)  # no force is more than this


@micropython.viper
def dump(blackboard):
    """Count the ticks for which the dump has been open with force behind it; what rises meanwhile is running away."""
    s = ptr32(blackboard)
    force = s[_FORCE_F]
    if s[_VALVE] & _VALVE_DUMP_CLOSED:
        s[_SIG_VENT] = 1
        return
    waited = s[_SIG_VENT]
    unseen = 0
    if s[_SIG_STALE] > s[_HZ] >> 2:
        unseen = 1
    elif s[_VALID] & s[_K_HIGH_MASK] != s[_K_HIGH_MASK]:
        # a cell that is not believed keeps its force: the other range sees whether it has gone
        unseen = 1 if s[_K_LOW_MASK] == 0 or s[_VALID] & s[_K_LOW_MASK] != s[_K_LOW_MASK] else 0
        force = s[_LOW]
    more = force - s[_FALL_FROM]
    if waited:
        s[_SIG_RUNAWAY] = -1
        if unseen == 0:
            if waited == 1 or more < 0:
                s[_FALL_FROM] = force
                more = 0
            s[_SIG_RUNAWAY] = more - s[_K_RUNAWAY]
        if force > s[_K_CONTACT] or unseen:
            if waited < 0x1FFFFFFF:
                s[_SIG_VENT] = waited + 1
        else:
            # not at once: a ram that bounces comes back
            s[_SIG_VENT] = waited - 1 - (waited >> 5)
    elif s[_STATE] == _STATE_READY:
        if more > s[_K_CONTACT] << 2:  # less may be a cell that lost its zero: a start refuses that
            s[_SIG_RUNAWAY] = more
    else:
        s[_SIG_RUNAWAY] = -1
        if s[_STATE] != _STATE_TRIPPED or (s[_TRIP_TICKS] <= 1 and more <= s[_K_CONTACT]):
            s[_FALL_FROM] = _NONE
        elif s[_FALL_FROM] < _NONE and force > s[_K_CONTACT]:
            s[_SIG_VENT] = 1  # what came while it was armed, or comes back, has to go
