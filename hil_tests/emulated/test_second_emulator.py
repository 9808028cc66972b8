"""Each RP2040 image of ours starts on an emulator that is not the one of the other tests, and answers on its USB port."""

import os

import pytest
from stackpress.link import Link

from boards.images.build import build
from hil_tests.campaign.second_emulator import BOARDS, PATIENCE_S, booted
from hil_tests.witness import node
from hil_tests.witness.second_emulator import SecondEmulator

UNCOMMISSIONED = {"config", "ceilings", "calibration"}
NOTHING_ATTACHED = UNCOMMISSIONED | {"state", "estop", "guard", "overpressure", "supply", "stale"}
FOUND = {"dryrun": UNCOMMISSIONED, "pico": NOTHING_ATTACHED | {"storage"}, "pico_hx711": NOTHING_ATTACHED | {"stop_button"}}
TICK_US = 60  # of a period of 250, cycles of the processor


def started(board: str) -> SecondEmulator:
    try:
        return SecondEmulator(build(board))
    except node.NoNode as missing:
        if os.environ.get("CI", "") not in ("", "0", "false"):
            raise
        pytest.skip(str(missing))


@pytest.mark.parametrize("board", BOARDS)
def test_image_starts_on_the_second_emulator_and_every_open_wire_forbids_to_press(board: str) -> None:
    with started(board) as chip:
        booted(chip)
        with Link(chip.port, PATIENCE_S) as link:
            assert link.query("*IDN?").startswith(f"stackpress,{board},")
            codes = set(link.query("CYCL:CHEC?").split('"')[1::4])
        told = chip.told()
    assert codes == FOUND[board]
    assert told["ticks"] > 100 and 0 < told["worst_tick_us"] < TICK_US and told["starts"] == 1
    assert told["erases"] and told["programs"] and told["risen"] == told["refused"] == 0, "its store is a new file system"
    assert told["complaints"] == []
