"""A proportional valve on a PWM pin: the tick writes the duty into the slice's compare register.

RP2040 datasheet 4.5 (RP2350 12.5): slice n has CSR, DIV, CTR, CC, TOP at 14h * n; channel A is the even pin, CC's lower half, B the
odd one, its upper half. CC takes effect when the counter wraps, so a new set-point waits for one period at most.

A slice that is stopped holds its pin where it happens to be, and a restart of MicroPython alone does not give the pin back. So the
pin is taken from the slice, low, before anything else runs (outputs.safe, role valve_pwm), and returned to it here with a duty of
zero. A processor that hangs leaves the duty as it is: the valve's supply hangs on the permissive.
"""

import machine
from micropython import const

from drivers import memory

TOP = const(65534)  # so that a code of the blackboard is a duty as it stands, and 65535 is always high
_DIV, _CC, _TOP = const(4), const(12), const(16)


def divider(clock_hz, hz):
    """DIV, 8.4 bits, for the PWM rate that is nearest to `hz`; 7.5 Hz .. 1900 Hz at 125 MHz."""
    return min(0xFFF, max(16, (clock_hz * 16 // (TOP + 1) + hz // 2) // hz))


class Valve:
    """`pwm` is the address of the block; no other pin of the same slice may be a PWM output."""

    def __init__(self, pin, hz, pwm, clock_hz):
        self._pin, self._hz, self._div = pin, hz, divider(clock_hz, hz)
        self._slice = pwm + 20 * (pin >> 1 & 7)
        self._pwm = None

    def start(self):
        """Closed and running. Called again whenever the converter was set up anew; the press is not driven then."""
        mem = machine.mem32
        self._pwm = machine.PWM(machine.Pin(self._pin), freq=self._hz, duty_u16=0)
        mem[self._slice + _CC] = 0
        mem[self._slice + _DIV] = self._div
        mem[self._slice + _TOP] = TOP
        memory.words()[memory.VALVE_CC] = self._slice + _CC


def make(board):
    from image_facts import CHIP

    return Valve(board.pins["valve_pwm"], board.settings["valve_pwm_hz"], CHIP["pwm"], CHIP["clock_hz"])
