"""DAC8551 at the wire (TI SLAS429 8.5): SYNC low, 24 bits on falling clock edges, taken over at the 24th; resets to zero.

On the carrier its supply hangs on the permissive: without it the output is zero, the register is lost, and a frame is none.
Absolute maximum of an input is its supply + 0.3 V (SLAS429E 6.1): a line that is high at a DAC without supply feeds it, unless a
buffer with Ioff stands between them whose enable hangs on the same 24 V. The frame in which the supply comes is lost.
"""

from collections.abc import Callable

from hil_tests.devices.wires import Wires

LINES = ("pio_data", "dac_clock", "dac_sync")


class Dac8551:
    def __init__(
        self, wires: Wires, pins: dict[str, int], powered: Callable[[], bool] = lambda: True, buffered: bool = True
    ) -> None:
        self.code = 0
        self.writes = 0
        self.fed = 0  # edges to high at an input that nothing protects, without supply
        self._powered, self._whole = powered, False
        if not buffered:
            for line in LINES:
                wires.watch(pins[line], self._rises)
        self._register = wires.shifter(pins["dac_clock"], pins["pio_data"], None, 24, 24, self._taken)
        wires.watch(pins["dac_sync"], self._sync)

    def unpowered(self) -> None:
        self.code = 0

    def _rises(self, level: int) -> None:
        self.fed += level and not self._powered()

    def _sync(self, level: int) -> None:
        self._whole = self._powered()
        self._register.begin()
        self._register.selected = not level

    def _taken(self) -> None:
        if not self._whole or not self._powered():
            return
        self.writes += 1
        word = self._register.taken
        self.code = 0 if word >> 16 & 3 else word & 0xFFFF
