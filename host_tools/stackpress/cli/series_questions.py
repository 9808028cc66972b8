"""The questions of a calibration in series: preloads, zeros, forces up and down; the reference is typed or read by SCPI.

A force that cannot be the one that was asked for is refused with both, and so is a reading that cannot be right.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .calibration_questions import SAMPLE_EVERY_S, SAMPLES, asked, parse_force
from .exits import WRONG_INPUT, Failure

if TYPE_CHECKING:
    from ..calibration import Reading as CellReading
    from ..metrology.readings import Reading, Readings
    from ..press import Press

BLOCKS = 8  # of a reading, whose means tell how far it fluctuates
NEAR = 0.03  # further than this part from the force that was asked for it would be another level, or was mistyped
PARTS_MOST = 120.0  # % of the range


@dataclass(frozen=True)
class Plan:
    """What is asked for: % of the range to fit and to verify, how many series and preloads, whether they fall too."""

    range_n: float
    fit: tuple[float, ...]
    verify: tuple[float, ...]
    series: int = 3
    preloads: int = 3
    falling: bool = True

    def steps(self) -> list[tuple[float, str]]:
        """(force / N, fit or verify) from the lowest up."""
        rows = [(part, "fit") for part in self.fit] + [(part, "verify") for part in self.verify]
        return [(part * self.range_n / 100, use) for part, use in sorted(rows)]


def parts(text: str, what: str) -> tuple[float, ...]:
    """`20,40,60` as numbers of percent. Raises Failure."""
    from ..config.numbers import plain, shown

    found = []
    for word in filter(None, (one.strip() for one in text.split(","))):
        value = plain(word)
        if value is None or not 0 < value <= PARTS_MOST:
            raise Failure(
                f"{shown(word)} of --{what} is no part of the range.", "Percent, as 20,40,60,80,100; decimals with a point."
            )
        found.append(value)
    if len(set(found)) != len(found):
        raise Failure(f"--{what} has a force twice.", "Each once; the series repeat them.")
    return tuple(sorted(found))


class Gatherer:
    """Asks for each reading in turn and takes it. `ask_reference` reads an instrument; None has the person type it."""

    def __init__(self, press: "Press", channels: Sequence[int], plan: Plan, rail: int,
                 ask_reference: Callable[[], float] | None, temperature_c: float | None) -> None:  # fmt: skip
        self._press = press
        self._channels = tuple(channels)
        self._plan = plan
        self._rail = rail
        self._ask_reference = ask_reference
        self._temperature_c = temperature_c
        self._rows: list[Reading] = []
        self.zero_blocks: list[tuple[tuple[float, ...], ...]] = []  # of each zero, each cell's means of an eighth of it

    def readings(self) -> "Readings":
        """All series of the plan."""
        from ..metrology.accuracy import DOWN, UP
        from ..metrology.readings import CELLS, PRELOAD, Readings

        top = self._plan.range_n
        for number in range(1, self._plan.preloads + 1):
            self._load(0, PRELOAD, "", top, f"preload {number} of {self._plan.preloads}")
        steps = self._plan.steps()
        for series in range(1, self._plan.series + 1):
            self._zero(series, "before")
            for force, use in steps:
                self._load(series, UP, use, force, f"series {series}, rising, {use}")
            for force, use in reversed(steps[:-1] if self._plan.falling else []):
                self._load(series, DOWN, use, force, f"series {series}, falling, {use}")
            self._zero(series, "after")
        return Readings(tuple(CELLS[channel - 1] for channel in self._channels), tuple(self._rows))

    def _zero(self, series: int, when: str) -> None:
        from ..metrology.readings import ZERO

        while True:
            asked(f"Series {series}: unload everything, the zero {when} it; then press Enter ('abort' ends): ")
            read = self._read()
            if read is not None:
                self.zero_blocks.append(tuple(_blocks(one) for one in read))
                self._keep(series, ZERO, "", 0.0, read)
                return

    def _load(self, series: int, step: str, use: str, force_n: float, what: str) -> None:
        from ..view.snapshot import force_text

        typed = self._ask_reference is None
        how = "enter what the reference shows" if typed else "press Enter to read the reference"
        while True:
            word = asked(f"  {what}: about {force_text(force_n)}; when it is steady, {how} ('abort' ends): ")
            try:
                before = self._ask_reference() if self._ask_reference else parse_force(word)
                _refuse_far(before, force_n)
            except ValueError as error:
                print(f"    refused: {error}", file=sys.stderr)
                continue
            read = self._read()
            if read is None:
                continue
            after = self._ask_reference() if self._ask_reference else before
            self._keep(series, step, use, (before + after) / 2, read)
            print(f"    taken: {force_text((before + after) / 2)}", file=sys.stderr)
            return

    def _read(self) -> "list[CellReading] | None":
        """Each cell's codes, read by turns; None, having said why, if one of them cannot be right."""
        import time

        from ..calibration import Reading, reading_complaints

        codes: list[list[int]] = [[] for _ in self._channels]
        for _ in range(SAMPLES):
            for channel, one in zip(self._channels, codes, strict=True):
                one.append(self._press.cell_code(channel))
            time.sleep(SAMPLE_EVERY_S)
        found = [Reading(tuple(one)) for one in codes]
        said = [f"cell {channel}: {text}" for channel, one in zip(self._channels, found, strict=True)
                for text in reading_complaints(one, self._rail)]  # fmt: skip
        for text in said:
            print(f"    refused: {text}", file=sys.stderr)
        return None if said else found

    def _keep(self, series: int, step: str, use: str, force_n: float, read: "Sequence[CellReading]") -> None:
        from ..metrology.readings import Reading

        self._rows.append(Reading(series, step, use, force_n, tuple(one.mean for one in read), self._temperature_c))


def _blocks(one: "CellReading") -> tuple[float, ...]:
    """Means of a reading's eighths."""
    size = max(1, len(one.codes) // BLOCKS)
    return tuple(
        sum(part) / len(part) for part in (one.codes[at : at + size] for at in range(0, len(one.codes) - size + 1, size))
    )


def _refuse_far(force_n: float, asked_n: float) -> None:
    if abs(force_n - asked_n) > NEAR * asked_n:
        raise ValueError(f"{force_n:g} N where about {asked_n:g} N were asked for: apply that, or enter what it is")


def checked(plan: Plan) -> Plan:
    """The plan. Failure if it would give no result."""
    from ..metrology.accuracy import SAME_LEVEL

    steps = plan.steps()
    if not steps:
        raise Failure("No force is asked for.", "Name some with --fit and --verify.", WRONG_INPUT)
    for (low, _), (high, _) in zip(steps, steps[1:], strict=False):
        if high <= low * (1 + SAME_LEVEL):
            raise Failure(
                f"{low:g} N and {high:g} N are one force.", "A force that is verified must not be one that is fitted."
            )
    return plan
