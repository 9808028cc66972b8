"""The tick as the processor's own interrupt handler: its address in the vector table.

MicroPython's way to a handler takes microseconds each way. The compiled tick (boards/images/tick.py) calls nothing, allocates
nothing and raises nothing, so it needs none of what that way provides. The table is in RAM; MicroPython's own entry is put back
before MicroPython looks for it.
"""

import machine
from micropython import const

_TABLE = const(0xE000ED08)  # VTOR, ARMv6-M B3.2.5
_FIRST_IRQ = const(16)


class TickVector:
    def __init__(self, entry, irq):
        """`entry` is where the handler begins; `irq` is the number of its interrupt."""
        self._entry = entry
        self._place = machine.mem32[_TABLE] + 4 * (_FIRST_IRQ + irq)
        self._before = 0

    def take(self):
        """From now on the interrupt runs the tick and nothing else."""
        if not self._before:
            self._before = machine.mem32[self._place]
            machine.mem32[self._place] = self._entry

    def give_back(self):
        if self._before:
            machine.mem32[self._place], self._before = self._before, 0
