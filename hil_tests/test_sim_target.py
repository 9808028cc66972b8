"""What the simulated press promises as a target: a serial device that stays, press time that obeys, runs that repeat."""

import os
import pty
import selectors
import socket
import subprocess
import sys
import time
import tty
from pathlib import Path

import pytest
import serial
import stackpress
from stackpress import programs, why
from stackpress.logs.decode import decode
from stackpress.simulator import native_ticks, registry, side_channel_client
from stackpress.simulator.prompt_relay import PromptRelay
from stackpress.simulator.supervisor import Settings, Supervisor
from stackpress.tick_compiler import native
from stackpress_core.log import records
from stackpress_core.tick import interlock

from hil_tests import player, scenario
from hil_tests.run import pulled
from hil_tests.targets.sim import SimError, SimTarget
from hil_tests.waiting import PATIENCE_S, until

PROGRAM = programs.load(scenario.SCENARIOS / "programs" / "press_and_hold.toml")
DOCUMENTS = {"program/press_and_hold": programs.to_json(PROGRAM)}


def ask(port: serial.Serial, line: str) -> str:
    port.write(line.encode() + b"\n")
    return port.readline().decode().strip()


def pressed(state_dir: Path, stops: tuple[float, ...] = (), native: bool = True) -> tuple[bytes, bytes]:
    """Truth and flash after commands at 0.1 s and 0.2 s, with press time standing still at `stops` in between."""
    with SimTarget(state_dir=state_dir, documents=DOCUMENTS, seed=3, native=native) as target:
        with stackpress.open(target.port) as press:
            target.run_until(0.1)
            press.arm()
            target.run_until(0.2)
            press.start("press_and_hold")
            for stop in (*stops, 12.0):
                target.run_until(stop)
        return target.truth_file.read_bytes(), (state_dir / "flash.bin").read_bytes()


def test_same_seed_and_commands_at_the_same_press_times_repeat_bit_for_bit(tmp_path: Path) -> None:
    truth, flash = pressed(tmp_path / "one")
    assert truth.count(b"\n") > 100
    assert pressed(tmp_path / "two", stops=(0.5, 3.253, 7.001)) == (truth, flash)


def test_a_press_without_machine_code_does_the_same_bit_for_bit(tmp_path: Path) -> None:
    assert pressed(tmp_path / "viper", native=False) == pressed(tmp_path / "native")


def test_a_machine_without_a_compiler_runs_the_press_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def missing() -> list[str]:
        raise native.CannotCompile("no C compiler was found")

    monkeypatch.setattr(native, "compiler", missing)
    native_ticks.find.cache_clear()
    for _ in range(2):
        with SimTarget() as target:
            assert target.run_until(0.5) == pytest.approx(0.5)
    assert capfd.readouterr().err.count("no C compiler was found") == 1
    native_ticks.find.cache_clear()


def test_machine_code_of_stages_that_did_not_change_is_found_without_writing_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    made = native_ticks.find()
    monkeypatch.setattr(native_ticks, "source", None)
    native_ticks.find.cache_clear()
    assert made is not None and native_ticks.find() == made


def test_what_a_program_does_at_a_deadline_happens_at_that_millisecond(tmp_path: Path) -> None:
    hold = {"do": "hold", "for_ms": 1237}
    steps = [{"do": "contact", "to_cn": 5000, "speed_um_per_s": 2000}, hold, {"do": "vent"}]
    document = programs.to_json({**PROGRAM, "name": "timed", "steps": steps})
    target = SimTarget(state_dir=tmp_path, documents={"program/timed": document}, specimen="blank_set_close")
    with target, stackpress.open(target.port) as press:
        target.run_until(0.1)
        press.arm()
        target.run_until(0.2)
        press.start("timed")
        target.run_until(20.0)
        told = [row for row in pulled(press).of(records.STEP) if row.fields["step"] == 2]
    begun, ended = (row.fields["t_s"] * 1000 + row.fields["t_ms"] for row in told)
    assert ended - begun == 1237


