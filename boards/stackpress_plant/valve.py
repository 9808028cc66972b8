"""The valve: relay and dump, dead time, the regulator or the two solenoids and the flow through them. A stage each."""

import micropython
from micropython import const

_MASK = const(0x3FFFFFFF)
_LOW14 = const(0x3FFF)

# words (written by layout.py)
_P_W_CODE = const(0)
_KIND_REGULATOR = const(1)
_P_W_VALVE = const(1)
_VALVE_FILL = const(1)
_VALVE_VENT = const(2)
_VALVE_DUMP_CLOSED = const(4)
_P_KIND = const(8)
_VALVE_PERMISSIVE = const(8)
_P_RING_N = const(9)
_P_RING_AT = const(10)
_P_PLAY = const(11)
_P_HYST = const(12)
_P_FULL_M = const(13)
_P_FULL_F = const(14)
_P_X1 = const(15)
_P_PRESSURE = const(16)
_P_LAG_A = const(17)
_P_LAG_AS = const(18)
_P_LAG_B = const(19)
_P_LAG_BS = const(20)
_P_DUMP_M = const(21)
_P_DUMP_S = const(22)
_P_PERM_OFF = const(23)
_P_PERM_LIMIT = const(24)
_P_RELIEF = const(25)
_P_FILL_ON = const(27)
_P_FILL_COUNT = const(28)
_P_FILL_DELAY = const(29)
_P_VENT_ON = const(30)
_P_VENT_COUNT = const(31)
_P_VENT_DELAY = const(32)
_P_SUPPLY = const(33)
_P_FILL_M = const(34)
_P_FILL_S = const(35)
_P_VENT_M = const(36)
_P_VENT_S = const(37)
_P_PREFILL = const(38)
_P_PREFILL_X = const(39)
_P_FLUID_K = const(40)
_P_FLUID_KS = const(41)
_P_FLUID = const(42)
_P_FLUID_MAX = const(43)
_P_LEAK_M = const(44)
_P_LEAK_S = const(45)
_P_LEAK_REM = const(46)
_P_MOVES = const(47)
_P_AIR = const(48)
_P_STUCK = const(49)
_P_RUNAWAY = const(50)
_P_RELAY_OPEN = const(51)
_P_DUMP_OPEN = const(52)
_P_DRIVEN = const(53)
_P_FILL_CLOSE = const(54)
_P_VENT_CLOSE = const(55)
_P_RELAY_OFF = const(73)
_P_DELAYED = const(95)
_P_DUMP_STUCK = const(204)
_P_VENT_STUCK = const(206)
_P_SQRT = const(208)
_P_RING = const(688)
# end of words


@micropython.viper
def relay(S, P):
    """The relay opens 2 ms after the permissive is gone, or with its hard-wired chain; it opens the dump valve."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    valve = s[p[_P_W_VALVE]]
    n = p[_P_PERM_OFF]
    if valve & _VALVE_PERMISSIVE:
        n = 0
    elif n < p[_P_PERM_LIMIT]:
        n += 1
    p[_P_PERM_OFF] = n
    off = 1 if n >= p[_P_PERM_LIMIT] or p[_P_RELAY_OPEN] else 0
    p[_P_RELAY_OFF] = off
    n = 1 if off or valve & _VALVE_DUMP_CLOSED == 0 else 0
    if p[_P_DUMP_STUCK]:
        n = off if p[_P_DUMP_STUCK] == 2 else 0
    p[_P_DUMP_OPEN] = n


@micropython.viper
def delay(S, P):
    """Dead time of either kind of valve."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    n = p[_P_RING_AT]
    p[_P_DELAYED] = p[_P_RING + n]
    p[_P_RING + n] = s[p[_P_W_CODE]] if p[_P_KIND] == _KIND_REGULATOR else s[p[_P_W_VALVE]]
    n += 1
    p[_P_RING_AT] = n if n < p[_P_RING_N] else 0


