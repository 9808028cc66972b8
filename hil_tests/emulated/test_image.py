"""The image that is flashed, on an emulated RP2040 with the carrier's chips at the wire, spoken to over its USB serial port."""

import subprocess

import pytest
from stackpress.flashing import uf2
from stackpress.link import Link

from hil_tests.targets.emulator import IMAGE, EmulatorTarget

pytestmark = pytest.mark.timeout(1800)
BOOTED_S = 0.7


def test_image_answers_arms_presses_and_vents_on_the_estop() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=900) as link:
            assert link.query("*IDN?").startswith("stackpress,pico,PICO-")
            assert link.query("CYCL:CHEC?") == '""'
            link.command("CYCL:ARM")
            target.run_for(0.02)
            assert link.query("CYCL:STAT?") == "ready"
            assert target.truth()["permissive"]
            target.fault("estop")
            target.run_for(0.01)
            assert link.query("CYCL:STAT?") == "tripped"
            assert "estop" in link.query("CYCL:TRIP:REAS?")
            assert not target.truth()["permissive"] and target.truth()["dump_open"]


def test_a_converter_that_died_is_named_and_the_press_still_answers() -> None:
    with EmulatorTarget() as target:
        target.fault("no_converter")
        target.run_until(BOOTED_S + 0.1)
        with Link(target.port, quiet_s=900) as link:
            assert "stale" in link.query("CYCL:CHEC?")
            assert target.word("TOKEN") > 100  # it ticks on without data
            assert not target.truth()["permissive"]


def test_what_lies_in_the_file_system_is_not_what_runs() -> None:
    """Whatever somebody left there: main.py, boot.py, modules under the names of the firmware's."""
    names = ("boot", "main", "board", "tick_code", "image_facts", "stackpress_core/__init__", "stackpress_core/press",
             "drivers/__init__",
             "lib/press/__init__", "lib/board")  # fmt: skip
    stray = {f"/{name}.py": b"print('a stray file runs')\nraise SystemExit\n" for name in names}
    _, _, content = uf2.decode(IMAGE.read_bytes())
    at = content.index(b"hash=", content.index(b"stackpress-image;")) + 5
    with EmulatorTarget(stray=stray) as target:
        target.boot()
        with Link(target.port, quiet_s=900) as link:
            assert link.query("*IDN?").endswith(".h" + content[at : at + 16].decode())
            assert link.query("SYST:FIRM?").startswith('"frozen') and link.query("CYCL:CHEC?") == '""'
        assert b"stray" not in target.console and target.word("TOKEN") > 100


def test_functions_of_viper_begin_at_a_word_as_their_constants_want() -> None:
    told = subprocess.run(["arm-none-eabi-nm", IMAGE.with_suffix(".elf")], capture_output=True, text=True, check=True).stdout
    begin = {name: int(at, 16) for at, kind, name in (line.split()[-3:] for line in told.splitlines() if line[0] != " ")
             if kind == "t" and name.startswith("fun_data_")}  # fmt: skip
    assert begin and [name for name, at in begin.items() if at % 4] == []
