"""What MicroPython's modules for an emulated RP2040 share: its bus, and which peripheral a pin is given to."""

from typing import Any, ClassVar

IO_BANK, PADS, SIO = 0x40014000, 0x4001C000, 0xD0000000
PIO_BASE, SPI_BASE, DMA_BASE = (0x50200000, 0x50300000), (0x4003C000, 0x40040000), 0x50000000
PWM_BASE = 0x40050000
FUNCTION_SPI, FUNCTION_PWM, FUNCTION_SIO, FUNCTION_PIO = 1, 4, 5, (6, 7)


class OnChip:
    """A class of `machine` or `rp2`; `on` makes the one that a chip's programs see."""

    rp2040: ClassVar[Any]  # peripherals.Peripherals

    @classmethod
    def on(cls, rp2040: Any) -> type:
        """The same class over that chip's registers."""
        return type(cls.__name__, (cls,), {"rp2040": rp2040})

    def _read(self, address: int) -> int:
        return int(self.rp2040.mcu.read_uint32(address))

    def _write(self, address: int, value: int) -> None:
        self.rp2040.mcu.write_uint32(address, value)

    def _give_to(self, pin: int, function: int) -> None:
        """Input and output enabled, and the pin under that function (2.19.6)."""
        pads = PADS + 4 + 4 * pin
        self._write(pads, self._read(pads) & ~0x80 | 0x40)
        self._write(IO_BANK + 8 * pin + 4, function)
