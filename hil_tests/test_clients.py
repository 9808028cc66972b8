"""Other people's programs on the press's serial port: PyVISA, PyMeasure, a plain terminal, mpremote.

The press runs at the pace of the wall here, as it would on a bench. What these clients do to every instrument - reset,
clear, identify, read errors until there are none - must be harmless to a press that holds a cell.
"""

import contextlib
import json
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest
import pyvisa
import serial
import stackpress
from pymeasure.instruments import Instrument, SCPIMixin
from stackpress import programs
from stackpress.errors import LinkLost, PortBusy
from stackpress.logs.decode import decode
from stackpress_core.log import records

from hil_tests import scenario
from hil_tests.run import pulled
from hil_tests.targets.known_state import enter_service
from hil_tests.targets.sim import SimTarget
from hil_tests.waiting import PATIENCE_S, until

LONG_HOLD = programs.load(scenario.SCENARIOS / "programs" / "long_hold.toml")
NAME = str(LONG_HOLD["name"])
DOCUMENTS = {f"program/{NAME}": programs.to_json(LONG_HOLD)}


class ScpiPress(SCPIMixin, Instrument):  # type: ignore[misc]
    """A press as PyMeasure sees it: nothing but the generic SCPI driver."""

    force_n = Instrument.measurement("MEAS:FORC?", "Force on the specimen / N")


@pytest.fixture(scope="module")
def target() -> Iterator[SimTarget]:
    with SimTarget(documents=DOCUMENTS, pace="real", wall="real") as one:
        yield one


@pytest.fixture(autouse=True)
def safe_again(target: SimTarget) -> Iterator[None]:
    """Each test finds and leaves a safe press that nobody has asked anything."""
    yield
    with stackpress.open(target.port) as press:
        press.abort()
        target.pace("fast")
        until(lambda: press.checks() == [])
        target.pace("real")
        press.command("*CLS")


@contextlib.contextmanager
def visa(port: str) -> Iterator[pyvisa.resources.SerialInstrument]:
    manager = pyvisa.ResourceManager("@py")
    instrument = manager.open_resource(
        f"ASRL{port}::INSTR", read_termination="\n", write_termination="\n", timeout=1000 * PATIENCE_S
    )
    try:
        yield instrument
    finally:
        instrument.close()
        manager.close()


@contextlib.contextmanager
def terminal(port: str) -> Iterator[serial.Serial]:
    with serial.Serial(port, 115200, timeout=PATIENCE_S) as line:
        yield line


def ask(line: serial.Serial, text: str) -> str:
    line.write(text.encode() + b"\n")
    return line.readline().decode().rstrip("\n")


def press_with(target: SimTarget, state: str = "holding") -> None:
    """Arm and start by the plain language, and wait for a state."""
    with stackpress.open(target.port) as press:
        press.arm()
        until(lambda: press.state == "ready")
        press.start(NAME)
        if state == "holding":  # the way there is over in no time at this pace
            target.pace("fast")
        until(lambda: press.state == state)
        target.pace("real")


# -- PyVISA


def test_visa_identifies_the_press_and_finds_it_scpi_1999(target: SimTarget) -> None:
    with visa(target.port) as press:
        assert press.query("*IDN?").split(",")[:3] == ["stackpress", "sim", "SIM-bench"]
        assert press.query("SYST:VERS?") == "1999.0"
        assert press.query("*TST?") == "0"
        assert press.query("*OPC?") == "1"


def test_visa_chains_queries_and_keeps_the_path(target: SimTarget) -> None:
    with visa(target.port) as press:
        force, cell, state, idn = press.query("meas:forc?;FORC:CELL1? KN;:cycl:stat?;*idn?").split(";")
        assert abs(float(force)) < 50 and abs(float(cell)) < 0.05
        assert state == "safe" and idn.startswith("stackpress")


