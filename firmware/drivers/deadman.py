# ruff: noqa: F821 - the instructions of a PIO program
"""The deadman: one pulse of the permissive for each token from a completed tick. No token, no pulse, whatever the processor does.

A PIO state machine makes the pulse (RP2040 datasheet 3.5: it needs no instruction of the processor). The carrier's retriggerable
one-shot keeps the valves' supply for its time after a pulse; that is longer than the 1.25 periods that a tick may be late.
"""

import machine
import rp2


@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW)
def pulse_program():
    """At 1 MHz: one token, one pulse of 31 us."""
    pull(block).side(0)
    set(x, 14).side(1)
    label("on")
    jmp(x_dec, "on").side(1)[1]
    nop().side(0)


class Deadman:
    def __init__(self, pin, one_shot_ms=1, machine_id=4):
        self._pin, self._id = pin, machine_id
        self.slowest_hz = 1250 // one_shot_ms + 1

    def begin(self, press):
        """Just before the first tick: an old token must not be there."""
        self._sm = rp2.StateMachine(self._id, pulse_program, freq=1000000, sideset_base=machine.Pin(self._pin))
        self._sm.active(1)


def make(board):
    return Deadman(board.pins["permissive"], board.settings["one_shot_ms"])
