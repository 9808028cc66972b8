"""Whether the ram may move: what nobody has worked out yet becomes signals, then every interlock row is held against its limit.

Signals are words of the blackboard; larger is worse, so that one comparison judges each of them. The rows are in interlock.py.
"""

import micropython
from micropython import const

# words (written by layout.py)
_ABSENT = const(-1073741824)
_IN_ESTOP_A = const(1)
_KIND_REGULATOR = const(1)
_MODE_APPROACH = const(1)
_REACT_WARN = const(1)
_ROW_LIMIT = const(1)
_STATE_READY = const(1)
_IN_ESTOP_B = const(2)
_KIND_FILL_VENT = const(2)
_MODE_FORCE = const(2)
_REACT_HOLD = const(2)
_ROW_STATES = const(2)
_STATE_PRESSING = const(2)
_MODE_LOCK = const(3)
_REACT_RAMP = const(3)
_ROW_DEBOUNCE = const(3)
_IN_GUARD_A = const(4)
_MODE_VENT = const(4)
_REACT_VENT = const(4)
_ROW_OVER = const(4)
_STATE_RELEASING = const(4)
_INPUTS = const(5)
_ROW_REACTION = const(5)
_STATE_TRIPPED = const(5)
_ROW_BIT = const(6)
_TEMPERATURE = const(6)
_ROW_WORDS = const(7)
_STATE_MONITOR = const(7)
_IN_GUARD_B = const(8)
_TICK_US = const(9)
_TICK_WORST = const(10)
_IN_PRESSURE_OK = const(16)
_MASK_ROWS = const(30)
_IN_SUPPLY_OK = const(32)
_HIGH = const(36)
_FORCE = const(40)
_FORCE_F = const(42)
_FORCE_H = const(43)
_SPEED = const(47)
_SIG_ESTOP = const(49)
_SIG_GUARD = const(50)
_SIG_DISCREPANCY = const(51)
_SIG_PRESSURE = const(52)
_SIG_SUPPLY = const(53)
_SIG_TRAVEL = const(54)
_SIG_RUNAWAY = const(64)
_SIG_RESPONSE = const(65)
_SIG_CONTACT = const(66)
_SIG_FALL = const(68)
_SIG_ANSWER = const(69)
_SIG_SPEED = const(70)
_SIG_DROP = const(71)
_SIG_RAMP = const(72)
_SIG_HOLD = const(73)
_SIG_ABOVE = const(74)
_SIG_HOT = const(79)
_SIG_OVERRUN = const(80)
_SIG_FOREGROUND = const(84)
_ACTIVE = const(86)
_LATCHED = const(88)
_WARNED = const(90)
_OVER = const(92)
_FIRST = const(94)
_REACTION = const(95)
_TRIP_TICKS = const(96)
_TRIP_SPEED = const(97)
_STOPPING = const(98)
_STATE = const(100)
_MODE = const(101)
_TARGET = const(112)
_EXCESS = const(113)
_RAMP_MIN = const(114)
_HOLD_BAND = const(115)
_RESPONSE = const(116)
_RAMP_ALLOWED = const(118)
_RAMP_FROM = const(119)
_SET = const(123)
_SET_RATE = const(125)
_FALL_FROM = const(126)
_REACHED = const(128)
_APPROACH_SPEED = const(141)
_CONTACT_TICKS = const(142)
_ANSWER_TICKS = const(147)
_K_RANGE_UP = const(184)
_K_RAMP_DEV = const(199)
_K_RUNAWAY = const(200)
_K_BUDGET = const(202)
_K_CONTACT = const(203)
_K_KIND = const(204)
_K_SETTLE = const(207)
_ROW_COUNT = const(250)
_ROW = const(388)
_IN_TRAVEL_OK = const(2048)
# end of words


_HASTY = const(450000)  # nm/s more than asked: what a ram that lets go of its friction has for a while, at any speed
_HASTY_FROM_REST = const(800000)  # nm/s, with a regulator: what one has that stood, though it is to go slowly


