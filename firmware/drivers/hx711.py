# ruff: noqa: F821 - the instructions of a PIO program
"""HX711: one load cell, 24 bits, 10 or 80 samples a second, gain 128. A PIO program reads it and is the tick's clock.

Datasheet (Avia HX711): "serial interface" DOUT is high until a conversion is ready; 24 pulses of PD_SCK shift it out, most
significant bit first, valid 0.1 us after the rising edge; a 25th pulse sets DOUT high again and keeps channel A at gain 128. A
pulse is 0.2 .. 50 us; PD_SCK high for 60 us powers the chip down, and after that it needs 50 ms (80 SPS) or 400 ms (10 SPS).

The converter is far slower than the tick, and the press's time is its ticks: so the program raises its interrupt at every period,
exactly, with a conversion in its FIFO when one was ready. A 25th bit is read with it: a line that is dead, all 0, is found by it.
"""

import time

import machine
import rp2

PIO_HZ = 2000000
READ_CYCLES = 25 * 4  # of the 25 bits, or of waiting as long
OTHER_CYCLES = 12  # of the instructions around them, so that a period is whole turns at every rate that divides 250 kHz
TURN = 8
POWER_DOWN_US = 100  # at least 60
SETTLE_MS = {80: 50, 10: 400}


@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, in_shiftdir=rp2.PIO.SHIFT_LEFT, fifo_join=rp2.PIO.JOIN_RX)
def read_program():
    """At 2 MHz; side is the clock. OSR holds the turns of the wait."""
    wrap_target()
    mov(x, osr).side(0)
    label("wait")
    jmp(x_dec, "wait").side(0)[7]
    set(y, 24).side(0)[6]
    jmp(pin, "nothing").side(0)
    label("bit")
    nop().side(1)[1]
    in_(pins, 1).side(0)
    jmp(y_dec, "bit").side(0)
    push(noblock).side(0)
    jmp("done").side(0)
    label("nothing")
    jmp(y_dec, "nothing").side(0)[3]
    nop().side(0)[1]
    label("done")
    irq(rel(0)).side(0)
    wrap()


def turns(hz):
    """What OSR holds for a tick rate: the wait is (turns + 1) times 8 cycles, and the bits take their part of the period."""
    return (PIO_HZ // hz - READ_CYCLES - OTHER_CYCLES + TURN // 2) // TURN - 1


class Converter:
    """`sps` says how the RATE pin is strapped; with `rate` the pin is the processor's to set."""

    def __init__(self, clock, data, rate=None, sps=80, machine_id=0):
        Pin = machine.Pin
        self._clock = Pin(clock, Pin.OUT, value=0)
        self._data = Pin(data, Pin.IN, Pin.PULL_UP)  # a broken wire is never ready
        if rate is not None:
            Pin(rate, Pin.OUT, value=1 if sps == 80 else 0)
        self.sample_hz, self._settle_ms = sps, SETTLE_MS[sps]
        self._id = machine_id
        self._sm = None
        self.present = False

    def set_up(self, hz):
        """Power down and up, so that it begins anew with gain 128; False if it does not become ready in its time."""
        self._clock(1)
        time.sleep_us(POWER_DOWN_US)
        self._clock(0)
        self.present = False
        for _ in range(self._settle_ms + self._settle_ms // 2):
            time.sleep_ms(1)
            if not self._data():
                self.present = True
                break
        return self.present

    def prepare(self, hz, handler):
        """The state machine, not yet running, and what it calls each period."""
        sm = self._sm = rp2.StateMachine(self._id, read_program, freq=PIO_HZ, sideset_base=self._clock, in_base=self._data,
                                         jmp_pin=self._data)
        wait = turns(hz)
        sm.exec("mov(isr, null).side(0)")
        for shift in (15, 10, 5, 0):
            sm.exec("set(x, %d).side(0)" % (wait >> shift & 31))
            sm.exec("in_(x, 5).side(0)")
        sm.exec("mov(osr, isr).side(0)")
        sm.exec("mov(isr, null).side(0)")
        sm.irq(handler, hard=True)

    def start(self):
        self._sm.active(1)

    def stop(self):
        if self._sm:
            self._sm.active(0)
            self._sm.irq(None)
            self._sm = None
        self._clock.init(machine.Pin.OUT, value=0)


def make(board):
    pins = board.pins
    return Converter(pins["hx711_clock"], pins["hx711_data"], pins.get("hx711_rate"), board.settings.get("hx711_sps", 80))
