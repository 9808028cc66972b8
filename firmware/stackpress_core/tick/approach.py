"""The approach: close the ram on its specimen no faster than asked, and let it feel the contact force and hardly more.

The drive passes a quarter of the hysteresis at once, where no valve moves anything, and the rest of it fast; slowly from there
on or once the ram has moved, and once the specimen bears, in proportion to what is left, so that what is under way when force or
travel answers is small. And something has to answer: a drive that rises by the contact force and a margin while the ram stands and
no cell feels it goes no further, whatever the cells say. With solenoids the drive is what the valves were asked for since the ram
last answered.
"""

import micropython
from micropython import const

# words (written by layout.py)
_ABSENT = const(-1073741824)
_MODE_APPROACH = const(1)
_VALVE_FILL = const(1)
_KIND_FILL_VENT = const(2)
_DISPLACEMENT = const(8)
_HZ = const(14)
_FORCE_F = const(42)
_SPEED = const(47)
_MODE = const(101)
_TARGET = const(112)
_RATE_MAX = const(120)
_WANTED_RATE = const(135)
_PROPOSED = const(137)
_APPROACH_SPEED = const(141)
_CONTACT_TICKS = const(142)
_ANSWER_AT = const(143)
_ANSWER_DRIVE = const(144)
_ANSWER_FORCE = const(145)
_EFFORT = const(146)
_ANSWER_TICKS = const(147)
_DRIVE = const(148)
_VALVE = const(150)
_K_KIND = const(204)
_K_HYSTERESIS = const(206)
_K_APPROACH_MAX = const(231)
_K_APPROACH_RATE = const(232)
_K_DRAG = const(233)
_K_LAND = const(235)
_APPROACH_REM = const(236)
# end of words

_FIRST_NM = const(5000)  # the ram has moved: well above a scale's noise, below what a stiff stack gives under the contact force
_FREE_NM = const(100000)  # it moves freely: less way than this, while the drive may rise by the contact force, answers nothing
_PULSE_NM = const(10000)  # the same with solenoids, whose pulses are small
_FELT = const(100)  # cN, and a 64th of the contact force: a cell feels more; noise alone gets no further than its own peak
_MARGIN = const(5000)  # cN beyond the contact force, and a sixteenth of it: friction is not the same everywhere
_ROOM = const(1000)  # cN, and a quarter of the contact force up to _MORE: the last newtons would never come if the rate were in
_MORE = const(2000)  # proportion to what is left; a third of it is what the force goes beyond
_HASTE = const(2)  # before anything answers the rate may be so much above the landing's: one lag of force and travel
_HASTE_SOLENOIDS = const(3)
_LARGE = const(0xFFFF)
_FAST = const(4000000)  # nm/s
_SLOW = const(20000)  # nm/s: what a specimen yields under its contact force, and a scale's noise, must not be waited for


