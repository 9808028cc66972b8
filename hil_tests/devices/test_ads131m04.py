"""The converter at its wires: samples with their sign, and every way in which it can fail is told and never taken for a sample."""

import random
import tomllib
from typing import Any

import pytest
from stackpress import paths
from stackpress_core.tick import blackboard

from hil_tests.devices.ads131m04 import CLOCK, GAIN, MODE, STATUS, Ads131m04
from hil_tests.devices.peripherals import CRC_TABLE, Peripherals

PINS = {"converter_clock": 0, "converter_select": 1, "converter_data": 2, "data_ready": 3, "pio_data": 4}
HZ = 4000
NEW, BAD, RESET = blackboard.SAMPLE_NEW, blackboard.SAMPLE_CRC_BAD, blackboard.SAMPLE_CHIP_RESET


class Fitted:
    """Converter, driver, and the stage of the tick, called by the interrupt; it waits for the blackboard's words as on the chip."""

    def __init__(self) -> None:
        self.rp2040 = Peripherals(step_cycles=2)
        self.codes = [100, -200, 0x7FFFFF, -0x800000]
        self.chip = Ads131m04(self.rp2040.wires, PINS, lambda: self.codes)
        module = self.rp2040.driver("ads131m04")
        module.crc_table(self.rp2040.memory(CRC_TABLE, 512))
        self.driver = module.Converter(0, 1, 2, 3, 4)
        self.rp2040.fixed(PERIOD_US=round(1e6 / HZ))
        self._receive = self.rp2040.stage("ads131m04_stages", "receive")
        self._resync = self.rp2040.stage("ads131m04_stages", "resync")
        self.away = False  # interrupts are off
        self.conversion = 0  # at the last tick
        self.ticks: list[float] = []
        self.seen: list[tuple[int, list[int]]] = []

    def go(self, set_up: bool = True) -> None:
        if set_up:
            assert self.driver.set_up(HZ)
        self.driver.prepare(HZ, self._tick)
        self.driver.start()

    def _tick(self, _: Any) -> None:
        if self.away:
            return
        self.ticks.append(self.rp2040.wires.now_ns)
        self.conversion = self.chip.conversions
        self._receive()
        self._resync()
        self.seen.append((self.rp2040.word("STATUS"), [self.rp2040.word(f"RAW+{n}") for n in range(4)]))

    def hold(self, pin: int, level: int) -> None:
        """A line that something else keeps at a level."""
        self.rp2040.wires.line(pin).hold(level)

    def run(self, ms: float) -> list[tuple[int, list[int]]]:
        before = len(self.seen)
        self.rp2040.run_us(1000 * ms)
        return self.seen[before:]


def test_every_conversion_is_one_tick_with_four_codes() -> None:
    fitted = Fitted()
    fitted.go()
    fitted.run(1)
    found = fitted.run(5)
    assert len(found) in (19, 20, 21) and all(one == (NEW, [100, -200, 0x7FFFFF, -0x800000]) for one in found)
    gaps = [b - a for a, b in zip(fitted.ticks[2:], fitted.ticks[3:], strict=False)]
    assert all(abs(gap - 250_000) < 300 for gap in gaps)


def test_what_is_read_is_the_newest_conversion_also_after_a_start_and_after_a_pause() -> None:
    """The converter keeps two: read once a conversion, the older one of them would come out for ever."""
    fitted = Fitted()
    fitted.chip.sample = lambda: [fitted.chip.conversions + 1] * 4
    assert fitted.driver.set_up(HZ)
    fitted.rp2040.run_us(2000)  # nobody reads
    fitted.go(set_up=False)
    for pause_ms in (0, 0.4, 0.6, 3, 10):
        fitted.away = pause_ms > 0
        fitted.run(pause_ms)
        fitted.away = False
        fitted._tick(None)  # the interrupt that had to wait
        fitted.run(1.5)
        assert fitted.run(0.5)[-1] == (NEW, [fitted.conversion] * 4), pause_ms


def test_a_frame_that_stands_still_for_longer_than_the_time_out_is_no_sample_and_the_next_ones_are() -> None:
    """Interrupts were off for as long as a flash erase takes: the state machine waited for room in the middle of a frame."""
    for away_ms, believed in ((3, True), (9, False)):
        fitted = Fitted()
        fitted.go()
        fitted.run(1)
        fitted.away = True
        fitted.run(away_ms)
        assert fitted.chip._register.selected == believed
        fitted.away = False
        fitted._tick(None)
        assert (fitted.seen[-1][0] == NEW) == believed
        fitted.run(1)
        assert all(status == NEW for status, _ in fitted.run(3))


