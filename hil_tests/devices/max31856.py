"""MAX31856 on the board that is ordered (Adafruit 3263), from its datasheet (Maxim 19-7534): registers, conversions, faults.

Serial interface: modes 1 and 3, up to 5 MHz; the first byte after select is an address, 80h set for writing, and counts up by
itself. Registers: power-on values as in table 6. Conversion times: electrical characteristics, 50 or 60 Hz, the longest. Open
circuit detection is off while OCFAULT is 00. It shares the SPI with others: bytes are its own only while it is selected.

The board's clock comes through a 1N4148 that only pulls low; 10 kOhm pull it high (Adafruit MAX31856.sch), against 8 pF of the chip
and as much of diode and trace: 160 ns, and high it has to be for 100 (tCH). So the board is slower than its chip.
"""

from collections.abc import Callable

from hil_tests.devices.wires import Wires

POWER_ON = bytes((0x00, 0x03, 0xFF, 0x7F, 0xC0, 0x7F, 0xFF, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00))
CR0, CR1, CJTH, LTCBH, SR = 0x00, 0x01, 0x0A, 0x0C, 0x0F
AUTO, OPEN_DETECT, CJ_DISABLED, HZ_50 = 0x80, 0x30, 0x08, 0x01
OPEN, OVUV, TC_RANGE, CJ_RANGE = 0x01, 0x02, 0x40, 0x80
RANGES = {0x3: (-20000, 137200)}  # type K / centi-degC (table 1)
FIRST_NS = {0: 155e6, 1: 185e6}
NEXT_NS = {0: 90e6, 1: 110e6}
RISE_NS, HIGH_NS = 10e3 * 16e-12 * 1e9, 100.0
MAX_HZ = 0.5e9 / (RISE_NS + HIGH_NS)


class Max31856:
    """`temperature()` is what the junction has, in centi-degC; None while the thermocouple is broken."""

    def __init__(self, wires: Wires, bus: int, temperature: Callable[[], int | None]) -> None:
        self.registers = bytearray(POWER_ON)
        self.temperature = temperature
        self.absent = False
        self.violations: list[str] = []
        self.conversions = 0
        self._wires, self._spi = wires, wires.chip.spi[bus]
        self._selected = False
        self._address = -1
        self._rx = 0
        self._ours = wires.alarm(lambda: self._spi.complete_transmit(self._rx))
        self._convert = wires.alarm(self._converted)
        self._others: Callable[[int], None] = self._spi.on_transmit
        self._spi.on_transmit = self._sent

    def power_glitch(self) -> None:
        self.registers[:] = POWER_ON
        self._convert.cancel()

    def select(self, level: int) -> None:
        """CS, low is selected."""
        if self._selected == (not level):
            return
        self._selected, self._address = not level, -1

    @property
    def selected(self) -> bool:
        return self._selected

    def _sent(self, value: int) -> None:
        if not self._selected or self.absent:
            self._others(value)
            return
        hz = self._spi.clock_frequency or 1e6
        if self._spi.spi_mode not in (1, 3):
            self.violations.append(f"SPI mode {self._spi.spi_mode}")
        if hz > MAX_HZ:
            self.violations.append(f"{hz / 1e6:.1f} MHz")
        self._rx = self._exchange(value)
        self._ours.schedule(8e9 / hz)

    def _exchange(self, value: int) -> int:
        if self._address < 0:
            self._address = value
            return 0
        at = self._address & 15
        answer = 0 if self._address & 0x80 else self.registers[at]
        if self._address & 0x80:
            self._write(at, value)
        self._address = self._address & 0x80 | at + 1 & 15
        return answer

    def _write(self, at: int, value: int) -> None:
        if at >= LTCBH or at >= CJTH and not self.registers[CR0] & CJ_DISABLED:
            return
        before = self.registers[CR0]
        self.registers[at] = value
        if at != CR0:
            return
        if before & AUTO and value & AUTO and (before ^ value) & HZ_50:
            self.violations.append("the filter was changed while converting")
        if value & AUTO and not before & AUTO:
            self._convert.schedule(FIRST_NS[value & HZ_50])
        elif not value & AUTO:
            self._convert.cancel()

    def _converted(self) -> None:
        self.conversions += 1
        control = self.registers[CR0]
        self._convert.schedule(NEXT_NS[control & HZ_50])
        now = self.temperature()
        low, high = RANGES.get(self.registers[CR1] & 15, (0, 0))
        fault = 0
        if now is None:
            fault = OPEN if control & OPEN_DETECT else 0
            now = high
        elif not low <= now <= high:
            fault = TC_RANGE
        code = round(now * 128 / 100) & 0x7FFFF
        self.registers[LTCBH:SR] = bytes((code >> 11, code >> 3 & 255, (code & 7) << 5))
        self.registers[CJTH : CJTH + 2] = bytes((25, 0))
        self.registers[SR] = fault
