"""How a configured press will do the contacts of a program, by its own reckoning: how fast it closes, what a specimen may feel."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from stackpress_core import motion, params, tuning
from stackpress_core.recipe import kinds, levels
from stackpress_core.tick import states

from stackpress.config import Effective, config_document, parse_config

SLOW_UM_PER_S = 20  # a ram no faster than this counts as standing, see tick/approach.py
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
    found = []
    for number, step in enumerate(program["steps"], 1):
        if step["do"] == "contact":
            to_cn = levels.level_cn(step, "to", program.get("area_um2", 0))
            asked = kinds.filled(step)["speed_um_per_s"]
            lag = tuning.lag_ms(values, sample_hz(effective, values))
            has_scale = "displacement" in effective.board.capabilities
            may = min(asked, values["approach_limit_um_per_s"])
            speed, rate = motion.closing(to_cn, may, values, lag, has_scale)
            most_cn = reach_cn(to_cn, speed, rate, lag, values)
            found.append(Contact(number, to_cn / 100, asked, speed, most_cn / 100))
    return found


@dataclass(frozen=True)
class Untouched:
    """A step that asks for a force where the ram may stand off: behind 0 N, and no contact between."""

    step: int
    kind: str
    to_n: float

    @property
    def text(self) -> str:
        return (
            f"Step {self.step} ({self.kind}) asks for {self.to_n:g} N behind 0 N: the ram lets go there and meets the specimen "
            "without a contact, which may trip. A contact before it, or a level above 0 N."
        )


def untouched(program: dict[str, Any], start_cn: int = 0) -> list[Untouched]:
    """Each step of a valid program that does so."""
    area_um2, stands_cn, found = program.get("area_um2", 0), start_cn, []
    for number, step in enumerate(program["steps"], 1):
        kind, filled = kinds.OF[step["do"]], kinds.filled(step)
        if kind.name == "contact":
            stands_cn = levels.level_cn(step, "to", area_um2)
            continue
        goes = [level for _, level in kind.levels(filled, area_um2, stands_cn)]
        if None in goes:
            break
        rises = [to for have, to in pairwise([stands_cn, *goes * (2 if filled.get("count", 1) > 1 else 1)]) if to and not have]
        found += [Untouched(number, kind.name, rises[0] / 100)] if rises else []
        stands_cn = 0 if kind.vents else goes[-1] if goes else stands_cn
    return found


def sample_hz(effective: Effective, values: params.Values) -> int:
    """How often this press gets a new sample."""
    hz = int(values["tick_rate_hz"])
    return min(hz, effective.board.sample_hz or hz)


def reach_cn(to_cn: int, speed: int, rate: int, lag: int, values: params.Values) -> int:
    """What the specimen feels at most, about: at the touch at `speed`, or at the end. `rate` in cN/s, `lag` in ms."""
    room = ROOM_CN + min(to_cn // ROOM_PART, ROOM_MORE_CN)
    # what is under way at the end: half a lag more than the valve's data say, and what a slow ram still carries
    landed = to_cn + room * 3 // (2 * tuning.LANDING_LAGS) + SLOW_UM_PER_S * 100 // values["ram_speed_um_per_s_per_n"]
    touch = speed * 100 // values["ram_speed_um_per_s_per_n"]
    if values["valve_kind"] == states.KIND_FILL_VENT:
        # one pulse is the smallest step, and on a stack twice as stiff as the reference twice as high
        return int(max(landed, touch) + 2 * values["fill_rate_cn_per_s"] * values["valve_min_on_ms"] // 1000)
    return int(max(landed, touch + rate * 3 * lag // 2000))
