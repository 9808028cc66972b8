"""Claims about the link and the Python API: the real language server at the other end of a real pty."""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stackpress
from fakes import Parts
from stackpress import errors, ports
from stackpress.link import Link
from stackpress.scpi_text import quoted, split_answer, unquoted
from stackpress_core.errors import Refused
from stackpress_core.scpi import commands
from stackpress_core.scpi import status as scpi_status
from stackpress_core.scpi.server import Server
from stackpress_core.tick import blackboard, states

from hil_tests.targets.pty_line import PtyLine
from hil_tests.waiting import PATIENCE_S

if sys.platform == "win32":
    pytest.fail("these tests need a pty; the link itself is tried on Windows by hand")


class Bench:
    """A language server that runs in a thread until it is closed; `deaf` makes it stop for a while."""

    def __init__(self) -> None:
        self.serial = PtyLine()
        self.press = Parts()
        self.press.documents.register("program", lambda d: [] if d.get("name") else ["a program has a name"])
        self.server = Server(self.serial, commands.MODULES, self.press)
        self.deaf = False
        self.ends = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @property
    def port(self) -> str:
        return self.serial.port

    def run(self) -> None:
        while not self.ends:
            if not self.deaf:
                self.server.poll(512)
            time.sleep(0.0002)

    def close(self) -> None:
        self.ends = True
        self.thread.join()
        self.serial.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def at_step(parts: Parts, number: int, kind: str) -> None:
    """Run 7 of the program "pellet" stands at this step; 0: it is over."""
    parts.program_name, parts.run = "pellet", 7
    run = parts.runner
    run.active, run.step_number, run.kind = number > 0, number, kind
    run.step_time_ms, run.time_left_ms = (61500, 3600000) if number else (0, 0)


def python(code: str) -> "subprocess.CompletedProcess[str]":
    """Another process with this package."""
    env = {**os.environ, "PYTHONPATH": str(Path(stackpress.__file__).parents[1])}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)


def test_a_query_gives_its_answer_and_a_refusal_its_words(bench: Bench) -> None:
    with Link(bench.port) as link:
        assert link.query("MEAS:FORC?;FORC:SET? KN") == "663.66;0.664"
        with pytest.raises(errors.PressRefused) as refused:
            link.command('PROG:STAR "pellet"')
        assert refused.value.number == -221 and str(refused.value) == "the press is not armed"
        with pytest.raises(errors.PressRefused) as refused:
            link.query("NO:SUCH?")
        assert refused.value.number == -113
        assert link.query("CYCL:STAT?") == "safe"


def test_a_line_that_somebody_left_unfinished_is_never_run(bench: Bench) -> None:
    os.write(bench.serial.slave, b"")
    fd = os.open(bench.port, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, b"CYCL:ARM")
    os.close(fd)
    with Link(bench.port) as link:
        assert link.query("CYCL:STAT?") == "safe"
    assert bench.press.done == []


def test_answers_that_nobody_fetched_do_not_shift_ours(bench: Bench) -> None:
    fd = os.open(bench.port, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, b"*IDN?\nFOO\nLOG:READ? 1\nSYST:HELP:HEAD?\n")
    time.sleep(0.02)
    os.close(fd)
    with Link(bench.port) as link:
        assert link.query("*OPC?") == "1"
        assert [number for number, _ in link.left_errors] == [-113]


def test_the_second_program_on_one_port_gets_a_clear_error(bench: Bench) -> None:
    with Link(bench.port):
        with pytest.raises(errors.PortBusy, match="another program has"):
            Link(bench.port)
        code = f"import stackpress; stackpress.open({bench.port!r})"
        assert "PortBusy" in python(code).stderr
    with Link(bench.port) as link:
        assert link.query("*OPC?") == "1"


def test_a_port_that_is_not_there_is_no_press() -> None:
    with pytest.raises(errors.NoPress, match="can't be opened"):
        Link("/dev/tty-of-no-press")


def test_a_press_that_does_not_answer_is_a_lost_link_and_comes_back(bench: Bench) -> None:
    with Link(bench.port, quiet_s=0.3) as link:
        bench.deaf = True
        with pytest.raises(errors.LinkLost):
            link.query("*OPC?")
        bench.deaf = False
        assert link.query("MEAS:FORC?") == "663.66"
        link.reopen()
        assert link.query("CYCL:STAT?") == "safe"


def test_an_exchange_torn_by_an_interrupt_does_not_shift_the_next(bench: Bench) -> None:
    with Link(bench.port) as link:
        real = link._need
        torn = iter([KeyboardInterrupt])

        def interrupted(count: int) -> None:
            for error in torn:
                raise error
            real(count)

        link._need = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            link.query("*IDN?")
        assert link.query("MEAS:FORC?") == "663.66"


def test_the_stop_byte_goes_past_an_exchange_that_waits(bench: Bench) -> None:
    with Link(bench.port, quiet_s=5) as link:
        bench.press.state = states.HOLDING
        bench.deaf = True
        waiting = threading.Thread(target=lambda: link.query("*IDN?"))
        waiting.start()
        time.sleep(0.05)
        link.stop()
        bench.deaf = False
        waiting.join()
        assert bench.press.done == ["abort"]


