"""Two thermocouple converters on the journal's SPI: temperatures, what is no temperature, and a flash that never notices."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from stackpress_core.tick import blackboard

from hil_tests.devices.max31856 import AUTO, CJ_DISABLED, CR0, CR1, HZ_50, OPEN_DETECT, Max31856
from hil_tests.devices.peripherals import Peripherals
from hil_tests.devices.w25q import W25q

PINS = {"flash_select": 17}


class Fitted:
    def __init__(self) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.nor = W25q(self.rp2040.wires, PINS, size=1 << 16)
        self.celsius: list[int | None] = [12345, -4321]
        self.chips = [Max31856(self.rp2040.wires, 0, lambda n=n: self.celsius[n]) for n in (0, 1)]  # type: ignore[misc]
        self.expander_dead = False
        Pin, SPI = self.rp2040.machine.Pin, self.rp2040.machine.SPI
        spi = SPI(0, baudrate=20000000, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
        self.flash = self.rp2040.driver("w25q").Nor(spi, 17)
        self.S = blackboard.new()
        self.driver: Any = self.rp2040.driver("max31856").Thermocouples(spi, self.select)
        self.driver.begin(SimpleNamespace(S=self.S))
        self.ms = 0

    def select(self, channel: int | None) -> None:
        if self.expander_dead:
            raise OSError(110)
        self.rp2040.run_us(75)  # three bytes at 400 kHz
        for n, chip in enumerate(self.chips):
            chip.select(0 if channel == n else 1)
        assert sum(chip.selected for chip in self.chips) <= 1
        assert self.rp2040.wires.level(17) == 1, "the flash is selected as well"

    def run(self, ms: int, every: int = 10) -> None:
        for _ in range(ms // every):
            self.rp2040.mcu.clock.tick(every * 1e6)
            self.ms += every
            self.driver.service(self.ms)

    def read(self) -> list[int]:
        return [self.S[blackboard.AT["TEMPERATURE"] + n] for n in (0, 1)]


@pytest.fixture
def fitted() -> Iterator[Fitted]:
    made = Fitted()
    yield made
    assert made.chips[0].violations == made.chips[1].violations == []


@pytest.mark.parametrize("centi", [0, 1, -1, 2500, 39999, -20000, 137200])
def test_code_of_the_datasheet_is_the_temperature_to_a_hundredth(centi: int) -> None:
    module = Peripherals().driver("max31856")
    code = round(centi * 128 / 100) & 0x7FFFF
    assert abs(module.centi_c(code >> 11, code >> 3 & 255, (code & 7) << 5) - centi) <= 1


def test_table_of_the_datasheet() -> None:
    """Table 4: linearised temperatures and their 19 bits."""
    module = Peripherals().driver("max31856")
    assert module.centi_c(0x64, 0x00, 0x00) == 160000 and module.centi_c(0x01, 0x90, 0x00) == 2500
    assert module.centi_c(0xF0, 0x60, 0x00) == -25000 and module.centi_c(0x00, 0x01, 0x00) == 6


def test_what_is_written_says_in_the_bits_of_the_data_sheet_what_the_press_counts_on(fitted: Fitted) -> None:
    fitted.run(300)
    for chip in fitted.chips:
        assert chip.registers[CR0] & AUTO and chip.registers[CR0] & HZ_50, "it converts by itself, and the mains have 50 Hz"
        assert chip.registers[CR0] & OPEN_DETECT == 0b01 << 4, "open ones are found"
        assert not chip.registers[CR0] & CJ_DISABLED and chip.registers[CR1] == 0b0011, "type K, no average, its own cold junction"


def test_both_platens_are_told_within_half_a_second(fitted: Fitted) -> None:
    fitted.run(500)
    assert [abs(a - b) <= 1 for a, b in zip(fitted.read(), (12345, -4321), strict=True)] == [True, True]
    fitted.celsius = [20000, 2000]
    fitted.run(300)
    assert [abs(a - b) <= 1 for a, b in zip(fitted.read(), (20000, 2000), strict=True)] == [True, True]


def test_nothing_is_told_before_the_first_conversion(fitted: Fitted) -> None:
    for _ in range(20):
        fitted.run(10)
        assert fitted.read()[0] in (0, blackboard.ABSENT), "zero is what the blackboard holds before the first poll"
    assert fitted.read() == [blackboard.ABSENT, blackboard.ABSENT]


def test_open_thermocouple_has_no_temperature_and_the_other_one_has(fitted: Fitted) -> None:
    fitted.run(500)
    fitted.celsius[1] = None
    fitted.run(300)
    assert abs(fitted.read()[0] - 12345) <= 1 and fitted.read()[1] == blackboard.ABSENT
    fitted.celsius[1] = 3000
    fitted.run(300)
    assert abs(fitted.read()[1] - 3000) <= 1


def test_junction_out_of_its_range_has_no_temperature(fitted: Fitted) -> None:
    fitted.celsius[0] = 150000
    fitted.run(600)
    assert fitted.read()[0] == blackboard.ABSENT


def test_chip_that_lost_its_supply_is_not_believed_and_set_up_anew(fitted: Fitted) -> None:
    fitted.run(500)
    fitted.chips[0].power_glitch()
    fitted.run(120)
    assert fitted.read()[0] == blackboard.ABSENT and abs(fitted.read()[1] + 4321) <= 1
    fitted.run(600)
    assert abs(fitted.read()[0] - 12345) <= 1


def test_chip_that_is_not_there_has_no_temperature(fitted: Fitted) -> None:
    fitted.chips[0].absent = True
    fitted.run(600)
    assert fitted.read()[0] == blackboard.ABSENT and abs(fitted.read()[1] + 4321) <= 1


def test_without_the_expander_there_is_no_temperature_and_it_comes_back(fitted: Fitted) -> None:
    fitted.run(500)
    fitted.expander_dead = True
    fitted.run(200)
    assert fitted.read() == [blackboard.ABSENT, blackboard.ABSENT] and fitted.driver.failures
    fitted.expander_dead = False
    fitted.run(700)
    assert abs(fitted.read()[0] - 12345) <= 1


def test_flash_on_the_same_wires_keeps_every_byte(fitted: Fitted) -> None:
    fitted.flash.erase(0)
    fitted.rp2040.mcu.clock.tick(60e6)
    for page in range(8):
        fitted.flash.program(page * 256, bytes((page * 7 + i) & 255 for i in range(256)))
        fitted.run(60)
    back = bytearray(256)
    for page in range(8):
        fitted.flash.read(page * 256, back)
        fitted.run(60)
        assert bytes(back) == bytes((page * 7 + i) & 255 for i in range(256))
    assert fitted.nor.violations == 0


def test_poll_is_short(fitted: Fitted) -> None:
    """Wire time of the longest pass: two transfers to set up, with their selects."""
    longest = 0.0
    for _ in range(40):
        fitted.rp2040.mcu.clock.tick(10e6)
        fitted.ms += 10
        began = fitted.rp2040.wires.now_ns
        fitted.driver.service(fitted.ms)
        longest = max(longest, fitted.rp2040.wires.now_ns - began)
    assert longest < 500_000
