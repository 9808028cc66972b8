"""Claims about flashing and the prompt, on the real image: what the boot ROM, a soft reset and the watchdog do with it."""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
from stackpress.flashing import uf2
from stackpress.flashing.images import image_sum
from stackpress.link import Link
from stackpress.press import Press

from boards.images.build import end_of_image
from hil_tests.targets.emulator import IMAGE, ROOT, EmulatorTarget

pytestmark = pytest.mark.timeout(900)
BOOTED_S = 0.8
WATCHDOG_S = 1.0


def command(*words: str | Path, env: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """`stackpress ... --json` as a process of its own; exit code and document."""
    done = subprocess.run([sys.executable, "-m", "stackpress", *map(str, words), "--json"], capture_output=True, text=True, env=env)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def mpremote(target: EmulatorTarget, *words: str) -> str:
    """Plain mpremote; what it said."""
    command = [sys.executable, "-m", "mpremote", "connect", target.port, *words]
    done = subprocess.run(command, capture_output=True, text=True)  # on /dev/pts paths its own do not hold
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    import os

    path = ":".join(str(ROOT / one) for one in (".", "host_tools", "firmware"))
    yield {**os.environ, "STACKPRESS_DATA": str(tmp_path / "data"), "PYTHONPATH": path}


def other_image(path: Path) -> str:
    """The same image under another hash, so that one can be told from the other; gives the hash."""
    family, first, content = uf2.decode(IMAGE.read_bytes())
    at = content.index(b"stackpress-image;")
    old = content[content.index(b"hash=", at) + 5 :][:16]
    new = bytes(reversed(old))
    end = end_of_image(content)
    content = content.replace(old, new).replace(bytes.fromhex(old.decode()), bytes.fromhex(new.decode()))
    content = content[:end] + struct.pack("<I", image_sum(content[:end])) + content[end + 4 :]
    path.write_bytes(uf2.encode(content, family, first))
    return new.decode()


def test_a_new_image_replaces_the_running_one_and_the_documents_stay(tmp_path: Path, env: dict[str, str]) -> None:
    content = other_image(tmp_path / "new.uf2")
    with EmulatorTarget(boot_drive=tmp_path / "RPI-RP2") as target, target.free():
        where = ("--port", target.port, "--drive", tmp_path / "RPI-RP2", "--wait", "200")
        code, told = command("flash", tmp_path / "new.uf2", *where, "--yes", env=env)
        assert code == 0, told
        assert told["after"]["firmware"].endswith(f".h{content}") and told["after"]["documents_changed"] == []
        assert told["after"]["documents"] >= 3
        with Press(Link(target.port, 100)) as press:
            assert press.firmware_place() == "frozen" and press.state == "safe"
            assert press.checks() == []  # it could be armed at once: no crash, no missing document
            assert press.time().boot_id == 2
        assert not target.truth()["permissive"]


def test_mpremote_enters_by_itself_the_watchdog_stays_fed_and_the_press_comes_back(tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 64)
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        resets: list[float] = []
        dog = target.chip.mcu.watchdog
        before, dog.on_watchdog_trigger = dog.on_watchdog_trigger, lambda: resets.append(target.time_s())
        with target.free():
            began = target.time_s()
            assert mpremote(target, "exec", "import sys; print(6 * 7, sys.path[0])").strip() == "42 .frozen"
            assert "documents" in mpremote(target, "fs", "ls", ":/")
            mpremote(target, "fs", "cp", str(large), ":/large.bin")
            assert "16384" in mpremote(target, "fs", "ls", ":/")
        target.run_until(max(target.time_s(), began + 2 * WATCHDOG_S) + 0.5)
        assert resets == [] and target.time_s() - began > 2 * WATCHDOG_S
        dog.on_watchdog_trigger = before
        assert not target.truth()["permissive"] and target.truth()["dump_open"]
        with target.free(), serial.Serial(target.port) as port:
            port.write(b"\x04")  # Ctrl-D at the prompt: a soft reset
        target.run_for(BOOTED_S)  # what is asked of a press that starts is lost, and its patience is long here
        with target.free():
            with Press(Link(target.port, 100)) as press:
                assert press.state == "safe" and press.checks() == []
                boots = press.time().boot_id
            mpremote(target, "reset")
        target.run_for(BOOTED_S)
        with target.free(), Press(Link(target.port, 100)) as press:
            assert press.state == "safe" and press.checks() == [] and press.time().boot_id == boots + 1
        assert not target.truth()["permissive"]


def test_the_prompt_gets_what_came_behind_the_break_byte_whatever_the_press_was_at() -> None:
    """mpremote sends both without waiting, and the byte may be found in any part of a pass."""
    with EmulatorTarget() as target:
        for n in range(8):
            assert target.until(lambda: target.said(b"CYCL:STAT?\n", 0.02).endswith(b"safe\n"), 3.0)
            target.run_for(0.02 + 0.00083 * n)
            said = target.said(b"\r\x03\r\x01", 0.1)
            assert said.endswith(b"raw REPL; CTRL-B to exit\r\n>"), (n, said)
            target.chip.send(b"\x02")
            target.run_for(0.02)
            target.chip.send(b"\x04")  # a soft reset: the press again


def test_break_byte_is_an_error_while_armed_and_nothing_breaks_in() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=200) as link:
            link.command("CYCL:ARM")
            target.run_for(0.02)
            assert target.truth()["permissive"]
            ticks = target.word("TOKEN")
            link._write(b"\x03")
            answer, errors = link._exchange("CYCL:STAT?")
            assert answer == b"ready" and [number for number, _ in errors] == [-102]
            target.run_for(0.05)
            assert target.word("TOKEN") > ticks + 150 and target.truth()["permissive"]


def test_what_a_host_wrote_before_it_closed_the_port_reaches_the_press() -> None:
    """However soon the chip, too, stands still behind it."""
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        for n in range(20):
            with target.free(), serial.Serial(target.port) as port:
                port.write(b'SYST:ECHO? "%d"\n' % n)
            assert target.said(b"", 0.02).endswith(b'"%d"\n' % n)
