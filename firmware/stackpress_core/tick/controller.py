"""The controller: what the valve should do to bring the force to the set-point. It only proposes.

Regulator: feed-forward with lead and hysteresis compensation, and PI with anti-windup on what is left. In a hold nothing
moves while the error is inside the dead-band. Solenoids get a wanted force rate from here, see pulses.py. All forces are
cN, all gains fixed point.
"""

import micropython
from micropython import const

# words (written by layout.py)
_MODE_OFF = const(0)
_MODE_APPROACH = const(1)
_KIND_FILL_VENT = const(2)
_MODE_LOCK = const(3)
_MODE_VENT = const(4)
_HZ = const(14)
_FORCE_F = const(42)
_FORCE_H = const(43)
_MODE = const(101)
_RATE_MAX = const(120)
_SET = const(123)
_SET_RATE = const(125)
_REACHED = const(128)
_ERROR = const(129)
_INTEGRAL = const(130)
_INTEGRAL_REM = const(131)
_REVERSAL = const(132)
_HOLDING_STILL = const(133)
_WANTED_RATE = const(135)
_PROPOSED = const(137)
_PROPOSED_VALVE = const(138)
_DRIVE = const(148)
_DENIED = const(151)
_K_KIND = const(204)
_K_LEAD = const(205)
_K_HYSTERESIS = const(206)
_K_SETTLE = const(207)
_K_P = const(208)
_K_I = const(209)
_K_I_HOLD = const(210)
_K_I_MAX = const(211)
_K_V = const(212)
_K_DEAD = const(213)
_K_DEAD_MIN = const(214)
_K_DEAD_MAX = const(215)
_K_DEAD_IN = const(216)
_K_REVERSAL_RATE = const(217)
_K_REVERSAL_PART = const(218)
_REVERSAL_REM = const(219)
_APPROACH_REM = const(236)
# end of words


@micropython.viper
def propose(blackboard):
    """What the valve should do: a drive in cN for a regulator, pulses for a pair of solenoids."""
    s = ptr32(blackboard)
    mode = s[_MODE]
    s[_PROPOSED_VALVE] = 0
    if mode == _MODE_OFF or mode == _MODE_VENT:
        s[_PROPOSED] = 0
        s[_INTEGRAL] = 0
        s[_REVERSAL] = 0
        s[_ERROR] = 0
        s[_APPROACH_REM] = 0
        return
    if mode == _MODE_LOCK:
        s[_PROPOSED] = s[_DRIVE]
        return
    if mode == _MODE_APPROACH:
        return  # see approach.py
    error = s[_SET] - s[_FORCE_F]
    s[_ERROR] = error
    if error > 0x1FFFF:
        error = 0x1FFFF
    elif error < -0x1FFFF:
        error = -0x1FFFF
    dead_band(blackboard)
    rate = s[_SET_RATE]
    if s[_K_KIND] == _KIND_FILL_VENT:
        correct(blackboard, error, ((rate >> 10) * s[_HZ]) >> 6)
        return
    cross(blackboard, error)
    if s[_HOLDING_STILL]:
        s[_PROPOSED] = s[_DRIVE]
        # what the proportional part had given stays
        s[_INTEGRAL] = s[_DRIVE] - s[_SET] - s[_REVERSAL]
        return
    integrate(blackboard, error)
    lead = ((rate >> 8) * s[_K_LEAD]) >> 8
    s[_PROPOSED] = s[_SET] + lead + s[_REVERSAL] + s[_INTEGRAL] + ((error * s[_K_P]) >> 10)


@micropython.viper
def correct(blackboard, error: int, asked: int):
    """Solenoids: the rate that is asked for, what the flow has shown itself to lack or to have too much, and what the error wants.

    No flow is believed to be less than half of what tuning says, nor more than twice; where nothing moves nothing is learnt.
    """
    s = ptr32(blackboard)
    rest = s[_INTEGRAL_REM] + error * s[_K_I]
    more = s[_INTEGRAL] + (rest >> 16)
    s[_INTEGRAL_REM] = rest & 0xFFFF
    most = asked
    least = 0 - (asked >> 1)
    if asked < 0:
        most = least
        least = asked
    if more > most:
        more = most
    elif more < least:
        more = least
    s[_INTEGRAL] = more
    s[_WANTED_RATE] = asked + more + ((error * s[_K_V]) >> 8)


@micropython.viper
def dead_band(blackboard):
    """Whether the force is near enough to be left alone, once the set-point rests."""
    s = ptr32(blackboard)
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
        elif gap < (dead * s[_K_DEAD_IN]) >> 8:
            s[_HOLDING_STILL] = 1
    else:
        s[_HOLDING_STILL] = 0


@micropython.viper
def cross(blackboard, error: int):
    """The valve's hysteresis: half of it ahead in the direction of travel, no faster than a few times the ramp and only until the
    force follows; in a hold slowly, and only while the error lasts."""
    s = ptr32(blackboard)
    rate = s[_SET_RATE]
    aim = s[_REVERSAL]
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
        # in a hold slowly: a ram that sticks answers late and all at once; twice out of the dead-band less so
        aim = s[_K_HYSTERESIS]
        gap = error
        if error < 0:
            aim = 0 - aim
            gap = 0 - error
        if gap > (s[_K_DEAD_MIN] << 1) + (s[_SET] >> 8):
            fast = fast << 2 if fast < 0xFFFFFFF else fast
    rest = s[_REVERSAL_REM] + (fast & 0xFFFF)
    step = (fast >> 16) + (rest >> 16)
    s[_REVERSAL_REM] = rest & 0xFFFF
    if aim > s[_REVERSAL] + step:
        s[_REVERSAL] += step
    elif aim < s[_REVERSAL] - step:
        s[_REVERSAL] -= step
    else:
        s[_REVERSAL] = aim


@micropython.viper
def integrate(blackboard, error: int):
    """No further into what the permit refuses; in a hold slowly: a ram that sticks answers late and all at once."""
    s = ptr32(blackboard)
    rate = s[_SET_RATE]
    gain = s[_K_I]
    if rate <= 256 and rate >= -256 and s[_REACHED] > s[_K_SETTLE]:
        gain = s[_K_I_HOLD]
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
