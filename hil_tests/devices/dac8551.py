"""DAC8551 at the wire (TI SLAS429 8.5): SYNC low, 24 bits on falling clock edges, taken over at the 24th; resets to zero.

On the carrier its supply hangs on the permissive: without it the output is zero and the register is lost.
"""

from hil_tests.devices.wires import Wires


class Dac8551:
    def __init__(self, wires: Wires, pins: dict[str, int]) -> None:
        self.code = 0
        self.writes = 0
        self._register = wires.shifter(pins["dac_clock"], pins["pio_data"], None, 24, 24, self._taken)
        wires.watch(pins["dac_sync"], self._sync)

    def unpowered(self) -> None:
        self.code = 0

    def _sync(self, level: int) -> None:
        self._register.begin()
        self._register.selected = not level

    def _taken(self) -> None:
        self.writes += 1
        word = self._register.taken
        self.code = 0 if word >> 16 & 3 else word & 0xFFFF
