"""The displacement scale at its two wires: what the PIO program counts, what the tick makes of it, what it says when it can't."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from stackpress_core.tick import blackboard, states

from hil_tests.devices.peripherals import Peripherals
from hil_tests.devices.scale import QuadratureScale

A, B, NM = 20, 21, 1000


class Fitted:
    """A scale on its pins, the driver, and the two stages of the tick."""

    def __init__(self, nm: int = NM, level: int = 0) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.scale = QuadratureScale(self.rp2040.wires, A, B, abs(nm))
        self.scale.jump(level)
        self.press: Any = SimpleNamespace(params={"travel_limit_um": 5000}, readings=SimpleNamespace(state=states.SAFE))
        module = self.rp2040.driver("quadrature")
        self.driver = module.Scale(A, B, nm, 0x50300000)
        self.rp2040.fixed()
        self.driver.begin(self.press)
        self._stages = [self.rp2040.stage("quadrature_stages", name, _SCALE_NM_PER_COUNT=nm) for name in ("scale", "travel")]
        self.ms = 0

    def tick(self) -> tuple[int, bool]:
        """(displacement / nm, travel is allowed)."""
        self.rp2040.put("INPUTS", 0)
        for stage in self._stages:
            stage()
        return self.rp2040.word("DISPLACEMENT"), bool(self.rp2040.word("INPUTS") & blackboard.IN["travel_ok"])

    def run(self, ms: float) -> None:
        """Time with a pass of the foreground each millisecond."""
        for _ in range(max(1, round(ms))):
            self.rp2040.run_us(1000 * ms / max(1, round(ms)))
            self.ms += 1
            self.driver.service(self.ms)

    def wait_still(self) -> None:
        """What a press that stands still for six seconds does, without simulating each of their cycles."""
        self.driver.service(self.ms)
        self.ms += 6000
        self.driver.service(self.ms)


def test_model_turns_one_line_at_a_time_and_a_leads_upwards() -> None:
    rp2040 = Peripherals(step_cycles=8)
    scale = QuadratureScale(rp2040.wires, A, B, NM)
    for pin in (A, B):
        rp2040.machine.Pin(pin, 0)
    seen = []
    for level in (1, 2, 3, 4, 3):
        scale.move_to(level * NM, 1000)
        rp2040.run_us(2)
        seen.append((int(rp2040.mcu.gpio[A].input_value), int(rp2040.mcu.gpio[B].input_value)))
    assert seen == [(1, 0), (1, 1), (0, 1), (0, 0), (0, 1)]


def test_each_edge_is_a_count_wherever_it_goes() -> None:
    fitted, chance = Fitted(), random.Random(4)
    fitted.scale.move_to(100 * NM, 2e6)
    fitted.run(3)
    for _ in range(20):
        to = chance.randrange(0, 300) * NM
        fitted.scale.move_to(to, 2e6)
        fitted.run(3)
        assert fitted.tick() == (to, True)
    assert not fitted.driver.lost


@pytest.mark.parametrize("per_second", [4_000, 50_000, 150_000])
def test_no_count_is_lost_at_speed(per_second: int) -> None:
    fitted = Fitted()
    counts = per_second // 100
    fitted.scale.move_to(counts * NM, 1e7)
    fitted.run(11)
    assert fitted.tick() == (counts * NM, True) and not fitted.driver.lost
    fitted.scale.move_to(0, 1e7)
    fitted.run(11)
    assert fitted.tick() == (0, True)


def test_begins_at_zero_whatever_levels_the_lines_have() -> None:
    for level in range(4):
        fitted = Fitted(level=level)
        fitted.run(1)
        assert fitted.tick() == (0, True) and not fitted.driver.lost


def test_travel_limit_is_the_parameter_as_it_stands_now() -> None:
    fitted = Fitted()
    fitted.scale.move_to(4_999_000, 4e7)
    fitted.run(45)
    assert fitted.tick() == (4_999_000, True)
    fitted.scale.move_to(5_000_000, 1000)
    fitted.run(1)
    assert fitted.tick() == (5_000_000, False)
    fitted.press.params = {"travel_limit_um": 6000}
    fitted.run(1)
    assert fitted.tick() == (5_000_000, True)


def test_rest_is_the_lowest_place_that_was_seen() -> None:
    fitted = Fitted()
    fitted.scale.move_to(-700 * NM, 1e7)  # the chip started while the ram was out, and now it has gone back
    fitted.run(11)
    assert fitted.tick() == (0, True)
    fitted.scale.move_to(-600 * NM, 1e6)
    fitted.run(2)
    assert fitted.tick() == (100_000, True)


def test_scale_that_counts_the_other_way_is_turned_by_its_sign() -> None:
    fitted = Fitted(nm=-NM)
    fitted.scale.move_to(-40 * NM, 1e6)
    fitted.run(2)
    assert fitted.tick() == (40_000, True)


def test_count_that_is_lost_is_absent_and_stops_until_the_press_was_safe_and_still() -> None:
    fitted = Fitted()
    fitted.scale.move_to(50 * NM, 1e6)
    fitted.run(2)
    fitted.scale.jump(2)
    fitted.run(1)
    assert fitted.driver.lost and fitted.tick() == (blackboard.ABSENT, False)
    fitted.press.readings.state = states.TRIPPED
    fitted.wait_still()
    assert fitted.tick() == (blackboard.ABSENT, False)
    fitted.press.readings.state = states.SAFE
    fitted.scale.move_to(0, 1e6)
    fitted.run(2)
    fitted.wait_still()
    assert fitted.tick() == (0, True) and not fitted.driver.lost


def test_lost_count_is_found_after_five_seconds_at_rest_and_no_sooner() -> None:
    """A ram that its spring takes home may creep: what stands for a moment is not yet at its rest."""
    fitted = Fitted()
    fitted.scale.jump(2)
    fitted.run(1)
    assert fitted.driver.lost
    for ms, lost in ((0, True), (4900, True), (200, False)):
        fitted.ms += ms
        fitted.driver.service(fitted.ms)
        assert fitted.driver.lost == lost


def test_too_fast_is_noticed_as_loss_not_as_a_wrong_place() -> None:
    fitted = Fitted()
    fitted.scale.move_to(5_000 * NM, 1e7)  # 0.5 m/s on a scale that may be moved at 0.2 m/s
    fitted.run(11)
    assert fitted.driver.lost and fitted.tick() == (blackboard.ABSENT, False)


def test_scale_that_ran_off_the_numbers_is_lost() -> None:
    fitted = Fitted(nm=1_000_000)
    fitted.scale.move_to(1_500_000_000, 2e7)
    fitted.run(25)
    assert fitted.driver.lost and fitted.tick() == (blackboard.ABSENT, False)


def test_deadman_and_scale_share_a_pio() -> None:
    fitted = Fitted()
    deadman = fitted.rp2040.driver("deadman").Deadman(7)
    deadman.begin(None)
    pulses: list[int] = []
    fitted.rp2040.wires.watch(7, pulses.append)
    deadman._sm.put(1)
    fitted.scale.move_to(3 * NM, 1e5)
    fitted.run(1)
    assert pulses == [1, 0] and fitted.tick() == (3 * NM, True)
