"""W25Q NOR flash on the chip's SPI (Winbond W25Q128JV): bytes while selected, each after its wire time; bits only fall.

8.1.2 instructions, 9.6 times: page program 0.4 ms, sector erase 45 ms typical. While BUSY everything but the status is ignored.
"""

from hil_tests.devices.wires import Wires

PAGE_NS, ERASE_NS = 400_000, 45_000_000


class W25q:
    def __init__(self, wires: Wires, pins: dict[str, int], bus: int = 0, size: int = 1 << 24,
                 data: bytearray | None = None) -> None:
        self.memory = data if data is not None else bytearray(b"\xff" * size)
        self.size = len(self.memory)
        self.programs = self.erases = self.violations = 0
        self.absent = False
        self.stuck_busy = False
        self._wires, self._spi = wires, wires.chip.spi[bus]
        self._bytes: list[int] = []
        self._writable = self._selected = False
        self._busy_until = 0.0
        self._rx = 0
        self._done = wires.alarm(self._complete)
        self._spi.on_transmit = self._sent
        wires.watch(pins["flash_select"], self._select)
        self._selected = not wires.level(pins["flash_select"])

    @property
    def busy(self) -> bool:
        return self.stuck_busy or self._wires.now_ns < self._busy_until

    def _sent(self, value: int) -> None:
        self._rx = self._answer(value) if self._selected and not self.absent else 0
        hz = self._spi.clock_frequency or 1e6
        self._done.schedule(8e9 / hz)

    def _complete(self) -> None:
        self._spi.complete_transmit(self._rx)

    def _answer(self, value: int) -> int:
        self._bytes.append(value)
        n, command = len(self._bytes), self._bytes[0]
        if command == 0x05:
            return int(self.busy) | (2 if self._writable else 0) if n > 1 else 0
        if self.busy:
            return 0
        if command == 0x9F:
            return (0, 0xEF, 0x40, self.size.bit_length() - 1)[n - 1] if n <= 4 else 0
        if command == 0x03 and n > 4:
            return self.memory[(self._address() + n - 5) % self.size]
        return 0

    def _address(self) -> int:
        b = self._bytes
        return b[1] << 16 | b[2] << 8 | b[3]

    def _select(self, level: int) -> None:
        if not level:
            self._selected, self._bytes = True, []
            return
        self._selected = False
        if not self._bytes or self.busy:
            return
        command = self._bytes[0]
        if command == 0x06:
            self._writable = True
        elif command == 0x02 and self._writable and len(self._bytes) > 4:
            self._program(self._address(), self._bytes[4:])
        elif command == 0x20 and self._writable and len(self._bytes) == 4:
            start = self._address() & ~4095
            self.memory[start : start + 4096] = b"\xff" * 4096
            self.erases += 1
            self._begin(ERASE_NS)

    def _program(self, address: int, data: list[int]) -> None:
        page = address & ~255
        for i, value in enumerate(data):
            at = page | (address + i) & 255
            self.violations += int(value & ~self.memory[at] != 0)
            self.memory[at] &= value
        self.programs += 1
        self._begin(PAGE_NS)

    def _begin(self, ns: float) -> None:
        self._busy_until = self._wires.now_ns + ns
        self._writable = False