def test_visa_reads_a_block_whose_crc_is_right(target: SimTarget) -> None:
    with visa(target.port) as press:
        payload = press.query_binary_values('DATA:READ? "calibration"', datatype="B", container=bytes)
        assert struct.unpack("<I", payload[-4:])[0] == zlib.crc32(payload[:-4])
        assert b'"board":"SIM-bench"' in payload
        log = press.query_binary_values("LOG:READ? 0,4096", datatype="B", container=bytes)
        assert struct.unpack("<I", log[-4:])[0] == zlib.crc32(log[:-4])
        assert decode(log[:-4]).of(records.BOOT)
        assert press.query("SYST:ERR?") == '0,"No error"'


def test_visa_sees_the_error_queue_overflow_and_the_status_byte_follow(target: SimTarget) -> None:
    with visa(target.port) as press:
        for _ in range(20):
            press.write("NO:SUCH:HEADER")
            press.query("*OPC?")  # eight lines wait at most: a client that never listens loses the ninth, with an error
        assert int(press.query("*STB?")) & 4
        errors = [press.query("SYST:ERR?") for _ in range(17)]
        assert all(one.startswith("-113,") for one in errors[:15])
        assert errors[15].startswith("-350,") and errors[16] == '0,"No error"'
        assert int(press.query("*STB?")) & 4 == 0


def test_clear_and_reset_of_a_driver_never_move_vent_or_unlatch(target: SimTarget) -> None:
    with visa(target.port) as press:
        press.write("*RST;*CLS")
        assert press.query("CYCL:STAT?;:SYST:ERR?") == 'safe;0,"No error"'
        target.fault("estop")
        until(lambda: press.query("CYCL:STAT?") == "tripped")
        target.clear_fault("estop")
        press.write("*RST;*CLS;STAT:PRES")
        time.sleep(0.1)
        assert press.query("CYCL:STAT?;TRIP:REAS?") == 'tripped;"estop"'
        press.write("CYCL:RES")
        until(lambda: press.query("CYCL:STAT?") == "safe")


def test_reset_of_a_driver_is_refused_while_a_cell_is_pressed(target: SimTarget) -> None:
    press_with(target)
    with visa(target.port) as press:
        before = target.truth()
        press.write("*CLS;*RST")
        assert press.query("SYST:ERR?").startswith('-221,"Settings conflict')
        press.write("*CLS")
        time.sleep(0.2)
        assert press.query("CYCL:STAT?") == "holding"
        assert target.truth()["force_n"] == pytest.approx(before["force_n"], rel=0.02)
        assert not target.truth()["dump_open"]


def test_read_that_times_out_does_not_shift_the_answers_after_a_clear(target: SimTarget) -> None:
    with visa(target.port) as press:
        press.timeout = 300
        press.write("CYCL:ARM?")  # not a query: no answer will come
        with pytest.raises(pyvisa.errors.VisaIOError):
            press.read()
        press.timeout = 1000 * PATIENCE_S
        assert press.query("SYST:ERR?").startswith("-113,")
        assert press.query("CYCL:STAT?") == "safe"


@contextlib.contextmanager
def plain_visa(port: str) -> Iterator[pyvisa.resources.SerialInstrument]:
    """As PyVISA is delivered: nothing set, not even what ends an answer."""
    manager = pyvisa.ResourceManager("@py")
    instrument = manager.open_resource(f"ASRL{port}::INSTR")
    try:
        yield instrument
    finally:
        instrument.close()
        manager.close()


