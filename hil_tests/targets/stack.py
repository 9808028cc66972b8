"""How far the stack of a running image has reached: what lies below it is painted, and looked at again later."""

from typing import Any

from hil_tests.targets.chip import SRAM

PAINT = 0xA5
CLEAR_BYTES = 256  # below the stack pointer: an interrupt may be about to use it


class Stack:
    """`chip_facts` as board_data gives them. Both methods while the chip stands still, or from its own thread."""

    def __init__(self, mcu: Any, chip_facts: dict[str, Any]) -> None:
        self._mcu = mcu
        self._bottom, self._top = chip_facts["stack_bottom"] - SRAM, chip_facts["stack_top"] - SRAM

    def paint(self) -> "Stack":
        to = int(self._mcu.core.sp) - SRAM - CLEAR_BYTES
        self._mcu.sram[self._bottom : to] = bytes([PAINT]) * (to - self._bottom)
        return self

    @property
    def bytes_left(self) -> int:
        """Never used since it was painted, from the bottom up."""
        seen = bytes(self._mcu.sram[self._bottom : self._top])
        return len(seen) - len(seen.lstrip(bytes([PAINT])))
