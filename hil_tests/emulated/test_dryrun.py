"""The dry-run board on the emulated chip: nothing attached, the plant inside, and the scenarios over its USB port alone."""

import time
from pathlib import Path

import pytest
from stackpress.link import Link

from boards.images.build import build
from hil_tests import playing, scenario
from hil_tests.targets.bare import BareBoard
from hil_tests.targets.chip import PIO0_IRQ_0

BOOTED_S = 0.8
PLAYED = ("abort_vents", "crc_vents", "estop_vents_a_ramp")
TICK_US = 200  # of a period of 500


@pytest.mark.timeout(1800)
def test_bare_board_is_commissioned_presses_and_trips_over_its_usb_port(tmp_path: Path) -> None:
    entered, durations = [0.0], [0.0]
    with BareBoard(build("dryrun")) as board:
        while board.time_s() < BOOTED_S and not board.error:
            time.sleep(0.1)
        with Link(board.port, 600) as link:
            assert link.query("*IDN?").startswith("stackpress,dryrun,DRYRUN-")
            assert '"config: missing"' in link.query("CYCL:CHEC?")
        for name in PLAYED:
            one = scenario.read(scenario.SCENARIOS / f"{name}.toml")
            playing.play(one, "short", "serial", tmp_path / name, board.port)
        board.chip.watch_interrupt(PIO0_IRQ_0, entered.append, lambda ns: durations.append((ns - entered[-1]) / 1000))
        with Link(board.port, 600) as link:
            hz, missed = (int(field) for field in link.query("SYST:TICK?").split(",")[3:1:-1])
            time.sleep(1.0)
            assert hz == 2000 and int(link.query("SYST:TICK?").split(",")[2]) == missed
        assert board.error is None
    assert len(durations) > 100 and max(durations[2:]) < TICK_US  # the watch may begin inside a tick