@micropython.viper
def watch(blackboard):
    """Switches, platens, and how long tick and foreground took."""
    s = ptr32(blackboard)
    inputs = s[_INPUTS]
    estop = _IN_ESTOP_A | _IN_ESTOP_B
    guard = _IN_GUARD_A | _IN_GUARD_B
    s[_SIG_ESTOP] = (inputs & estop) ^ estop
    s[_SIG_GUARD] = (inputs & guard) ^ guard
    if ((inputs >> 1) ^ inputs) & (_IN_ESTOP_A | _IN_GUARD_A) == 0:  # the second channel of each is the bit above the first
        s[_SIG_DISCREPANCY] = 0
    elif s[_SIG_DISCREPANCY] < 0x1FFFFFFF:
        s[_SIG_DISCREPANCY] += 1
    s[_SIG_PRESSURE] = (inputs & _IN_PRESSURE_OK) ^ _IN_PRESSURE_OK
    s[_SIG_SUPPLY] = (inputs & _IN_SUPPLY_OK) ^ _IN_SUPPLY_OK
    s[_SIG_TRAVEL] = (inputs & _IN_TRAVEL_OK) ^ _IN_TRAVEL_OK
    hot = s[_TEMPERATURE]
    if s[_TEMPERATURE + 1] > hot:
        hot = s[_TEMPERATURE + 1]
    s[_SIG_HOT] = hot
    if s[_TICK_US] > s[_TICK_WORST]:
        s[_TICK_WORST] = s[_TICK_US]
    if s[_TICK_US] <= s[_K_BUDGET]:
        s[_SIG_OVERRUN] = 0
    elif s[_SIG_OVERRUN] < 0x1FFFFFFF:
        s[_SIG_OVERRUN] += 1
    if s[_SIG_FOREGROUND] < 0x1FFFFFFF:
        s[_SIG_FOREGROUND] += 1


@micropython.viper
def compare(blackboard):
    """How far the force is from the set-point of the tick before, and how far it may be."""
    s = ptr32(blackboard)
    s[_SIG_SPEED] = -1
    if s[_MODE] == _MODE_FORCE:
        deviate(blackboard)
    else:
        wander(blackboard)
    # as sampled: a regulator that opens is quicker than any filter. What the high range feels and the low one does not counts,
    # beyond what its zero may have come to in weeks
    over = s[_HIGH] - (s[_K_RANGE_UP] >> 3)
    if over < s[_FORCE]:
        over = s[_FORCE]
    s[_SIG_RUNAWAY] = over - s[_SIG_RUNAWAY]


@micropython.viper
def wander(blackboard):
    """Without a set-point: an approach, a locked valve, or nothing that is driven."""
    s = ptr32(blackboard)
    mode = s[_MODE]
    force = s[_FORCE_F]
    aim = s[_SET]
    s[_SIG_RESPONSE] = -1
    s[_SIG_RAMP] = -1
    s[_SIG_HOLD] = -1
    s[_SIG_ABOVE] = -1
    s[_SIG_FALL] = 0
    s[_SIG_CONTACT] = s[_CONTACT_TICKS]
    s[_SIG_ANSWER] = s[_ANSWER_TICKS]
    most = aim + s[_K_RUNAWAY]
    if mode == _MODE_APPROACH:
        most = s[_TARGET] + s[_EXCESS]
        if force < 0 - (s[_K_CONTACT] << 1):
            s[_SIG_ANSWER] = 0x1FFFFFFF  # no specimen pulls: a cell has lost its zero, as one does whose wires touch
        if s[_SPEED] > _HASTY:
            may = s[_APPROACH_SPEED] + _HASTY
            if may < _HASTY_FROM_REST and s[_K_KIND] == _KIND_REGULATOR:
                may = _HASTY_FROM_REST
            s[_SIG_SPEED] = s[_SPEED] - may
    elif mode == _MODE_LOCK:
        # a locked cell may swell, and what was under way comes in, but it is not pressed
        allowed = aim >> 2
        least = (s[_K_RUNAWAY] >> 1) - (s[_K_RUNAWAY] >> 4)
        if allowed > least:
            allowed = least
        most = aim + allowed + s[_RAMP_MIN]
        if s[_REACHED] > s[_K_SETTLE] and most > s[_FORCE_H] + s[_EXCESS]:
            most = s[_FORCE_H] + s[_EXCESS]  # later all that comes is slow
        if aim > s[_K_CONTACT]:
            s[_SIG_HOLD] = (aim >> 4) - force  # what creeps keeps more for a day, a ram that its fluid leaves does not
    if mode != _MODE_LOCK:
        s[_SIG_DROP] = -1
    s[_SIG_RUNAWAY] = most  # the most that there may be; compare makes of it what is beyond


