"""The last word on the valve. Nothing passes here that the press state, the interlocks and the limits do not permit.

The controller may be wrong; the permit does not ask it. Anything but an energised state gives an output of zero, and so does a
vent, whoever asked for it: no valve that pushes stands between the force and the dump. While the press
is stopped with a ramp or a hold the drive can only fall. Every change is bounded, and what was refused is on the record.
"""

import micropython
from micropython import const

# words (written by layout.py)
_KIND_NONE = const(0)
_REACT_NONE = const(0)
_KIND_REGULATOR = const(1)
_STATE_READY = const(1)
_VALVE_FILL = const(1)
_STATE_PRESSING = const(2)
_VALVE_VENT = const(2)
_MODE_VENT = const(4)
_REACT_VENT = const(4)
_STATE_RELEASING = const(4)
_VALVE_DUMP_CLOSED = const(4)
_STATE_TRIPPED = const(5)
_VALVE_PERMISSIVE = const(8)
_VALVE_TRIGGER_OUT = const(16)
_HIGH = const(36)
_FORCE = const(40)
_REACTION = const(95)
_STATE = const(100)
_MODE = const(101)
_PROPOSED = const(137)
_PROPOSED_VALVE = const(138)
_DRIVE = const(148)
_CODE = const(149)
_VALVE = const(150)
_DENIED = const(151)
_OPEN_TICKS = const(152)
_MOVES = const(153)
_MOVE_DRIVE = const(154)
_TRIGGER = const(155)
_TOKEN = const(156)
_K_KIND = const(204)
_K_OUT_SHIFT = const(225)
_K_OUT_GAIN = const(226)
_K_OUT_MAX = const(227)
_K_SLEW = const(228)
_SLEW_REM = const(229)
_K_FORCE_DENY = const(230)
_K_MOVE = const(241)
# end of words


@micropython.viper
def permit(blackboard):
    """Turn the proposal into the permitted drive, its code and the valve bits."""
    s = ptr32(blackboard)
    state = s[_STATE]
    tripped = 1 if state == _STATE_TRIPPED else 0
    on = 0
    if state >= _STATE_PRESSING and state <= _STATE_RELEASING:
        on = 1 if s[_MODE] != _MODE_VENT else 0
    elif tripped and s[_REACTION] != _REACT_VENT and s[_REACTION] != _REACT_NONE:
        on = 1
    s[_DENIED] = 0
    s[_TOKEN] = (s[_TOKEN] + 1) & 0x1FFFFFFF
    trigger = _VALVE_TRIGGER_OUT if s[_TRIGGER] else 0
    if not on or s[_K_KIND] == _KIND_NONE:
        s[_DRIVE] = 0
        s[_CODE] = 0
        s[_SLEW_REM] = 0
        s[_OPEN_TICKS] = 0
        s[_MOVE_DRIVE] = 0
        s[_VALVE] = trigger | (_VALVE_PERMISSIVE if state == _STATE_READY else 0)
        return
    wanted = s[_PROPOSED]
    valve = s[_PROPOSED_VALVE]
    most = s[_K_OUT_MAX]
    before = s[_DRIVE]
    if before > most:
        before = most
    elif before < 0:
        before = 0
    drive = wanted
    if drive > most:
        drive = most
    elif drive < 0:
        drive = 0
    # nothing pushes while the press is stopped, or above what it may carry
    if tripped or s[_FORCE] > s[_K_FORCE_DENY] or s[_HIGH] > s[_K_FORCE_DENY]:
        if drive > before:
            drive = before
        valve &= _VALVE_VENT
    rest = s[_SLEW_REM] + s[_K_SLEW]
    step = rest >> 8
    s[_SLEW_REM] = rest & 255
    if drive > before + step:
        drive = before + step
    elif drive < before - step:
        drive = before - step
    if valve & _VALVE_FILL and valve & _VALVE_VENT:
        valve = 0
    if drive != wanted or valve != s[_PROPOSED_VALVE]:
        s[_DENIED] = 1
    s[_DRIVE] = drive
    if s[_K_KIND] == _KIND_REGULATOR:
        valve = 0
        code = ((drive >> s[_K_OUT_SHIFT]) * s[_K_OUT_GAIN]) >> 13
        if code > 65535:
            code = 65535
        s[_CODE] = code
        d = drive - s[_MOVE_DRIVE]
        if d > s[_K_MOVE] or d < 0 - s[_K_MOVE]:
            s[_MOVE_DRIVE] = drive
            s[_MOVES] = (s[_MOVES] + 1) & 0x1FFFFFFF
    else:
        s[_CODE] = 0
        open_now = s[_VALVE] & (_VALVE_FILL | _VALVE_VENT)
        if valve == 0:
            s[_OPEN_TICKS] = 0
        elif valve == open_now:
            if s[_OPEN_TICKS] < 0x1FFFFFFF:
                s[_OPEN_TICKS] += 1
        else:
            s[_OPEN_TICKS] = 1
            s[_MOVES] = (s[_MOVES] + 1) & 0x1FFFFFFF
    s[_VALVE] = valve | trigger | _VALVE_DUMP_CLOSED | _VALVE_PERMISSIVE
