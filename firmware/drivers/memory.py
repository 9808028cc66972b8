"""Where the tick finds its data: a few words at a fixed address, so that one viper function needs no argument and no global.

SCRATCH_X (RP2040 datasheet 2.6.2) is the second core's stack; this firmware has no second core. The collector never moves
an object, so an address once written stays right for as long as the object is referred to.
"""

import uctypes
from micropython import const

BASE = const(0x20040000)
FRAME, RING, EXPANDER, LAST_US, PERIOD_US, PIO0, PIO1, SIO, TIMER, NOTE = range(10)
REGISTERS = ((PIO0, 0x50200000), (PIO1, 0x50300000), (SIO, 0xD0000000), (TIMER, 0x40054000))
CRC_TABLE = const(0x20040200)  # 256 halfwords
WORDS = 16
RING_ENTRY = 16


def words():
    """The fixed words, as something to index."""
    return uctypes.struct(BASE, {"w": (uctypes.ARRAY | 0, uctypes.UINT32 | WORDS)}).w


def at(address, size):
    """`size` bytes of memory that the collector does not know."""
    return uctypes.bytearray_at(address, size)


def address_of(thing):
    return uctypes.addressof(thing)
