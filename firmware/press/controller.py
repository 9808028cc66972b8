"""Set-point and controller: what the valve should do to bring the force where the program wants it. It only proposes.

Set-point: a ramp with limited rate whose corners are rounded; it lands on its target exponentially and never passes it.
Regulator: feed-forward with lead and hysteresis compensation, and PI with anti-windup on what is left. Solenoids: the wanted
force rate becomes open time, kept as a debt that is paid in pulses no shorter than the valve obeys. In a hold nothing moves
while the error is inside the dead-band. All forces are cN, all gains fixed point.
"""

import micropython
from micropython import const

# words (written by layout.py)
_MODE_OFF = const(0)
_STATE_SAFE = const(0)
_MODE_APPROACH = const(1)
_VALVE_FILL = const(1)
_KIND_FILL_VENT = const(2)
_MODE_FORCE = const(2)
_REACT_HOLD = const(2)
_STATE_PRESSING = const(2)
_VALVE_VENT = const(2)
_MODE_LOCK = const(3)
_REACT_RAMP = const(3)
_STATE_HOLDING = const(3)
_MODE_VENT = const(4)
_REACT_VENT = const(4)
_STATE_RELEASING = const(4)
_STATE_TRIPPED = const(5)
_HZ = const(14)
_FORCE_F = const(42)
_FORCE_H = const(43)
_SPEED = const(47)
_LATCHED = const(79)
_FIRST = const(81)
_REACTION = const(82)
_TRIP_TICKS = const(83)
_STATE = const(84)
_MODE = const(85)
_CMD_SEQ = const(86)
_CMD_SEEN = const(87)
_CMD_STATE = const(88)
_CMD_MODE = const(89)
_CMD_TARGET = const(90)
_CMD_RATE = const(91)
_CMD_CORNER = const(92)
_CMD_LANDING = const(93)
_CMD_SPEED = const(94)
_TARGET = const(95)
_RAMP_ALLOWED = const(96)
_RAMP_FROM = const(97)
_RATE_MAX = const(98)
_CORNER = const(99)
_LANDING = const(100)
_SET = const(101)
_SET_REM = const(102)
_SET_RATE = const(103)
_REACHED = const(104)
_ERROR = const(105)
_INTEGRAL = const(106)
_INTEGRAL_REM = const(107)
_REVERSAL = const(108)
_HOLDING_STILL = const(109)
_PULSE = const(110)
_WANTED_RATE = const(111)
_PULSE_WAIT = const(112)
_PROPOSED = const(113)
_PROPOSED_VALVE = const(114)
_GAIN_FILL = const(115)
_GAIN_VENT = const(116)
_APPROACH_SPEED = const(117)
_CONTACT_TICKS = const(118)
_DRIVE = const(119)
_VALVE = const(121)
_DENIED = const(122)
_OPEN_TICKS = const(123)
_K_CONTACT = const(176)
_K_KIND = const(177)
_K_LEAD = const(178)
_K_HYSTERESIS = const(179)
_K_SETTLE = const(180)
_K_P = const(181)
_K_I = const(182)
_K_I_MAX = const(183)
_K_V = const(184)
_K_DEAD = const(185)
_K_DEAD_MIN = const(186)
_K_DEAD_MAX = const(187)
_K_DEAD_IN = const(188)
_K_REVERSAL_RATE = const(189)
_K_REVERSAL_PART = const(190)
_REVERSAL_REM = const(191)
_K_FILL = const(192)
_K_VENT = const(193)
_K_FILL_RATE = const(194)
_K_VENT_RATE = const(195)
_K_MIN_ON = const(196)
_K_APPROACH_MAX = const(203)
_K_APPROACH_RATE = const(204)
_APPROACH_RATE = const(205)
_APPROACH_REM = const(206)
_K_TRIP_RATE = const(207)
_K_TRIP_CORNER = const(208)
_K_TRIP_LANDING = const(209)
_K_TRIP_TICKS = const(210)
_K_TRANSITIONS = const(212)
# end of words


