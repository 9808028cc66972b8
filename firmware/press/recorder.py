"""What one tick leaves behind: running statistics for the log, and one entry of the flight recorder.

The flight recorder is a ring in memory at the full rate; after a trip it runs on for a while and then stands still until the
foreground has carried its window into the journal. Statistics are kept in two banks: the foreground asks for the other bank
and then reads the first at leisure.
"""

import micropython
from micropython import const

ENTRY = 16  # bytes: force_cn i32, set_cn i32, proposed drive and permitted drive u16 in 2.56 N, flags u16, imbalance i16
BANK_WORDS = 8  # count, min, max, sum low 20 bits, sum high, and three spare

# words (written by layout.py)
_STATUS = const(4)
_STATE_TRIPPED = const(5)
_RANGE = const(38)
_FORCE = const(40)
_IMBALANCE = const(45)
_TRIP_TICKS = const(83)
_STATE = const(84)
_MODE = const(85)
_SET = const(100)
_PROPOSED = const(112)
_DRIVE = const(118)
_VALVE = const(120)
_DENIED = const(121)
_BANK = const(127)
_BANK_WANTED = const(128)
_STATISTICS = const(129)
_RING_AT = const(145)
_RING_LEN = const(146)
_RING_FILLED = const(147)
_RING_AFTER = const(148)
_RING_LEFT = const(149)
# end of words


@micropython.viper
def record(frame, ring):
    """Add this tick to the statistics and to the ring (bytes, RING_LEN entries of 16)."""
    s = ptr32(frame)
    force = s[_FORCE]
    if s[_BANK] != s[_BANK_WANTED]:
        s[_BANK] = s[_BANK_WANTED]
        b = _STATISTICS + (s[_BANK] << 3)
        s[b] = 0
        s[b + 1] = 0x3FFFFFFF
        s[b + 2] = -0x3FFFFFFF
        s[b + 3] = 0
        s[b + 4] = 0
    b = _STATISTICS + (s[_BANK] << 3)
    if s[b] < 0x1FFFFFFF:
        s[b] += 1
        if force < s[b + 1]:
            s[b + 1] = force
        if force > s[b + 2]:
            s[b + 2] = force
        low = s[b + 3] + force
        s[b + 3] = low & 0xFFFFF
        s[b + 4] += low >> 20
    left = s[_RING_LEFT]
    if left < 0:
        if s[_STATE] == _STATE_TRIPPED and s[_TRIP_TICKS] <= 1:
            s[_RING_LEFT] = s[_RING_AFTER]
    elif left == 0:
        return
    else:
        s[_RING_LEFT] = left - 1
    r = ptr16(ring)
    at = s[_RING_AT]
    w = at << 3
    target = s[_SET]
    r[w] = force & 0xFFFF
    r[w + 1] = (force >> 16) & 0xFFFF
    r[w + 2] = target & 0xFFFF
    r[w + 3] = (target >> 16) & 0xFFFF
    r[w + 4] = (s[_PROPOSED] >> 8) & 0xFFFF
    r[w + 5] = (s[_DRIVE] >> 8) & 0xFFFF
    flags = s[_STATE] | (s[_MODE] << 4) | (s[_RANGE] << 7) | ((s[_STATUS] & 3) << 8) | ((s[_VALVE] & 15) << 10)
    r[w + 6] = flags | (s[_DENIED] << 14)
    r[w + 7] = s[_IMBALANCE] & 0xFFFF
    at += 1
    if at >= s[_RING_LEN]:
        at = 0
    s[_RING_AT] = at
    if s[_RING_FILLED] < 0x1FFFFFFF:
        s[_RING_FILLED] += 1
