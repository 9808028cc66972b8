"""Displacement and platen temperatures of the plant on their way through wires, drivers and blackboard to the host."""

import pytest
from stackpress.link import Link
from stackpress_core.tick import blackboard

from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(1800)
BOOTED_S = 0.7


def test_displacement_and_temperatures_arrive_and_what_is_lost_is_absent() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S + 0.5)
        truth = [target.carrier.blackboard[target.carrier.at["TEMPERATURE"] + n] for n in (0, 1)]
        told = [target.words()[blackboard.AT["TEMPERATURE"] + n] for n in (0, 1)]
        assert all(abs(a - b) <= 2 for a, b in zip(truth, told, strict=True))
        scale = target.carrier.scale
        plant, scale.move_to = scale.move_to, lambda nm, over_ns: None
        plant(2_345_000, 2e7)
        target.run_for(0.03)
        assert target.word("DISPLACEMENT") in (2_345_000, 2_346_000)
        assert target.word("INPUTS") & blackboard.IN["travel_ok"]
        with Link(target.port, quiet_s=900) as link:
            assert abs(float(link.query("MEAS:DISP?")) - 0.002345) < 2e-6
            assert abs(float(link.query("MEAS:TEMP?").split(",")[0]) - truth[0] / 100) < 0.1
        scale.jump(2)
        target.run_for(0.03)
        assert target.word("DISPLACEMENT") == blackboard.ABSENT and not target.word("INPUTS") & blackboard.IN["travel_ok"]
        for chip in target.carrier.thermocouples:
            chip.absent = True
        target.run_for(0.25)
        assert target.words()[blackboard.AT["TEMPERATURE"]] == blackboard.ABSENT
        assert all(not chip.violations for chip in target.carrier.thermocouples) and not target.carrier.flash.violations


def test_converter_that_lost_its_supply_is_set_up_anew_and_asks_for_an_acknowledgement() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S + 1.1)
        target.fault("chip_reset")
        target.run_for(0.002)
        assert target.word("STATUS") & blackboard.SAMPLE_CHIP_RESET and target.word("SIG_RESET") == 1
        assert target.until(lambda: target.word("STATUS") == blackboard.SAMPLE_NEW, 1.3, 0.02)
        with Link(target.port, quiet_s=900) as link:
            assert "chip_reset" in link.query("CYCL:CHEC?")
            link.command("CYCL:RES")
            target.run_for(0.01)
            assert link.query("CYCL:CHEC?") == '""'
