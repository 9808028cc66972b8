"""A contact at its pin: it bounces, settles at what it was set to, and its opto-coupler swallows what is short."""

import pytest

from hil_tests.devices.contact import FALLS_NS, RISES_NS, Contact
from hil_tests.devices.peripherals import Peripherals

PIN = 10


class Wired:
    def __init__(self, bounce_ms: float, seed: int = 1) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.contact = Contact(self.rp2040.wires, PIN, bounce_ms, seed)
        self.edges: list[tuple[float, int]] = []
        drive = self.rp2040.wires.drive

        def seen(pin: int, level: int) -> None:
            if not self.edges or self.edges[-1][1] != level:
                self.edges.append((self.rp2040.wires.now_ns, level))
            drive(pin, level)

        self.rp2040.wires.drive = seen  # type: ignore[method-assign]

    def set(self, closed: bool, ms: float) -> list[tuple[float, int]]:
        """Edges at the pin after it was set, in ns from then."""
        self.edges.clear()
        began = self.rp2040.wires.now_ns
        self.contact.set(closed)
        self.rp2040.run_us(1000 * ms)
        return [(ns - began, level) for ns, level in self.edges]


@pytest.mark.parametrize("seed", range(4))
def test_settles_at_what_it_was_set_to_and_not_before_its_bounce_is_over(seed: int) -> None:
    wired = Wired(10.0, seed)
    for closed in (True, False, True):
        edges = wired.set(closed, 15)
        assert edges[-1][1] == closed and edges[-1][0] <= 10e6 + 1.5e6 + FALLS_NS
        assert len(edges) > 3


def test_what_does_not_bounce_is_there_at_once_and_the_same_again_is_nothing() -> None:
    wired = Wired(0.0)
    assert [level for _, level in wired.set(True, 1)] == [1] and wired.set(True, 1) == []


def test_pin_is_low_after_what_the_circuit_and_the_couplers_storage_take_and_knows_nothing_of_shorter_openings() -> None:
    """65 us of boards/spice's `switch_input`, 100 of storage."""
    assert pytest.approx((65 + 100) * 1e3) == FALLS_NS and RISES_NS < 1e4
    wired = Wired(10.0)
    wired.set(True, 15)
    wired.contact._move(False)
    wired.rp2040.run_us(150)
    wired.contact._move(True)
    wired.rp2040.run_us(1000)
    assert wired.edges[-1][1] == 1
    wired.contact._move(False)
    wired.rp2040.run_us(160)
    assert wired.edges[-1][1] == 1
    wired.rp2040.run_us(10)
    assert wired.edges[-1][1] == 0