def test_press_time_stands_still_until_it_is_told_to_run() -> None:
    with SimTarget() as target:
        before = target.time_s()
        time.sleep(0.2)
        assert target.time_s() == before
        assert target.run_until(2.0) == 2.0
        assert target.run_for(0.5) == 2.5


def test_who_asks_for_a_moment_of_press_time_does_not_wait_for_the_press_to_wake() -> None:
    with SimTarget() as target, stackpress.open(target.port):
        time.sleep(0.3)  # it has nothing to do, and sleeps for a tenth of a second at a time
        began = time.monotonic()
        for _ in range(30):
            target.run_for(0.001)
        assert time.monotonic() - began < 1.5


def test_real_pace_keeps_up_with_the_wall() -> None:
    with SimTarget() as target:
        target.pace("real", 2.0)
        before, began = target.time_s(), time.monotonic()
        time.sleep(0.6)
        rate = (target.time_s() - before) / (time.monotonic() - began)
        target.pace("hold")
    assert 1.5 < rate < 2.2


def test_serial_device_stays_over_a_power_cut_and_the_boot_tells_it_from_a_restart() -> None:
    with SimTarget() as target, serial.Serial(target.port, timeout=PATIENCE_S) as port:
        assert ask(port, "CYCL:STAT?") == "safe"
        target.run_for(1.0)  # a record is durable soon after its event, not at once
        target.restart()
        assert ask(port, "CYCL:STAT?") == "safe"
        port.write(b"SYST:REB\n")
        until(lambda: target.starts == 3)
        assert ask(port, "*OPC?") == "1"
        port.close()
        with stackpress.open(target.port) as press:
            target.run_for(1.0)
            boots = decode(press.log_read(1)).of(records.BOOT)
    assert [boot.fields["cause"] for boot in boots] == [0, 0, 1]


