"""Attacks on the whole press: the plant lies, the power goes, the host is clumsy. Judged on the plant's truth.

What needs no plant is tried on the core alone, in firmware/tests/test_press_adversary.py.
"""

import csv
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import serial
import stackpress
from stackpress.errors import PressRefused
from stackpress.logs.decode import Decoded
from stackpress.press import Press
from stackpress.simulator import provision
from stackpress_core.log import records
from stackpress_plant import load

from hil_tests.run import pulled as logged
from hil_tests.targets.sim import SimTarget
from hil_tests.waiting import PATIENCE_S

CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 2000, "timeout_ms": 60000}
TO_5_MPA = {"do": "ramp", "to_cn": 66400, "rate_cn_per_s": 50000}
TO_30_KN = {"do": "ramp", "to_cn": 3000000, "rate_cn_per_s": 400000}
HOLD = {"do": "hold", "for_ms": 600000}
RELEASE = {"do": "release", "rate_cn_per_s": 100000}


def program(*steps: dict[str, Any], **header: Any) -> dict[str, bytes]:
    document = {"format": 1, "name": "attacked", "stop_rate_cn_per_s": 100000, "steps": [*steps, {"do": "vent"}], **header}
    return {"program/attacked": json.dumps(document).encode()}


@contextmanager
def started(documents: dict[str, bytes], **settings: Any) -> Iterator[tuple[SimTarget, Press]]:
    """A press that has just been told to run the program."""
    with SimTarget(documents=documents, **settings) as target, stackpress.open(target.port) as press:
        target.run_until(0.2)
        press.arm()
        target.run_for(0.01)
        press.start("attacked", "A7")
        yield target, press


def run_until_step(target: SimTarget, press: Press, step: int, limit_s: float = 60) -> None:
    end = target.time_s() + limit_s
    while press.program_state().step != step:
        assert target.time_s() < end, (press.state, press.tripped().reason, press.query("PROG:RUN?"))
        target.run_for(0.1)


def most_force_n(target: SimTarget) -> float:
    with target.truth_file.open(newline="") as file:
        return max(float(row["Applied Force / N"]) for row in csv.DictReader(file))


def pulled(target: SimTarget, press: Press) -> Decoded:
    target.run_for(0.5)
    assert press.log_state().dropped == 0
    return logged(press)


# -- cells that fail or lie


@pytest.mark.parametrize("fault, value, reasons", [
    ("cell_open", 4, ["rail"]), ("cell_frozen", 4, ["frozen"]), ("cell_short", 4, ["force_drop", "frozen"]),
    ("gain_4", -900, ["imbalance"]), ("gain_4", 1000, ["imbalance"]), ("cell_open", 2, ["rail"]),
])  # fmt: skip
def test_cell_that_fails_in_a_hold_at_5_mpa_never_presses_harder(fault: str, value: int, reasons: list[str]) -> None:
    with started(program(CONTACT, TO_5_MPA, HOLD)) as (target, press):
        run_until_step(target, press, 3)
        target.run_for(2)
        target.fault(fault, value)
        target.run_for(4)
        assert press.tripped().reason in reasons
        assert most_force_n(target) < 700
        assert target.truth()["dump_open"] == 1


def test_low_cell_that_drifts_slowly_is_found_out_by_the_high_range() -> None:
    with started(program(CONTACT, TO_5_MPA, HOLD)) as (target, press):
        run_until_step(target, press, 3)
        for i in range(40):
            target.fault("zero_4", -60000 * i)  # 24 N each
            target.run_for(0.5)
        assert press.tripped().reason == "imbalance"
        assert most_force_n(target) < 664 + 300


