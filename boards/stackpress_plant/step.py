"""One tick of the press's physics, in integers: relay and valve, ram, specimen, sensors and load cells, a stage each.

Viper over one array of state P (state.py): `step` at the tick rate, which calls `slow` (creep, breathing, drift, temperature)
about 50 times a second. It runs on the chip inside the tick as well as on a PC, so every intermediate stays within
-2^30 .. 2^30-1.

A product with a coefficient m / 2^s is split so that nothing is lost: (x >> s) * m + ((x & mask) * m >> s). `ptr32` loads without a
sign on a 64-bit machine; words that may be negative get their sign back by ((v + 2^29) & (2^30 - 1)) - 2^29.
"""

import micropython
from micropython import const

from .ram import ram, specimen
from .sensors import cells, sensors
from .slow_processes import slow
from .valve import delay, flow, regulator, relay, solenoids

# words (written by layout.py)
_KIND_REGULATOR = const(1)
_P_KIND = const(8)
_P_COUNT = const(132)
_P_EVERY = const(133)
# end of words


@micropython.viper
def step(S, P):
    """One tick: valve, ram, specimen, sensors; now and then what is slow."""
    p = ptr32(P)  # noqa: F821
    relay(S, P)
    delay(S, P)
    if p[_P_KIND] == _KIND_REGULATOR:
        regulator(P)
    else:
        solenoids(P)
        flow(P)
    ram(P)
    specimen(P)
    sensors(S, P)
    cells(S, P)
    n = p[_P_COUNT] - 1
    p[_P_COUNT] = n
    if n <= 0:
        p[_P_COUNT] = p[_P_EVERY]
        slow(P)
