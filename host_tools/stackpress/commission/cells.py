"""Load cells with nothing on them: noise, zero, and whether the force loop keeps its rate."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .result import BAD, GOOD, LEFT_OUT, Line

if TYPE_CHECKING:
    from ..press import Press

SECONDS = 6.0
NOISE_PART = 1e-3  # of a cell's capacity: more is a loose wire
ZERO_PART = 0.02
RATE_S = 0.5  # of this computer's time


def rows_of(press: "Press", seconds: float = SECONDS) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Forces of the four cells / N, a row each tenth of a second of press time."""
    cursor = max(0, press.telemetry(0, 1).cursor - 1)
    got: list[tuple[float, ...]] = []
    until = time.monotonic() + 3 * seconds
    while len(got) < seconds * 10 and time.monotonic() < until:
        found = press.telemetry(cursor)
        cursor = found.cursor
        got += [row.cells_n for row in found.rows]
        time.sleep(0.02)
    return np.array(got[: int(seconds * 10)])


def measure(press: "Press", capacities_n: tuple[float, ...]) -> tuple[list[Line], dict[str, float]]:
    """Lines of the protocol, and noise of each cell / N."""
    rows = rows_of(press)
    if len(rows) < 10:
        return [Line("load cells", BAD, "no telemetry came", "`stackpress doctor` says what is wrong.")], {}
    lines, found = [], {}
    for i, capacity_n in enumerate(capacities_n):
        noise_n, zero_n = float(np.std(rows[:, i], ddof=1)), float(np.mean(rows[:, i]))
        found[f"noise_{i + 1}_n"], found[f"zero_{i + 1}_n"] = noise_n, zero_n
        text = f"noise {noise_n:.2f} N rms ({noise_n / capacity_n * 1e6:.0f} ppm of {capacity_n:g} N), zero {zero_n:+.2f} N"
        lines.append(_judged(i, text, noise_n / capacity_n, abs(zero_n) / capacity_n))
    return [*lines, *_rate(press)], found


def _judged(i: int, text: str, noise: float, zero: float) -> Line:
    if noise > NOISE_PART:
        return Line(f"cell {i + 1}", BAD, text, "Look for a loose wire, a missing shield, a supply that hums.")
    if noise == 0:
        return Line(f"cell {i + 1}", BAD, text, "A cell without any noise is none: is it plugged in?")
    if zero > ZERO_PART:
        return Line(f"cell {i + 1}", BAD, text, "Is something on it? Else calibrate it again: `stackpress calibrate`.")
    return Line(f"cell {i + 1}", GOOD, text)


def _rate(press: "Press") -> Iterator[Line]:
    before, tick = press.time(), press.tick()
    time.sleep(RATE_S)
    after, later = press.time(), press.tick()
    passed = after.seconds - before.seconds
    told = f"{(later.count - tick.count) / passed:.0f} ticks a second of press time" if passed > 0 else "press time stands"
    good = passed > 0 and later.missed == tick.missed
    yield Line("force loop", GOOD if good else BAD, f"{told}, {later.missed - tick.missed} missed, longest {later.worst_us} us",
               "" if good else "Lower tick_rate_hz.")  # fmt: skip
    yield Line("converter's own clock", LEFT_OUT, "press time is counted in its samples: hold it against a watch for an hour")
