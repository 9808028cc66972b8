"""The tick as the processor's own interrupt handler: its code in RAM, its address in the vector table.

MicroPython's way to a handler takes microseconds each way, and code in flash waits whenever the foreground has pushed it out of the
cache (16 kB, RP2040 datasheet 2.6.3.1). The fused tick calls nothing, allocates nothing and raises nothing, so it needs none of
what that way provides. A function that keeps r4 - r11 and returns by the link register is a handler as it stands (ARMv6-M
B1.5.6). The table is in RAM; MicroPython's own entry is put back before MicroPython looks for it.
"""

import machine
from micropython import const

from drivers import memory

_TABLE = const(0xE000ED08)  # VTOR, ARMv6-M B3.2.5
_FIRST_IRQ = const(16)
_CODE_WORD = const(8)  # mp_obj_fun_asm_t: type, number of arguments, address of the code


class TickVector:
    def __init__(self, tick, size, irq):
        """`tick` is an asm_thumb function of `size` bytes; `irq` is the number of its interrupt."""
        self._room = bytearray(size + 3)
        at = (memory.address_of(self._room) + 3) & ~3
        memory.at(at, size)[:] = memory.at(machine.mem32[id(tick) + _CODE_WORD] & ~1, size)
        self._entry = at | 1
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
