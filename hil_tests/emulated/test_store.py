"""Claims about the store of documents on a chip that held something else before."""

import random

import pytest
from stackpress.flashing import erasing, flash_map, uf2
from stackpress.link import Link
from stackpress.press import Press

from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(600)
AT = flash_map.storage_start("pico") - uf2.FLASH
BOOTED_S = 0.8


def lay(target: EmulatorTarget, data: bytes) -> None:
    target.chip.mcu.flash[AT : AT + len(data)] = data


def test_leavings_give_way_to_a_new_store_that_keeps_documents_and_the_log_says_so() -> None:
    with EmulatorTarget(configured=False) as target:
        lay(target, random.Random(5).randbytes(300_000))
        target.run_until(BOOTED_S)
        with Press(Link(target.port, quiet_s=200)) as press:
            told = press.store_told()
            assert "not ours" in told and told.encode() in press.log_read(press.log_state().first)
            press.program_push({"format": 1, "name": "x", "steps": [{"do": "watch", "for_ms": 1000}]})
        target.restart()
        target.run_until(target.time_s() + BOOTED_S)
        with Press(Link(target.port, quiet_s=200)) as press:
            assert press.store_told() == "" and press.programs() == ["x"] and press.time().boot_id == 2


def test_a_damaged_store_stays_as_it_is_until_it_is_to_be_erased() -> None:
    with EmulatorTarget() as target:
        lay(target, b"\x00" * 8192)
        before = bytes(target.chip.mcu.flash[AT:])
        target.run_until(BOOTED_S)
        with Press(Link(target.port, quiet_s=200)) as press:
            assert "--erase-storage" in press.store_told()
            assert any("--erase-storage" in check.text for check in press.checks() if check.code == "store")
            assert press.documents() == [] and press.state == "safe"
        assert bytes(target.chip.mcu.flash[AT:]) == before
        lay(target, erasing.MARK)
        target.restart()
        target.run_until(target.time_s() + BOOTED_S)
        with Press(Link(target.port, quiet_s=200)) as press:
            assert press.store_told() == "" and all(check.code != "store" for check in press.checks())
