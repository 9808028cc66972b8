"""MCP23017: sixteen more pins on I2C. On the carrier port A is read and port B is driven.

Datasheet (Microchip DS20001952) 3.5 registers, BANK = 0: those of A and B lie side by side, and the address counts up by itself
(3.2.1). IODIR 1 = input, IPOL 1 = inverted, GPPU 1 = 100 kOhm pull-up, OLAT the output latches. After its own reset every pin is an
input, so a chip that lost its supply is found by reading IODIR back.
"""

from micropython import const

ADDRESS = const(0x20)
_IODIR, _IPOL, _GPPU, _GPIO, _OLAT = const(0x00), const(0x02), const(0x0C), const(0x12), const(0x14)
_ALL_IN, _ALL_OUT = const(0x7F), const(0x00)  # GPA7 is an output only


class Expander:
    """`inverted`: bits of port A that read 1 when the pin is low. Every method raises OSError if the chip does not answer."""

    def __init__(self, i2c, inverted, outputs, address=ADDRESS):
        self.bus, self._address = i2c, address
        self._inverted, self.outputs = inverted, outputs
        self._one, self._two = bytearray(1), bytearray(2)

    def set_up(self):
        """Levels first, directions last: no output is ever driven to what nobody asked for."""
        self.drive(self.outputs)
        self._pair(_IPOL, self._inverted, 0)
        self._pair(_GPPU, _ALL_IN, 0)
        self._pair(_IODIR, _ALL_IN, _ALL_OUT)

    def _pair(self, register, a, b):
        self._two[0], self._two[1] = a, b
        self.bus.writeto_mem(self._address, register, self._two)

    def lost_setting(self):
        """Whether the chip has been reset since `set_up`."""
        self.bus.readfrom_mem_into(self._address, _IODIR, self._two)
        return self._two[0] != _ALL_IN or self._two[1] != _ALL_OUT

    def read(self):
        """Port A, 0..255."""
        self.bus.readfrom_mem_into(self._address, _GPIO, self._one)
        return self._one[0]

    def drive(self, outputs):
        """Port B, 0..255."""
        self._one[0] = self.outputs = outputs
        self.bus.writeto_mem(self._address, _OLAT + 1, self._one)
