"""The dry-run board on the emulated chip: nothing attached, the plant inside, and the scenarios over its USB port alone."""

import time
import tomllib
from pathlib import Path

import pytest
from stackpress.link import Link

from boards.images.board_data import board_data
from boards.images.build import BOARDS, build
from hil_tests import player, scenario
from hil_tests.bench.board.heap import Heap
from hil_tests.targets.chip import PIO0_IRQ_0
from hil_tests.targets.running_chip import BareBoard
from hil_tests.targets.stack import Stack

BOOTED_S = 1.6  # it listens after 1.2; a host that asks before is not heard, and waits for its whole patience
PLAYED = ("abort_vents", "crc_vents", "estop_vents_a_ramp", "stale_vents", "stop_with_hold_keeps_the_cell_pressed")
TICK_US = 200  # of a period of 500
EXCHANGES = 30
STACK_LEFT_BYTES = 2048  # here the tick is called by MicroPython, which ends it for good if it finds too little
HEAP_FREE = tomllib.loads((BOARDS / "dryrun" / "image.toml").read_text())["heap_free_bytes"]


@pytest.mark.timeout(1800)
def test_bare_board_is_commissioned_presses_and_trips_over_its_usb_port(tmp_path: Path) -> None:
    entered, durations = [0.0], [0.0]
    image = build("dryrun")
    with BareBoard(image) as board:
        while board.time_s() < BOOTED_S and not board.error:
            time.sleep(0.1)
        with Link(board.port, 600) as link:
            assert link.query("*IDN?").startswith("stackpress,dryrun,DRYRUN-")
            assert '"config: missing"' in link.query("CYCL:CHEC?")
        stack = board.at_rest(Stack(board.chip.mcu, board_data("dryrun")["chip"]).paint)
        for name in PLAYED:
            one = scenario.read(scenario.SCENARIOS / f"{name}.toml")
            player.play(one, "short", "serial", tmp_path / name, board.port)
        assert board.at_rest(lambda: stack.bytes_left) >= STACK_LEFT_BYTES
        heap = Heap(board.chip.mcu, image.with_suffix(".elf"))

        def left(ns: float) -> None:
            durations.append((ns - entered[-1]) / 1000)
            heap.look(ns)

        board.chip.watch_interrupt(PIO0_IRQ_0, entered.append, left)
        heap.provoke()
        with Link(board.port, 600) as link:
            hz, missed = (int(field) for field in link.query("SYST:TICK?").split(",")[3:1:-1])
            for _ in range(EXCHANGES):
                link.query("MEAS:FORC?")
            assert hz == 2000 and int(link.query("SYST:TICK?").split(",")[2]) == missed
        assert board.error is None
    assert heap.size - max(one.used_after for one in heap.collections) >= HEAP_FREE
    assert len(durations) > 100 and max(durations[2:]) < TICK_US  # the watch may begin inside a tick
