"""What a press on a port promises as a target, tried on a simulated press that knows nothing of being tested.

Only its serial device is used: the simulated press has the commands of a board whose plant is simulated, as the dry-run board has.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stackpress
from stackpress import programs
from stackpress.simulator.supervisor import Settings, Supervisor

from hil_tests import player, scenario
from hil_tests.targets import serial
from hil_tests.targets.serial import SerialTarget

PROGRAM = programs.load(scenario.SCENARIOS / "programs" / "press_and_hold.toml")
DOCUMENTS = {"program/press_and_hold": programs.to_json(PROGRAM)}
ALL = {one.name: one for one in scenario.all_scenarios()}
PLAYED = ("estop_vents_a_ramp", "guard_vents_a_hold", "abort_vents", "crc_vents")


@pytest.fixture
def press_on_a_port(tmp_path: Path) -> Iterator[Supervisor]:
    settings = Settings(name="wired", state_dir=tmp_path / "state", pace="real", speed=4.0, register=False)
    with Supervisor(settings) as supervisor:
        yield supervisor



@pytest.mark.parametrize("name", PLAYED)
def test_scenario_runs_over_the_wire_alone(name: str, press_on_a_port: Supervisor, tmp_path: Path) -> None:
    player.play(ALL[name], "short", "serial", tmp_path / "bundle", press_on_a_port.port)


def test_board_without_documents_is_commissioned_over_the_wire(press_on_a_port: Supervisor) -> None:
    with stackpress.open(press_on_a_port.port) as press:
        assert {"config", "ceilings", "calibration"} <= {check.code for check in press.checks()}
    with SerialTarget(press_on_a_port.port) as target:
        assert target.press.checks() == []
        assert target.identity == "SIM-wired"


def test_press_that_was_left_energised_is_brought_to_a_known_state(press_on_a_port: Supervisor) -> None:
    port = press_on_a_port.port
    with SerialTarget(port, documents=DOCUMENTS):
        pass
    with stackpress.open(port) as press:
        press.arm()
        press.start("press_and_hold")
        press.command('SIM:FAUL "guard"')
    with SerialTarget(port, specimen="lithium_foil", documents=DOCUMENTS) as target:
        assert target.press.state == "safe" and target.press.checks() == []
        assert target.truth()["force_n"] == 0 and target.truth()["most_force_n"] == 0


def test_waits_by_the_presss_clock_however_fast_it_goes(press_on_a_port: Supervisor) -> None:
    with SerialTarget(press_on_a_port.port) as target:
        for speed in (8.0, 0.5):
            press_on_a_port.request(do="pace", mode="real", speed=speed)
            before, began = target.time_s(), time.monotonic()
            after = target.run_for(0.5)
            assert 0.5 <= after - before < 0.5 + 0.1 * speed + 0.2
            assert time.monotonic() - began == pytest.approx((after - before) / speed, abs=0.3)


def test_plug_that_a_scenario_pulled_is_put_back(press_on_a_port: Supervisor) -> None:
    with SerialTarget(press_on_a_port.port) as target:
        before = target.time_s()
        target.press.close()
        target.run_for(0.4)
    with stackpress.open(press_on_a_port.port) as press:
        assert press.state == "safe"
        while press.time().seconds < before + 0.3:  # a press that had to wait for the processor; it went on all the same
            press.query("*IDN?")


def test_what_a_test_put_in_is_not_there_for_the_next(press_on_a_port: Supervisor) -> None:
    with SerialTarget(press_on_a_port.port, plant="fill_vent") as target:
        target.fault("cell_open", 2)
        assert target.press.document_get("plant") is not None
    with stackpress.open(press_on_a_port.port) as press:
        assert press.document_get("plant") is None
        assert press.query("SIM:FAUL:ACT?") == '""'
        assert press.document_get("config") is not None


def test_restart_comes_back_with_the_link_open(press_on_a_port: Supervisor) -> None:
    with SerialTarget(press_on_a_port.port) as target:
        target.restart()
        assert target.starts == 2 and target.press.state == "safe"


STEEL = {"force_cells", "regulator", "dump", "permissive", "journal"}


def test_no_scenario_moves_a_press_of_steel() -> None:
    assert all(serial.excepted(one.form("short"), STEEL) == serial.STEEL for one in ALL.values())


def test_a_simulated_plant_is_spared_only_what_no_wire_can_do() -> None:
    reasons = [serial.excepted(one.form("short"), {*STEEL, "faults"}) for one in ALL.values()]
    assert serial.excepted(ALL["power_cut_in_a_hold"].form("short"), {"faults"}) == "the plug can't be pulled over a serial port"
    assert sum(1 for reason in reasons if reason) <= 2
