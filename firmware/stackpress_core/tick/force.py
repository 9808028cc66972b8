"""Counts to force: which samples can be believed, what each cell and the press as a whole carries.

A tick without new data is a stale tick: the forces stay, their age grows. Calibration is piecewise linear; a slope is a
17-bit mantissa with a 10-bit residue, so that a 24-bit code times its slope keeps every bit and no product passes 2^30.
The high range adds up parallel cells; the low range takes over below a threshold, and what the two disagree by fades out.
"""

import micropython
from micropython import const

# words (written by layout.py)
_ABSENT = const(-1073741824)
_RAW = const(0)
_SAMPLE_NEW = const(1)
_SAMPLE_CRC_BAD = const(2)
_CELLS = const(4)
_SAMPLE_CHIP_RESET = const(4)
_STATUS = const(4)
_DISPLACEMENT = const(8)
_POINTS = const(8)
_T_SECOND = const(12)
_T_SUB = const(13)
_HZ = const(14)
_CELL = const(15)
_LAST_RAW = const(23)
_REPEATS = const(27)
_SEGMENT = const(31)
_CAL_WORDS = const(34)
_VALID = const(35)
_HIGH = const(36)
_LOW = const(37)
_RANGE = const(38)
_RANGE_BIAS = const(39)
_FORCE = const(40)
_FILTER = const(41)
_FORCE_F = const(42)
_FORCE_H = const(43)
_FILTER_H = const(44)
_IMBALANCE = const(45)
_DISPLACEMENT_F = const(46)
_SPEED = const(47)
_PEAK = const(48)
_SIG_AHEAD = const(55)
_SIG_CELL_CEILING = const(56)
_SIG_CELL = const(57)
_SIG_STALE = const(58)
_SIG_RAIL = const(59)
_SIG_FROZEN = const(60)
_SIG_CRC = const(61)
_SIG_RESET = const(62)
_SIG_IMBALANCE = const(63)
_SIG_DROP = const(71)
_DROP_MIN = const(117)
_SET_RATE = const(125)
_K_HIGH_MASK = const(180)
_K_LOW_MASK = const(181)
_K_SHARE = const(183)
_K_RANGE_UP = const(184)
_K_RANGE_DOWN = const(185)
_K_FADE = const(186)
_K_RAIL = const(187)
_K_FILTER = const(188)
_K_FILTER_H = const(189)
_K_LAG = const(190)
_K_SPEED = const(191)
_K_CELL_CEILING = const(192)
_K_IMBALANCE_MIN = const(196)
_K_DROP = const(197)
_K_DROP_DECAY = const(198)
_K_RUNAWAY = const(200)
_K_CONTACT = const(203)
_CAL = const(251)
# end of words


@micropython.viper
def sense(blackboard):
    """One sample in, forces and validity out. Every word is an integer in the unit that blackboard.py gives."""
    s = ptr32(blackboard)
    s[_T_SUB] += 1
    if s[_T_SUB] >= s[_HZ]:
        s[_T_SUB] = 0
        s[_T_SECOND] += 1
    if s[_SIG_STALE] < 0x1FFFFFFF:
        s[_SIG_STALE] += 1
    status = s[_STATUS]
    if status & _SAMPLE_CHIP_RESET:
        s[_SIG_RESET] = 1
    if not status & _SAMPLE_NEW:
        return
    if status & _SAMPLE_CRC_BAD:
        if s[_SIG_CRC] < 0x1FFFFFFF:
            s[_SIG_CRC] += 1
        return
    s[_SIG_CRC] = 0
    cells(blackboard)
    share(blackboard)
    ranges(blackboard)
    filters(blackboard)
    drop(blackboard)
    ram_speed(blackboard)