@micropython.viper
def command(frame):
    """Read the mailbox once, carry out what a trip demands, and change the mode without a bump."""
    s = ptr32(frame)
    before = s[_MODE]
    mode = before
    if s[_CMD_SEQ] != s[_CMD_SEEN]:
        s[_CMD_SEEN] = s[_CMD_SEQ]
        wanted = s[_CMD_STATE]
        if wanted == s[_STATE] or (s[_K_TRANSITIONS + s[_STATE]] >> wanted) & 1:
            if s[_STATE] == _STATE_TRIPPED:
                if wanted != _STATE_TRIPPED and not s[_LATCHED]:
                    s[_STATE] = wanted
                    s[_FIRST] = -1
                    s[_REACTION] = 0
                    mode = 0
                elif wanted == _STATE_SAFE:
                    s[_REACTION] = _REACT_VENT  # an abort that met with a trip in one tick
            else:
                s[_STATE] = wanted
                mode = s[_CMD_MODE]
                if mode == _MODE_FORCE:
                    if before != _MODE_FORCE or s[_TARGET] != s[_CMD_TARGET]:
                        s[_RAMP_FROM] = s[_SET] if before == _MODE_FORCE else s[_FORCE_F]
                        s[_REACHED] = 0
                    s[_TARGET] = s[_CMD_TARGET]
                    s[_RATE_MAX] = s[_CMD_RATE]
                    # a set-point that moves keeps the brakes that it started with: a slow order must not lengthen its way
                    if s[_SET_RATE] == 0 or s[_CMD_CORNER] > s[_CORNER]:
                        s[_CORNER] = s[_CMD_CORNER]
                    s[_LANDING] = s[_CMD_LANDING]
                s[_APPROACH_SPEED] = s[_CMD_SPEED]
                if mode == _MODE_APPROACH:
                    s[_TARGET] = s[_CMD_TARGET]
    state = s[_STATE]
    if state == _STATE_TRIPPED:
        if s[_TRIP_TICKS] < 0x1FFFFFFF:
            s[_TRIP_TICKS] += 1
        if s[_REACTION] == _REACT_RAMP and (s[_TRIP_TICKS] > s[_K_TRIP_TICKS] or s[_FORCE_F] < s[_K_CONTACT]):
            s[_REACTION] = _REACT_VENT
        if s[_REACTION] == _REACT_VENT:
            mode = _MODE_OFF
        elif s[_REACTION] == _REACT_HOLD:
            mode = _MODE_LOCK
            if before == _MODE_APPROACH and s[_FORCE_F] < s[_K_CONTACT]:
                # nothing is touched yet: a drive that is held would go on to move the ram
                s[_REACTION] = _REACT_VENT
                mode = _MODE_OFF
        elif s[_REACTION] == _REACT_RAMP:
            mode = _MODE_FORCE
            if s[_TRIP_TICKS] == 1:
                before = _MODE_LOCK  # down from the force that is there, not from where the set-point was going
            s[_TARGET] = 0
            s[_RATE_MAX] = s[_K_TRIP_RATE]
            s[_CORNER] = s[_K_TRIP_CORNER]
            s[_LANDING] = s[_K_TRIP_LANDING]
    elif state < _STATE_PRESSING or state > _STATE_RELEASING:
        mode = _MODE_OFF
    if mode != before:
        s[_MODE] = mode
        s[_REACHED] = 0
        s[_PULSE] = 0
        s[_CONTACT_TICKS] = 0
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
        elif mode != _MODE_LOCK:
            s[_SET] = 0
            s[_SET_RATE] = 0


@micropython.viper
def setpoint(frame):
    """Move the set-point one tick towards its target."""
    s = ptr32(frame)
    if s[_MODE] != _MODE_FORCE:
        if s[_MODE] == _MODE_LOCK:
            s[_SET_RATE] = 0
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
    # landing: rate in proportion to the distance, at least a cN in 64 ticks
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
    least = 1024 if limit > 1024 else limit
    if left > 0 and wanted < least:
        wanted = least
    elif left < 0 and wanted > 0 - least:
        wanted = 0 - least
    corner = s[_CORNER]
    # a release waits for a force that can't fall as fast as it was asked to; the vent valve decides, nothing is at risk
    allowed = s[_RAMP_ALLOWED]
    if wanted < 0 and s[_FORCE_F] - s[_SET] > allowed - (allowed >> 2):
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


