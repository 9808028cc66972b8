"""The mailbox: the one way in which anybody asks the tick for something, read once a tick.

An order is obeyed only where the table of states allows it. A trip comes first: what its reaction demands is carried out here,
whatever was ordered. Changes of mode take over the drive as it is, so that the valve does not jump.
"""

import micropython
from micropython import const

# words (written by layout.py)
_ABSENT = const(-1073741824)
_MODE_OFF = const(0)
_REACT_NONE = const(0)
_STATE_SAFE = const(0)
_MODE_APPROACH = const(1)
_MODE_FORCE = const(2)
_REACT_HOLD = const(2)
_ROW_MASKS = const(2)
_STATE_PRESSING = const(2)
_MODE_LOCK = const(3)
_REACT_RAMP = const(3)
_MODE_VENT = const(4)
_REACT_VENT = const(4)
_STATE_RELEASING = const(4)
_STATE_TRIPPED = const(5)
_DISPLACEMENT = const(8)
_FORCE_F = const(42)
_DISPLACEMENT_F = const(46)
_LATCHED = const(88)
_FIRST = const(94)
_REACTION = const(95)
_TRIP_TICKS = const(96)
_RAMP_LEFT = const(99)
_STATE = const(100)
_MODE = const(101)
_MODE_BEFORE = const(102)
_ORDER_SEQ = const(103)
_ORDER_SEEN = const(104)
_ORDER_STATE = const(105)
_ORDER_MODE = const(106)
_ORDER_TARGET = const(107)
_ORDER_RATE = const(108)
_ORDER_CORNER = const(109)
_ORDER_LANDING = const(110)
_ORDER_SPEED = const(111)
_TARGET = const(112)
_EXCESS = const(113)
_RAMP_MIN = const(114)
_RAMP_FROM = const(119)
_RATE_MAX = const(120)
_CORNER = const(121)
_LANDING = const(122)
_SET = const(123)
_SET_REM = const(124)
_SET_RATE = const(125)
_REACHED = const(128)
_INTEGRAL = const(130)
_INTEGRAL_REM = const(131)
_REVERSAL = const(132)
_HOLDING_STILL = const(133)
_PULSE = const(134)
_APPROACH_SPEED = const(141)
_CONTACT_TICKS = const(142)
_ANSWER_AT = const(143)
_ANSWER_DRIVE = const(144)
_ANSWER_FORCE = const(145)
_EFFORT = const(146)
_ANSWER_TICKS = const(147)
_DRIVE = const(148)
_K_CONTACT = const(203)
_K_HYSTERESIS = const(206)
_K_SETTLE = const(207)
_K_TRIP_RATE = const(237)
_K_TRIP_CORNER = const(238)
_K_TRIP_LANDING = const(239)
_K_TRIP_TICKS = const(240)
_K_TRANSITIONS = const(242)
_ABORT = const(387)
# end of words


@micropython.viper
def obey(blackboard):
    """Read the mailbox once, carry out what a trip demands, and change the mode without a bump."""
    s = ptr32(blackboard)
    s[_MODE_BEFORE] = s[_MODE]
    if s[_ABORT]:
        # whatever is ordered until the foreground has dealt with the stop byte came before it
        s[_ORDER_SEEN] = s[_ORDER_SEQ]
        if s[_STATE] == _STATE_TRIPPED:
            s[_REACTION] = _REACT_VENT
        elif s[_STATE] <= _STATE_RELEASING:
            s[_STATE] = _STATE_SAFE
    elif s[_ORDER_SEQ] != s[_ORDER_SEEN]:
        take_order(blackboard)
    state = s[_STATE]
    if state == _STATE_TRIPPED:
        react(blackboard)
    elif state < _STATE_PRESSING or state > _STATE_RELEASING:
        s[_MODE] = _MODE_OFF
    if s[_MODE] != s[_MODE_BEFORE]:
        change_mode(blackboard)


@micropython.viper
def take_order(blackboard):
    """A new order: what the state allows of it."""
    s = ptr32(blackboard)
    s[_ORDER_SEEN] = s[_ORDER_SEQ]
    wanted = s[_ORDER_STATE]
    if wanted == s[_STATE] or (s[_K_TRANSITIONS + s[_STATE]] >> wanted) & 1:
        if s[_STATE] == _STATE_TRIPPED:
            latched = 0
            n = 0
            while n < _ROW_MASKS:
                latched |= s[_LATCHED + n]
                n += 1
            if wanted != _STATE_TRIPPED and not latched:
                s[_STATE] = wanted
                s[_FIRST] = -1
                s[_REACTION] = _REACT_NONE
                s[_MODE] = _MODE_OFF
            elif wanted == _STATE_SAFE:
                s[_REACTION] = _REACT_VENT  # an abort that met with a trip in one tick
            elif s[_ORDER_MODE] == _MODE_FORCE and s[_REACTION] < _REACT_RAMP:
                s[_REACTION] = _REACT_RAMP  # a press that was stopped with a hold is to let go
        else:
            s[_STATE] = wanted
            s[_MODE] = s[_ORDER_MODE]
            s[_APPROACH_SPEED] = s[_ORDER_SPEED]
            if s[_MODE] == _MODE_FORCE:
                aim(blackboard)
            elif s[_MODE] == _MODE_APPROACH:
                s[_TARGET] = s[_ORDER_TARGET]
                s[_RATE_MAX] = s[_ORDER_RATE]
    elif s[_STATE] == _STATE_TRIPPED and s[_ORDER_MODE] == _MODE_VENT:
        s[_REACTION] = _REACT_VENT  # a vent that met with a trip in one tick


