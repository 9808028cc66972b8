"""The ram and what it presses: friction, flow resistance, top stop; a specimen that is elastic, yields, breaks. A stage each."""

import micropython
from micropython import const

_HALF = const(0x20000000)
_MASK = const(0x3FFFFFFF)
_LOW14 = const(0x3FFF)

# words (written by layout.py)
_KIND_REGULATOR = const(1)
_P_KIND = const(8)
_P_PRESSURE = const(16)
_P_FLUID_K = const(40)
_P_FLUID_KS = const(41)
_P_FLUID = const(42)
_P_X = const(56)
_P_TOP = const(57)
_P_SPRING = const(60)
_P_FR0 = const(61)
_P_FR_MU = const(62)
_P_FR_STICTION = const(63)
_P_DIR = const(64)
_P_NET_UP = const(65)
_P_NET_DOWN = const(66)
_P_STICK_DX = const(67)
_P_G_FREE = const(68)
_P_G_FREE_S = const(69)
_P_G_CONTACT = const(70)
_P_G_CONTACT_S = const(71)
_P_G_PLASTIC_S = const(72)
_P_FORCE = const(74)
_P_K = const(75)
_P_K_S = const(76)
_P_TOE = const(77)
_P_TOE_M = const(78)
_P_TOE_S = const(79)
_P_SLOW = const(80)
_P_PLASTIC = const(81)
_P_SEG = const(82)
_P_SEG_N = const(83)
_P_YIELDING = const(84)
_P_FRACTURE = const(85)
_P_FRACTURE_M = const(86)
_P_FRACTURE_S = const(87)
_P_CRUSH = const(88)
_P_TABLE_RS = const(89)
_P_DX_UP = const(90)
_P_DX_DOWN = const(91)
_P_MOST = const(207)
_P_T_START = const(392)
_P_T_FORCE = const(441)
_P_T_HARD = const(490)
_P_T_HARD_S = const(539)
_P_T_RET = const(588)
_P_T_G = const(637)
_P_FORCE_MAX = const(530000000)
# end of words


@micropython.viper
def ram(P):
    """What is left of the pressure after specimen, spring and friction moves it against the flow resistance."""
    p = ptr32(P)  # noqa: F821
    fluid = p[_P_FLUID]
    pressure = p[_P_PRESSURE]
    force = p[_P_FORCE]
    x = ((p[_P_X] + _HALF) & _MASK) - _HALF
    net = pressure - force - p[_P_SPRING]
    friction = p[_P_FR0] + ((force >> 14) * p[_P_FR_MU])
    d = p[_P_DIR]
    if d == 0:
        t = (friction >> 8) * p[_P_FR_STICTION]
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
        u = x - p[_P_PLASTIC] - (((p[_P_SLOW] + _HALF) & _MASK) - _HALF)
        t = p[_P_G_CONTACT]
        n = p[_P_G_CONTACT_S]
        if u < 0:
            if net > p[_P_NET_UP]:
                net = p[_P_NET_UP]
            if net < 0 - p[_P_NET_DOWN]:
                net = 0 - p[_P_NET_DOWN]
            t = p[_P_G_FREE]
            n = p[_P_G_FREE_S]
        elif net > 0 and p[_P_YIELDING]:
            t = p[_P_T_G + p[_P_SEG]]
            n = p[_P_G_PLASTIC_S]
        t = ((net >> 14) * t + ((net & _LOW14) * t >> 14)) >> n
        if t > p[_P_DX_UP]:
            t = p[_P_DX_UP]
        if t < 0 - p[_P_DX_DOWN]:
            t = 0 - p[_P_DX_DOWN]
        if t < p[_P_STICK_DX] and t > 0 - p[_P_STICK_DX]:
            d = 0
        if u < 0 and t > 0 - u:
            t = 0 - u
        n = ((p[_P_TOP] + _HALF) & _MASK) - _HALF
        if x + t < n:
            t = n - x
            d = 0
        x += t
        p[_P_X] = x
        if p[_P_KIND] != _KIND_REGULATOR:
            fluid -= t
            n = p[_P_FLUID_KS]
            if fluid < 0:
                fluid = 0
            pressure = (fluid >> n) * p[_P_FLUID_K] + ((fluid & ((1 << n) - 1)) * p[_P_FLUID_K] >> n)
    p[_P_DIR] = d
    p[_P_FLUID] = fluid
    p[_P_PRESSURE] = pressure


@micropython.viper
def specimen(P):
    """Elastic in series with the frame, seated through a toe, yielding along its compaction curve."""
    p = ptr32(P)  # noqa: F821
    x = ((p[_P_X] + _HALF) & _MASK) - _HALF
    u = x - p[_P_PLASTIC] - (((p[_P_SLOW] + _HALF) & _MASK) - _HALF)
    force = 0
    p[_P_YIELDING] = 0
    if u > 0:
        if u < p[_P_TOE]:
            t = ((u >> 14) * p[_P_TOE_M] + ((u & _LOW14) * p[_P_TOE_M] >> 14)) >> p[_P_TOE_S]
            u = ((u >> 14) * t + ((u & _LOW14) * t >> 14)) >> 1
        else:
            u -= p[_P_TOE] >> 1
        h = p[_P_K]
        n = p[_P_K_S]
        e = (1 << n) - 1
        t = u >> n
        # far beyond the frame's rating the product would leave the range: the force stays at the end of it
        force = _P_FORCE_MAX if t * (h >> 8) > (_P_FORCE_MAX >> 8) else t * h + ((u & e) * h >> n)
        if force > _P_FORCE_MAX:
            force = _P_FORCE_MAX
        if p[_P_SEG_N]:
            i = p[_P_SEG]
            t = p[_P_PLASTIC] - p[_P_T_START + i]
            n = p[_P_T_HARD_S + i]
            y = p[_P_T_FORCE + i] + (t >> n) * p[_P_T_HARD + i] + ((t & ((1 << n) - 1)) * p[_P_T_HARD + i] >> n)
            if force > y:
                t = force - y
                t = ((t >> 14) * p[_P_T_RET + i] + ((t & _LOW14) * p[_P_T_RET + i] >> 14)) >> p[_P_TABLE_RS]
                p[_P_YIELDING] = 1
                y = p[_P_PLASTIC] + t
                p[_P_PLASTIC] = y
                while i < p[_P_SEG_N] - 1 and y >= p[_P_T_START + i + 1]:
                    i += 1
                p[_P_SEG] = i
                n = p[_P_K_S]
                force -= (t >> n) * h + ((t & e) * h >> n)
                if force < 0:
                    force = 0
        if force > p[_P_FRACTURE]:
            p[_P_FRACTURE] = _P_FORCE_MAX
            t = ((force >> 14) * p[_P_FRACTURE_M] + ((force & _LOW14) * p[_P_FRACTURE_M] >> 14)) >> p[_P_FRACTURE_S]
            p[_P_CRUSH] = p[_P_CRUSH] + t
            p[_P_SLOW] = (((p[_P_SLOW] + _HALF) & _MASK) - _HALF) + t
            n = p[_P_K_S]
            force -= (t >> n) * h + ((t & e) * h >> n)
            if force < 0:
                force = 0
    if force > p[_P_MOST]:
        p[_P_MOST] = force
    p[_P_FORCE] = force
