"""One tick of the press's physics, in integers: relay and valve, ram, specimen, sensors and load cells, a stage each.

Viper over one array of state P: `step` at the tick rate, which calls `slow` (creep, breathing, drift, temperature)
about 50 times a second. It runs on the chip inside the tick as well as on a PC, so every intermediate stays within
-2^30 .. 2^30-1.

Units inside P: force 1/64 cN, position 1/64 nm (0 = first contact with the virgin specimen). A product with a
coefficient m / 2^s is split so that nothing is lost: (x >> s) * m + ((x & mask) * m >> s). `ptr32` loads without a sign
on a 64-bit machine; words that may be negative are kept within +-2^29 and get their sign back by
((v + 2^29) & (2^30 - 1)) - 2^29.
"""

import micropython
from micropython import const

from .slow_processes import slow

HALF = const(0x20000000)
MASK = const(0x3FFFFFFF)
LOW14 = const(0x3FFF)
FORCE_MAX = const(530000000)
CODE_MAX = const(8388607)

# words (written by layout.py)
_KIND_REGULATOR = const(1)
_SAMPLE_NEW = const(1)
_VALVE_FILL = const(1)
_VALVE_VENT = const(2)
_VALVE_DUMP_CLOSED = const(4)
_VALVE_PERMISSIVE = const(8)
_IN_PRESSURE_OK = const(16)
_IN_TRAVEL_OK = const(2048)
# end of words

# where the blackboard's words are
W_CODE = const(0)
W_VALVE = const(1)
W_RAW = const(2)
W_STATUS = const(3)
W_INPUTS = const(4)
W_TEMP = const(5)
W_DISP = const(6)
# valve
KIND = const(8)
RING_N = const(9)
RING_AT = const(10)
PLAY = const(11)
HYST = const(12)
FULL_M = const(13)
FULL_F = const(14)
X1 = const(15)
PRESSURE = const(16)
LAG_A = const(17)
LAG_AS = const(18)
LAG_B = const(19)
LAG_BS = const(20)
DUMP_M = const(21)
DUMP_S = const(22)
PERM_OFF = const(23)
PERM_LIMIT = const(24)
RELIEF = const(25)
OVERPRESSURE = const(26)
FILL_ON = const(27)
FILL_COUNT = const(28)
FILL_DELAY = const(29)
VENT_ON = const(30)
VENT_COUNT = const(31)
VENT_DELAY = const(32)
SUPPLY = const(33)
FILL_M = const(34)
FILL_S = const(35)
VENT_M = const(36)
VENT_S = const(37)
PREFILL = const(38)
PREFILL_X = const(39)
FLUID_K = const(40)
FLUID_KS = const(41)
FLUID = const(42)
FLUID_MAX = const(43)
LEAK_M = const(44)
LEAK_S = const(45)
LEAK_REM = const(46)
MOVES = const(47)
AIR = const(48)
STUCK = const(49)
RUNAWAY = const(50)
RELAY_OPEN = const(51)
DUMP_OPEN = const(52)
DRIVEN = const(53)
FILL_CLOSE = const(54)
VENT_CLOSE = const(55)
# ram
X = const(56)
TOP = const(57)
GAP_NM = const(58)
TRAVEL_NM = const(59)
SPRING = const(60)
FR0 = const(61)
FR_MU = const(62)
FR_STICTION = const(63)
DIR = const(64)
NET_UP = const(65)
NET_DOWN = const(66)
STICK_DX = const(67)
G_FREE = const(68)
G_FREE_S = const(69)
G_CONTACT = const(70)
G_CONTACT_S = const(71)
G_PLASTIC_S = const(72)
DX_UP = const(90)
DX_DOWN = const(91)
RELAY_OFF = const(73)
# specimen
FORCE = const(74)
K = const(75)
K_S = const(76)
TOE = const(77)
TOE_M = const(78)
TOE_S = const(79)
SLOW = const(80)
PLASTIC = const(81)
SEG = const(82)
SEG_N = const(83)
YIELDING = const(84)
FRACTURE = const(85)
FRACTURE_M = const(86)
FRACTURE_S = const(87)
CRUSH = const(88)
TABLE_RS = const(89)
DELAYED = const(95)
# cells
NOISE = const(92)
NOISE_X = const(93)
DISP_NOISE = const(94)
BOW_FS = const(96)
BOW_M = const(97)
BOW_S = const(98)
LBOW_FS = const(99)
LBOW_M = const(100)
LBOW_S = const(101)
STOP = const(102)
STOP_SHIFT = const(103)
CREEP_H = const(104)
CREEP_L = const(105)
GAIN = const(106)
GAIN_S = const(110)
ZERO = const(114)
MODE = const(118)
STATUS_OK = const(122)
INPUTS_OK = const(123)
CLEAN = const(124)
FORCE_L = const(128)
SIGMA = const(189)
# slow
COUNT = const(132)
EVERY = const(133)
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
# what a perfect calibration knows, for whoever says what is true
SHARE = const(273)
RATED = const(276)
ZERO_RATED = const(345)
RATED_CODE = const(349)
# valve, beside those above
DUMP_STUCK = const(204)
# tables
SQRT = const(208)
WAVE = const(280)
FLOW_T = const(352)
FLOW_N = const(32)
SEG_MAX = const(48)
T_START = const(392)
T_FORCE = const(441)
T_HARD = const(490)
T_HARD_S = const(539)
T_RET = const(588)
T_G = const(637)
RING = const(688)


