"""A tour of the front panel, with no host: what a hand does at the press, and the picture that the display then shows.

`python -m hil_tests.emulated.panel_tour` makes the pictures anew: hil_tests/emulated/pictures/*.png, dot for dot what stands in the
display's memory, and panel.png, all of them enlarged with the tower light beside. The tests go the same way and compare.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from stackpress_plant import load

from hil_tests.targets.emulator import EmulatorTarget

HERE = Path(__file__).resolve().parent
PICTURES, SHEET = HERE / "pictures", HERE / "panel.png"
SHOWN_N = 2871  # what the load cells are made to say in the hold
AREA_UM2 = 78_539_816
CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 3000}


def _program(name: str, to_cn: int, hold_ms: int) -> bytes:
    steps = [CONTACT, {"do": "ramp", "to_cn": to_cn, "rate_cn_per_s": 500_000}, {"do": "hold", "for_ms": hold_ms}]
    return json.dumps({"format": 1, "name": name, "area_um2": AREA_UM2, "steps": steps}).encode()


SPECIMEN = "blank_set_close"
QUICK = {"approach_rate_n_per_s": 500_000, "corner_ms": 100, "approach_force_n": 100_000}  # raw: a tour has no time to wait


def _config() -> bytes:
    """The plant's own configuration, in a hurry."""
    from stackpress.simulator.provision import commissioned

    document = json.loads(commissioned(load.plant("nominal", SPECIMEN), "")["config"])
    document["params"].update(QUICK)
    return json.dumps(document).encode()


PROGRAMS = {
    "program/kbr_disc": _program("kbr_disc", 2_000_000, 120_000),
    "program/li6ps5cl_pellet": _program("li6ps5cl_pellet", 100 * SHOWN_N, 5_430_000),
}


class Tour:
    """One press and the hand on it."""

    def __init__(self, **more: Any) -> None:
        self.target = EmulatorTarget(documents={**PROGRAMS, "config": _config()}, specimen=SPECIMEN, **more)
        self.panel = self.target.carrier.panel
        assert self.panel is not None, "the carrier has no panel"
        self._sample = self.target.carrier.converter.sample
        self._odd = 0
        self.lit: set[str] = set()

    def push(self, name: str) -> None:
        self.panel.press(name)
        self.target.run_for(0.06)
        self.panel.release(name)
        self.target.run_for(0.04)

    def display(self) -> bytes:
        return self.panel.display.picture()

    def state(self) -> int:
        return self.target.word("STATE")

    def until(self, there: Callable[[], bool], within_s: float) -> bool:
        """The same, until `there()` says so."""

        def looked() -> bool:
            self.lit |= self.panel.lamps()
            return there()

        return self.target.until(looked, within_s, step_s=0.02)

    def run(self, seconds: float) -> None:
        """Time, with an eye on the lights."""
        for _ in range(round(seconds / 0.02)):
            self.target.run_for(0.02)
            self.lit |= self.panel.lamps()

    def reference(self, newtons: float | None) -> None:
        """A calibrated source in the place of the three high-range cells; None: the cells again."""
        converter = self.target.carrier.converter
        if newtons is None:
            converter.sample = self._sample
            return
        spec = self.target.carrier.spec
        cells = [cell["points"] for cell in load.calibration(spec)[:3]]
        codes = [zero + round(newtons * 100 / 3 * (full - zero) / rated) for (zero, _), (full, rated) in cells]

        def sample() -> list[int]:
            self._odd ^= 1  # a code that never changes would be a dead converter
            return [code + self._odd for code in codes] + list(self._sample())[3:]

        converter.sample = sample

    def close(self) -> None:
        self.target.close()


@dataclass
class Stop:
    """One station: what the hand does, how long the display may take, and which lights are on in the meantime."""

    name: str
    text: str
    act: Callable[[Tour], None]
    within_s: float
    lit: set[str] = field(default_factory=set)
    winks: bool = False  # green, for a moment every two seconds


def _start(tour: Tour) -> None:
    tour.push("start")
    assert tour.until(lambda: tour.state() == 3, 4.0), tour.state()
    tour.reference(SHOWN_N)
    tour.run(0.5)
    zero_n = SHOWN_N - tour.target.word("FORCE_F") / 100  # what the cells showed with nothing pressed, which a run takes out
    tour.reference(SHOWN_N + zero_n)


def _emergency(tour: Tour) -> None:
    tour.reference(None)
    tour.target.fault("estop")


