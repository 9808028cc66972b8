"""How a configured press will do the contacts of a program, by its own reckoning: how fast it closes, what a specimen may feel."""

from dataclasses import dataclass
from typing import Any

from stackpress_core import contact, params
from stackpress_core.recipe import kinds, levels
from stackpress_core.tick import states

from stackpress.config import Effective, config_document, parse_config

ROOM_CN, ROOM_PART, ROOM_MORE_CN = 1000, 4, 2000  # the last newtons come as if so much more were left, see tick/approach.py


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
            most_cn = reach_cn(to_cn, speed, values, sample_hz, "displacement" in board.capabilities)
            found.append(Contact(number, to_cn / 100, asked, speed, most_cn / 100))
    return found


def reach_cn(to_cn: int, speed: int, values: params.Values, sample_hz: int, has_scale: bool) -> int:
    """What the specimen feels at most, about: at the touch at `speed`, or at the end."""
    lag = contact.lag_ms(values, sample_hz)
    room = ROOM_CN + min(to_cn // ROOM_PART, ROOM_MORE_CN)
    landed = to_cn + room // contact.LANDING_LAGS
    touch = speed * 100 // values["ram_speed_um_per_s_per_n"]
    if values["valve_kind"] == states.KIND_FILL_VENT:
        # one pulse is the smallest step, and on a stack twice as stiff as the reference twice as high
        return int(max(landed, touch) + 2 * values["fill_rate_cn_per_s"] * values["valve_min_on_ms"] // 1000)
    return int(max(landed, touch + contact.rate_cn_per_s(speed, values, lag, has_scale) * 3 * lag // 2000))
