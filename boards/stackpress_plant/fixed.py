"""Whole-number arithmetic for the plant's constructor: coefficients of the tick from parameters, without floats.

The RP2040 has single-precision floats and a PC double ones; big integers give the same coefficients on both, and so the
same trace, bit for bit. Nothing here runs in the tick.
"""

Q = 60
ONE = 1 << Q


def exp_minus(num, den):
    """e^(-num/den) in Q60."""
    y = (num << Q) // den
    halvings = 0
    while y > ONE >> 4:
        y >>= 1
        halvings += 1
    total, term = ONE, ONE
    for n in range(1, 16):
        term = -(term * y >> Q) // n
        total += term
    for _ in range(halvings):
        total = total * total >> Q
    return total


def ratio(num, den, bits, shift_min, shift_max):
    """(m, s) with m / 2^s nearest to num / den, m < 2^bits and s as large as it may be; m clips at the bottom shift."""
    s = shift_max
    while s > shift_min and ((num << s) + den // 2) // den >= 1 << bits:
        s -= 1
    m = ((num << s) + den // 2) // den
    if m >= 1 << bits:
        raise ValueError(f"{num} / {den} is too large for a coefficient")
    return m, s


def stiffness(cn_per_um):
    """(m, s) for force = position * cN/nm, split at s (0 <= s <= 14)."""
    return ratio(cn_per_um, 1000, 15, 0, 14)


def small(num, den, bits=14):
    """(m, s - 14) for products split at 14 bits: a ratio that is mostly below one."""
    m, s = ratio(num, den, bits, 14, 42)
    return m, s - 14


def isqrt(n):
    if n == 0:
        return 0
    x = 1 << ((len(bin(n)) - 1) // 2)
    while True:
        y = (x + n // x) >> 1
        if y >= x:
            return x
        x = y
