"""How many functions a sample enters on its way to the plot, and a start order on its way to the tick: as firmware/README tells.

A function is on the way if it is under way at the moment of a handing over: when the line starts the program, when the order goes
into the mailbox; when the sample goes into the log, onto the chip, into an answer, off the wire, into file, table and picture.
"""

import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from bench_press import CONTACT, VENT, PressBench, hold, ramp, recipe  # type: ignore[import-not-found]
from stackpress import paths
from stackpress.link import Link
from stackpress.logs import runs
from stackpress.logs.plot import plot
from stackpress.logs.pull import pull_press
from stackpress.logs.store import Store
from stackpress.press import Press
from stackpress_core.log import records
from stackpress_core.tick import states

from hil_tests.targets.flashable_press import FlashablePress

ABOUT = 2
README = paths.FIRMWARE / "README.md"
OURS = (str(paths.FIRMWARE / "stackpress_core"), str(paths.ROOT / "host_tools"))


def name_of(frame: FrameType) -> str:
    return frame.f_code.co_qualname.removeprefix("<").replace(".<locals>", "")  # type: ignore[attr-defined]


def stack(frame: FrameType | None) -> list[str]:
    """Our functions that are under way, outermost first."""
    found = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(OURS):
            found.append(name_of(frame))
        frame = frame.f_back
    return found[::-1]


def traced(profile: Callable[[FrameType, str, Any], None], do: Callable[[], Any]) -> None:
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        do()
    finally:
        sys.setprofile(before)


def order_s_way() -> tuple[list[str], list[str]]:
    """From the line to the program that starts; from the next pass to the mailbox."""
    bench = PressBench()
    bench.write({"program/pellet": recipe(CONTACT, ramp(300000), hold(1000), VENT)})
    bench.press.operator.arm()
    bench.run(0.1)
    ways: dict[str, list[str]] = {}

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and name_of(frame) in ("Runner.start", "Motion.send"):
            ways.setdefault(name_of(frame), stack(frame))

    bench.board.serial.sent += b'PROG:STAR "pellet"\n'
    traced(profile, lambda: bench.run(0.1))
    assert bench.word("STATE") == states.PRESSING
    return ways["Runner.start"], ways["Motion.send"]


def pressed(press: Press) -> None:
    program = recipe(CONTACT, ramp(312347), hold(2000), VENT)
    press.document_put("program/pellet", program)
    press.arm()
    press.start("pellet")
    while press.program_state().step or press.log_state().closing:
        time.sleep(0.05)


MOMENTS = {
    "Journal.append": "into the press's log",
    "Journal._program_part": "onto its chip",
    "Journal.read_from": "out of it into an answer",
    "Link._answer": "off the wire",
    "RawFile.append": "into the raw file",
    "write_parquet": "into the run's table",
    "course.column": "into the picture",
}


def sample_s_way(folder: Path) -> dict[str, list[str]]:
    """Moment -> the functions that are under way then, outermost first: of the press, of `log pull` and of `log plot`."""
    ways: dict[str, list[str]] = {}

    def look(frame: FrameType, event: str, _: Any) -> None:
        name = name_of(frame)
        if event != "call" or name not in MOMENTS or name == "Journal.append" and frame.f_locals["kind"] != records.SAMPLE:
            return
        way = stack(frame)
        if name != "Link._answer" or "Link.block" in way:
            ways.setdefault(MOMENTS[name], way)

    press_to_flash = FlashablePress(folder)
    threading.setprofile(look)
    try:
        press_to_flash.boot()
    finally:
        threading.setprofile(None)
    try:
        with Press(Link(str(press_to_flash.port))) as press, Store(folder / "data") as store:
            pressed(press)

            def pulled_and_drawn() -> None:
                pull_press(press, store)
                run = runs.find(store, "r001")
                plot(run.parquet, runs.document(run), folder / "plot.png")

            traced(look, pulled_and_drawn)
    finally:
        press_to_flash.close()
    return ways


def told(what: str) -> int:
    """The figure in the README, which is told as about right."""
    found = re.search(rf"{what} enters about (\d+) functions", README.read_text())
    assert found, f"firmware/README does not say how many functions {what} enters"
    return int(found[1]) + ABOUT


def test_the_way_of_an_order_is_the_one_that_the_readme_tells() -> None:
    line, passed = order_s_way()
    told_way = README.read_text().split("## The way of an order")[1].split("which writes the mailbox")[0]
    names = [name for name in re.findall(r"`([A-Za-z_.]+)`", told_way) if name != "begin"]  # each kind of step has its own
    assert names == [name for name in passed if not name.startswith("begin_")], "firmware/README tells another way"
    assert len(set(line + passed)) <= told("A start order"), (line, passed)


def test_a_sample_s_way_to_the_plot_is_no_longer_than_told(tmp_path: Path) -> None:
    ways = sample_s_way(tmp_path)
    assert set(ways) == set(MOMENTS.values())
    entered = {name for way in ways.values() for name in way}
    assert len(entered) <= told("A sample"), ways
