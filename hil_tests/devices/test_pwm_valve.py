"""The proportional valve at its pin: the duty is the blackboard's code, and the pin is low whenever nobody answers for it."""

import pytest

from hil_tests.devices.peripherals import Peripherals
from hil_tests.devices.pwm_valve import PwmValve

PWM = 0x40050000


class Fitted:
    def __init__(self, pin: int = 14, hz: int = 1000) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.pin = pin
        self.outputs = self.rp2040.driver("outputs")
        self.outputs.safe([pin])
        self.valve = PwmValve(self.rp2040.wires, pin)
        self.driver = self.rp2040.driver("pwm_valve").Valve(pin, hz, PWM, 125_000_000)
        self.driver.start()
        self.drive = self.rp2040.stage("pwm_valve_stages", "drive", _PIN_VALVE_PWM=pin)

    def set(self, code: int, ms: float = 5) -> int:
        self.rp2040.put("CODE", code)
        self.drive()
        self.rp2040.mcu.clock.tick(ms * 1e6)
        return self.valve.code


@pytest.mark.parametrize("pin", [14, 15])
@pytest.mark.parametrize("hz", [100, 1000, 1900])
def test_duty_is_the_code(pin: int, hz: int) -> None:
    fitted = Fitted(pin, hz)
    for code in (1, 655, 32768, 60000, 65534):
        assert abs(fitted.set(code, 5000 / hz) - code) <= 2
    assert abs(1e9 / fitted.valve.period_ns - hz) < hz / 10


def test_both_ends_are_steady_levels() -> None:
    fitted = Fitted()
    assert fitted.set(0) == 0 and fitted.rp2040.wires.level(14) == 0
    assert fitted.set(65535, 20) == 65535 and fitted.rp2040.wires.level(14) == 1
    assert fitted.set(0) == 0 and fitted.rp2040.wires.level(14) == 0


def test_new_set_point_waits_for_one_period_at_most() -> None:
    fitted = Fitted()
    fitted.set(10000)
    assert abs(fitted.set(50000, 2.2) - 50000) <= 2


def test_starts_closed_even_if_the_slice_was_left_open() -> None:
    fitted = Fitted()
    fitted.set(40000)
    levels: list[int] = []
    fitted.outputs.safe([14])
    fitted.rp2040.wires.watch(14, levels.append)
    fitted.driver.start()
    fitted.rp2040.mcu.clock.tick(10e6)
    assert 1 not in levels


def test_slice_that_stops_while_high_stays_high_and_the_safe_pin_is_low() -> None:
    """Why the pin is taken from the slice first: with the counter stopped nothing ever drives it low."""
    fitted = Fitted()
    fitted.set(65535)
    fitted.rp2040.mcu.write_uint32(PWM + 20 * 7, 0)
    fitted.rp2040.mcu.clock.tick(50e6)
    assert fitted.rp2040.wires.level(14) == 1 and fitted.valve.code == 65535
    fitted.outputs.safe([14])
    assert fitted.rp2040.wires.level(14) == 0


def test_model_reads_a_duty_from_edges_alone() -> None:
    rp2040 = Peripherals(step_cycles=8)
    pin = rp2040.machine.Pin(3, 1, value=0)
    valve = PwmValve(rp2040.wires, 3)
    for _ in range(4):
        pin(1)
        rp2040.run_us(300)
        pin(0)
        rp2040.run_us(700)
    assert abs(valve.code - 0.3 * 65535) < 10
    rp2040.run_us(3000)
    assert valve.code == 0