@micropython.viper
def deviate(blackboard):
    """From the set-point: how far the force is from it, below and above."""
    s = ptr32(blackboard)
    force = s[_FORCE_F]
    aim = s[_SET]
    s[_SIG_CONTACT] = 0
    s[_SIG_ANSWER] = 0
    gap = aim - force
    over = 0 - gap
    s[_SIG_RESPONSE] = gap - s[_RESPONSE]
    s[_SIG_HOLD] = gap - s[_HOLD_BAND]
    s[_SIG_ABOVE] = over - s[_HOLD_BAND]
    if gap < 0:
        gap = over
    # on the way down a part of what is left, so that what comes then does not begin with much more than it asks for
    most = s[_TARGET]
    span = most
    falls = 0
    if s[_RAMP_FROM] > most:
        most = s[_RAMP_FROM]
        span = aim
        falls = 1
    most += s[_EXCESS]
    allowed = (span >> 10) * s[_K_RAMP_DEV]
    if allowed < s[_RAMP_MIN]:
        allowed = s[_RAMP_MIN]
    s[_RAMP_ALLOWED] = allowed
    s[_SIG_RAMP] = gap - allowed
    # a set-point that waits for the force (setpoint.py) waits for one that falls, or rises
    if s[_TARGET] >= aim:
        least = s[_FALL_FROM]
        if 0 - over < allowed >> 1 or force > least + (least >> 7) + (s[_K_CONTACT] >> 4):  # noise is no answer
            s[_FALL_FROM] = force
        elif s[_TARGET] > aim and s[_K_KIND] == _KIND_FILL_VENT:
            s[_SIG_RESPONSE] = 1
        s[_SIG_FALL] = 0
    elif over < allowed >> 1:
        s[_FALL_FROM] = force
        s[_SIG_FALL] = 0
    elif over > allowed - (allowed >> 2):
        if force < s[_FALL_FROM] - (s[_FALL_FROM] >> 6):
            s[_FALL_FROM] = force
            s[_SIG_FALL] = 0
        elif s[_SIG_FALL] < 0x1FFFFFFF:
            s[_SIG_FALL] += 1
    if falls:
        allowed += allowed >> 2  # the set-point waits before that
    elif allowed > s[_K_RUNAWAY]:
        allowed = s[_K_RUNAWAY]
    if aim + allowed < most:
        most = aim + allowed
    s[_SIG_RUNAWAY] = most  # the most that there may be; compare makes of it what is beyond


@micropython.viper
def judge(blackboard):
    """Hold every row against its limit; stop the press if one demands it."""
    s = ptr32(blackboard)
    state = s[_STATE]
    here = 1 << state
    if state == _STATE_TRIPPED and s[_REACTION] < _REACT_VENT:
        # stopped but still under force: what watches an armed press goes on watching
        here |= 1 << _STATE_READY
    worst = 0
    first = -1
    row = _ROW
    last = _ROW + s[_ROW_COUNT] * _ROW_WORDS
    n = 0
    mask = 0
    while row < last:
        # first, in few instructions for each row, what is over its limit; then, for those rows alone, for how long
        over = 0
        end = row + _MASK_ROWS * _ROW_WORDS
        if end > last:
            end = last
        begin = row
        left = end - row
        while left:
            if s[s[row]] > s[row + _ROW_LIMIT] and s[row + _ROW_STATES] & here:
                over |= s[row + _ROW_BIT]
            row += _ROW_WORDS
            left -= _ROW_WORDS
        # whoever was over its limit and is no longer counts from the beginning
        back = s[_OVER + mask] & (over ^ 0x3FFFFFFF)
        s[_OVER + mask] = over
        at = begin
        while back:
            if back & 1:
                s[at + _ROW_OVER] = 0
            back >>= 1
            at += _ROW_WORDS
        at = begin
        active = 0
        warned = 0
        latching = 0
        k = 0
        while over:
            if over & 1:
                if s[at + _ROW_OVER] >= s[at + _ROW_DEBOUNCE]:
                    bit = 1 << k
                    active |= bit
                    reaction = s[at + _ROW_REACTION]
                    if reaction == _REACT_WARN or (reaction and state == _STATE_MONITOR):
                        warned |= bit
                    elif reaction:
                        latching |= bit
                        if reaction > worst:
                            worst = reaction
                            first = n + k
                else:
                    s[at + _ROW_OVER] += 1
            over >>= 1
            at += _ROW_WORDS
            k += 1
        s[_ACTIVE + mask] = active
        s[_WARNED + mask] |= warned
        s[_LATCHED + mask] |= latching
        mask += 1
        n += _MASK_ROWS
    if worst:
        if state != _STATE_TRIPPED:
            if state < _STATE_PRESSING or state > _STATE_RELEASING or s[_MODE] == _MODE_VENT:
                worst = _REACT_VENT  # nothing is driven, so there is nothing to hold
            elif worst == _REACT_HOLD and s[_STOPPING]:
                worst = _REACT_RAMP
            s[_STATE] = _STATE_TRIPPED
            s[_FIRST] = first
            s[_REACTION] = worst
            s[_TRIP_TICKS] = 0
            s[_TRIP_SPEED] = s[_SPEED] if s[_SET_RATE] >= 0 else _ABSENT
        elif worst > s[_REACTION]:
            s[_REACTION] = worst