@micropython.viper
def relay(S, P):
    """The relay opens 2 ms after the permissive is gone, or with its hard-wired chain; it opens the dump valve."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    valve = s[p[W_VALVE]]
    n = p[PERM_OFF]
    if valve & _VALVE_PERMISSIVE:
        n = 0
    elif n < p[PERM_LIMIT]:
        n += 1
    p[PERM_OFF] = n
    off = 1 if n >= p[PERM_LIMIT] or p[RELAY_OPEN] else 0
    p[RELAY_OFF] = off
    n = 1 if off or valve & _VALVE_DUMP_CLOSED == 0 else 0
    p[DUMP_OPEN] = 0 if p[DUMP_STUCK] else n


@micropython.viper
def delay(S, P):
    """Dead time of either kind of valve."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    n = p[RING_AT]
    p[DELAYED] = p[RING + n]
    p[RING + n] = s[p[W_CODE]] if p[KIND] == _KIND_REGULATOR else s[p[W_VALVE]]
    n += 1
    p[RING_AT] = n if n < p[RING_N] else 0


@micropython.viper
def regulator(P):
    """Proportional regulator: play, two equal lags."""
    p = ptr32(P)  # noqa: F821
    u = p[DELAYED]
    pressure = p[PRESSURE]
    y = p[PLAY]
    if p[STUCK] == 0:
        h = u >> 1
        if h > p[HYST]:
            h = p[HYST]
        n = y
        if u > y + p[HYST]:
            y = u - p[HYST]
        elif y > u + h:
            y = u + h
        if y != n:
            if p[DRIVEN] == 0:
                p[MOVES] = (p[MOVES] + 1) & MASK
            p[DRIVEN] = 1
            p[PLAY] = y
        else:
            p[DRIVEN] = 0
    target = y * p[FULL_M] + (y * p[FULL_F] >> 14)
    if p[RUNAWAY]:
        target = p[RUNAWAY]
    if p[AIR] < 1024:
        target = (target >> 10) * p[AIR]
        if p[AIR] == 0 and pressure > target:
            target = pressure
    e = p[X1] - target
    t = ((e >> 14) * p[LAG_A] + ((e & LOW14) * p[LAG_A] >> 14)) >> p[LAG_AS]
    p[X1] = p[X1] - t
    if p[DUMP_OPEN]:
        n = pressure
        t = ((n >> 14) * p[DUMP_M] + ((n & LOW14) * p[DUMP_M] >> 14)) >> p[DUMP_S]
        pressure -= t + 1
    else:
        n = pressure - target
        t = ((n >> 14) * p[LAG_A] + ((n & LOW14) * p[LAG_A] >> 14)) >> p[LAG_AS]
        pressure -= t
        pressure += ((e >> 14) * p[LAG_B] + ((e & LOW14) * p[LAG_B] >> 14)) >> p[LAG_BS]
    if pressure > p[RELIEF]:
        pressure = p[RELIEF]
    if pressure < 0:
        pressure = 0
    p[PRESSURE] = pressure


