# ruff: noqa: F821 - the instructions of a PIO program
"""DAC8551: the regulator's 16-bit set-point, written by a PIO state machine; the tick only drops a word into its FIFO.

Datasheet (TI SLAS429) 8.5: 24 bits while SYNC is low, taken on falling clock edges: 6 unused, 2 power-down bits (00 = normal),
16 data bits. It resets to zero; its supply is switched by the permissive, so a hung processor can't hold a pressure.
"""

import machine
import rp2

PIO_HZ = 31250000  # at most, at a whole divider of the clock; SCLK is half of it, and 30 MHz are allowed (6.6)


@rp2.asm_pio(out_init=rp2.PIO.OUT_LOW, sideset_init=(rp2.PIO.OUT_LOW, rp2.PIO.OUT_HIGH), out_shiftdir=rp2.PIO.SHIFT_LEFT)
def dac_program():
    """side: clock 1, sync 2. A word of the FIFO: 24 bits in its upper part."""
    pull(block).side(2)
    set(x, 23).side(2)
    label("bit")
    out(pins, 1).side(1)
    jmp(x_dec, "bit").side(0)
    mov(pins, null).side(2)


class Dac:
    def __init__(self, data, clock, sync, machine_id=1):
        self._pins, self._id = (data, clock, sync), machine_id
        self._sm = None

    def start(self):
        """Take the shared data line (back) after the converter was set up over it."""
        Pin = machine.Pin
        data, clock, sync = self._pins
        hz = machine.freq()
        hz //= -(-hz // PIO_HZ)
        self._sm = rp2.StateMachine(self._id, dac_program, freq=hz, out_base=Pin(data), sideset_base=Pin(clock))
        Pin(sync)
        self._sm.active(1)

    def write(self, code):
        """0..65535, for start-up and service; the tick writes the FIFO itself."""
        self._sm.put(code << 8)


def make(board):
    return Dac(board.pins["pio_data"], board.pins["dac_clock"], board.pins["dac_sync"])