def test_what_is_written_says_in_the_bits_of_the_data_sheet_what_the_press_counts_on() -> None:
    """Read back it is the same whatever it means: so each field is held to its own meaning (SBASA13A 8.6)."""
    fitted = Fitted()
    assert fitted.driver.set_up(HZ)
    mode, clock, gain = (fitted.chip.registers[at] for at in (MODE, CLOCK, GAIN))
    assert mode >> 8 & 3 == 0b01, "words of 24 bits"
    assert mode >> 11 & 7 == 0, "the CRC is CCITT; none is asked for of commands and registers"
    assert mode >> 4 & 1, "a frame that stands still is given up"
    assert mode & 0xF == 0, "data-ready is driven low, and stays so, when the slowest channel has converted"
    assert clock >> 8 == 0b1111 and clock >> 5 & 7 == 0, "four channels convert, at the ratio that is asked for"
    assert clock & 3 == 0b10, "high resolution: what 8.192 MHz at CLKIN want"
    assert [1 << (gain >> 4 * n & 7) for n in range(4)] == [128] * 4


def test_model_halves_its_codes_with_the_gain_and_stops_at_the_range() -> None:
    """Full scale is 1.2 V by the gain (SBASA13A 8.3.3); 7FFFFFh and 800000h are its ends (table 8-10)."""
    fitted = Fitted()
    fitted.go()
    fitted.chip.registers[GAIN] = 0x4567
    fitted.codes = [1000, -1000, 0x7FFFFF * 2, -0x800000 * 16]
    fitted.run(1)
    assert fitted.run(1)[-1] == (NEW, [1000, -500, 0x7FFFFF >> 1, -0x800000])
    fitted.chip.registers[CLOCK] &= ~0x0200
    fitted.run(1)
    assert fitted.run(1)[-1][1][1] == 0


@pytest.mark.parametrize(("mode", "given_up"), [(0x0110, True), (0x0100, False)])
def test_model_gives_a_frame_up_only_if_mode_says_so(mode: int, given_up: bool) -> None:
    """32768 periods of CLKIN are 4 ms (SBASA13A 6.7)."""
    fitted = Fitted()
    fitted.chip.registers[MODE] = mode
    fitted.chip._select(0)
    fitted.rp2040.mcu.clock.tick(3.9e6)
    assert fitted.chip._register.selected
    fitted.rp2040.mcu.clock.tick(0.2e6)
    assert fitted.chip._register.selected != given_up


def test_model_keeps_the_two_newest_conversions_while_nobody_reads() -> None:
    fitted = Fitted()
    fitted.chip.registers[GAIN] = 0x7777
    fitted.chip.sample = lambda: [fitted.chip.conversions + 1] * 4
    for _ in range(8):
        fitted.rp2040.mcu.clock.tick(250e3)
    assert [codes[0] for codes in fitted.chip.unread] == [fitted.chip.conversions - 1, fitted.chip.conversions]


def _bit(program: list[Any]) -> list[tuple[int, int, int]]:
    """(level of the clock, cycles, kind of instruction) of each in the loop that sends a bit: two side-set bits, three of delay."""
    for at, word in enumerate(program[0]):
        loop = [(w >> 11 & 1, 1 + (w >> 8 & 7), w >> 13) for w in program[0][word & 31 : at + 1]]
        if word >> 13 == 0 and word >> 5 & 7 == 2 and {clock for clock, *_ in loop} == {0, 1}:
            return loop
    raise AssertionError("no loop has a clock in it")


@pytest.mark.parametrize(
    ("name", "program", "role"), [("ads131m04", "frame_program", "converter"), ("dac8551", "dac_program", "dac")]
)
def test_bits_take_the_cycles_that_the_electrical_rules_count_with(name: str, program: str, role: str) -> None:
    carrier = tomllib.loads((paths.BOARDS / "pico" / "carrier.toml").read_text())["pio"][role]
    driver = Peripherals().driver(name)
    loop = _bit(getattr(driver, program))
    assert (carrier["hz"], carrier["cycles"]) == (driver.PIO_HZ, sum(cycles for _, cycles, _ in loop))
    if role == "converter":
        kinds = [kind for *_, kind in loop]
        assert carrier["read_cycles"] == sum(cycles for _, cycles, _ in loop[: kinds.index(0b010)])  # `in`
        high = sum(cycles for clock, cycles, _ in loop if clock)
        assert high * 1e9 / driver.PIO_HZ >= 20 <= (carrier["cycles"] - high) * 1e9 / driver.PIO_HZ  # SBASA13A 6.6


def test_registers_are_locked_so_that_the_shared_data_line_can_change_nothing() -> None:
    fitted = Fitted()
    fitted.go()
    assert fitted.chip.registers[STATUS] & 0x8000
    before = dict(fitted.chip.registers)
    pin = fitted.rp2040.machine.Pin(4, 1, value=0)
    for n in range(400):
        pin(n % 3 == 0)
        fitted.rp2040.run_us(11)
    assert fitted.chip.registers == before


