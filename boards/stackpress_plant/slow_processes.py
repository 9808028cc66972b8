"""The slow part of the plant, about 50 times a second: creep, flow, breathing, drift of the load cells, temperature.

What takes hours moves less than one unit in a tick; every process keeps its remainder, so that nothing is lost at any
rate. Units as in state.py, products as in step.py.
"""

import micropython
from micropython import const

_HALF = const(0x20000000)
_MASK = const(0x3FFFFFFF)
_LOW14 = const(0x3FFF)

# words (written by layout.py)
_P_KV_LEN = const(6)
_P_FLOW_N = const(32)
_P_FORCE = const(74)
_P_SLOW = const(80)
_P_CRUSH = const(88)
_P_CREEP_H = const(104)
_P_ZERO = const(114)
_P_FORCE_L = const(128)
_P_KV = const(134)
_P_CELL_CREEP_M = const(146)
_P_CELL_CREEP_S = const(147)
_P_CELL_CREEP_R = const(148)
_P_CELL_PPM = const(150)
_P_FMAX = const(151)
_P_BREATH_FROM = const(152)
_P_PHASE = const(153)
_P_PHASE_REM = const(154)
_P_PHASE_INC = const(155)
_P_PHASE_FRAC = const(156)
_P_BREATH = const(157)
_P_FLOW_SHIFT = const(158)
_P_FLOW_LEFT = const(159)
_P_FLOW = const(160)
_P_FLOW_REM = const(161)
_P_FLOW_LIMIT_M = const(162)
_P_FLOW_LIMIT_S = const(163)
_P_DRIFT = const(164)
_P_DRIFT_REM = const(168)
_P_DRIFT_RATE = const(172)
_P_ZERO0 = const(176)
_P_T_BASE = const(180)
_P_T_SWING = const(182)
_P_T_PHASE = const(183)
_P_T_REM = const(184)
_P_T_INC = const(185)
_P_T_FRAC = const(186)
_P_T_REF = const(187)
_P_T_ZERO = const(193)
_P_T_NOW = const(197)
_P_T_SET = const(199)
_P_T_SET_ON = const(201)
_P_WAVE = const(280)
_P_FLOW_T = const(352)
_P_SPAN = const(386)
_P_T_SPAN = const(388)
# end of words


@micropython.viper
def yielding(P):
    """Two Kelvin-Voigt elements: delayed elastic compression s, ds/dt = (J F - s) / tau, behind what was crushed."""
    p = ptr32(P)  # noqa: F821
    force = p[_P_FORCE]
    if force > p[_P_FMAX]:
        p[_P_FMAX] = force
    total = p[_P_CRUSH]
    i = int(_P_KV)
    while i < _P_KV + 2 * _P_KV_LEN:
        if p[i]:
            at = p[i + 4]
            d = (force >> 14) * p[i] + ((force & _LOW14) * p[i] >> 14)
            d = (d >> p[i + 1]) - at
            t = (d >> 14) * p[i + 2] + ((d & _LOW14) * p[i + 2] >> 14) + p[i + 5]
            at += t >> p[i + 3]
            p[i + 5] = t - ((t >> p[i + 3]) << p[i + 3])
            p[i + 4] = at
            total += at
        i += _P_KV_LEN
    p[_P_SLOW] = total


@micropython.viper
def flow(P):
    """Power-law flow, its rate from a table over force, spent as the foil thins."""
    p = ptr32(P)  # noqa: F821
    force = p[_P_FORCE]
    if p[_P_FLOW_SHIFT]:
        j = force >> p[_P_FLOW_SHIFT]
        if j >= _P_FLOW_N:
            j = _P_FLOW_N - 1
            t = p[_P_FLOW_T + _P_FLOW_N]
        else:
            d = p[_P_FLOW_T + j + 1] - p[_P_FLOW_T + j]
            t = p[_P_FLOW_T + j] + (d >> 14) * ((force >> (p[_P_FLOW_SHIFT] - 14)) & _LOW14)
            t += (d & _LOW14) * ((force >> (p[_P_FLOW_SHIFT] - 14)) & _LOW14) >> 14
        t = (t >> 14) * p[_P_FLOW_LEFT] + ((t & _LOW14) * p[_P_FLOW_LEFT] >> 14) + p[_P_FLOW_REM]
        p[_P_FLOW_REM] = t & _LOW14
        p[_P_FLOW] = p[_P_FLOW] + (t >> 14)
        d = p[_P_FLOW]
        t = 16384 - (((d >> 14) * p[_P_FLOW_LIMIT_M] + ((d & _LOW14) * p[_P_FLOW_LIMIT_M] >> 14)) >> p[_P_FLOW_LIMIT_S])
        p[_P_FLOW_LEFT] = t if t > 0 else 0
    p[_P_SLOW] = p[_P_SLOW] + p[_P_FLOW]


