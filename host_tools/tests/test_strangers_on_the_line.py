"""Somebody else has the port open: what he asks is not taken for ours, what he takes is told, and he is named."""

import array
import contextlib
import fcntl
import itertools
import os
import select
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stackpress
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress import answers, errors
from stackpress.cli import app
from stackpress.link import Link
from stackpress.press import Press
from stackpress_core.tick import states

from host_tools.tests.test_link import Bench

TIOCGEXCL = getattr(termios, "TIOCGEXCL", 0x80045440)  # Linux


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.close()


def flag(bench: Bench) -> bool:
    held = array.array("i", [0])
    fcntl.ioctl(bench.serial.slave, TIOCGEXCL, held)
    return bool(held[0])


@pytest.mark.skipif(sys.platform != "linux", reason="the flag is read as Linux gives it")
def test_the_port_is_refused_to_others_while_we_have_it_and_given_back(bench: Bench) -> None:
    with Link(bench.port):
        assert flag(bench)
    assert not flag(bench)


def test_what_a_stranger_asks_is_never_taken_for_our_answer(bench: Bench) -> None:
    stranger = os.open(bench.port, os.O_RDWR | os.O_NOCTTY)
    questions = itertools.cycle([b"MEAS:FORC?\n", b"*IDN?\n", b"CYCL:STAT?;:MEAS:FORC?\n", b"FOO?\n"])
    try:
        with stackpress.open(bench.port) as press:
            for _ in range(40):
                os.write(stranger, next(questions))
                assert press.state in states.NAMES and press.interlocks()
                os.write(stranger, next(questions))
                assert press.time().seconds >= 0
            assert press.link.strangers > 10
    finally:
        os.close(stranger)


def test_a_press_that_takes_its_time_is_not_taken_for_a_stranger(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is strange is borne for so long: not the wait for our own answer."""
    monkeypatch.setattr("stackpress.link.SKIP_S", 0.0)
    with Link(bench.port) as link:
        for _ in range(10):
            assert link.query("CYCL:STAT?") == "safe" and link.strangers == 0


def test_lines_and_blocks_between_ours_are_passed_over(bench: Bench) -> None:
    with Link(bench.port) as link:
        at = link._marker
        ours = b'"%d";safe\n"%d";0,"No error"\n' % (at + 1, at + 2)
        bench.deaf = True
        time.sleep(0.01)
        for before in (
            b"0.04\n",
            b"#15a\nb\nc\n",
            b'"%d";0.04\n' % (at - 7),
            b'"%d\n' % (at + 1),
            b"\n;;\n",
            b'"%d0";1\n' % (at + 1),
        ):
            link._marker = at
            os.write(bench.serial.master, before + ours)
            assert link.query("CYCL:STAT?") == "safe", before
        bench.deaf = False
        link._dirty = True


@pytest.mark.skipif(sys.platform != "linux", reason="who has a device open is found in /proc")
def test_another_program_is_named_before_anything_is_sent(bench: Bench) -> None:
    hold = (
        f"import os, time; os.open({bench.port!r}, os.O_RDWR | os.O_NOCTTY); print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout and other.stdout.readline() == b"open\n"
            with pytest.raises(errors.PortBusy, match=rf"is open in .*\(process {other.pid}\)"):
                stackpress.open(bench.port)
            with stackpress.open(bench.port, alone=False) as press:  # as `stackpress stop` does
                press.stop("vent")
        finally:
            other.kill()
    with Link(bench.port) as link:
        assert link.query("CYCL:STAT?") == "safe"


def test_one_who_reads_our_answers_is_told_as_such_and_no_traceback(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    with Link(bench.port, quiet_s=0.4) as link:
        thief = os.open(bench.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        ends = threading.Event()

        def steal() -> None:
            while not ends.is_set():
                with contextlib.suppress(BlockingIOError):
                    if select.select([thief], [], [], 0.1)[0]:
                        os.read(thief, 4096)

        thread = threading.Thread(target=steal)
        thread.start()
        told: list[str] = []
        try:
            for _ in range(30):
                try:
                    assert link.query("CYCL:STAT?") == "safe"
                except errors.LinkLost as lost:
                    told.append(str(lost))
        finally:
            ends.set()
            thread.join()
            os.close(thief)
        assert all("has not answered" in one or "go elsewhere" in one or "somebody else" in one for one in told), told
        assert link.query("CYCL:STAT?") == "safe"


class Nonsense:
    """A link whose answers are whatever is given."""

    port, left_errors, strangers = "/dev/x", [], 0

    def __init__(self, answer: str) -> None:
        self.answer, self.last = answer, ("", "")

    def query(self, text: str) -> str:
        self.last = text, self.answer
        return self.answer

    def command(self, text: str) -> None:
        pass

    def block(self, text: str) -> bytes:
        return self.answer.encode()


READS: dict[str, Any] = {
    "state": lambda p: p.state,
    "program": lambda p: p.program_state(),
    "checks": lambda p: p.checks(),
    "force": lambda p: p.force_n(),
    "snapshot": lambda p: p.snapshot(),
    "telemetry": lambda p: p.telemetry(),
    "tripped": lambda p: p.tripped(),
    "parameter": lambda p: p.parameter("stale_ms"),
    "interlock": lambda p: p.interlock("stale"),
    "who": lambda p: p.who(),
    "documents": lambda p: p.documents(),
    "log": lambda p: p.log_state(),
    "time": lambda p: p.time(),
    "tick": lambda p: p.tick(),
    "memory": lambda p: p.memory(),
    "selftest": lambda p: p.selftest(),
    "code": lambda p: p.cell_code(1),
    "fixed": lambda p: p.fixed(),
}
LIKELY = st.text('0123456789.,;"E+-#abc_ ', max_size=40) | st.sampled_from(
    ("0.04", "", "safe", "9.91E37", "1E999", "nan", '"', "1,2,3,4")
)


@settings(max_examples=150, deadline=None)
@given(LIKELY, st.sampled_from(sorted(READS)))
def test_any_answer_is_read_or_told_as_none(answer: str, name: str) -> None:
    try:
        READS[name](Press(Nonsense(answer)))  # type: ignore[arg-type]
    except errors.PressError as told:
        assert "\n" not in str(told)


def test_a_force_is_no_state() -> None:
    for wrong in ("0.04", "", "safe;", "9.91E+37"):
        with pytest.raises(errors.NoSense, match="CYCL:STAT"):
            _ = Press(Nonsense(wrong)).state  # type: ignore[arg-type]
    for right in (*states.NAMES, "a_state_of_a_later_release"):
        assert Press(Nonsense(right)).state == answers.a_state(right)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [["status"], ["doctor"], ["runs"], ["stop"], ["config", "diff"], ["program", "ls"]])
def test_commands_on_a_line_of_nonsense_end_in_words(command: list[str], capsys: pytest.CaptureFixture[str],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(stackpress, "open", lambda port=None, alone=True: Press(Nonsense("0.04")))  # type: ignore[arg-type]
    monkeypatch.setattr(Nonsense, "close", lambda self: None, raising=False)
    code = app.run(command if command == ["runs"] else [*command, "--port", "/dev/x"])
    assert code in (0, 1, 2, 3) and "Traceback" not in capsys.readouterr().err