@micropython.viper
def solenoids(P):
    """Each of the two takes its time to open and to close."""
    p = ptr32(P)  # noqa: F821
    u = p[DELAYED]
    if p[STUCK] == 0:
        n = 1 if u & _VALVE_FILL and p[RELAY_OFF] == 0 else 0
        if n != p[FILL_ON]:
            t = p[FILL_COUNT] + 1
            if t > (p[FILL_DELAY] if n else p[FILL_CLOSE]):
                p[FILL_ON] = n
                p[MOVES] = (p[MOVES] + n) & MASK
                t = 0
            p[FILL_COUNT] = t
        else:
            p[FILL_COUNT] = 0
        n = 1 if u & _VALVE_VENT else 0
        if n != p[VENT_ON]:
            t = p[VENT_COUNT] + 1
            if t > (p[VENT_DELAY] if n else p[VENT_CLOSE]):
                p[VENT_ON] = n
                p[MOVES] = (p[MOVES] + n) & MASK
                t = 0
            p[VENT_COUNT] = t
        else:
            p[VENT_COUNT] = 0


@micropython.viper
def flow(P):
    """Turbulent flow through the open solenoids into trapped fluid; what leaks, and what the dump valve lets go."""
    p = ptr32(P)  # noqa: F821
    fluid = p[FLUID]
    pressure = p[PRESSURE]
    n = 0
    while n < 2:
        u = 0
        if n == 0:
            if (p[FILL_ON] or p[RUNAWAY]) and p[AIR]:
                u = p[SUPPLY] - (pressure >> 2)
        elif p[VENT_ON]:
            u = pressure >> 2
        if u > 0:
            h = 0
            while u < 0x4000000 and h < 8:
                u <<= 2
                h += 1
            t = p[SQRT + (u >> 22)]
            t += (p[SQRT + 1 + (u >> 22)] - t) * ((u >> 8) & LOW14) >> 14
            t >>= h
            if n == 0:
                t = t * p[FILL_M] >> p[FILL_S]
                fluid += t * p[PREFILL_X] if pressure < p[PREFILL] else t
            else:
                fluid -= t * p[VENT_M] >> p[VENT_S]
        n += 1
    if p[LEAK_M]:
        t = (pressure >> 14) * p[LEAK_M] + ((pressure & LOW14) * p[LEAK_M] >> 14) + p[LEAK_REM]
        fluid -= t >> p[LEAK_S]
        p[LEAK_REM] = t - ((t >> p[LEAK_S]) << p[LEAK_S])
    if p[DUMP_OPEN]:
        fluid -= (((fluid >> 14) * p[DUMP_M] + ((fluid & LOW14) * p[DUMP_M] >> 14)) >> p[DUMP_S]) + 1
    if fluid > p[FLUID_MAX]:
        fluid = p[FLUID_MAX]
    if fluid < 0:
        fluid = 0
    n = p[FLUID_KS]
    pressure = (fluid >> n) * p[FLUID_K] + ((fluid & ((1 << n) - 1)) * p[FLUID_K] >> n)
    p[FLUID] = fluid
    p[PRESSURE] = pressure