@micropython.viper
def propose(frame):
    """What the valve should do: a drive in cN for a regulator, pulses for a pair of solenoids."""
    s = ptr32(frame)
    mode = s[_MODE]
    kind = s[_K_KIND]
    s[_PROPOSED_VALVE] = 0
    if mode == _MODE_OFF or mode == _MODE_VENT:
        s[_PROPOSED] = 0
        s[_INTEGRAL] = 0
        s[_REVERSAL] = 0
        s[_ERROR] = 0
        s[_APPROACH_REM] = 0
        if kind == _KIND_FILL_VENT and mode == _MODE_VENT:
            s[_PROPOSED_VALVE] = _VALVE_VENT
        return
    if mode == _MODE_LOCK:
        s[_PROPOSED] = s[_DRIVE]
        return
    wanted = 0
    if mode == _MODE_APPROACH:
        # a drive that rises until the ram moves at the speed that is asked for; it rests once the force is there
        drive = s[_DRIVE]
        rest = s[_APPROACH_REM] + s[_K_APPROACH_RATE]
        step = rest >> 16
        s[_APPROACH_REM] = rest & 0xFFFF
        if s[_FORCE_F] >= s[_TARGET]:
            step = 0
        elif s[_SPEED] > s[_APPROACH_SPEED]:
            step = 0 - step
        if kind == _KIND_FILL_VENT:
            if step > 0:
                wanted = s[_APPROACH_RATE]
            if s[_FORCE_F] < s[_K_CONTACT] and s[_CONTACT_TICKS] < 0x1FFFFFFF:
                s[_CONTACT_TICKS] += 1
        else:
            drive += step
            if drive > s[_K_APPROACH_MAX]:
                drive = s[_K_APPROACH_MAX]
                if s[_CONTACT_TICKS] < 0x1FFFFFFF:
                    s[_CONTACT_TICKS] += 1
            elif drive < 0:
                drive = 0
        s[_PROPOSED] = drive
        if kind != _KIND_FILL_VENT:
            return
    else:
        error = s[_SET] - s[_FORCE_F]
        s[_ERROR] = error
        if error > 0x1FFFF:
            error = 0x1FFFF
        elif error < -0x1FFFF:
            error = -0x1FFFF
        # dead-band, only once the set-point rests
        outside = 0
        if s[_REACHED] > s[_K_SETTLE]:
            dead = (s[_SET] >> 10) * s[_K_DEAD]
            if dead < s[_K_DEAD_MIN]:
                dead = s[_K_DEAD_MIN]
            elif dead > s[_K_DEAD_MAX]:
                dead = s[_K_DEAD_MAX]
            gap = s[_SET] - s[_FORCE_H]
            if gap < 0:
                gap = 0 - gap
            if gap > dead:
                s[_HOLDING_STILL] = 0
                outside = 1
            elif gap < (dead * s[_K_DEAD_IN]) >> 8:
                s[_HOLDING_STILL] = 1
        else:
            s[_HOLDING_STILL] = 0
        rate = s[_SET_RATE]
        if kind == _KIND_FILL_VENT:
            wanted = (((rate >> 10) * s[_HZ]) >> 6) + ((error * s[_K_V]) >> 8)
        else:
            # hysteresis: half of it ahead in the direction of travel, no faster than a few times the ramp and only until the
            # force follows; in a hold slowly, and only while the error lasts
            aim = s[_REVERSAL]
            gain = s[_K_I]
            fast = s[_K_REVERSAL_RATE]
            if rate > 256 or rate < -256:
                fast = s[_RATE_MAX]
                fast = fast << 2 if fast < 0xFFFFFFF else fast
                # what comes before the force answers must not look like a fracture: an eighth of the force, a tenth of a second
                force = s[_FORCE_F]
                if force > 0x7FFFF:
                    force = 0x7FFFF
                elif force < 0:
                    force = 0
                force = force * s[_K_REVERSAL_PART]
                if fast > force:
                    fast = force
                if rate > 0 and error > 0:
                    aim = s[_K_HYSTERESIS]
                elif rate < 0 and error < 0:
                    aim = 0 - s[_K_HYSTERESIS]
            elif s[_REACHED] > s[_K_SETTLE]:
                # in a hold only a push that is sure to be needed, most of the width, and then slowly: a ram that sticks
                # answers late and all at once
                gain >>= 2
                if outside:
                    aim = s[_K_HYSTERESIS] - (s[_K_HYSTERESIS] >> 2)
                    if error < 0:
                        aim = 0 - aim
            rest = s[_REVERSAL_REM] + (fast & 0xFFFF)
            step = (fast >> 16) + (rest >> 16)
            s[_REVERSAL_REM] = rest & 0xFFFF
            if aim > s[_REVERSAL] + step:
                s[_REVERSAL] += step
            elif aim < s[_REVERSAL] - step:
                s[_REVERSAL] -= step
            else:
                s[_REVERSAL] = aim
            if s[_HOLDING_STILL]:
                s[_PROPOSED] = s[_DRIVE]
                # what the proportional part had given stays
                s[_INTEGRAL] = s[_DRIVE] - s[_SET] - s[_REVERSAL]
                return
            lead = ((rate >> 8) * s[_K_LEAD]) >> 8
            # no integration further into what the guard refuses
            refused = s[_PROPOSED] - s[_DRIVE] if s[_DENIED] else 0
            if refused == 0 or (refused > 0 and error < 0) or (refused < 0 and error > 0):
                rest = s[_INTEGRAL_REM] + error * gain
                integral = s[_INTEGRAL] + (rest >> 16)
                s[_INTEGRAL_REM] = rest & 0xFFFF
                if integral > s[_K_I_MAX]:
                    integral = s[_K_I_MAX]
                elif integral < 0 - s[_K_I_MAX]:
                    integral = 0 - s[_K_I_MAX]
                s[_INTEGRAL] = integral
            s[_PROPOSED] = s[_SET] + lead + s[_REVERSAL] + s[_INTEGRAL] + ((error * s[_K_P]) >> 10)
            return
    s[_WANTED_RATE] = wanted


@micropython.viper
def pulse(frame):
    """Solenoids: the wanted force rate becomes a debt of open time, in ticks Q12, that is paid in pulses.

    In a hold one pulse corrects the whole error, and then the stack is given time to answer.
    """
    s = ptr32(frame)
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