@micropython.viper
def aim(blackboard):
    """Where the set-point is to go, and how."""
    s = ptr32(blackboard)
    before = s[_MODE_BEFORE]
    rate = s[_SET_RATE]
    ahead = s[_ORDER_TARGET] - s[_SET]
    if before != _MODE_FORCE or s[_TARGET] != s[_ORDER_TARGET]:
        # a set-point that waited for a force which falls slowly is not where the force is
        waits = s[_FORCE_F] - s[_SET] > s[_EXCESS] >> 1
        s[_RAMP_FROM] = s[_SET] if before == _MODE_FORCE and not waits else s[_FORCE_F]
        s[_REACHED] = 0
    s[_TARGET] = s[_ORDER_TARGET]
    s[_RATE_MAX] = s[_ORDER_RATE]
    # a set-point that moves keeps the brakes that it started with: a slow order must not lengthen its way
    if s[_SET_RATE] == 0 or s[_ORDER_CORNER] > s[_CORNER]:
        s[_CORNER] = s[_ORDER_CORNER]
    s[_LANDING] = s[_ORDER_LANDING]
    # one that turns round stops first: who lets go does not press on for the length of a corner
    if (rate > 0 and ahead <= 0) or (rate < 0 and ahead >= 0):
        s[_SET_RATE] = 0


@micropython.viper
def react(blackboard):
    """What a trip demands, until the force is gone or somebody acknowledges it."""
    s = ptr32(blackboard)
    before = s[_MODE_BEFORE]
    if s[_TRIP_TICKS] < 0x1FFFFFFF:
        s[_TRIP_TICKS] += 1
    if s[_REACTION] == _REACT_RAMP:
        if before != _MODE_FORCE or s[_TRIP_TICKS] == 1:
            s[_RAMP_LEFT] = s[_K_TRIP_TICKS]
            s[_RAMP_FROM] = s[_FORCE_F]
            if s[_REACHED] <= s[_K_SETTLE]:
                s[_RAMP_FROM] += s[_RAMP_MIN]  # what is under way comes in
        else:
            s[_RAMP_LEFT] -= 1
        if s[_RAMP_LEFT] <= 0 or s[_FORCE_F] < s[_K_CONTACT]:
            s[_REACTION] = _REACT_VENT
    if s[_REACTION] == _REACT_VENT:
        s[_MODE] = _MODE_OFF
    elif s[_REACTION] == _REACT_HOLD:
        s[_MODE] = _MODE_LOCK
        if before == _MODE_APPROACH and s[_FORCE_F] < s[_K_CONTACT]:
            # nothing is touched yet: a drive that is held would go on to move the ram
            s[_REACTION] = _REACT_VENT
            s[_MODE] = _MODE_OFF
    elif s[_REACTION] == _REACT_RAMP:
        s[_MODE] = _MODE_FORCE
        if s[_TRIP_TICKS] == 1:
            s[_MODE_BEFORE] = _MODE_LOCK  # down from the force that is there, not from where the set-point was going
        s[_TARGET] = 0
        s[_RATE_MAX] = s[_K_TRIP_RATE]
        s[_CORNER] = s[_K_TRIP_CORNER]
        s[_LANDING] = s[_K_TRIP_LANDING]


@micropython.viper
def change_mode(blackboard):
    """Into another mode, from the force and the drive that there are."""
    s = ptr32(blackboard)
    mode = s[_MODE]
    before = s[_MODE_BEFORE]
    if mode != _MODE_LOCK or before != _MODE_FORCE:
        s[_REACHED] = 0  # a hold that is locked rests as before: nothing that was under way comes in
    s[_PULSE] = 0
    s[_CONTACT_TICKS] = 0
    s[_ANSWER_TICKS] = 0
    s[_ANSWER_AT] = _ABSENT
    s[_ANSWER_DRIVE] = -1
    s[_ANSWER_FORCE] = s[_FORCE_F]
    s[_EFFORT] = 0
    if mode == _MODE_APPROACH and s[_DISPLACEMENT] != _ABSENT:
        s[_DISPLACEMENT_F] = s[_DISPLACEMENT]  # its speed is judged from where it stands, not from where a scale began to count
    if mode == _MODE_FORCE:
        s[_SET] = s[_FORCE_F]
        s[_SET_REM] = 0
        s[_SET_RATE] = 0
        s[_HOLDING_STILL] = 0
        if before == _MODE_APPROACH:
            s[_REVERSAL] = s[_K_HYSTERESIS]
        # the integral takes over what the drive is made of now
        s[_INTEGRAL] = s[_DRIVE] - s[_SET] - s[_REVERSAL]
        s[_INTEGRAL_REM] = 0
    elif mode == _MODE_LOCK:
        s[_SET] = s[_FORCE_F]  # what is held is what more is measured against
    else:
        s[_SET] = 0
        s[_SET_RATE] = 0
