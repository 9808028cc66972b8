"""How a configured press will do the contacts of a program, by its own reckoning: how fast it closes, what a specimen may feel."""

from dataclasses import dataclass
from typing import Any

from stackpress_core import contact, params
from stackpress_core.recipe import kinds, levels

from stackpress.config import Effective, config_document, parse_config


@dataclass(frozen=True)
class Contact:
    """One contact of a program; speeds in um/s, forces in N."""

    step: int
    to_n: float
    asked_um_per_s: int
    speed_um_per_s: int
    reach_n: float

    @property
    def text(self) -> str:
        slower = f", not {self.asked_um_per_s}" if self.speed_um_per_s < self.asked_um_per_s else ""
        return (
            f"Step {self.step}: this press closes at {self.speed_um_per_s} um/s{slower}; "
            f"the specimen feels {self.to_n:g} N, at most about {self.reach_n:.0f} N."
        )


def contacts(program: dict[str, Any], effective: Effective) -> list[Contact]:
    """Each contact of a valid program."""
    values = params.Values(parse_config(config_document(effective))[1])
    board = effective.board
    sample_hz = (board.converter.sample_hz if board.converter else 0) or values["tick_rate_hz"]
    found = []
    for number, step in enumerate(program["steps"], 1):
        if step["do"] == "contact":
            to_cn = levels.level_cn(step, "to", program.get("area_um2", 0))
            asked = kinds.filled(step)["speed_um_per_s"]
            speed = contact.speed_um_per_s(to_cn, asked, values)
            reach_cn = contact.reach_cn(to_cn, speed, values, sample_hz, "displacement" in board.capabilities)
            found.append(Contact(number, to_cn / 100, asked, speed, reach_cn / 100))
    return found