def test_visa_as_it_is_delivered_reads_any_block_whole_whatever_it_asks_with(target: SimTarget) -> None:
    with stackpress.open(target.port) as ours:
        until(lambda: ours.checks() == [])
        while ours.log_state().next <= 10:  # the number of the tenth record is the end of a line
            ours.arm()
            ours.disarm()
        first, end = ours.log_state().first, ours.log_state().next
        assert b"\n" in ours.log_read(first)
    with plain_visa(target.port) as press:
        for seq in range(first, end, max(1, (end - first) // 12)):
            for most in (512, 1024, 4096):
                block = press.query_binary_values(f"LOG:READ? {seq},{most}", datatype="B", container=bytes)
                assert struct.unpack("<I", block[-4:])[0] == zlib.crc32(block[:-4])
                assert decode(block[:-4]).bad_bytes == 0 and decode(block[:-4]).first_seq == seq
                assert press.query("SYST:ECHO? 'here'") == '"here"\n', (seq, most, block[:8], block.count(b"\n"))
        press.write(f"LOG:READ? {first},4096")
        raw = press.read_raw()
        assert raw.startswith(b"#") and raw.endswith(b"\n") and decode(raw[2 + int(raw[1:2]) : -5]).first_seq == first
        for name in ("config", "calibration", "ceilings", f"program/{NAME}"):
            text = press.query_binary_values(f'DATA:READ? "{name}"', datatype="B", container=bytes)
            assert struct.unpack("<I", text[-4:])[0] == zlib.crc32(text[:-4]) and json.loads(text[:-4])
            assert press.query("SYST:VERS?") == "1999.0\n"


# -- PyMeasure


def test_pymeasure_generic_driver_works_unchanged(target: SimTarget) -> None:
    press = ScpiPress(
        f"ASRL{target.port}::INSTR", "press", visa_library="@py", read_termination="\n", write_termination="\n"
    )
    try:
        press.clear()
        press.reset()
        assert press.id.startswith("stackpress")
        assert press.complete == "1"
        assert "force_cells" in press.options
        assert abs(press.force_n) < 50
        assert press.check_errors() == []
        press.write("MEAS:FORC? FURLONG")
        assert [int(number) for number, _ in press.check_errors()] == [-131]
        press.write("CYCL:ARM")
        until(lambda: press.ask("CYCL:STAT?").strip() == "ready")
        press.write("CAL:ZERO")
        ((number, text),) = press.check_errors()  # it splits at commas, so a text that held one would come in more than one part
        assert int(number) == -221 and text.endswith('calibration needs the safe state; the press is ready"')
        press.write("CYCL:DIS")
    finally:
        press.adapter.close()


# -- a terminal


def test_terminal_of_any_line_end_and_case_is_understood(target: SimTarget) -> None:
    with terminal(target.port) as line:
        for text in ("cycle:state?\r", "CYCL:STAT?", "  :Cycl:State?  \r", ":CYCLE:STAT?"):
            assert ask(line, text) == "safe"


def test_stop_byte_vents_during_a_log_download_and_the_block_stays_whole(target: SimTarget) -> None:
    press_with(target)
    with terminal(target.port) as line:
        line.write(b"LOG:READ? 0,4096\n")
        head = line.read(6)
        line.write(b"\x18")
        until(lambda: target.truth()["dump_open"] == 1)
        size = int(head[2 : 2 + int(head[1:2])])
        payload = (head[2 + int(head[1:2]) :] + line.read(size))[:size]
        assert struct.unpack("<I", payload[-4:])[0] == zlib.crc32(payload[:-4])


@pytest.mark.parametrize("stop", [b"\x18", b"ABOR\n", b"abort;*IDN?\n", b"\x00garbage\x18"])
def test_every_form_of_abort_vents_a_pressed_cell_at_once(target: SimTarget, stop: bytes) -> None:
    press_with(target)
    with terminal(target.port) as line:
        line.write(b"MEAS:FORC?\n" * 6 + b'PROG:STAT?;:SYST:HELP:HEAD?\n' + stop)
        began = time.monotonic()
        until(lambda: target.truth()["dump_open"] == 1)
        assert time.monotonic() - began < 1
        line.reset_input_buffer()


def test_host_that_opens_and_never_reads_disturbs_neither_tick_nor_program(target: SimTarget) -> None:
    press_with(target)
    with stackpress.open(target.port) as press:
        missed = press.query("SYST:TICK?").split(",")[2]
        run = press.program_state().run
    with serial.Serial(target.port, 115200, write_timeout=0) as line:
        for _ in range(100):
            with contextlib.suppress(serial.SerialTimeoutException):
                line.write(b"SYST:HELP:HEAD?;*IDN?;:LOG:READ? 0,4096\n")
        before = target.time_s()
        until(lambda: target.time_s() - before > 0.7)
        assert target.truth()["state"] == 3
    with stackpress.open(target.port) as press:
        assert press.state == "holding" and press.program_state().run == run
        assert press.query("SYST:TICK?").split(",")[2] == missed


def test_a_burst_of_a_host_that_reads_loses_no_line(target: SimTarget) -> None:
    asked = b"".join(b"*ESE %d;*ESE?\n" % (n % 256) for n in range(1000))
    with terminal(target.port) as line:
        writer = threading.Thread(target=line.write, args=(asked,))
        writer.start()
        got = [line.readline() for _ in range(1000)]
        writer.join()
        assert got == [b"%d\n" % (n % 256) for n in range(1000)]
        assert ask(line, "SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize("stop", ["STOP HOLD", "stop\tvent", "MEAS:FORC?;:STOP"])
def test_a_stop_behind_answers_that_nobody_reads_is_obeyed(target: SimTarget, stop: str) -> None:
    press_with(target)
    with stackpress.open(target.port) as press:
        stops = press.log_state().next
    with terminal(target.port) as line:
        for text in ["SYST:HELP:HEAD?;HEAD?;HEAD?"] * 20 + [stop]:  # 140 kB of answers: more than a pty holds
            line.write(text.encode() + b"\n")
        until(lambda: target.truth()["state"] != 3 or "HOLD" in stop)
    with stackpress.open(target.port) as press:
        log = pulled(press, stops)
        assert press.state == ("holding" if "HOLD" in stop else press.state) and log.of(records.EVENT)


def test_second_program_on_the_port_gets_a_clear_error(target: SimTarget) -> None:
    with stackpress.open(target.port) as press:
        with pytest.raises(PortBusy, match=f"another program has {target.port}"):
            stackpress.open(target.port)
        assert press.state == "safe"


def test_cut_link_in_the_middle_of_a_pull_leaves_a_log_that_is_complete_afterwards(target: SimTarget) -> None:
    press_with(target)
    with stackpress.open(target.port) as press:
        first = press.log_state().first
        press.link._write(b"LOG:READ? %d,4096\n" % first)
        press.link._need(200)
        press.link._serial.close()
        with pytest.raises(LinkLost):
            press.query("CYCL:STAT?")
        press.reopen()
        assert press.state == "holding"
        log = pulled(press, first)
        assert log.missing == 0 and press.log_state().dropped == 0
    assert log.of(records.RUN)[-1].fields["program"] == NAME


# -- mpremote


def mpremote(target: SimTarget, *what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", target.port, *what],
        capture_output=True, text=True,
    )  # fmt: skip


def test_mpremote_enters_a_safe_press_and_the_press_comes_back(target: SimTarget) -> None:
    run = mpremote(target, "exec", "import sys; print(sys.implementation.name)")
    assert run.stdout.strip() == "micropython"
    mpremote(target, "reset")
    with stackpress.open(target.port) as press:
        assert press.state == "safe"
        assert press.checks() == []


def test_break_byte_does_not_break_into_a_press_that_is_not_safe(target: SimTarget) -> None:
    starts = target.starts
    with stackpress.open(target.port) as press:
        press.arm()
        until(lambda: press.state == "ready")
    with terminal(target.port) as line:
        line.write(b"\x03")
        assert ask(line, "SYST:ERR?").startswith("-102,")
    press_after_arming(target)
    with terminal(target.port) as line:
        line.write(b"\r\x03\x03\x01")
        assert ask(line, "*CLS;:CYCL:STAT?").endswith("holding") or ask(line, ":CYCL:STAT?") == "holding"
    assert target.starts == starts


@pytest.mark.parametrize("state", ["pressing", "holding"])
def test_mpremote_on_a_press_that_is_not_at_rest_is_told_so_at_once_and_touches_nothing(target: SimTarget, state: str) -> None:
    press_with(target, state)
    starts, before = target.starts, target.truth()
    for what in (("exec", "print(1)"), ("ls",), ("cp", str(scenario.SCENARIOS / "abort_vents.toml"), ":main.py"), ("resume", "df")):
        began = time.monotonic()
        done = mpremote(target, *what)
        assert time.monotonic() - began < 5
        (line,) = [one for one in (done.stdout + done.stderr).splitlines() if "nothing was touched" in one]
        assert line.startswith("the press is ") and done.returncode == 1, done
    with terminal(target.port) as line:
        assert ask(line, "CYCL:STAT?") in ("pressing", "holding")
        assert ask(line, "SYST:ERR?;*CLS").startswith("-102,")
    assert target.starts == starts and not target.truth()["dump_open"]
    assert target.truth()["force_n"] >= before["force_n"] * 0.98


# How a press gets into a state in which it stands and is not safe, and how out of it.
STANDING: dict[str, tuple[Callable[[stackpress.Press, SimTarget], None], Callable[[stackpress.Press, SimTarget], None]]] = {
    "ready": (lambda press, _: press.arm(), lambda press, _: press.disarm()),
    "monitor": (lambda press, _: press.monitor(), lambda press, _: press.monitor(False)),
    "tripped": (lambda press, target: (press.arm(), target.fault("guard"))[0], lambda press, target: target.clear_fault("guard")),
}


@pytest.mark.parametrize("state", STANDING)
def test_mpremote_on_a_press_that_stands_but_is_not_safe_is_told_its_state(target: SimTarget, state: str) -> None:
    into, out = STANDING[state]
    with stackpress.open(target.port) as press:
        into(press, target)
        until(lambda: press.state == state)
    starts = target.starts
    done = mpremote(target, "exec", "print(1)")
    with stackpress.open(target.port) as press:
        left = press.state
        out(press, target)
        if state == "tripped":
            until(lambda: not [check for check in press.checks() if check.code == "guard"])
            press.reset()
    assert f"the press is {state}: it gives no prompt now; nothing was touched" in done.stdout + done.stderr
    assert done.returncode == 1 and target.starts == starts and left == state


def test_mpremote_on_a_press_with_an_owner_is_told_so_and_touches_nothing(target: SimTarget) -> None:
    """Service ends with the port, so whoever comes next finds a press that is safe, and whose prompt is its owner's."""
    with stackpress.open(target.port) as press:
        enter_service(press)
        until(lambda: press.state == "service")
    starts = target.starts
    done = mpremote(target, "exec", "print(1)")
    target.supervisor.request(do="bootsel", held=True)
    with stackpress.open(target.port) as press:
        left = press.state
        press.service_forget()
    target.supervisor.request(do="bootsel", held=False)
    text = "the press is safe and its owner has set a code: it gives no prompt now; nothing was touched"
    assert text in done.stdout + done.stderr and done.returncode == 1 and target.starts == starts and left == "safe"
    assert mpremote(target, "exec", "print(6 * 7)").stdout.strip() == "42"
    mpremote(target, "reset")


def press_after_arming(target: SimTarget) -> None:
    with stackpress.open(target.port) as press:
        press.start(NAME)
        target.pace("fast")
        until(lambda: press.state == "holding")
        target.pace("real")


# -- what one leaves for the next


LEFT = (b"ABOR", b"STOP VENT", b"ABOR\r", b"AT\r", b"AT+GCAP\r\nATI\r", b"~\x00x\xf0~", b"ATE1 E0", b"\xff\xfe")


@pytest.mark.parametrize("left", LEFT)
def test_what_a_closed_port_left_half_written_is_nothing_for_the_next_client(target: SimTarget, left: bytes) -> None:
    press_with(target)
    with terminal(target.port) as line:
        line.write(left)
    if left.startswith(b"ABOR\r"):
        until(lambda: target.truth()["dump_open"] == 1)  # CR ends a line, so this one was whole
        return
    time.sleep(0.3)
    with plain_visa(target.port) as press:
        assert press.query("CYCL:STAT?") == "holding\n"
        press.write("*CLS")
        assert press.query("SYST:ERR?;:MEAS:FORC:SET?").startswith('0,"No error";')
    assert not target.truth()["dump_open"]
