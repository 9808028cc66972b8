"""Who does what the guide asks for: a person at the bench, or the faults of a simulated press.

Neither is believed: what was done counts when the press has seen it.
"""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..press import Press

SEEN_S, LOOK_S = 5.0, 0.05
SKIP = ("s", "skip")


class Hands(Protocol):
    """One pair of hands."""

    name: str

    def do(self, what: str, fault: str, value: int | None) -> bool:
        """Have it done; False if the person skips it."""

    def undo(self, what: str, fault: str) -> None:
        """Have it taken back."""

    def told(self, what: str) -> bool:
        """Whether a person says yes to something that no sensor sees."""


class Person:
    """Asks on stderr and reads stdin, so that a script may answer."""

    name = "a person"

    def __init__(self, asked: Callable[[str], str]) -> None:
        self._asked = asked

    def do(self, what: str, fault: str, value: int | None) -> bool:
        return self._asked(f"  {what}, then press Enter ('s' leaves it out): ").lower() not in SKIP

    def undo(self, what: str, fault: str) -> None:
        self._asked(f"  {what}, then press Enter: ")

    def told(self, what: str) -> bool:
        return self._asked(f"  {what} [y/N] ").lower() in ("y", "yes")


class SimulatedHands:
    """The simulated press's own faults; what only an eye can see is not claimed."""

    name = "the simulated press's faults"

    def __init__(self, press: "Press") -> None:
        self._press = press

    def do(self, what: str, fault: str, value: int | None) -> bool:
        print(f"  {what}: {fault}", file=sys.stderr)
        words = f'"{fault}"' if value is None else f'"{fault}",{value}'
        self._press.command(f"SIM:FAUL {words}")
        return True

    def undo(self, what: str, fault: str) -> None:
        self._press.command(f'SIM:FAUL:CLE "{fault}"')

    def told(self, what: str) -> bool:
        return False


def is_simulated(press: "Press") -> bool:
    """Whether this press has faults to put in."""
    from ..errors import PressRefused

    try:
        press.query("SIM:FAUL:ACT?")
    except PressRefused:
        return False
    return True


def comes_true(what: Callable[[], bool], within_s: float = SEEN_S) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + within_s
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)
    return True
