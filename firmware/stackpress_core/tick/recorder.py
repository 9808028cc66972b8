"""What one tick leaves behind: running statistics for the log, and one entry of the flight recorder.

The flight recorder is a ring in memory at the full rate; after a trip it runs on for a while and then stands still until the
foreground has carried its window into the journal. Statistics are kept in two banks: the foreground asks for the other bank
and then reads the first at leisure.
"""

import micropython
from micropython import const

ENTRY = 14  # bytes, records.FLIGHT_ENTRY; requested and permitted valve 0..65535 as the regulator reads it, or 65535 for fill
BANK_WORDS = 8  # count, min, max, sum low 20 bits, sum high, and three spare

# words (written by layout.py)
_SAMPLE_NEW = const(1)
_VALVE_FILL = const(1)
_KIND_FILL_VENT = const(2)
_SAMPLE_CRC_BAD = const(2)
_FLIGHT_MODE_AT = const(4)
_STATUS = const(4)
_STATE_TRIPPED = const(5)
_FLIGHT_RANGE_AT = const(7)
_FLIGHT_STATUS_AT = const(8)
_FLIGHT_VALVE_AT = const(10)
_FLIGHT_DENIED_AT = const(14)
_VALVE_POWERED = const(15)
_RANGE = const(38)
_FORCE = const(40)
_IMBALANCE = const(45)
_TRIP_TICKS = const(96)
_STATE = const(100)
_MODE = const(101)
_SET = const(123)
_PROPOSED = const(137)
_PROPOSED_VALVE = const(138)
_CODE = const(149)
_VALVE = const(150)
_DENIED = const(151)
_BANK = const(157)
_BANK_WANTED = const(158)
_STATISTICS = const(159)
_RING_AT = const(175)
_RING_LEN = const(176)
_RING_FILLED = const(177)
_RING_AFTER = const(178)
_RING_LEFT = const(179)
_K_KIND = const(204)
_K_OUT_SHIFT = const(225)
_K_OUT_GAIN = const(226)
_K_OUT_MAX = const(227)
# end of words


@micropython.viper
def record(blackboard, ring):
    """Add this tick to the statistics and to the ring (bytes, RING_LEN entries of 14)."""
    s = ptr32(blackboard)
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
    if s[b] < 0x1FFFFFF:
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
    w = at * 7
    target = s[_SET]
    # imbalance in whole percent, what is beyond 127 % as that: it shares a word with the set-point
    share = s[_IMBALANCE]
    if share > 1270:
        share = 1270
    elif share < -1270:
        share = -1270
    share = (share * 205 + 1024) >> 11
    r[w] = force & 0xFFFF
    r[w + 1] = (force >> 16) & 0xFFFF
    r[w + 2] = target & 0xFFFF
    r[w + 3] = ((target >> 16) & 0xFF) | ((share & 0xFF) << 8)
    if s[_K_KIND] == _KIND_FILL_VENT:
        r[w + 4] = 0xFFFF if s[_PROPOSED_VALVE] & _VALVE_FILL else 0
        r[w + 5] = 0xFFFF if s[_VALVE] & _VALVE_FILL else 0
    else:
        wanted = s[_PROPOSED]
        if wanted > s[_K_OUT_MAX]:
            wanted = s[_K_OUT_MAX]
        elif wanted < 0:
            wanted = 0
        r[w + 4] = ((wanted >> s[_K_OUT_SHIFT]) * s[_K_OUT_GAIN]) >> 13
        r[w + 5] = s[_CODE]
    flags = s[_STATE] | (s[_MODE] << _FLIGHT_MODE_AT) | (s[_RANGE] << _FLIGHT_RANGE_AT)
    flags |= (s[_STATUS] & (_SAMPLE_NEW | _SAMPLE_CRC_BAD)) << _FLIGHT_STATUS_AT
    flags |= (s[_VALVE] & _VALVE_POWERED) << _FLIGHT_VALVE_AT
    r[w + 6] = flags | (s[_DENIED] << _FLIGHT_DENIED_AT)
    at += 1
    if at >= s[_RING_LEN]:
        at = 0
    s[_RING_AT] = at
    if s[_RING_FILLED] < 0x1FFFFFFF:
        s[_RING_FILLED] += 1
