"""What the press would measure: travel, switches, temperatures; and the load cells' codes. A stage each."""

import micropython
from micropython import const

_HALF = const(0x20000000)
_MASK = const(0x3FFFFFFF)
_LOW14 = const(0x3FFF)

# words (written by layout.py)
_ABSENT = const(-1073741824)
_SAMPLE_NEW = const(1)
_P_W_RAW = const(2)
_P_W_STATUS = const(3)
_P_W_INPUTS = const(4)
_P_W_TEMP = const(5)
_P_W_DISP = const(6)
_IN_PRESSURE_OK = const(16)
_P_PRESSURE = const(16)
_P_OVERPRESSURE = const(26)
_P_X = const(56)
_P_GAP_NM = const(58)
_P_TRAVEL_NM = const(59)
_P_FORCE = const(74)
_P_NOISE = const(92)
_P_NOISE_X = const(93)
_P_DISP_NOISE = const(94)
_P_BOW_FS = const(96)
_P_BOW_M = const(97)
_P_BOW_S = const(98)
_P_LBOW_FS = const(99)
_P_LBOW_M = const(100)
_P_LBOW_S = const(101)
_P_STOP = const(102)
_P_STOP_SHIFT = const(103)
_P_CREEP_H = const(104)
_P_CREEP_L = const(105)
_P_GAIN = const(106)
_P_GAIN_S = const(110)
_P_ZERO = const(114)
_P_MODE = const(118)
_P_STATUS_OK = const(122)
_P_INPUTS_OK = const(123)
_P_CLEAN = const(124)
_P_FORCE_L = const(128)
_P_FILTERED = const(129)
_P_SIGMA = const(189)
_P_T_NOW = const(197)
_P_SCALE = const(205)
_P_SPAN = const(386)
_IN_TRAVEL_OK = const(2048)
_P_CODE_MAX = const(8388607)
# end of words


@micropython.viper
def sensors(S, P):
    """Displacement, switches, temperatures, and whether there is a sample."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    x = ((p[_P_X] + _HALF) & _MASK) - _HALF
    n = p[_P_NOISE]
    t = (x >> 6) + p[_P_GAP_NM]
    if p[_P_SCALE] == 0:
        s[p[_P_W_DISP]] = t + (((n & 1023) - 512) * p[_P_DISP_NOISE] >> 8)
    elif p[_P_SCALE] == 2:
        s[p[_P_W_DISP]] = _ABSENT
    i = p[_P_INPUTS_OK]
    if t > p[_P_TRAVEL_NM]:
        i &= ~_IN_TRAVEL_OK
    if p[_P_PRESSURE] > p[_P_OVERPRESSURE]:
        i &= ~_IN_PRESSURE_OK
    s[p[_P_W_INPUTS]] = i
    i = p[_P_W_TEMP]
    s[i] = p[_P_T_NOW]
    s[i + 1] = p[_P_T_NOW + 1]
    s[p[_P_W_STATUS]] = p[_P_STATUS_OK]


@micropython.viper
def cells(S, P):
    """The load cells' codes: the converter's filter, bow, creep, span, gain, zero and noise; nothing where there is no sample.

    A step takes four conversions (HX711) and is seen one and a half of them late (sinc3, ADS131M04): taps 1, 7, 7, 1 of 16, where
    a sinc3 that meets straight lines has 1, 5, 5, 1 of 12. The noise is as it comes out of the converter."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    if p[_P_STATUS_OK] & _SAMPLE_NEW == 0:
        return
    i = p[_P_FORCE]
    t = p[_P_FILTERED]
    y = p[_P_FILTERED + 1]
    force = t + ((y - t) >> 1) + (((i - t) + (p[_P_FILTERED + 2] - y)) >> 4)
    p[_P_FILTERED + 2] = y
    p[_P_FILTERED + 1] = t
    p[_P_FILTERED] = i
    n = p[_P_NOISE]
    i = p[_P_STOP]
    t = force
    if t > i:
        t = i + ((t - i) >> p[_P_STOP_SHIFT])
    p[_P_FORCE_L] = t
    y = t >> 10
    y = (y * (p[_P_LBOW_FS] - y) >> 10) * p[_P_LBOW_M] >> p[_P_LBOW_S]
    y += t + ((p[_P_CREEP_L] + p[_P_SPAN + 1] + _HALF) & _MASK) - _HALF
    t = force >> 15
    t = (t * (p[_P_BOW_FS] - t) >> 10) * p[_P_BOW_M] >> p[_P_BOW_S]
    t += force + ((p[_P_CREEP_H] + p[_P_SPAN] + _HALF) & _MASK) - _HALF
    i = 0
    raw = p[_P_W_RAW]
    while i < 4:
        n ^= (n & 0x1FFFFFF) << 5
        n ^= n >> 7
        n ^= (n & 0x3FFFFFF) << 4
        if i == 3:
            t = y
        h = p[_P_GAIN + i]
        u = (((t >> 14) * h + ((t & _LOW14) * h >> 14)) >> p[_P_GAIN_S + i]) + ((p[_P_ZERO + i] + _HALF) & _MASK) - _HALF
        p[_P_CLEAN + i] = u
        e = (((n & 1023) + ((n >> 10) & 1023) + (n >> 20)) << 1) - 3069
        u += (e * p[_P_SIGMA + i] >> 10) * p[_P_NOISE_X]
        if u > _P_CODE_MAX:
            u = _P_CODE_MAX
        if u < 0 - _P_CODE_MAX:
            u = 0 - _P_CODE_MAX
        if p[_P_MODE + i] == 0:
            s[raw + i] = u
        elif p[_P_MODE + i] < 3:
            s[raw + i] = _P_CODE_MAX if p[_P_MODE + i] == 1 else 0
        i += 1
    p[_P_NOISE] = n