@micropython.viper
def cells(blackboard):
    """Which codes can be believed, and the force of each of those cells."""
    s = ptr32(blackboard)
    used = s[_K_HIGH_MASK] | s[_K_LOW_MASK]
    rail = s[_K_RAIL]
    valid = 0
    railed = 0
    frozen = 0
    i = 0
    bit = 1
    while i < _CELLS:
        if used & bit:
            code = s[_RAW + i]
            repeats = 0
            if code == s[_LAST_RAW + i]:
                repeats = s[_REPEATS + i]
                if repeats < 0x1FFFFFFF:
                    repeats += 1
            else:
                s[_LAST_RAW + i] = code
            s[_REPEATS + i] = repeats
            if repeats > frozen:
                frozen = repeats
            if code > rail or code + rail < 0:
                # not believed: the cell keeps its last force, so that a broken wire is not called an overload
                railed += 1
            else:
                valid |= bit
                calibrate(blackboard, i)
        i += 1
        bit <<= 1
    s[_VALID] = valid
    s[_SIG_RAIL] = railed
    s[_SIG_FROZEN] = frozen
    if not railed:
        s[_SIG_STALE] = 0


@micropython.viper
def calibrate(blackboard, i: int):
    """The force of cell `i`, on the segment of its calibration in which its code lies."""
    s = ptr32(blackboard)
    code = s[_RAW + i]
    c = _CAL + i * _CAL_WORDS
    at = c + s[_SEGMENT + i]
    last = c + s[c + 4 * _POINTS] - 2
    while at < last and code >= s[at + 1]:
        at += 1
    while at > c and code < s[at]:
        at -= 1
    s[_SEGMENT + i] = at - c
    d = code - s[at]
    part = d >> 12
    slope = s[at + 2 * _POINTS]
    t = part * slope + (((d & 4095) * slope) >> 12) + ((part * s[at + 3 * _POINTS]) >> 10)
    shift = s[c + 4 * _POINTS + 1]
    s[_CELL + i] = s[at + _POINTS] + ((t + ((1 << shift) >> 1)) >> shift)


@micropython.viper
def share(blackboard):
    """What each range carries, and how unevenly the cells of the high one do."""
    s = ptr32(blackboard)
    high_mask = s[_K_HIGH_MASK]
    low_mask = s[_K_LOW_MASK]
    high = 0
    low = 0
    most = -0x3FFFFFFF
    least = 0x3FFFFFFF
    over = -0x3FFFFFFF
    i = 0
    bit = 1
    while i < _CELLS:
        force = s[_CELL + i]
        if high_mask & bit:
            high += force
            if force > most:
                most = force
            if force < least:
                least = force
            beyond = force - s[_K_CELL_CEILING + i]
            if beyond > over:
                over = beyond
        elif low_mask & bit:
            low += force
        i += 1
        bit <<= 1
    s[_HIGH] = high
    s[_LOW] = low
    s[_SIG_CELL] = most
    s[_SIG_CELL_CEILING] = over
    s[_IMBALANCE] = 0
    s[_SIG_IMBALANCE] = 0
    if high > 0x8000:
        even = ((high >> 8) * s[_K_SHARE]) >> 4
        d = most - even
        if even - least > d:
            d = even - least
        if d > high:
            d = high
        s[_IMBALANCE] = (d >> 8) * 1000 // (high >> 8)
        if high > s[_K_IMBALANCE_MIN]:
            s[_SIG_IMBALANCE] = s[_IMBALANCE]


