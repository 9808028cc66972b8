"""Pulses for a pair of solenoid valves: open time is a debt, paid in pulses no shorter than the valve obeys."""

import micropython
from micropython import const

# words (written by layout.py)
_MODE_OFF = const(0)
_VALVE_FILL = const(1)
_KIND_FILL_VENT = const(2)
_MODE_FORCE = const(2)
_VALVE_VENT = const(2)
_MODE_LOCK = const(3)
_MODE_VENT = const(4)
_HZ = const(14)
_FORCE_H = const(43)
_MODE = const(101)
_SET = const(123)
_REACHED = const(128)
_HOLDING_STILL = const(133)
_PULSE = const(134)
_WANTED_RATE = const(135)
_PULSE_WAIT = const(136)
_PROPOSED_VALVE = const(138)
_GAIN_FILL = const(139)
_GAIN_VENT = const(140)
_EFFORT = const(146)
_VALVE = const(150)
_OPEN_TICKS = const(152)
_K_KIND = const(204)
_K_SETTLE = const(207)
_K_FILL = const(220)
_K_VENT = const(221)
_K_FILL_RATE = const(222)
_K_VENT_RATE = const(223)
_K_MIN_ON = const(224)
# end of words


@micropython.viper
def pulse(blackboard):
    """Solenoids: the wanted force rate becomes a debt of open time, in ticks Q12, that is paid in pulses.

    In a hold one pulse corrects the whole error, and then the stack is given time to answer.
    """
    s = ptr32(blackboard)
    if s[_K_KIND] != _KIND_FILL_VENT or s[_MODE] == _MODE_OFF or s[_MODE] == _MODE_VENT or s[_MODE] == _MODE_LOCK:
        return
    opened = s[_VALVE] & (_VALVE_FILL | _VALVE_VENT)
    least = s[_K_MIN_ON] << 12
    debt = s[_PULSE]
    if s[_MODE] == _MODE_FORCE and s[_REACHED] > s[_K_SETTLE]:
        if not opened:
            debt = 0
            if s[_PULSE_WAIT] > 0:
                s[_PULSE_WAIT] -= 1
            elif not s[_HOLDING_STILL]:
                s[_PULSE_WAIT] = s[_K_SETTLE]
                error = s[_SET] - s[_FORCE_H]
                size = error if error > 0 else 0 - error
                if size > 0xFFF:
                    size = 0xFFF
                s[_EFFORT] = (s[_EFFORT] + (size if error > 0 else 0 - size)) & 0x1FFFFFFF
                size = (size * (s[_K_FILL] if error > 0 else s[_K_VENT])) >> 8
                if size > 0x1FFFF:
                    size = 0x1FFFF
                size = (size * s[_HZ]) >> 10
                if size > 0x1FFFF:
                    size = 0x1FFFF
                size = ((size >> 1) * (s[_GAIN_FILL] if error > 0 else s[_GAIN_VENT])) >> 7
                # three quarters, so that a rate that is off does not overshoot; but what the valve obeys at least
                size -= size >> 2
                if size < least:
                    size = least
                debt = size if error > 0 else 0 - size
    else:
        s[_PULSE_WAIT] = 0
        wanted = s[_WANTED_RATE]
        if wanted > s[_K_FILL_RATE]:
            wanted = s[_K_FILL_RATE]
        elif wanted < 0 - s[_K_VENT_RATE]:
            wanted = 0 - s[_K_VENT_RATE]
        if wanted >= 0:
            part = ((((wanted >> 4) * s[_K_FILL]) >> 14) * s[_GAIN_FILL]) >> 8
        else:
            part = 0 - ((((((0 - wanted) >> 4) * s[_K_VENT]) >> 14) * s[_GAIN_VENT]) >> 8)
        if part > 4096:
            part = 4096
        elif part < -4096:
            part = -4096
        debt += part
        if debt > least << 2:
            debt = least << 2
        elif debt < 0 - (least << 2):
            debt = 0 - (least << 2)
    if opened & _VALVE_FILL:
        debt -= 4096
        if debt > 0 or s[_OPEN_TICKS] < s[_K_MIN_ON]:
            s[_PROPOSED_VALVE] = _VALVE_FILL
    elif opened & _VALVE_VENT:
        debt += 4096
        if debt < 0 or s[_OPEN_TICKS] < s[_K_MIN_ON]:
            s[_PROPOSED_VALVE] = _VALVE_VENT
    elif debt >= least:
        s[_PROPOSED_VALVE] = _VALVE_FILL
    elif debt <= 0 - least:
        s[_PROPOSED_VALVE] = _VALVE_VENT
    s[_PULSE] = debt
