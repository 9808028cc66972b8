"""DAC8551 at the wire (TI SLAS429 8.5): SYNC low, 24 bits on falling clock edges, taken over at the 24th; resets to zero.

On the carrier its supply hangs on the permissive: without it the output is zero and the register is lost.
"""

from hil_tests.devices.wires import Wires


class Dac8551:
    def __init__(self, wires: Wires, pins: dict[str, int]) -> None:
        self.code = 0
        self.writes = 0
        self._data = self._bits = self._word = 0
        self._selected = False
        wires.watch(pins["pio_data"], self._changed)
        wires.watch(pins["dac_clock"], self._clocked)
        wires.watch(pins["dac_sync"], self._sync)

    def unpowered(self) -> None:
        self.code = 0

    def _changed(self, level: int) -> None:
        self._data = level

    def _sync(self, level: int) -> None:
        self._selected = not level
        self._bits = self._word = 0

    def _clocked(self, level: int) -> None:
        if level or not self._selected:
            return
        self._word = self._word << 1 | self._data
        self._bits += 1
        if self._bits == 24:
            self.writes += 1
            self.code = 0 if self._word >> 16 & 3 else self._word & 0xFFFF