@micropython.viper
def ranges(blackboard):
    """Two ranges: changeover with hysteresis, the difference fades out."""
    s = ptr32(blackboard)
    low_mask = s[_K_LOW_MASK]
    valid = s[_VALID]
    high = s[_HIGH]
    low = s[_LOW]
    bias = s[_RANGE_BIAS]
    gap = high - low
    if gap > 0x1FFFFF:
        gap = 0x1FFFFF
    elif gap < -0x1FFFFF:
        gap = -0x1FFFFF
    if low_mask:
        if s[_RANGE]:
            if low > s[_K_RANGE_UP] or high > s[_K_RANGE_UP] or low_mask & valid != low_mask:
                s[_RANGE] = 0
                bias -= gap << 4
        elif high < s[_K_RANGE_DOWN] and low < s[_K_RANGE_DOWN] and low_mask & valid == low_mask:
            s[_RANGE] = 1
            bias += gap << 4
        elif high > s[_K_RANGE_UP] << 1 and low < s[_K_RANGE_DOWN]:
            s[_SIG_IMBALANCE] = 1000  # at its stop a low cell reads more: this one would be believed on the way down
        # both ranges carry the same force: a low cell that drifts must not press a cell with what it no longer sees, and one that
        # jumped up is not left out without a word. Beyond what the high range's zero and creep may come to after weeks, and a part
        apart = gap if gap > 0 and s[_RANGE] else 0 - gap
        if apart > (s[_K_RANGE_UP] >> 4) + (low >> 6):
            s[_SIG_IMBALANCE] = 1000
    fade = s[_K_FADE]
    # only what two good ranges may differ by fades; a range that was overrun must not be believed for a moment longer
    most = s[_K_RANGE_UP] << 1
    if bias > most:
        bias = most
    elif bias < 0 - most:
        bias = 0 - most
    if bias > fade:
        bias -= fade
    elif bias < 0 - fade:
        bias += fade
    else:
        bias = 0
    s[_RANGE_BIAS] = bias
    force = high
    if s[_RANGE]:
        force = low
    force += bias >> 4
    s[_FORCE] = force


@micropython.viper
def filters(blackboard):
    """The force as ramps see it, as holds do, and as the ceilings do: of one that rises half the filter's lag ahead, for the
    converter tells it late."""
    s = ptr32(blackboard)
    f4 = s[_FORCE] << 4
    shift = s[_K_FILTER]
    s[_FILTER] += (f4 - s[_FILTER] + ((1 << shift) >> 1)) >> shift
    s[_FORCE_F] = s[_FILTER] >> 4
    ahead = (f4 - s[_FILTER]) >> 5
    if ahead < 0:
        ahead = 0
    elif ahead > s[_K_RUNAWAY]:
        ahead = s[_K_RUNAWAY]  # a jump is no ramp
    s[_SIG_AHEAD] = s[_HIGH] + ahead
    s[_SIG_CELL_CEILING] += ahead >> 2  # what one of four carries
    shift = s[_K_FILTER_H]
    s[_FILTER_H] += (f4 - s[_FILTER_H] + ((1 << shift) >> 1)) >> shift
    s[_FORCE_H] = s[_FILTER_H] >> 4


@micropython.viper
def drop(blackboard):
    """A sudden drop, from a peak that follows the force down slowly, and at once by what was commanded. However small the force,
    what takes seven eighths of it is one, unless it is being taken off."""
    s = ptr32(blackboard)
    f4 = s[_FORCE] << 4
    peak = s[_PEAK]
    if s[_SET_RATE] < 0:
        peak += s[_SET_RATE] >> 12
    peak -= (peak - f4) >> s[_K_DROP_DECAY]
    if f4 > peak:
        peak = f4
    s[_PEAK] = peak
    allowed = (peak >> 14) * s[_K_DROP]
    if allowed < s[_DROP_MIN]:
        allowed = s[_DROP_MIN]
        most = (peak - (peak >> 3)) >> 4
        if most < allowed and most > s[_K_CONTACT] and s[_SET_RATE] >= 0:
            allowed = most
    s[_SIG_DROP] = ((peak - f4) >> 4) - allowed


@micropython.viper
def ram_speed(blackboard):
    """From the displacement and its lagged copy."""
    s = ptr32(blackboard)
    if s[_DISPLACEMENT] != _ABSENT:
        d = s[_DISPLACEMENT] - s[_DISPLACEMENT_F]
        shift = s[_K_LAG]
        s[_DISPLACEMENT_F] += (d + ((1 << shift) >> 1)) >> shift
        if d > 0xFFFFF:
            d = 0xFFFFF
        elif d < -0xFFFFF:
            d = -0xFFFFF
        s[_SPEED] = (d * s[_K_SPEED]) >> 4
    else:
        s[_SPEED] = _ABSENT