@micropython.viper
def ram(P):
    """What is left of the pressure after specimen, spring and friction moves it against the flow resistance."""
    p = ptr32(P)  # noqa: F821
    fluid = p[FLUID]
    pressure = p[PRESSURE]
    force = p[FORCE]
    x = ((p[X] + HALF) & MASK) - HALF
    net = pressure - force - p[SPRING]
    friction = p[FR0] + ((force >> 14) * p[FR_MU])
    d = p[DIR]
    if d == 0:
        t = (friction >> 8) * p[FR_STICTION]
        if net > t:
            d = 1
        elif net < 0 - t:
            d = 2
    if d == 1 and net > friction:
        net -= friction
    elif d == 2 and net + friction < 0:
        net += friction
    else:
        net = 0
        d = 0
    if net:
        u = x - p[PLASTIC] - (((p[SLOW] + HALF) & MASK) - HALF)
        t = p[G_CONTACT]
        n = p[G_CONTACT_S]
        if u < 0:
            if net > p[NET_UP]:
                net = p[NET_UP]
            if net < 0 - p[NET_DOWN]:
                net = 0 - p[NET_DOWN]
            t = p[G_FREE]
            n = p[G_FREE_S]
        elif net > 0 and p[YIELDING]:
            t = p[T_G + p[SEG]]
            n = p[G_PLASTIC_S]
        t = ((net >> 14) * t + ((net & LOW14) * t >> 14)) >> n
        if t > p[DX_UP]:
            t = p[DX_UP]
        if t < 0 - p[DX_DOWN]:
            t = 0 - p[DX_DOWN]
        if t < p[STICK_DX] and t > 0 - p[STICK_DX]:
            d = 0
        if u < 0 and t > 0 - u:
            t = 0 - u
        n = ((p[TOP] + HALF) & MASK) - HALF
        if x + t < n:
            t = n - x
            d = 0
        x += t
        p[X] = x
        if p[KIND] != _KIND_REGULATOR:
            fluid -= t
            n = p[FLUID_KS]
            if fluid < 0:
                fluid = 0
            pressure = (fluid >> n) * p[FLUID_K] + ((fluid & ((1 << n) - 1)) * p[FLUID_K] >> n)
    p[DIR] = d
    p[FLUID] = fluid
    p[PRESSURE] = pressure


@micropython.viper
def specimen(P):
    """Elastic in series with the frame, seated through a toe, yielding along its compaction curve."""
    p = ptr32(P)  # noqa: F821
    x = ((p[X] + HALF) & MASK) - HALF
    u = x - p[PLASTIC] - (((p[SLOW] + HALF) & MASK) - HALF)
    force = 0
    p[YIELDING] = 0
    if u > 0:
        if u < p[TOE]:
            t = ((u >> 14) * p[TOE_M] + ((u & LOW14) * p[TOE_M] >> 14)) >> p[TOE_S]
            u = ((u >> 14) * t + ((u & LOW14) * t >> 14)) >> 1
        else:
            u -= p[TOE] >> 1
        h = p[K]
        n = p[K_S]
        e = (1 << n) - 1
        t = u >> n
        # far beyond the frame's rating the product would leave the range: the force stays at the end of it
        force = FORCE_MAX if t * (h >> 8) > (FORCE_MAX >> 8) else t * h + ((u & e) * h >> n)
        if force > FORCE_MAX:
            force = FORCE_MAX
        if p[SEG_N]:
            i = p[SEG]
            t = p[PLASTIC] - p[T_START + i]
            n = p[T_HARD_S + i]
            y = p[T_FORCE + i] + (t >> n) * p[T_HARD + i] + ((t & ((1 << n) - 1)) * p[T_HARD + i] >> n)
            if force > y:
                t = force - y
                t = ((t >> 14) * p[T_RET + i] + ((t & LOW14) * p[T_RET + i] >> 14)) >> p[TABLE_RS]
                p[YIELDING] = 1
                y = p[PLASTIC] + t
                p[PLASTIC] = y
                while i < p[SEG_N] - 1 and y >= p[T_START + i + 1]:
                    i += 1
                p[SEG] = i
                n = p[K_S]
                force -= (t >> n) * h + ((t & e) * h >> n)
                if force < 0:
                    force = 0
        if force > p[FRACTURE]:
            p[FRACTURE] = FORCE_MAX
            t = ((force >> 14) * p[FRACTURE_M] + ((force & LOW14) * p[FRACTURE_M] >> 14)) >> p[FRACTURE_S]
            p[CRUSH] = p[CRUSH] + t
            p[SLOW] = (((p[SLOW] + HALF) & MASK) - HALF) + t
            n = p[K_S]
            force -= (t >> n) * h + ((t & e) * h >> n)
            if force < 0:
                force = 0
    p[FORCE] = force