@pytest.mark.parametrize("factor", [0.5, 0.1])
def test_calibration_that_reads_low_is_stopped_by_what_the_valve_says(factor: float) -> None:
    """No interlock can know the true force; but the drive that it takes betrays a reading that is far too low."""
    spec = load.plant("nominal", "steel_blank", {})
    documents = {name: json.loads(text) for name, text in provision.commissioned(spec, "SIM-bench").items()}
    for cell in documents["calibration"]["cells"]:
        cell["points"] = [[code, int(force * factor)] for code, force in cell["points"]]
    lower = [int(force * factor) for force in documents["ceilings"]["cell_cn"]]  # else it is seen that the cells bear more
    documents["ceilings"]["cell_cn"], documents["config"]["params"]["cell_limit_n"] = lower, lower[0]
    lying = {name: json.dumps(document).encode() for name, document in documents.items()}
    with started({**lying, **program(CONTACT, TO_30_KN, HOLD)}) as (target, press):
        target.run_for(20)
        assert press.state == "tripped"
        assert most_force_n(target) < 30000


def test_regulator_that_opens_fully_in_a_hold_at_5_mpa_is_vented_long_before_the_limit() -> None:
    with started(program(CONTACT, TO_5_MPA, HOLD)) as (target, press):
        run_until_step(target, press, 3)
        target.run_for(2)
        target.fault("stuck_open", 1)
        target.run_for(3)
        assert press.tripped().reason == "runaway"
        assert most_force_n(target) < 20000
        assert target.truth()["force_n"] < 50


# -- faults in each step


@pytest.mark.parametrize("fault", ["guard_a", "converter_dead"])
def test_dangerous_fault_in_any_step_opens_the_dump_within_a_pass(fault: str) -> None:
    steps = (CONTACT, TO_5_MPA, {"do": "relax", "for_ms": 2000}, {"do": "hold", "for_ms": 2000}, RELEASE)
    with started(program(*steps)) as (target, press):
        for step in range(1, 6):
            run_until_step(target, press, step)
            target.run_for(0.05)
            target.fault(fault)
            target.run_for(0.015)
            assert target.truth()["dump_open"] == 1, step
            assert press.state == "tripped"
            target.clear_fault()
            if fault == "guard_a":  # one channel alone: the guard has to open whole before it is believed again
                target.fault("guard")
                target.run_for(0.1)
                target.clear_fault()
            target.run_for(6)
            assert target.truth()["drive_n"] == 0 and target.truth()["dump_open"] == 1
            press.reset()
            target.run_for(0.1)
            assert press.checks() == []
            press.arm()
            target.run_for(0.1)
            press.start("attacked")


def test_lease_that_ends_during_the_contact_leaves_no_ram_that_moves_on() -> None:
    with started(program(CONTACT, TO_5_MPA, HOLD, host_loss="hold"), specimen="empty_die") as (target, press):
        press.lease(2.3)
        target.run_for(2.4)
        assert press.tripped().reason == "host_lease"
        before = target.truth()["displacement_m"]
        target.run_for(1.0)
        assert target.truth()["displacement_m"] < before and target.truth()["dump_open"] == 1


# -- power


def test_power_cut_at_any_moment_comes_up_safe_and_keeps_what_is_older_than_five_seconds() -> None:
    rnd = random.Random(11)
    with SimTarget(documents=program(CONTACT, TO_5_MPA, HOLD)) as target:
        for run in range(5):
            with stackpress.open(target.port) as press:
                target.run_for(0.5)
                assert press.checks() == []
                press.arm()
                target.run_for(0.01)
                press.start("attacked", f"S{run}")
                target.run_for(rnd.choice([0.005, 0.3, 1.1, 2.3, 4.0]))
                if run % 3 == 2:
                    target.fault("guard")
                    target.run_for(0.3)
                    target.clear_fault()
                durable_by_then = press.log_state().next - 1
                target.run_for(5)
                target.run_for(rnd.random() / 50)
            target.restart()
            truth = target.truth()
            assert truth["dump_open"] == 1 and truth["drive_n"] == 0
            with stackpress.open(target.port) as press:
                assert press.state == "safe"
                log = pulled(target, press)
                assert log.missing == 0 and log.last_seq >= durable_by_then
                assert f"S{run}" in str(log.of(records.RUN)[-1].fields["sample"])
                target.run_for(1)
                assert press.state == "safe" and target.truth()["drive_n"] == 0


# -- the host


