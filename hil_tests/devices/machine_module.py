"""`machine` for CPython, over the registers of an emulated RP2040 whose processor stands still.

Each call does what MicroPython's port does at the register (RP2040 datasheet: 2.19 GPIO, 2.3.1.7 SIO, 4.4 SPI, 4.5 PWM).
"""

from typing import Any

from hil_tests.devices.on_chip import FUNCTION_PWM, FUNCTION_SIO, FUNCTION_SPI, PADS, PWM_BASE, SIO, SPI_BASE, OnChip


class Pin(OnChip):
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

    def __init__(self, number: Any, mode: int = -1, pull: int | None = None, value: int | None = None) -> None:
        self.number: int = number.number if isinstance(number, Pin) else number
        if mode >= 0:
            self.init(mode, pull, value)

    def init(self, mode: int = -1, pull: int | None = None, value: int | None = None) -> None:
        if value is not None:
            self._write(SIO + (0x14 if value else 0x18), 1 << self.number)
        self._write(SIO + (0x24 if mode == self.OUT else 0x28), 1 << self.number)
        pads = PADS + 4 + 4 * self.number
        self._write(pads, self._read(pads) & ~0x0C | (8 if pull == self.PULL_UP else 4 if pull == self.PULL_DOWN else 0))
        self._give_to(self.number, FUNCTION_SIO)

    def __call__(self, value: int | None = None) -> int:
        if value is not None:
            self._write(SIO + (0x14 if value else 0x18), 1 << self.number)
            return value
        return self._read(SIO + 4) >> self.number & 1

    value = __call__


class SoftSPI(OnChip):
    """Bits by software, half a bit at a time; the rp2040's time goes on."""

    def __init__(self, baudrate: int, polarity: int, phase: int, sck: Pin, mosi: Pin, miso: Pin) -> None:
        self._half_ns, self._phase, self._idle = 5e8 / baudrate, phase, polarity
        self._sck, self._mosi, self._miso = sck, mosi, miso
        sck(polarity)

    def write_readinto(self, out: bytes, back: bytearray) -> None:
        for n, byte in enumerate(out):
            got = 0
            for i in range(7, -1, -1):
                got = got << 1 | self._bit(byte >> i & 1)
            back[n] = got

    def _bit(self, value: int) -> int:
        """Mode 0 samples at the first edge, mode 1 at the second (4.4.3.9)."""
        if self._phase:
            self._sck(1 - self._idle)
        self._mosi(value)
        self.rp2040.run_ns(self._half_ns)
        self._sck(self._idle if self._phase else 1 - self._idle)
        got = self._miso()
        self.rp2040.run_ns(self._half_ns)
        if not self._phase:
            self._sck(self._idle)
        return got


class SPI(OnChip):
    """The hardware's SPI, byte by byte through its data register."""

    def __init__(self, bus: int, baudrate: int = 1000000, polarity: int = 0, phase: int = 0, sck: Pin | None = None,
                 mosi: Pin | None = None, miso: Pin | None = None) -> None:  # fmt: skip
        self._base = SPI_BASE[bus]
        self.baudrate, self.polarity, self.phase = baudrate, polarity, phase
        for pin in (sck, mosi, miso):
            if pin:
                self._give_to(pin.number, FUNCTION_SPI)
        self.init()

    def init(self, baudrate: int | None = None, polarity: int | None = None, phase: int | None = None) -> None:
        self.baudrate = self.baudrate if baudrate is None else baudrate
        self.polarity = self.polarity if polarity is None else polarity
        self.phase = self.phase if phase is None else phase
        self._write(self._base + 4, 0)
        divider = -(-125_000_000 // self.baudrate)
        divider += divider & 1
        self._write(self._base + 0x10, min(254, divider))
        self._write(self._base, self.phase << 7 | self.polarity << 6 | 7)
        self._write(self._base + 4, 2)

    def write_readinto(self, out: bytes, back: Any) -> None:
        for n, byte in enumerate(out):
            back[n] = self._byte(byte)

    def write(self, out: bytes) -> None:
        for byte in out:
            self._byte(byte)

    def readinto(self, back: Any, out: int = 0) -> None:
        for n in range(len(back)):
            back[n] = self._byte(out)

    def _byte(self, value: int) -> int:
        self._write(self._base + 8, value)
        while not self._read(self._base + 0x0C) & 4:
            self.rp2040.run_ns(1e9 / self.baudrate)  # a bit
        return self._read(self._base + 8)


class PWM(OnChip):
    """One slice (4.5.3): as the port sets it up, free-running, with the pin's channel at a duty."""

    def __init__(self, pin: Pin, freq: int, duty_u16: int) -> None:
        at = PWM_BASE + 20 * (pin.number >> 1 & 7)
        self._write(at + 4, max(16, round(125e6 * 16 / 65536 / freq)))
        self._write(at + 16, 65534)
        self._write(at + 12, duty_u16 << 16 * (pin.number & 1))
        self._write(at, 1)
        self._give_to(pin.number, FUNCTION_PWM)


class Memory(OnChip):
    def __getitem__(self, address: int) -> int:
        return self._read(address)

    def __setitem__(self, address: int, value: int) -> None:
        self._write(address, value & 0xFFFFFFFF)


class WDT(OnChip):
    """Counts what it is fed."""

    def __init__(self, timeout: int) -> None:
        self.timeout, self.fed = timeout, 0
        self.rp2040.watchdog = self

    def feed(self) -> None:
        self.fed += 1