def test_mpremote_enters_a_safe_press_unaided_and_a_reset_brings_the_firmware_back() -> None:
    with SimTarget(wall="real", pace="real") as target:
        run = subprocess.run(
            [sys.executable, "-m", "mpremote", "connect", target.port, "exec", "print(6 * 7)"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert run.stdout.strip() == "42"
        subprocess.run(
            [sys.executable, "-m", "mpremote", "connect", target.port, "reset"], check=True, capture_output=True
        )
        with stackpress.open(target.port) as press:
            assert press.state == "safe"


def test_host_that_never_reads_does_not_disturb_the_press() -> None:
    with SimTarget() as target, serial.Serial(target.port, timeout=1, write_timeout=0) as port:
        target.run_until(0.1)
        for _ in range(400):
            port.write(b"SYST:HELP:HEAD?;*IDN?\n" * 4)
        assert target.run_until(3.0) == 3.0
        assert target.starts == 1


def test_a_firmware_that_crashes_starts_again_and_must_be_acknowledged() -> None:
    with SimTarget() as target:
        with pytest.raises(SimError, match="injected"):
            target.fault("crash")
        until(lambda: target.starts == 2)
        with stackpress.open(target.port) as press:
            target.run_for(0.1)
            assert [check.code for check in press.checks()] == ["crash"]
            told = [one.fields["text"] for one in pulled(press).of(records.EVENT) if one.fields["code"] == records.EVENT_CRASH]
            assert told[-1] == "InjectedCrash: injected" and any("loop.py:" in line for line in told)
            press.reset()
            assert press.checks() == []


def test_a_trip_is_told_with_its_later_reasons_after_the_power_was_away() -> None:
    with SimTarget() as target:
        with stackpress.open(target.port) as press:
            target.run_for(0.1)
            press.arm()
            target.run_for(0.1)
            target.fault("guard")
            target.run_for(0.1)
            target.fault("estop")
            target.run_for(1.0)
            assert press.query("CYCL:TRIP:REAS?;LAT?") == '"guard";"estop"'
        target.restart()
        with stackpress.open(target.port) as press:
            target.run_for(0.1)
            told = why.of_press(press, pulled(press))
            assert press.state == "safe" and told.reason == "guard" and any("another reason: estop" in line for line in told.later)


def test_press_without_any_document_comes_up_safe_and_says_what_is_missing() -> None:
    with SimTarget(configured=False) as target, stackpress.open(target.port) as press:
        target.run_for(0.1)
        assert press.state == "safe"
        assert [check.code for check in press.checks()] == ["config", "ceilings", "calibration"]


def test_another_process_finds_the_press_and_its_side_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKPRESS_SIM_DIR", str(tmp_path / "registry"))
    with Supervisor(Settings(name="one", state_dir=tmp_path / "one", pace="hold", flash_bytes=1 << 20)) as supervisor:
        found = registry.running()
        assert [(one["name"], one["port"]) for one in found] == [("one", supervisor.port)]
        channel = found[0]["side_channel"]
        side_channel_client.ask(channel, do="fault", name="estop")
        assert side_channel_client.ask(channel, do="faults")["faults"] == {"estop": 1}
        with pytest.raises(SimError, match="no_such_fault"):
            side_channel_client.ask(channel, do="fault", name="no_such_fault")
    assert registry.running() == []


def test_every_interlock_row_has_a_scenario_that_provokes_it() -> None:
    proven = {one.interlock for one in scenario.all_scenarios()}
    assert set(interlock.NAMES) == proven - {""}


def test_scenario_with_a_key_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "typing_error.toml"
    file.write_text('claim = "x"\n[[step]]\nrun_s = 1.0\nexpect = { sate = "safe" }\n')
    with pytest.raises(ValueError, match="expect.sate"):
        player.checked(scenario.read(file))


def test_a_hold_that_nobody_asks_about_is_logged_as_sparsely_as_one_that_is_watched_and_tells_its_time() -> None:
    with SimTarget(documents=DOCUMENTS) as target, stackpress.open(target.port) as press:
        target.run_for(0.5)
        steps = [{"do": "contact", "to_cn": 5000, "speed_um_per_s": 3000}, {"do": "hold", "for_ms": 3_600_000}, {"do": "vent"}]
        press.run({"format": 1, "name": "long", "host_loss": "carry_on", "steps": steps})
        target.run_for(900)
        told = press.program_state()
        assert told.kind == "hold" and 880 < told.step_s < 900
        assert press.log_state().next < 300  # a row in 20 s, once it has settled


def test_a_prompt_that_ends_before_it_has_read_all_still_gives_its_last_words_and_ends_nothing_else() -> None:
    """As `mpremote reset` does: the prompt is gone while something that was typed waits for it."""
    for at_the_end in (False, True):
        master, slave = pty.openpty()
        tty.setraw(slave)
        with selectors.DefaultSelector() as selector:
            relay = PromptRelay(selector, master)
            relay.type(b"nobody reads this")
            relay.theirs.sendall(b"last words")
            relay.theirs.close()
            for _ in range(0 if at_the_end else 5):  # what it said, the reset, its end
                for key, _ in selector.select(timeout=1):
                    key.data()
            relay.close()
        assert os.read(slave, 100) == b"last words"
        os.close(master)
        os.close(slave)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_press_that_nobody_looks_after_any_more_says_so_to_whoever_asks() -> None:
    def breaks() -> None:
        raise ValueError("broken on purpose")

    with Supervisor(Settings(register=False)) as press:
        assert press.request(do="hello")["ok"]
        ours, theirs = socket.socketpair()
        press._selector.register(ours, selectors.EVENT_READ, breaks)
        theirs.send(b"x")
        press._thread.join()
        with pytest.raises(SimError, match="nobody looks after the simulated press any more: ValueError.*on purpose"):
            press.request(timeout_s=PATIENCE_S, do="hello")
        theirs.close()
