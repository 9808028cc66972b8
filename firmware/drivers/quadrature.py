# ruff: noqa: F821 - the instructions of a PIO program
"""Displacement scale with quadrature outputs, counted by a PIO program: every edge is a count, whatever the processor does.

RP2040 datasheet 3.4 (PIO) and 2.5 (DMA; RP2350 11.4 and 12.6 are the same here): the program tells a new count as it happens and a
DMA channel puts it into a fixed word, so the tick reads one word of RAM. The count starts at 2^28: it never is a negative number.

The scale has no absolute zero. The ram's rest is the lowest place that was seen. Two edges at once can't be told apart from none or
one: the count is lost then, displacement is absent and the press may not be driven until it has been safe and still for a while.
A head that gets too fast passes through the speeds at which that is noticed (200000 .. 800000 counts a second).
"""

import machine
import rp2
from micropython import const
from stackpress_core.tick import states

from drivers import deadman, memory

PIO_HZ = 2000000  # an edge takes 10 cycles at most: 200000 counts a second
START = const(1 << 28)
LOST_FLAG = const(0x80)
STILL_MS = const(5000)
_FLAGS, _RX1 = 0x30, 0x24  # registers of a PIO: IRQ, RXF1 (datasheet 3.7)
_DREQ = const(13)  # PIO1_RX1 (2.5.3.1)
_WALL = const((1 << 30) - 1)


@rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_LEFT, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def count_program():
    """Must lie at 0: the last and the new levels, B A B A, are the place of the next instruction. Y counts."""
    jmp("sample")
    jmp("up")
    jmp("down")
    jmp("lost")
    jmp("down")
    jmp("sample")
    jmp("lost")
    jmp("up")
    jmp("up")
    jmp("lost")
    jmp("sample")
    jmp("down")
    jmp("lost")
    jmp("down")
    jmp("up")
    jmp("sample")
    label("lost")
    irq(7)
    wrap_target()
    label("sample")
    out(isr, 2)
    in_(pins, 2)
    mov(osr, isr)
    mov(pc, isr)
    label("up")
    mov(y, invert(y))
    jmp(y_dec, "back")
    label("back")
    mov(y, invert(y))
    label("tell")
    mov(isr, y)
    push(noblock)
    wrap()
    label("down")
    jmp(y_dec, "tell")
    jmp("tell")


class Scale:
    """`nm_per_count` belongs to the scale and to the board's data; the tick multiplies by it (quadrature_stages.py)."""

    def __init__(self, pin_a, pin_b, nm_per_count, pio_base):
        if pin_b != pin_a + 1:
            raise ValueError("scale_b must be the pin after scale_a")
        self._pin, self._nm, self._pio = pin_a, nm_per_count, pio_base
        self._most = (1 << 30) // abs(nm_per_count) - 1
        self._words = memory.words()
        self._press = self._params = None
        self._top = 0
        self._last = START
        self._still_since = 0
        self.lost = False

    def begin(self, press):
        """Count from now on; before the first tick."""
        self._press = press
        words = self._words
        words[memory.SCALE] = words[memory.SCALE_ZERO] = START
        for number in (self._pin, self._pin + 1):
            machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP)
        rp2.PIO(1).add_program(deadman.pulse_program)  # takes the four places at the top: what is left begins at 0
        sm = rp2.StateMachine(5, count_program, freq=PIO_HZ, in_base=machine.Pin(self._pin))
        if count_program[2] != 0:
            raise OSError("PIO1 has no room for the scale")
        dma = self._dma = rp2.DMA()
        ctrl = dma.pack_ctrl(size=2, inc_read=False, inc_write=False, treq_sel=_DREQ)
        dma.config(read=self._pio + _RX1, write=memory.BASE + 4 * memory.SCALE, count=0xFFFFFFFF, ctrl=ctrl, trigger=True)
        for instruction in ("set(x, 1)", "mov(isr, x)", "in_(null, 28)", "mov(y, isr)", "mov(osr, pins)"):
            sm.exec(instruction)
        machine.mem32[self._pio + _FLAGS] = LOST_FLAG
        sm.active(1)
        self._sm = sm
        self.service(0)

    def leave(self):
        """The channel goes on for ever, and through a soft reset: whoever gets it next would wait for its end."""
        self._dma.active(0)
        self._dma.close()

    def service(self, wall_ms):
        """Rest, travel limit and losses: a few words each pass."""
        words, params = self._words, self._press.params
        at = words[memory.SCALE]
        if machine.mem32[self._pio + _FLAGS] & LOST_FLAG or abs(at - words[memory.SCALE_ZERO]) > self._most:
            machine.mem32[self._pio + _FLAGS] = LOST_FLAG
            self.lost = True
            self._still_since = wall_ms
        if self.lost:
            self._find_again(at, wall_ms)
        elif (at - words[memory.SCALE_ZERO]) * self._nm < 0:
            words[memory.SCALE_ZERO] = at
        if params is not self._params:
            self._params = params
            self._top = params["travel_limit_um"] * 1000
        words[memory.SCALE_TOP] = 0 if self.lost else self._top

    def _find_again(self, at, wall_ms):
        """The ram of a press that is safe is driven by its spring alone: when it stands, it stands at its rest."""
        if at != self._last or self._press.readings.state != states.SAFE:
            self._last, self._still_since = at, wall_ms
        elif (wall_ms - self._still_since) & _WALL >= STILL_MS:
            self._words[memory.SCALE_ZERO] = at
            self.lost = False


def make(board):
    board_nm = board.settings["scale_nm_per_count"]
    return Scale(board.pins["scale_a"], board.pins["scale_b"], board_nm, memory.PIO1_BASE)
