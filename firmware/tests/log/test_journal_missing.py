"""A press whose journal's chip does not answer: it can't be armed unless its configuration says so, and it says so each time."""

import pytest
from bench_press import CONTACT, VENT, MemoryBoard, after_each, bench, ramp
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import states
from stackpress_core.tick.interlock import names_of
from stackpress_sim.nor_file import NorFile

__all__ = ["after_each"]
WHY = "the journal's flash chip does not answer (ff,ff,ff)"


def board_without_a_chip(**more):
    board = MemoryBoard(flash=NorFile(None, 4 * 4096), **more)
    board.journal_missing = WHY
    return board


def told(b):
    return [event["text"] for event in b.records(records.EVENT) if event["code"] == records.EVENT_PART]


def warnings(b):
    return names_of(b.word("WARNED"))


def test_press_without_its_chip_is_not_armed():
    b = bench(board_without_a_chip())
    assert b.press.arming.failing() == [("storage", WHY + ": the log would be gone with the power (journal_in_ram allows it)")]
    with pytest.raises(Refused, match="journal_in_ram"):
        b.press.operator.arm()
    assert b.press.readings.state == states.SAFE and b.valve_is_off


def test_configuration_may_allow_it_and_the_press_then_says_so_at_boot_at_arming_and_at_the_start():
    b = bench(board_without_a_chip(), journal_in_ram=1)
    assert told(b) == [WHY]
    b.press.operator.arm()
    b.run_passes(1)
    assert told(b) == [WHY] * 2
    b.press.operator.disarm()
    b.run_passes(2)
    b.started(CONTACT, ramp(300000), VENT)
    assert told(b) == [WHY] * 4
    b.until_state(states.SAFE)


def test_the_warning_stands_and_comes_back_after_it_was_acknowledged():
    b = bench(board_without_a_chip(), journal_in_ram=1)
    b.press.operator.arm()
    b.run(0.1)
    assert "storage" in warnings(b)
    b.press.operator.reset()
    b.run(0.1)
    assert "storage" in warnings(b)


def test_a_stricter_storage_reaction_still_refuses():
    b = bench(board_without_a_chip(), journal_in_ram=1, storage_reaction=1)
    b.run(0.1)
    assert [code for code, _ in b.press.arming.failing()] == ["storage"]


def test_press_with_its_chip_says_nothing():
    b = bench()
    b.started(CONTACT, ramp(300000), VENT)
    b.until_state(states.SAFE)
    assert told(b) == [] and "storage" not in warnings(b)


def test_host_can_ask_why():
    b = bench(board_without_a_chip())
    b.board.serial.sent = b"LOG:MISS?\n"
    b.run_passes(4)
    assert b.board.serial.got == b'"%s"\n' % WHY.encode()
