"""What is told of a press at one moment: the snapshot that the command line shows, and what a page wants besides."""

import time
from dataclasses import dataclass
from typing import Any

from ..press import Press
from ..states import DRIVEN, HOLDING
from ..view.snapshot import Snapshot


@dataclass(frozen=True)
class Band:
    """How far the force may be off its set-point, and for how long, before the interlock `row` does its `reaction`."""

    row: str
    permille: float
    least_n: float
    seconds: float
    reaction: str

    def width_n(self, set_n: float) -> float:
        """The limit / N at a set-point; a ramp's is of its target, so less than that is the least that it can be."""
        return max(self.least_n, self.permille / 1000 * set_n)

    def as_dict(self, set_n: float) -> dict[str, Any]:
        """For the page."""
        return {"row": self.row, "n": self.width_n(set_n), "seconds": self.seconds, "reaction": self.reaction}


def bands(press: Press) -> tuple[Band, Band]:
    """Of a hold and of a ramp, as the press is configured. Raises LinkLost, PressRefused."""

    def number(name: str) -> float:
        return float(press.parameter(name).value)

    found = []
    for row, seconds in (("hold_band", number("hold_band_s")), ("ramp_deviation", number("ramp_deviation_ms") / 1000)):
        reaction = str(press.parameter(f"{row}_reaction").value)
        found.append(Band(row, number(f"{row}_permille"), number(f"{row}_min_n"), seconds, reaction))
    return found[0], found[1]


def document(now: Snapshot, of: tuple[Band, Band] | None) -> dict[str, Any]:
    """The snapshot, told in full: deviation and its limit, when the step ends, shares, hints."""
    band = of[0 if now.state == HOLDING else 1] if of and now.state in DRIVEN else None
    return {
        **now.as_dict(),
        "unix_s": time.time(),
        "deviation_n": now.force_n - now.set_n if now.pressed else None,
        "deviation": now.error,
        "band": band.as_dict(now.set_n) if band else None,
        "ends_unix_s": time.time() + now.left_s if now.left_s is not None and now.running and not now.waits_for_person else None,
        "shares": [{"cell": cell, "force_n": force, "share": share} for cell, force, share in now.shares()],
        "warned": [{"name": name, "hint": hint} for name, hint in now.warned()],
        "trip_told": now.trip_told,
        "ending": now.ending,
        "pressed": now.pressed,
        "running": now.running,
        "waits_for_person": now.waits_for_person,
    }