@micropython.viper
def sensors(S, P):
    """Displacement, switches, temperatures, and whether there is a sample."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    x = ((p[X] + HALF) & MASK) - HALF
    n = p[NOISE]
    t = (x >> 6) + p[GAP_NM]
    s[p[W_DISP]] = t + (((n & 1023) - 512) * p[DISP_NOISE] >> 8)
    i = p[INPUTS_OK]
    if t > p[TRAVEL_NM]:
        i &= ~_IN_TRAVEL_OK
    if p[PRESSURE] > p[OVERPRESSURE]:
        i &= ~_IN_PRESSURE_OK
    s[p[W_INPUTS]] = i
    i = p[W_TEMP]
    s[i] = p[T_NOW]
    s[i + 1] = p[T_NOW + 1]
    s[p[W_STATUS]] = p[STATUS_OK]


@micropython.viper
def cells(S, P):
    """The load cells' codes: bow, creep, gain, zero and noise; nothing where there is no sample."""
    s = ptr32(S)  # noqa: F821
    p = ptr32(P)  # noqa: F821
    if p[STATUS_OK] & _SAMPLE_NEW == 0:
        return
    force = p[FORCE]
    n = p[NOISE]
    i = p[STOP]
    t = force
    if t > i:
        t = i + ((t - i) >> p[STOP_SHIFT])
    p[FORCE_L] = t
    y = t >> 10
    y = (y * (p[LBOW_FS] - y) >> 10) * p[LBOW_M] >> p[LBOW_S]
    y += t + ((p[CREEP_L] + HALF) & MASK) - HALF
    t = force >> 15
    t = (t * (p[BOW_FS] - t) >> 10) * p[BOW_M] >> p[BOW_S]
    t += force + ((p[CREEP_H] + HALF) & MASK) - HALF
    i = 0
    raw = p[W_RAW]
    while i < 4:
        n ^= (n & 0x1FFFFFF) << 5
        n ^= n >> 7
        n ^= (n & 0x3FFFFFF) << 4
        if i == 3:
            t = y
        h = p[GAIN + i]
        u = (((t >> 14) * h + ((t & LOW14) * h >> 14)) >> p[GAIN_S + i]) + ((p[ZERO + i] + HALF) & MASK) - HALF
        p[CLEAN + i] = u
        e = (((n & 1023) + ((n >> 10) & 1023) + (n >> 20)) << 1) - 3069
        u += (e * p[SIGMA + i] >> 10) * p[NOISE_X]
        if u > CODE_MAX:
            u = CODE_MAX
        if u < 0 - CODE_MAX:
            u = 0 - CODE_MAX
        if p[MODE + i] == 0:
            s[raw + i] = u
        elif p[MODE + i] < 3:
            s[raw + i] = CODE_MAX if p[MODE + i] == 1 else 0
        i += 1
    p[NOISE] = n


@micropython.viper
def step(S, P):
    """One tick: valve, ram, specimen, sensors; now and then what is slow."""
    p = ptr32(P)  # noqa: F821
    relay(S, P)
    delay(S, P)
    if p[KIND] == _KIND_REGULATOR:
        regulator(P)
    else:
        solenoids(P)
        flow(P)
    ram(P)
    specimen(P)
    sensors(S, P)
    cells(S, P)
    n = p[COUNT] - 1
    p[COUNT] = n
    if n <= 0:
        p[COUNT] = p[EVERY]
        slow(P)
