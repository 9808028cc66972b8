"""W25Q NOR flash on the chip's SPI (Winbond W25Q128JV): bytes while selected, each after its wire time; bits only fall.

SPI modes 0 and 3: in another one its bits are shifted by one, which is counted among the violations. 8.1.2 instructions. 9.6 times:
page program 0.4 ms typical, 3 at most; sector erase 45 ms typical, 400 at most. 9.3 after power-up nothing is written for 5 ms
(tPUW). While BUSY everything but the status is ignored. What a power cut ends half done leaves bits of its page or sector
anywhere between what they were and what they were to be.
"""

import random

from hil_tests.devices.wires import Wires

PAGE_NS, ERASE_NS = 400_000, 45_000_000
PAGE_MOST_NS, ERASE_MOST_NS = 3_000_000, 400_000_000
WAKES_NS = 5_000_000
MODES = (0, 3)


class W25q:
    def __init__(self, wires: Wires, pins: dict[str, int], bus: int = 0, size: int = 1 << 24,
                 data: bytearray | None = None, worst: bool = False) -> None:
        """`worst`: as slow as it may be."""
        self.page_ns, self.erase_ns = (PAGE_MOST_NS, ERASE_MOST_NS) if worst else (PAGE_NS, ERASE_NS)
        self._before: tuple[int, bytes] | None = None  # where something is written, and what was there
        self._on_ns = wires.now_ns
        self.memory = data if data is not None else bytearray(b"\xff" * size)
        self.size = len(self.memory)
        self.programs = self.erases = self.violations = 0
        self.absent = False
        self.stuck_busy = False
        self.asleep = False  # B9h; nothing but ABh wakes it (8.1.2)
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
        self.violations += int(self._selected and not self.absent and self._spi.spi_mode not in MODES)
        self._rx = self._answer(value) if self._selected and not self.absent else 0
        hz = self._spi.clock_frequency or 1e6
        self._done.schedule(8e9 / hz)

    def _complete(self) -> None:
        self._spi.complete_transmit(self._rx)

    def _answer(self, value: int) -> int:
        self._bytes.append(value)
        n, command = len(self._bytes), self._bytes[0]
        if command == 0x05 and not self.asleep:
            return int(self.busy) | (2 if self._writable else 0) if n > 1 else 0
        if self.busy or self.asleep:
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
        if command in (0xB9, 0xAB) or self.asleep:
            self.asleep = command == 0xB9 or self.asleep and command != 0xAB
        elif command == 0x06:
            self._writable = self._wires.now_ns - self._on_ns >= WAKES_NS
        elif command == 0x02 and self._writable and len(self._bytes) > 4:
            self._program(self._address(), self._bytes[4:])
        elif command == 0x20 and self._writable and len(self._bytes) == 4:
            start = self._address() & ~4095
            self._before = start, bytes(self.memory[start : start + 4096])
            self.memory[start : start + 4096] = b"\xff" * 4096
            self.erases += 1
            self._begin(self.erase_ns)

    def _program(self, address: int, data: list[int]) -> None:
        page = address & ~255
        self._before = page, bytes(self.memory[page : page + 256])
        for i, value in enumerate(data):
            at = page | (address + i) & 255
            self.violations += int(value & ~self.memory[at] != 0)
            self.memory[at] &= value
        self.programs += 1
        self._begin(self.page_ns)

    def _begin(self, ns: float) -> None:
        self._busy_until = self._wires.now_ns + ns
        self._writable = False

    def power_cut(self, seed: int = 1) -> bytearray:
        """What is in it when the power comes back."""
        if self._before and self._wires.now_ns < self._busy_until:
            chance = random.Random(seed)
            start, was = self._before
            for i, old in enumerate(was):
                taken, new = chance.randrange(256), self.memory[start + i]
                self.memory[start + i] = old & ~taken | new & taken
        return self.memory