def test_a_stop_leaves_no_error_for_the_next_command(bench: Bench) -> None:
    with stackpress.open(bench.port) as press:
        press.arm()
        bench.deaf = True
        press.link._write(b"CYCL:DIS\n")
        press.abort()
        bench.deaf = False
        press.arm()
        assert [number for number, _ in press.errors()] == [-200]
        assert bench.press.done == ["arm", "abort", "arm"]


def test_a_board_at_the_prompt_is_told_apart_from_a_dead_one(bench: Bench) -> None:
    class Prompt:
        """Echoes what is typed, and does not understand it."""

        def poll(self, _: int) -> None:
            alone.set()
            buf = bytearray(256)
            if count := bench.serial.read(buf):
                echo = bytes(buf[:count]).replace(b"\n", b"\r\n")
                bench.serial.write(memoryview(echo + b"SyntaxError: invalid syntax\r\n>>> \r\n"))

    alone = threading.Event()  # the server before it is not asked any more
    bench.server = Prompt()  # type: ignore[assignment]
    assert alone.wait(PATIENCE_S)
    with pytest.raises(errors.LinkLost, match="MicroPython prompt"):
        Link(bench.port, quiet_s=0.3)


def test_a_block_with_a_wrong_crc_is_told_and_asked_for_again(bench: Bench) -> None:
    with stackpress.open(bench.port) as press:
        good = bench.press.journal.read_from
        calls = []

        def failing(seq: int, buf: bytearray) -> tuple[int, int]:
            calls.append(seq)
            if len(calls) == 12:
                raise OSError("flash")
            used, following = good(seq, buf)
            return int(used), int(following)

        bench.press.journal.read_from = failing
        data = press.log_read(1)
        assert data == b"".join(bytes([n]) * 100 for n in range(1, len(data) // 100 + 1)) and data


def test_an_answer_that_breaks_off_is_no_answer(bench: Bench) -> None:
    with stackpress.open(bench.port) as press:
        for name in ("one", "two"):
            press.program_push({"name": name, "steps": []})
        whole = press.documents()
        text, calls = bench.press.documents.text, []

        def failing(name: str) -> bytes | None:
            calls.append(name)
            if len(calls) == 3:
                raise OSError(5)
            found: bytes | None = text(name)
            return found

        bench.press.documents.text = failing
        with pytest.raises(errors.PressRefused) as refused:
            press.documents()
        assert refused.value.number == -320
        bench.press.documents.text = text
        assert press.documents() == whole and len(whole) == 2


def journal_that_fails(bench: Bench) -> list[int]:
    """From now on every twelfth read fails; the records that were asked for."""
    good, calls = bench.press.journal.read_from, []

    def failing(seq: int, buf: bytearray) -> tuple[int, int]:
        calls.append(seq)
        if len(calls) % 12 == 0:
            raise OSError(5)
        used, following = good(seq, buf)
        return int(used), int(following)

    bench.press.journal.read_from = failing
    return calls


def test_a_block_that_the_journal_cannot_give_is_refused_with_its_reason(bench: Bench) -> None:
    with stackpress.open(bench.port) as press:
        calls = journal_that_fails(bench)
        with pytest.raises(errors.PressRefused, match="OSError") as refused:
            for _ in range(12):
                press.log_read(1)
        assert refused.value.number == -320 and len(calls) == 12


def test_a_block_that_stays_broken_says_why(bench: Bench) -> None:
    """Of lines, which are read again while they are sent: its length is out when the journal fails."""
    with stackpress.open(bench.port) as press:
        journal_that_fails(bench)
        bench.server.as_they_are = False
        with pytest.raises(errors.BadBlock, match="block is broken: .*(-320)"):
            for _ in range(12):
                press.log_read(1)


def test_log_is_read_in_pieces_that_fit_together(bench: Bench) -> None:
    with stackpress.open(bench.port) as press:
        assert press.log_state().next == 41
        data, seq = b"", 1
        while piece := press.log_read(seq, 1024):
            data += piece
            seq += len(piece) // 100
        assert data == b"".join(bytes([n]) * 100 for n in range(1, 41))
        press.log_pulled(40)
        assert press.log_state().pulled == 40


def test_documents_are_put_and_got_whole(bench: Bench) -> None:
    program = {"format": 1, "name": "pellet", "steps": [], "note": "Größe" * 100}
    with stackpress.open(bench.port) as press:
        assert press.document_get("config") is None and press.config_pull() is None and press.programs() == []
        press.program_push(program)
        assert press.program_get("pellet") == program and press.programs() == ["pellet"]
        listed = press.documents()
        assert [(one.name, one.state) for one in listed] == [("program/pellet", "ok")]
        with pytest.raises(errors.PressRefused, match="a program has a name"):
            press.document_put("program/nameless", {"format": 1})
        press.program_delete("pellet")
        assert press.programs() == [] and press.documents() == []


def test_the_verbs_reach_the_press(bench: Bench) -> None:
    with stackpress.open(bench.port) as press:
        press.run({"format": 1, "name": "pellet", "steps": []}, sample='A "7"', operator="J. Doe")
        assert bench.press.done == [("changed", "program/pellet"), "arm", ("start", "pellet", 'A "7"', "J. Doe")]
        for kind in ("controlled", "hold", "vent"):
            press.stop(kind)
            assert bench.press.done[-1] == ("stop", kind)
        with pytest.raises(ValueError, match="controlled, hold or vent"):
            press.stop("now")
        press.reset()
        press.lease(30)
        press.contact(1_764_000_000_000)
        assert bench.press.done[-3:] == ["reset", ("lease", 30000), ("contact", 1_764_000_000_000)]


def test_what_the_press_is_comes_back_typed(bench: Bench) -> None:
    bench.press.S[blackboard.AT["RAW"] + 1] = -1234
    bench.press.runner.area_um2 = 132_732_290
    at_step(bench.press, 2, "hold")
    with stackpress.open(bench.port) as press:
        assert (press.identity, press.board_name, press.version) == ("e660-0001", "bench", "0.0.0")
        snap = press.snapshot()
        assert (snap.state, snap.force_n, snap.set_n, snap.time_s) == ("safe", 663.66, 664.0, 90000.25)
        assert snap.cells_n == (1.0, 2.0, 3.0, 4.0) and snap.shares_of == (0, 1, 2)
        assert snap.temperatures_c == (25.12, None) and snap.displacement_m == 0.0015
        assert (snap.program, snap.step, snap.step_s, snap.run, snap.left_s) == ("pellet", 2, 61.5, 7, 3600.0)
        assert snap.area_m2 == pytest.approx(1.3273229e-4) and snap.limit_n == 55000
        assert [check.code for check in press.checks()] == ["guard", "config"]
        assert 'The "front" guard' in press.checks()[0].text
        assert press.cell_code(2) == -1234
        assert press.interlock("estop").reaction == "vent" and "guard" in press.interlocks()
        assert press.parameter("valve_kind").value == "regulator"
        assert press.time().seconds == 90000.25 and press.tick().rate_hz == 4000 and press.selftest() == 0
        assert press.pressure_pa() == pytest.approx(5e6, rel=1e-5)


def test_follow_gives_every_row_once_and_ends_with_the_program(bench: Bench) -> None:
    bench.press.telemetry.look(0, 0)  # of the run before
    bench.press.state = states.HOLDING
    at_step(bench.press, 2, "hold")
    seen = []
    with stackpress.open(bench.port) as press:
        bench.press.telemetry.look(0, 0)
        for row in press.follow(period_s=0.001):
            seen.append(row.seq)
            if row.seq < 40:
                bench.press.telemetry.look(0, 0)
            else:
                bench.press.state = states.READY
                at_step(bench.press, 0, "")
    assert seen == list(range(2, 41))


def test_follow_says_why_the_press_has_tripped(bench: Bench) -> None:
    bench.press.state = states.TRIPPED
    bench.press.trip_reason, bench.press.trip_hint = "guard", "Close it; acknowledge."
    with stackpress.open(bench.port) as press, pytest.raises(errors.PressTripped) as tripped:
        list(press.follow())
    assert tripped.value.reason == "guard" and tripped.value.hint == "Close it; acknowledge."


def test_every_error_the_press_can_name_is_said_in_words() -> None:
    for number, text in scpi_status.MESSAGES:
        assert errors.said(number, text + ";why") == ("why" if number == -221 else f"why ({number})")
    assert Refused("why").number == -221


def test_one_press_is_found_none_or_several_are_told(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
    found = [ports.FoundPort(bench.port, "simulated press bench", "simulated")]
    monkeypatch.setattr(ports, "find_ports", lambda: found)
    assert ports.choose_port() == bench.port
    found.append(ports.FoundPort("/dev/ttyACM7", "Pico E660", "usb"))
    with pytest.raises(errors.NoPress, match="2 presses") as several:
        ports.choose_port()
    assert "/dev/ttyACM7" in str(several.value) and "--port" in several.value.hint
    found.clear()
    with pytest.raises(errors.NoPress) as none:
        ports.choose_port()
    assert "sim" in none.value.hint
    assert ports.choose_port("COM9") == "COM9"


def test_strings_survive_the_wire() -> None:
    for text in ("", "a", 'a "b" c', "a;b,c", '""', "Ä"):
        assert unquoted(quoted(text)) == text
        assert split_answer(quoted(text) + "," + quoted("x")) == [quoted(text), '"x"']
    with pytest.raises(ValueError, match="control"):
        quoted("a\nb")


def test_importing_the_package_loads_no_serial_port() -> None:
    code = "import sys, stackpress; print('serial' in sys.modules, stackpress.NoPress.__name__)"
    ended = python(code)
    assert ended.stdout.strip() == "False NoPress", ended.stderr


def test_a_refusal_comes_out_of_a_worker_process_as_it_went_in() -> None:
    refused = errors.PressRefused([(-221, "the cells disagree")], "CYCL:ARM")
    again = pickle.loads(pickle.dumps(refused))
    assert (type(again), again.errors, again.command, str(again)) == (type(refused), refused.errors, "CYCL:ARM", str(refused))
