"""Claims about the store of documents on a chip that held something else before."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from stackpress.flashing import erasing, flash_map, uf2
from stackpress.link import Link
from stackpress.press import Press

from boards.images.build import build
from hil_tests.targets.chip import Chip
from hil_tests.targets.emulator import EmulatorTarget
from hil_tests.targets.running_chip import BareBoard
from hil_tests.targets.small_press import SmallTarget
from hil_tests.targets.storage import BLOCK, littlefs

pytestmark = pytest.mark.timeout(600)
AT = flash_map.storage_start("pico") - uf2.FLASH
BOOTED_S = 0.8
LOGGED_S = 0.5  # the journal takes what a start has to tell one record after the other
BARE_BOOTED_S = 1.6  # of a board with nothing attached
ROUND = ("dryrun", "pico_hx711", "pico", "dryrun", "pico", "pico_hx711", "dryrun")  # each of them behind each other one
built = cache(build)
STEPS = [{"do": "watch", "for_ms": 1000}]


def lay(target: EmulatorTarget, data: bytes) -> None:
    target.chip.mcu.flash[AT : AT + len(data)] = data


def test_leavings_give_way_to_a_new_store_that_keeps_documents_and_the_log_says_so() -> None:
    with EmulatorTarget(configured=False) as target:
        lay(target, random.Random(5).randbytes(300_000))
        target.boot()
        with Press(Link(target.port, quiet_s=200)) as press:
            told = press.store_told()
            assert "not ours" in told
            assert target.until(lambda: told.encode() in press.log_read(press.log_state().first), LOGGED_S, 0.05)
            press.program_push({"format": 1, "name": "x", "steps": [{"do": "watch", "for_ms": 1000}]})
        target.restart()
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
        with Press(Link(target.port, quiet_s=200)) as press:
            assert press.store_told() == "" and all(check.code != "store" for check in press.checks())


@contextmanager
def started(board: str, storage: bytes) -> Iterator[tuple[Chip, str]]:
    """The chip as this board, which finds `storage` at its start, and its port."""
    image = built(board)
    if board == "dryrun":
        with BareBoard(image) as bare:
            bare.at_rest(lambda: bare.chip.mcu.flash.__setitem__(slice(AT, AT + len(storage)), storage))
            while bare.time_s() < BARE_BOOTED_S and not bare.error:
                time.sleep(0.1)
            yield bare.chip, bare.port
    else:
        with (EmulatorTarget if board == "pico" else SmallTarget)(image, configured=False) as target:
            lay(target, storage)
            target.run_until(BOOTED_S)
            yield target.chip, target.port


@pytest.mark.timeout(1800)
def test_one_chip_that_is_each_board_behind_each_other_keeps_all_programs() -> None:
    assert len(set(zip(ROUND, ROUND[1:], strict=False))) == 6
    storage = littlefs({f"/log{i}.csv": random.Random(i).randbytes(30_000) for i in range(60)}, 352)  # full, another firmware's
    pushed: list[str] = []
    for number, board in enumerate(ROUND):
        with started(board, storage) as (chip, port), Press(Link(port, quiet_s=600)) as press:
            told = press.store_told()
            assert told == ("made new: what lay there was not ours" if number == 0 else ""), (number, board)
            assert press.programs() == sorted(pushed), (number, board)
            pushed.append(f"{board}_{number}")
            press.program_push({"format": 1, "name": pushed[-1], "steps": STEPS})
        storage = bytes(chip.mcu.flash[AT : AT + 352 * BLOCK])
