"""The slow part of the plant, about 50 times a second: creep, flow, breathing, drift of the load cells, temperature.

What takes hours moves less than one unit in a tick; every process keeps its remainder, so that nothing is lost at any
rate. The numbers of the words are those of step.py (a test compares them); units and products as there.
"""

import micropython
from micropython import const

HALF = const(0x20000000)
MASK = const(0x3FFFFFFF)
LOW14 = const(0x3FFF)
FORCE = const(74)
SLOW = const(80)
CRUSH = const(88)
CREEP_H = const(104)
ZERO = const(114)
FORCE_L = const(128)
KV = const(134)
KV_LEN = const(6)
CELL_CREEP_M = const(146)
CELL_CREEP_S = const(147)
CELL_CREEP_R = const(148)
CELL_PPM = const(150)
FMAX = const(151)
BREATH_FROM = const(152)
PHASE = const(153)
PHASE_REM = const(154)
PHASE_INC = const(155)
PHASE_FRAC = const(156)
BREATH = const(157)
FLOW_SHIFT = const(158)
FLOW_LEFT = const(159)
FLOW = const(160)
FLOW_REM = const(161)
FLOW_LIMIT_M = const(162)
FLOW_LIMIT_S = const(163)
DRIFT = const(164)
DRIFT_REM = const(168)
DRIFT_RATE = const(172)
ZERO0 = const(176)
T_BASE = const(180)
T_SWING = const(182)
T_PHASE = const(183)
T_REM = const(184)
T_INC = const(185)
T_FRAC = const(186)
T_REF = const(187)
T_ZERO = const(193)
T_NOW = const(197)
T_SET = const(199)
T_SET_ON = const(201)
WAVE = const(280)
FLOW_T = const(352)
FLOW_N = const(32)


@micropython.viper
def yielding(P):
    """Two Kelvin-Voigt elements: delayed elastic compression s, ds/dt = (J F - s) / tau, behind what was crushed."""
    p = ptr32(P)  # noqa: F821
    force = p[FORCE]
    if force > p[FMAX]:
        p[FMAX] = force
    total = p[CRUSH]
    i = int(KV)
    while i < KV + 2 * KV_LEN:
        if p[i]:
            at = p[i + 4]
            d = (force >> 14) * p[i] + ((force & LOW14) * p[i] >> 14)
            d = (d >> p[i + 1]) - at
            t = (d >> 14) * p[i + 2] + ((d & LOW14) * p[i + 2] >> 14) + p[i + 5]
            at += t >> p[i + 3]
            p[i + 5] = t - ((t >> p[i + 3]) << p[i + 3])
            p[i + 4] = at
            total += at
        i += KV_LEN
    p[SLOW] = total


@micropython.viper
def flow(P):
    """Power-law flow, its rate from a table over force, spent as the foil thins."""
    p = ptr32(P)  # noqa: F821
    force = p[FORCE]
    if p[FLOW_SHIFT]:
        j = force >> p[FLOW_SHIFT]
        if j >= FLOW_N:
            j = FLOW_N - 1
            t = p[FLOW_T + FLOW_N]
        else:
            d = p[FLOW_T + j + 1] - p[FLOW_T + j]
            t = p[FLOW_T + j] + (d >> 14) * ((force >> (p[FLOW_SHIFT] - 14)) & LOW14)
            t += (d & LOW14) * ((force >> (p[FLOW_SHIFT] - 14)) & LOW14) >> 14
        t = (t >> 14) * p[FLOW_LEFT] + ((t & LOW14) * p[FLOW_LEFT] >> 14) + p[FLOW_REM]
        p[FLOW_REM] = t & LOW14
        p[FLOW] = p[FLOW] + (t >> 14)
        d = p[FLOW]
        t = 16384 - (((d >> 14) * p[FLOW_LIMIT_M] + ((d & LOW14) * p[FLOW_LIMIT_M] >> 14)) >> p[FLOW_LIMIT_S])
        p[FLOW_LEFT] = t if t > 0 else 0
    p[SLOW] = p[SLOW] + p[FLOW]


@micropython.viper
def breathing(P):
    """A wave table over a phase, once there was force enough."""
    p = ptr32(P)  # noqa: F821
    if p[PHASE_INC] + p[PHASE_FRAC] and p[FMAX] >= p[BREATH_FROM]:
        t = p[PHASE_REM] + p[PHASE_FRAC]
        at = (p[PHASE] + p[PHASE_INC] + (t >> 14)) & MASK
        p[PHASE_REM] = t & LOW14
        p[PHASE] = at
        j = at >> 24
        d = p[WAVE + j + 1] - p[WAVE + j]
        d = ((d + HALF) & MASK) - HALF
        p[BREATH] = p[WAVE + j] + (d * ((at >> 12) & 4095) >> 12)
    p[SLOW] = p[SLOW] - p[BREATH]


@micropython.viper
def cell_creep(P):
    """The load cells creep towards a part of their load."""
    p = ptr32(P)  # noqa: F821
    i = 0
    while i < 2:
        d = p[FORCE + i * (FORCE_L - FORCE)]
        at = ((p[CREEP_H + i] + HALF) & MASK) - HALF
        d = (((d >> 14) * p[CELL_PPM]) >> 6) - at
        t = (d >> 14) * p[CELL_CREEP_M] + ((d & LOW14) * p[CELL_CREEP_M] >> 14) + p[CELL_CREEP_R + i]
        p[CREEP_H + i] = at + (t >> p[CELL_CREEP_S])
        p[CELL_CREEP_R + i] = t - ((t >> p[CELL_CREEP_S]) << p[CELL_CREEP_S])
        i += 1


@micropython.viper
def ambient(P):
    """Temperature: a triangle over the period; the cells' zeros follow temperature and time."""
    p = ptr32(P)  # noqa: F821
    t = p[T_REM] + p[T_FRAC]
    at = (p[T_PHASE] + p[T_INC] + (t >> 14)) & MASK
    p[T_REM] = t & LOW14
    p[T_PHASE] = at
    d = (at >> 15) - 16384
    d = 8192 - (d if d > 0 else 0 - d)
    t = d * p[T_SWING] >> 13
    i = 0
    while i < 2:
        p[T_NOW + i] = p[T_SET + i] if p[T_SET_ON + i] else ((p[T_BASE + i] + HALF) & MASK) - HALF + t
        i += 1
    d = ((p[T_BASE] + HALF) & MASK) - HALF + t - p[T_REF]
    i = 0
    while i < 4:
        t = p[DRIFT_REM + i] + ((p[DRIFT_RATE + i] + HALF) & MASK) - HALF
        at = ((p[DRIFT + i] + HALF) & MASK) - HALF + (t >> 20)
        p[DRIFT_REM + i] = t & 0xFFFFF
        p[DRIFT + i] = at
        t = ((p[T_ZERO + i] + HALF) & MASK) - HALF
        p[ZERO + i] = ((p[ZERO0 + i] + HALF) & MASK) - HALF + at + (d * t >> 14)
        i += 1


@micropython.viper
def slow(P):
    yielding(P)
    flow(P)
    breathing(P)
    cell_creep(P)
    ambient(P)
