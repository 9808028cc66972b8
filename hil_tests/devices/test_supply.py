"""The hold-up of the reference carrier: three ways to calculate it, and what it has to be enough for."""

import re

import pytest
from stackpress import paths
from stackpress.electrical import supplies
from stackpress.electrical.circuit import circuit_of

from hil_tests.devices import supply


def test_hold_up_is_what_ngspice_has_found_and_what_the_rule_says() -> None:
    circuit = circuit_of("pico")
    assert circuit is not None
    found = re.search(r"\| hold_up \| lives \| ([\d.]+) \| ms", (paths.BOARDS / "spice" / "README.md").read_text())
    lives_ms = supply.of(circuit).lives_ms()
    assert found and lives_ms == pytest.approx(float(found[1]), rel=0.01)
    assert lives_ms == pytest.approx(supplies.held_up_ms(circuit), rel=0.03)
    assert lives_ms > circuit.raw["hold_up_ms"] >= 15 + 20 + 2 * 3


def test_hold_up_goes_with_the_capacitor_and_with_the_square_of_the_voltage() -> None:
    one = supply.HoldUp(376e-6, 20.5, 6.5)
    assert supply.HoldUp(752e-6, 20.5, 6.5).lives_ms() == pytest.approx(2 * one.lives_ms())
    assert one.lives_ms() == pytest.approx(376e-6 / 2 * (19.8**2 - 6.5**2) * 0.84 / 0.75 * 1000)
