"""Where the tick finds its data: a few words at a fixed address, so that one viper function needs no argument and no global.

On an RP2040 they lie between the heap and the stack (boards/images/board_data.py), where the stack's limit keeps it away from them.
On an RP2350 they lie in the USB controller's memory (datasheet 12.7.4), behind what a serial port takes.
The collector never moves an object, so an address once written stays right for as long as the object is referred to.
"""

import uctypes
from image_facts import CHIP
from micropython import const

_CRC_TABLE = const(64)  # behind the words
BASE = CHIP["scratch"]
(BLACKBOARD, RING, EXPANDER, LAST_US, PERIOD_US, PIO0, PIO1, SIO, TIMER, NVIC, SCALE, SCALE_ZERO, SCALE_TOP, VALVE_CC,
 PLANT) = range(15)
NVIC_BASE = const(0xE000E000)  # ARMv6-M B3.4, ARMv7-M B3.4
REGISTERS = ((PIO0, CHIP["pio0"]), (PIO1, CHIP["pio1"]), (SIO, CHIP["sio"]), (TIMER, CHIP["timer"]), (NVIC, NVIC_BASE))
NOTE = CHIP["watchdog"] + 0x0C  # SCRATCH0: what is written there is still there after a reset (RP2040 datasheet 4.7.4)
# SCRATCH1, SCRATCH2: what the foreground does, and its passes since the watchdog was fed (last_words.py)
PIO1_BASE = CHIP["pio1"]
CRC_TABLE = BASE + _CRC_TABLE  # 256 halfwords
WORDS = const(16)


def words(address=BASE, count=WORDS):
    """The fixed words, or so many at another address, as something to index."""
    return uctypes.struct(address, {"w": (uctypes.ARRAY | 0, uctypes.UINT32 | count)}).w


def at(address, size):
    """`size` bytes of memory that the collector does not know."""
    return uctypes.bytearray_at(address, size)


def address_of(thing):
    return uctypes.addressof(thing)