def _boot(tour: Tour) -> None:
    tour.target.run_until(0.5)


def _by_hand(tour: Tour) -> None:
    tour.push("start")
    assert tour.until(lambda: tour.state() in (2, 3), 1.0), tour.state()
    tour.push("stop")
    assert tour.until(lambda: tour.state() == 0, 4.0), tour.state()


STOPS = (
    Stop("nothing_selected", "switched on", _boot, 0.9, winks=True),
    Stop("first_program", "SELECT", lambda tour: tour.push("select"), 0.4, winks=True),
    Stop("second_program", "SELECT again", lambda tour: tour.push("select"), 0.4, winks=True),
    Stop("holding", "START; the force is reached", _start, 0.5, {"green"}),
    Stop("emergency_stop", "emergency stop", _emergency, 1.0, {"red", "buzzer"}),
    Stop("may_be_cleared", "the button is released", lambda tour: tour.target.clear_fault("estop"), 0.4, {"red"}),
    Stop("cleared", "RESET", lambda tour: tour.push("reset"), 0.6, winks=True),
    Stop("stopped_by_hand", "START, then STOP", _by_hand, 0.8, {"amber"}),
)


def picture(name: str) -> bytes:
    """The dots that are kept."""
    return Image.open(PICTURES / f"{name}.png").convert("L").tobytes()


def save(dots: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes("L", (128, 64), dots).convert("1").save(path, optimize=True)


# -- the sheet for the README ------------------------------------------------------------------------------------------

SCALE, EDGE, COLUMNS = 4, 24, 2
COLOURS = {"red": (235, 50, 40), "amber": (255, 176, 0), "green": (30, 190, 80)}
GLASS, DOT, PAPER, INK = (10, 14, 20), (190, 225, 255), (250, 250, 248), (60, 60, 60)


def _tower(draw: ImageDraw.ImageDraw, x: int, y: int, stop: Stop) -> None:
    for i, (name, colour) in enumerate(COLOURS.items()):
        fill = colour if name in stop.lit else tuple(205 + c // 20 for c in colour)
        draw.rounded_rectangle((x, y + 62 * i, x + 40, y + 62 * i + 54), 8, fill, (120, 120, 120), 2)
    if stop.winks:
        draw.ellipse((x + 14, y + 62 * 2 + 21, x + 26, y + 62 * 2 + 33), COLOURS["green"])
    draw.rectangle((x + 14, y + 62 * 3, x + 26, y + 64 * SCALE), (120, 120, 120))
    if "buzzer" in stop.lit:
        for r in (14, 22, 30):
            draw.arc((x + 20 - r, y + 214 - r, x + 20 + r, y + 214 + r), -40, 40, (120, 120, 120), 3)


def sheet(seen: list[tuple[Stop, bytes]]) -> Image.Image:
    """Every station: the display four times as large, what was done, and the tower light; a point is a wink."""
    from PIL import ImageFont

    wide, high = 128 * SCALE + 40 + 3 * EDGE, 64 * SCALE + 2 * EDGE + 22
    rows = (len(seen) + COLUMNS - 1) // COLUMNS
    image = Image.new("RGB", (wide * COLUMNS, high * rows), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(20)
    for n, (stop, dots) in enumerate(seen):
        x, y = n % COLUMNS * wide + EDGE, n // COLUMNS * high + EDGE
        draw.text((x, y - 6), f"{n + 1}  {stop.text}", INK, font)
        y += 22
        glass = Image.frombytes("L", (128, 64), dots)
        draw.rectangle((x - 6, y - 6, x + 128 * SCALE + 5, y + 64 * SCALE + 5), GLASS)
        lights = glass.resize((128 * SCALE, 64 * SCALE), Image.Resampling.NEAREST)
        image.paste(DOT, (x, y), lights)
        _tower(draw, x + 128 * SCALE + EDGE, y, stop)
    return image


def main() -> int:
    tour, seen = Tour(), []
    try:
        for stop in STOPS:
            stop.act(tour)
            tour.run(stop.within_s)
            save(tour.display(), PICTURES / f"{stop.name}.png")
            seen.append((stop, tour.display()))
            print(f"{tour.target.time_s():.2f} s  {stop.name}: {', '.join(sorted(tour.lit)) or 'dark'}", flush=True)
    finally:
        tour.close()
    sheet(seen).quantize(32).save(SHEET, optimize=True)
    print(f"{SHEET.name}: {SHEET.stat().st_size // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
