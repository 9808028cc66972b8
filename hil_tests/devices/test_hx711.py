"""The HX711 at its wires: it ticks at the tick's own rate, with a sample when there is one, and a dead line gives none."""

from typing import Any

import pytest
from stackpress_core.tick import blackboard

from hil_tests.devices.hx711 import A_128, B_32, WEIGHTS, Hx711
from hil_tests.devices.peripherals import Peripherals

CLOCK, DATA = 0, 1
HZ = 1000


class Fitted:
    """Converter, driver, and the stage of the tick called by the interrupt."""

    def __init__(self, codes: Any = None, sps: float = 80.0, hz: int = HZ) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.codes = codes if codes is not None else [1234567]
        self._n = 0
        self.chip = Hx711(self.rp2040.wires, CLOCK, DATA, self._next, sps)
        self.module = self.rp2040.driver("hx711")
        self.driver = self.module.Converter(CLOCK, DATA, sps=80)
        self.rp2040.fixed()
        self.ticks: list[float] = []
        self.samples: list[int] = []
        self._receive = self.rp2040.stage("hx711_stages", "receive")
        self.hz = hz

    def _next(self) -> int:
        self._n += 1
        return int(self.codes[(self._n - 1) % len(self.codes)])

    def go(self) -> None:
        self.driver.prepare(self.hz, self._tick)
        self.driver.start()

    def _tick(self, _: Any) -> None:
        self.ticks.append(self.rp2040.wires.now_ns)
        self._receive()
        if self.rp2040.word("STATUS") & blackboard.SAMPLE_NEW:
            self.samples.append(self.rp2040.word("RAW"))