@pytest.mark.parametrize("register", [MODE, CLOCK, GAIN])
def test_register_that_took_another_value_leaves_the_converter_reset_and_nothing_is_believed(register: int) -> None:
    """A gain that is wrong by a bit is a force that is wrong by a factor, with a good CRC."""
    fitted = Fitted()
    write = fitted.chip._write
    fitted.chip._write = lambda at, value: write(at, value ^ 0x0010 if at == register else value)  # type: ignore[method-assign]
    assert not fitted.driver.set_up(HZ)
    fitted.go(set_up=False)
    assert all(status & RESET for status, _ in fitted.run(3)[1:])
    fitted.driver.stop()
    fitted.chip._write = write  # type: ignore[method-assign]
    fitted.go()
    fitted.run(1)
    assert all(status == NEW for status, _ in fitted.run(3))


@pytest.mark.parametrize("kind", [0x2203, 0x2803, 0x0000, 0xFFFF])
def test_converter_of_another_kind_is_none(kind: int) -> None:
    fitted = Fitted()
    fitted.chip.registers[0] = kind
    obey = fitted.chip.power_glitch
    fitted.chip.power_glitch = lambda: (obey(), fitted.chip.registers.update({0: kind}))  # type: ignore[assignment,func-returns-value]
    assert not fitted.driver.set_up(HZ)


def test_reset_that_is_not_acknowledged_is_no_converter() -> None:
    fitted = Fitted()
    fitted.chip._reset = lambda: None  # type: ignore[method-assign]
    assert not fitted.driver.set_up(HZ)


def test_converter_that_was_left_locked_is_unlocked_reset_and_set_up() -> None:
    fitted = Fitted()
    assert fitted.driver.set_up(HZ) and fitted.chip.registers[STATUS] & 0x8000
    fitted.chip.registers[0x09] = 0x1234  # a calibration register that only a reset clears
    assert fitted.driver.set_up(HZ) and fitted.chip.registers.get(0x09, 0) == 0


def test_chip_that_restarts_says_so_in_every_tick_until_it_was_set_up_anew() -> None:
    fitted = Fitted()
    fitted.go()
    fitted.run(1)
    fitted.chip.power_glitch()
    assert all(status & RESET for status, _ in fitted.run(3)[1:])
    fitted.driver.stop()
    fitted.go()
    fitted.run(1)
    assert all(status == NEW for status, _ in fitted.run(3))


@pytest.mark.parametrize("seed", range(4))
def test_bit_that_is_turned_over_is_never_a_sample(seed: int) -> None:
    fitted, chance = Fitted(), random.Random(seed)
    fitted.go()
    fitted.run(1)
    for _ in range(30):
        fitted.chip.noise_mask = 1 << chance.randrange(8, 144)
        fitted.chip.noise_frames = 1
        found = [status for status, _ in fitted.run(0.75)]
        assert any(status != NEW for status in found)
        assert all(status == NEW or status & BAD or not status & NEW for status in found)
    fitted.run(1)
    assert all(status == NEW for status, _ in fitted.run(2))


def test_converter_that_dies_gives_no_sample_and_the_tick_goes_on_at_five_quarters() -> None:
    fitted = Fitted()
    fitted.go()
    fitted.run(1)
    fitted.chip.dead = True
    fitted.run(1)
    found = fitted.run(5)
    assert len(found) in (15, 16, 17) and all(not status & NEW for status, _ in found)


@pytest.mark.parametrize("level", [0, 1])
def test_data_line_shorted_to_a_rail_is_no_sample(level: int) -> None:
    fitted = Fitted()
    fitted.go()
    fitted.run(1)
    fitted.hold(2, level)
    fitted.run(1)
    assert all(not status & NEW for status, _ in fitted.run(3))


def test_no_converter_at_boot_is_told_and_ticks_all_the_same() -> None:
    fitted = Fitted()
    fitted.chip.dead = True
    assert not fitted.driver.set_up(HZ) and not fitted.driver.present
    fitted.go(set_up=False)
    found = fitted.run(5)
    assert len(found) >= 15 and all(not status & NEW for status, _ in found)


def test_converter_that_comes_back_says_that_it_restarted() -> None:
    fitted = Fitted()
    fitted.go()
    fitted.run(1)
    fitted.chip.dead = True
    fitted.run(2)
    fitted.chip.dead = False
    fitted.chip.power_glitch()
    fitted.run(1)
    assert all(status & RESET for status, _ in fitted.run(2))
    fitted.driver.stop()
    fitted.go()
    fitted.run(1)
    assert all(status == NEW for status, _ in fitted.run(2))


def test_data_ready_that_is_cut_off_gives_no_sample_for_they_would_not_be_in_time() -> None:
    """The tick comes every five quarters of a period then: whoever counted ticks would have the time wrong."""
    fitted = Fitted()
    fitted.go()
    fitted.run(1)
    fitted.chip.ready_cut = True
    fitted.run(1)
    found = fitted.run(5)
    assert len(found) in (15, 16, 17) and not any(status & NEW for status, _ in found)
    fitted.chip.ready_cut = False
    fitted.run(1)
    assert all(status == NEW for status, _ in fitted.run(2))