@micropython.viper
def breathing(P):
    """A wave table over a phase, once there was force enough."""
    p = ptr32(P)  # noqa: F821
    if p[_P_PHASE_INC] + p[_P_PHASE_FRAC] and p[_P_FMAX] >= p[_P_BREATH_FROM]:
        t = p[_P_PHASE_REM] + p[_P_PHASE_FRAC]
        at = (p[_P_PHASE] + p[_P_PHASE_INC] + (t >> 14)) & _MASK
        p[_P_PHASE_REM] = t & _LOW14
        p[_P_PHASE] = at
        j = at >> 24
        d = p[_P_WAVE + j + 1] - p[_P_WAVE + j]
        d = ((d + _HALF) & _MASK) - _HALF
        p[_P_BREATH] = p[_P_WAVE + j] + (d * ((at >> 12) & 4095) >> 12)
    p[_P_SLOW] = p[_P_SLOW] - p[_P_BREATH]


@micropython.viper
def cell_creep(P):
    """The load cells creep towards a part of their load."""
    p = ptr32(P)  # noqa: F821
    i = 0
    while i < 2:
        d = p[_P_FORCE + i * (_P_FORCE_L - _P_FORCE)]
        at = ((p[_P_CREEP_H + i] + _HALF) & _MASK) - _HALF
        d = (((d >> 14) * p[_P_CELL_PPM]) >> 6) - at
        t = (d >> 14) * p[_P_CELL_CREEP_M] + ((d & _LOW14) * p[_P_CELL_CREEP_M] >> 14) + p[_P_CELL_CREEP_R + i]
        p[_P_CREEP_H + i] = at + (t >> p[_P_CELL_CREEP_S])
        p[_P_CELL_CREEP_R + i] = t - ((t >> p[_P_CELL_CREEP_S]) << p[_P_CELL_CREEP_S])
        i += 1


@micropython.viper
def ambient(P):
    """Temperature: a triangle over the period; the cells' zeros follow temperature and time, their spans temperature."""
    p = ptr32(P)  # noqa: F821
    t = p[_P_T_REM] + p[_P_T_FRAC]
    at = (p[_P_T_PHASE] + p[_P_T_INC] + (t >> 14)) & _MASK
    p[_P_T_REM] = t & _LOW14
    p[_P_T_PHASE] = at
    d = (at >> 15) - 16384
    d = 8192 - (d if d > 0 else 0 - d)
    t = d * p[_P_T_SWING] >> 13
    i = 0
    while i < 2:
        p[_P_T_NOW + i] = p[_P_T_SET + i] if p[_P_T_SET_ON + i] else ((p[_P_T_BASE + i] + _HALF) & _MASK) - _HALF + t
        i += 1
    d = ((p[_P_T_BASE] + _HALF) & _MASK) - _HALF + t - p[_P_T_REF]
    t = d * (((p[_P_T_SPAN] + _HALF) & _MASK) - _HALF) >> 10
    i = 0
    while i < 2:
        p[_P_SPAN + i] = (p[_P_FORCE + i * (_P_FORCE_L - _P_FORCE)] >> 14) * t >> 6
        i += 1
    i = 0
    while i < 4:
        t = p[_P_DRIFT_REM + i] + ((p[_P_DRIFT_RATE + i] + _HALF) & _MASK) - _HALF
        at = ((p[_P_DRIFT + i] + _HALF) & _MASK) - _HALF + (t >> 20)
        p[_P_DRIFT_REM + i] = t & 0xFFFFF
        p[_P_DRIFT + i] = at
        t = ((p[_P_T_ZERO + i] + _HALF) & _MASK) - _HALF
        p[_P_ZERO + i] = ((p[_P_ZERO0 + i] + _HALF) & _MASK) - _HALF + at + (d * t >> 14)
        i += 1


@micropython.viper
def slow(P):
    yielding(P)
    flow(P)
    breathing(P)
    cell_creep(P)
    ambient(P)