@pytest.mark.parametrize("hz", [200, 500, 1000, 2000])
def test_ticks_keep_their_rate_with_and_without_a_sample(hz: int) -> None:
    fitted = Fitted(hz=hz)
    assert fitted.driver.set_up(hz)
    fitted.go()
    fitted.rp2040.run_us(200_000)
    gaps = [b - a for a, b in zip(fitted.ticks, fitted.ticks[1:], strict=False)]
    assert all(abs(gap - 1e9 / hz) < 5000 for gap in gaps) and abs(len(fitted.ticks) - hz // 5) <= 1
    # the press's time is its ticks: a thousandth too long would be twenty minutes in a fortnight
    assert abs((fitted.ticks[-1] - fitted.ticks[0]) * hz / 1e9 / len(gaps) - 1) < 1e-6
    assert 15 <= len(fitted.samples) <= 17


def test_every_conversion_arrives_once_with_its_sign() -> None:
    codes = [1, -1, 0x7FFFFE, -0x7FFFFF, 0x123456, -0x123456, 5, -77]
    fitted = Fitted(codes)
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(300_000)
    assert len(fitted.samples) > 20 and fitted.chip.gain_pulses == 25 and not fitted.chip.violations
    told = [sum(w * codes[(n - i) % 8] for i, w in enumerate(WEIGHTS)) // 16 for n in range(8)]
    first = told.index(fitted.samples[0])
    assert fitted.samples == [told[(first + n) % 8] for n in range(len(fitted.samples))]


def test_beyond_the_range_the_code_is_at_the_rail() -> None:
    fitted = Fitted([9_000_000] * 6 + [-9_000_000] * 6)
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(200_000)
    assert {0x7FFFFF, -0x800000} <= set(fitted.samples) and max(fitted.samples) == 0x7FFFFF and min(fitted.samples) == -0x800000


@pytest.mark.parametrize(("sps", "settled_ms"), [(80, 50), (10, 400)])
def test_a_step_is_told_whole_after_four_conversions_and_not_before(sps: int, settled_ms: int) -> None:
    rp2040 = Peripherals(step_cycles=8)
    codes = [0]
    chip = Hx711(rp2040.wires, CLOCK, DATA, lambda: codes[0], sps)
    rp2040.mcu.clock.tick(1e9)
    codes[0], began, told = 160_000, chip.conversions, [0]
    while told[-1] < 160_000:
        rp2040.mcu.clock.tick(1e9 / sps)
        chip._bits = 0  # read
        told.append(chip._code)
    assert told[1:] == [10_000, 80_000, 150_000, 160_000] and (chip.conversions - began) * 1000 / sps == settled_ms


def test_a_spike_on_the_clock_chooses_the_other_input_and_no_sample_comes_until_that_has_settled() -> None:
    """Four conversions are 50 ms: a press whose samples are stale after 40 stops before it sees the other input's code."""
    fitted = Fitted([1234567])
    fitted.chip.other = lambda: -99
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(100_000)
    while fitted.chip._bits != A_128:
        fitted.rp2040.run_us(100)
    fitted.chip._shift()
    before, at = len(fitted.samples), len(fitted.ticks)
    assert fitted.chip.gain_pulses == B_32
    while len(fitted.samples) == before:
        fitted.rp2040.run_us(1000)
    assert fitted.samples[before] == -99 and 49 <= len(fitted.ticks) - at <= 64
    fitted.rp2040.run_us(200_000)
    assert fitted.chip.gain_pulses == A_128 and set(fitted.samples[before + 1 :]) == {1234567}


def test_a_read_in_which_the_chip_restarts_ends_in_ones_and_nothing_follows_until_it_has_settled() -> None:
    fitted = Fitted([0x123456])
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(100_000)
    while not 8 <= fitted.chip._bits <= 20:
        fitted.rp2040.run_us(4)
    bits = fitted.chip._bits
    fitted.chip.restart()
    fitted.rp2040.run_us(2000)
    wrong = fitted.samples[-1]
    assert wrong != 0x123456 and wrong >> (24 - bits + 1) == 0x123456 >> (24 - bits + 1) and wrong & wrong + 1 & 0xFF == 0
    before = len(fitted.samples)
    fitted.rp2040.run_us(44_000)
    assert len(fitted.samples) == before
    fitted.rp2040.run_us(100_000)
    assert set(fitted.samples[before:]) == {0x123456}


@pytest.mark.parametrize("what", ["dead", "short to ground", "short to supply"])
def test_a_line_that_is_dead_gives_no_sample_and_ticks_go_on(what: str) -> None:
    fitted = Fitted()
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(50_000)
    if what == "dead":
        fitted.chip.dead = True
    else:
        fitted.chip.stuck = int(what.endswith("supply"))
    fitted.chip._drive()
    fitted.rp2040.run_us(20_000)
    before, ticks = len(fitted.samples), len(fitted.ticks)
    fitted.rp2040.run_us(100_000)
    assert len(fitted.samples) == before and len(fitted.ticks) - ticks in (99, 100, 101)


def test_nothing_is_read_before_it_has_settled() -> None:
    fitted = Fitted()
    fitted.driver.set_up(HZ)
    assert fitted.chip.conversions >= 4 and fitted.driver.present


def test_set_up_powers_it_down_so_that_nothing_of_before_is_left() -> None:
    """PD_SCK high for more than 60 us: whatever input it had been turned to, it begins anew with channel A at 128."""
    fitted = Fitted()
    fitted.chip.other = lambda: -99
    fitted.chip.gain_pulses = B_32
    fitted.rp2040.mcu.clock.tick(1e9)
    assert fitted.driver.set_up(HZ) and fitted.chip.gain_pulses == A_128
    fitted.go()
    fitted.rp2040.run_us(100_000)
    assert set(fitted.samples) == {1234567}


@pytest.mark.parametrize(("sps", "level"), [(80, 1), (10, 0)])
def test_rate_is_at_its_pin_and_as_long_as_four_conversions_take_is_waited_for(sps: int, level: int) -> None:
    """RATE is 1 for 80 SPS (50 ms), 0 for 10 (400 ms)."""
    fitted = Fitted(sps=sps)
    fitted.module.time.sleep_ms = lambda ms: fitted.rp2040.mcu.clock.tick(ms * 1e6)
    driver = fitted.module.Converter(CLOCK, DATA, rate=4, sps=sps)
    assert fitted.rp2040.wires.level(4) == level
    assert driver.set_up(HZ) and driver.present and fitted.chip.conversions >= 4


def test_absent_converter_is_told_in_bounded_time_and_still_ticks() -> None:
    fitted = Fitted()
    fitted.chip.dead = True
    before = fitted.rp2040.wires.now_ns
    assert not fitted.driver.set_up(HZ) and not fitted.driver.present
    assert fitted.rp2040.wires.now_ns - before < 100e6
    fitted.go()
    fitted.rp2040.run_us(50_000)
    assert len(fitted.ticks) in (49, 50) and not fitted.samples


def test_converter_that_comes_back_is_heard_again() -> None:
    fitted = Fitted()
    fitted.chip.dead = True
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(50_000)
    fitted.chip.dead = False
    fitted.rp2040.run_us(100_000)
    assert len(fitted.samples) >= 6


def test_clock_never_rests_high_and_stopping_leaves_it_low() -> None:
    fitted = Fitted()
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(12_345)
    fitted.driver.stop()
    fitted.rp2040.run_us(1000)
    assert fitted.rp2040.wires.level(CLOCK) == 0 and fitted.chip.powered and not fitted.chip.violations


def test_interrupts_that_were_off_for_long_cost_samples_not_their_order() -> None:
    fitted = Fitted(list(range(1000, 2000)))
    fitted.driver.set_up(HZ)
    fitted.go()
    fitted.rp2040.run_us(50_000)
    handlers, fitted.rp2040.handlers = fitted.rp2040.handlers, {}
    fitted.rp2040.run_us(200_000)
    fitted.rp2040.handlers = handlers
    fitted.rp2040.run_us(50_000)
    assert fitted.samples == sorted(set(fitted.samples)) and fitted.samples[-1] >= fitted.samples[0] + 20


def test_model_powers_down_after_60_us_and_begins_anew() -> None:
    rp2040 = Peripherals(step_cycles=8)
    chip = Hx711(rp2040.wires, CLOCK, DATA, lambda: 7)
    pin = rp2040.machine.Pin(CLOCK, 1, value=0)
    rp2040.run_us(100_000)
    pin(1)
    rp2040.run_us(30)
    assert chip.powered
    rp2040.run_us(40)
    assert not chip.powered
    conversions = chip.conversions
    rp2040.run_us(50_000)
    assert chip.conversions == conversions
    pin(0)
    rp2040.run_us(50_000)
    assert chip.powered and chip.conversions >= conversions + 3
