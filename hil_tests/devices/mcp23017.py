"""MCP23017 behind I2C, from its datasheet (Microchip DS20001952): registers with BANK = 0, pull-ups, polarity, latches.

3.2.1: the first byte written is a register's address, which then counts up by itself (IOCON.SEQOP = 0) and wraps at 0x15. 3.5.1
IODIR 1 = input, 3.5.2 IPOL inverts what is read, 3.5.7 GPPU pull-ups, 3.5.10 GPIO reads the pins and writes the latches, 3.5.11
OLAT. Table 1-1, note: GPA7 and GPB7 are outputs only. Interrupts are kept as registers and do nothing.
"""

from collections.abc import Callable

IODIRA, IODIRB, IPOLA, GPPUA, GPIOA, GPIOB, OLATA, OLATB = 0x00, 0x01, 0x02, 0x0C, 0x12, 0x13, 0x14, 0x15
LAST = 0x15


class Mcp23017:
    """`ground(port, bit, closed)` closes a contact to ground; `level(port, bit)` is what stands on a pin."""

    def __init__(self, address: int = 0x20) -> None:
        self.address = address
        self.absent = False
        self.grounded = [0, 0]
        self.on_written: Callable[[], None] = lambda: None
        self.registers = bytearray(LAST + 1)
        self._pointer = 0
        self._first = True
        self.reset()

    def reset(self) -> None:
        """Power-on: every pin an input, everything else zero."""
        self.registers[:] = bytes(LAST + 1)
        self.registers[IODIRA] = self.registers[IODIRB] = 0xFF

    def ground(self, port: int, bit: int, closed: bool) -> None:
        self.grounded[port] = self.grounded[port] & ~(1 << bit) | int(closed) << bit

    def pins(self, port: int) -> int:
        """Levels of a port: latches where it drives; inputs are low at a closed contact or where nothing pulls them up."""
        inputs = self.registers[IODIRA + port] & 0x7F
        pulled = self.registers[GPPUA + port] & ~self.grounded[port]
        return (self.registers[OLATA + port] & ~inputs | pulled & inputs) & 0xFF

    def level(self, port: int, bit: int) -> int:
        """A pin that is an input drives nothing and counts as low: the carrier has pull-downs there."""
        driven = ~self.registers[IODIRA + port] & self.registers[OLATA + port]
        return driven >> bit & 1

    def selected(self, reading: bool) -> bool:
        self._first = not reading
        return not self.absent

    def written(self, byte: int) -> bool:
        if self._first:
            self._first, self._pointer = False, byte
            return True
        register = self._pointer
        self._count_up()
        if register in (GPIOA, GPIOB):
            register += OLATA - GPIOA
        if register <= LAST:
            self.registers[register] = byte
        self.on_written()
        return True

    def read(self) -> int:
        register = self._pointer
        self._count_up()
        if register in (GPIOA, GPIOB):
            port = register - GPIOA
            return self.pins(port) ^ self.registers[IPOLA + port]
        return self.registers[register] if register <= LAST else 0

    def _count_up(self) -> None:
        self._pointer = self._pointer + 1 if self._pointer < LAST else 0

    def stopped(self) -> None:
        pass