@micropython.viper
def approach(blackboard):
    """Move the drive of an approach by one tick; the rate that it asks of solenoids goes into WANTED_RATE."""
    s = ptr32(blackboard)
    if s[_MODE] != _MODE_APPROACH:
        return
    target = s[_TARGET]
    # what moves the ram now will be felt when it stands
    speed = 0
    if s[_SPEED] > _SLOW:
        speed = s[_SPEED] - _SLOW
        if speed > _FAST:
            speed = _FAST
    left = target - s[_FORCE_F] - (((speed >> 4) * s[_K_DRAG]) >> 12)
    solenoids = 1 if s[_K_KIND] == _KIND_FILL_VENT else 0
    answer(blackboard, solenoids)
    drive = s[_EFFORT]
    moved = s[_ANSWER_DRIVE] + 1
    here = s[_DISPLACEMENT]
    most = s[_K_APPROACH_MAX]
    if moved:
        most = target + (target >> 4) + _MARGIN
        if solenoids and s[_FORCE_F] > (target >> 3) + _FELT:
            most <<= 2  # the cells feel the specimen: a powder takes up many pulses before they feel more
        most += s[_ANSWER_DRIVE]
        if most > s[_K_APPROACH_MAX]:
            most = s[_K_APPROACH_MAX]
    elif solenoids == 0 and drive < s[_K_HYSTERESIS] >> 2:
        drive = s[_K_HYSTERESIS] >> 2
    # how fast the drive may rise
    rate = s[_K_APPROACH_RATE]
    touched = 1 if s[_FORCE_F] > target >> 1 else 0
    if left > _LARGE:
        left = _LARGE
    elif left < 0:
        left = 0
    room = target >> 2
    if room > _MORE:
        room = _MORE
    land = (left + room + _ROOM) * s[_K_LAND]
    if solenoids:
        if touched == 0:
            land *= _HASTE_SOLENOIDS
    elif s[_FORCE_F] > target >> 2:
        rate = land  # the specimen bears: no way is left on which the ram could gain speed
    elif here == _ABSENT:
        rate = s[_RATE_MAX]  # through the hysteresis too: nobody would see a ram that moves there
        if s[_ANSWER_AT] != _ABSENT:
            rate >>= 2  # its scale was lost on the way: as slowly as without one (motion.closing)
    elif moved == 0 and drive < s[_K_HYSTERESIS]:
        land *= _HASTE
        rate >>= 1  # a valve with less hysteresis than its press says moves the ram already, and late
    else:
        rate = s[_RATE_MAX]
    if rate > land:
        rate = land
    if left == 0:
        rate = 0
    elif s[_SPEED] > s[_APPROACH_SPEED]:
        rate = 0 if s[_SPEED] < s[_APPROACH_SPEED] << 1 else 0 - rate
    s[_WANTED_RATE] = ((rate >> 10) * s[_HZ]) >> 6 if rate > 0 else 0
    rest = s[_APPROACH_REM] + rate
    s[_APPROACH_REM] = rest & 0xFFFF
    drive += rest >> 16
    if drive < 0:
        drive = 0
    stands = 0
    if drive >= most:
        drive = most
        s[_WANTED_RATE] = 0
        stands = 1 if left else 0
    # a ram that moves at the approach's highest drive answers, and has nothing to press
    ends = stands if most == s[_K_APPROACH_MAX] else 0
    if solenoids and here == _ABSENT:
        ends = s[_VALVE] & _VALVE_FILL  # nobody sees the ram: for how long its valve was open is the way that it can have come
    if ends and touched == 0 and s[_CONTACT_TICKS] < 0x1FFFFFFF:
        s[_CONTACT_TICKS] += 1
    if stands == 0 or moved == 0:
        s[_ANSWER_TICKS] = 0
    elif s[_ANSWER_TICKS] < 0x1FFFFFFF:
        s[_ANSWER_TICKS] += 1
    s[_EFFORT] = drive
    s[_PROPOSED] = 0 if solenoids else drive


@micropython.viper
def answer(blackboard, solenoids: int):
    """Whether the ram has answered the drive: by travel, or by a force that a cell feels."""
    s = ptr32(blackboard)
    target = s[_TARGET]
    drive = s[_EFFORT] if solenoids else s[_DRIVE]
    moved = s[_ANSWER_DRIVE] + 1
    here = s[_DISPLACEMENT]
    answered = 0
    if here == _ABSENT:
        if solenoids:
            drive = 0
    elif s[_ANSWER_AT] == _ABSENT:
        s[_ANSWER_AT] = here
    elif here - s[_ANSWER_AT] > (_FIRST_NM if moved == 0 else _PULSE_NM if solenoids else _FREE_NM):
        s[_ANSWER_AT] = here
        answered = 1
    if s[_FORCE_F] - s[_ANSWER_FORCE] > _FELT + (target >> 6):
        s[_ANSWER_FORCE] = s[_FORCE_F]
        answered = moved
    if answered:
        if solenoids:
            drive = 0
            s[_ANSWER_DRIVE] = 0
        elif s[_ANSWER_DRIVE] < drive:
            s[_ANSWER_DRIVE] = drive  # a drive that fell has gone back into the valve's hysteresis: it moves nothing there
        s[_ANSWER_TICKS] = -1  # none of those that follow has been waited for
    s[_EFFORT] = drive