@micropython.viper
def regulator(P):
    """Proportional regulator: play, two equal lags."""
    p = ptr32(P)  # noqa: F821
    u = p[_P_DELAYED]
    pressure = p[_P_PRESSURE]
    y = p[_P_PLAY]
    if p[_P_STUCK] == 0:
        h = u >> 1
        if h > p[_P_HYST]:
            h = p[_P_HYST]
        n = y
        if u > y + p[_P_HYST]:
            y = u - p[_P_HYST]
        elif y > u + h:
            y = u + h
        if y != n:
            if p[_P_DRIVEN] == 0:
                p[_P_MOVES] = (p[_P_MOVES] + 1) & _MASK
            p[_P_DRIVEN] = 1
            p[_P_PLAY] = y
        else:
            p[_P_DRIVEN] = 0
    target = y * p[_P_FULL_M] + (y * p[_P_FULL_F] >> 14)
    if p[_P_RUNAWAY]:
        target = p[_P_RUNAWAY]
    if p[_P_AIR] < 1024:
        target = (target >> 10) * p[_P_AIR]
        if p[_P_AIR] == 0 and pressure > target:
            target = pressure
    e = p[_P_X1] - target
    t = ((e >> 14) * p[_P_LAG_A] + ((e & _LOW14) * p[_P_LAG_A] >> 14)) >> p[_P_LAG_AS]
    p[_P_X1] = p[_P_X1] - t
    if p[_P_DUMP_OPEN]:
        n = pressure
        t = ((n >> 14) * p[_P_DUMP_M] + ((n & _LOW14) * p[_P_DUMP_M] >> 14)) >> p[_P_DUMP_S]
        pressure -= t + 1
    else:
        n = pressure - target
        t = ((n >> 14) * p[_P_LAG_A] + ((n & _LOW14) * p[_P_LAG_A] >> 14)) >> p[_P_LAG_AS]
        pressure -= t
        pressure += ((e >> 14) * p[_P_LAG_B] + ((e & _LOW14) * p[_P_LAG_B] >> 14)) >> p[_P_LAG_BS]
    if pressure > p[_P_RELIEF]:
        pressure = p[_P_RELIEF]
    if pressure < 0:
        pressure = 0
    p[_P_PRESSURE] = pressure


@micropython.viper
def solenoids(P):
    """Each of the two takes its time to open and to close."""
    p = ptr32(P)  # noqa: F821
    u = p[_P_DELAYED]
    if p[_P_STUCK] == 0:
        n = 1 if u & _VALVE_FILL and p[_P_RELAY_OFF] == 0 else 0
        if n != p[_P_FILL_ON]:
            t = p[_P_FILL_COUNT] + 1
            if t > (p[_P_FILL_DELAY] if n else p[_P_FILL_CLOSE]):
                p[_P_FILL_ON] = n
                p[_P_MOVES] = (p[_P_MOVES] + n) & _MASK
                t = 0
            p[_P_FILL_COUNT] = t
        else:
            p[_P_FILL_COUNT] = 0
        n = 1 if u & _VALVE_VENT else 0
        if p[_P_VENT_STUCK]:
            n = p[_P_VENT_STUCK] - 1
        if n != p[_P_VENT_ON]:
            t = p[_P_VENT_COUNT] + 1
            if t > (p[_P_VENT_DELAY] if n else p[_P_VENT_CLOSE]):
                p[_P_VENT_ON] = n
                p[_P_MOVES] = (p[_P_MOVES] + n) & _MASK
                t = 0
            p[_P_VENT_COUNT] = t
        else:
            p[_P_VENT_COUNT] = 0


@micropython.viper
def flow(P):
    """Turbulent flow through the open solenoids into trapped fluid; what leaks, and what the dump valve lets go."""
    p = ptr32(P)  # noqa: F821
    fluid = p[_P_FLUID]
    pressure = p[_P_PRESSURE]
    n = 0
    while n < 2:
        u = 0
        if n == 0:
            if (p[_P_FILL_ON] or p[_P_RUNAWAY]) and p[_P_AIR]:
                u = p[_P_SUPPLY] - (pressure >> 2)
        elif p[_P_VENT_ON]:
            u = pressure >> 2
        if u > 0:
            h = 0
            while u < 0x4000000 and h < 8:
                u <<= 2
                h += 1
            t = p[_P_SQRT + (u >> 22)]
            t += (p[_P_SQRT + 1 + (u >> 22)] - t) * ((u >> 8) & _LOW14) >> 14
            t >>= h
            if n == 0:
                t = t * p[_P_FILL_M] >> p[_P_FILL_S]
                fluid += t * p[_P_PREFILL_X] if pressure < p[_P_PREFILL] else t
            else:
                fluid -= t * p[_P_VENT_M] >> p[_P_VENT_S]
        n += 1
    if p[_P_LEAK_M]:
        t = (pressure >> 14) * p[_P_LEAK_M] + ((pressure & _LOW14) * p[_P_LEAK_M] >> 14) + p[_P_LEAK_REM]
        fluid -= t >> p[_P_LEAK_S]
        p[_P_LEAK_REM] = t - ((t >> p[_P_LEAK_S]) << p[_P_LEAK_S])
    if p[_P_DUMP_OPEN]:
        fluid -= (((fluid >> 14) * p[_P_DUMP_M] + ((fluid & _LOW14) * p[_P_DUMP_M] >> 14)) >> p[_P_DUMP_S]) + 1
    if fluid > p[_P_FLUID_MAX]:
        fluid = p[_P_FLUID_MAX]
    if fluid < 0:
        fluid = 0
    n = p[_P_FLUID_KS]
    pressure = (fluid >> n) * p[_P_FLUID_K] + ((fluid & ((1 << n) - 1)) * p[_P_FLUID_K] >> n)
    p[_P_FLUID] = fluid
    p[_P_PRESSURE] = pressure