def test_program_ends_while_a_host_leaves_a_block_unread() -> None:
    with started(program(CONTACT, TO_5_MPA, {"do": "hold", "for_ms": 1000}, RELEASE)) as (target, press):
        press.link.close()
        with serial.Serial(target.port, timeout=PATIENCE_S) as line:
            line.write(b"LOG:READ? 0,4096\n")
            target.run_for(30)
            assert target.truth()["state"] == 0 and target.truth()["force_n"] < 50
            head = line.read(6)
            size = int(head[2 : 2 + int(head[1:2])])
            assert len(line.read(size)) == size
        press.link.reopen()
        assert '"done"' in press.query("PROG:RUN?")
        assert pulled(target, press).missing == 0


def test_documents_are_taken_at_rest_only_but_for_programs_which_change_nothing_that_runs() -> None:
    steps = (CONTACT, TO_5_MPA, HOLD)
    with started(program(*steps)) as (target, press):
        config, calibration = press.config_pull(), press.document_get("calibration")
        assert config is not None and calibration is not None
        for step in (1, 2, 3):
            run_until_step(target, press, step)
            before = press.state
            for push in (lambda: press.config_push(config), lambda: press.document_put("calibration", calibration),
                         lambda: press.document_delete("config"), lambda: press.calibration_zero(),
                         lambda: press.calibration_tare()):  # fmt: skip
                with pytest.raises(PressRefused):
                    push()
            press.program_push({**json.loads(program(*steps)["program/attacked"]), "steps": [{"do": "vent"}]})  # for another run
            target.run_for(0.05)
            assert press.state == before and press.program_state().step == step
        target.fault("guard")
        target.run_for(0.1)
        with pytest.raises(PressRefused, match="tripped"):
            press.config_push(config)


def test_tick_rate_changes_between_runs_and_every_rate_holds_5_mpa() -> None:
    with SimTarget(documents=program(CONTACT, TO_5_MPA, HOLD), truth=False) as target, stackpress.open(target.port) as press:
        config = press.config_pull()
        assert config is not None
        for hz in (1000, 50, 8000):
            config["params"].update(tick_rate_hz=hz, stale_ms=50 if hz < 1000 else 5)
            target.run_for(0.5)
            press.config_push(config)
            before = target.time_s()
            target.run_for(1.0)
            assert target.time_s() - before == pytest.approx(1.0, abs=0.03)
            assert press.checks() == []
            press.arm()
            target.run_for(0.1)
            press.start("attacked")
            run_until_step(target, press, 3)
            target.run_for(2)
            assert target.truth()["force_n"] == pytest.approx(664, rel=0.01)
            press.abort()
            target.run_for(4)


LINES = ("SYST:LEAS 1e99", "SYST:LEAS NAN", "SYST:LEAS -5", "TEL? 99999999999999999999999999999999999999",
         "CAL:POIN 1,#HFFFFFFFFFFFFFFFF", "LOG:PULL 1e10", "PAR? 'ü'", "DATA:READ? 'program/../boot'",
         "DATA:BEG 'program/ü',10,1", "DATA:BEG 'config',8193,0", "DATA:PUT 0,'AAAA'", "DATA:COMM", "DATA:DEL 'boot'",
         "DATA:DEL 'ceilings'", "SYST:SERV:UNL ''", "STOP NOW", "CAL:CODE99?", "MEAS:FORC:CELL0?", "CYCL:ARM?", "*RST 1",
         "SYST:CONT 99999999999999", "SYST:ECHO? '" + "x" * 400 + "'", "\x01\x02", "ABORX")  # fmt: skip


def test_nonsense_while_a_cell_is_pressed_is_an_error_each_and_disturbs_nothing() -> None:
    with started(program(CONTACT, TO_5_MPA, HOLD)) as (target, press):
        run_until_step(target, press, 3)
        target.run_for(2)
        press.link.close()
        with serial.Serial(target.port, timeout=PATIENCE_S) as line:
            for text in LINES:
                line.write(text.encode() + b"\n:SYST:ERR:ALL?\n")
                assert line.readline().startswith(b"-"), text
            line.write(b'SYST:ECHO? \'a""b\'\n')
            assert line.readline() == b'"a""""b"\n'
        target.run_for(1)
        assert target.truth()["force_n"] == pytest.approx(664, rel=0.01) and target.truth()["state"] == 3
