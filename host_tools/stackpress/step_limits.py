"""At which true force each step of a program trips on a configured press, reckoned as the press does.

A limit that is as wide as the force of a step watches nothing there. The press derives them from each order, see
stackpress_core/limits.py; a held force that the range can't resolve even so is refused with the program.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackpress_core import limits, params
from stackpress_core.recipe import kinds, levels, steps
from stackpress_core.tick import states

from stackpress.config import Effective, config_document, parse_config

from .config.numbers import number
from .contacts import sample_hz

LAGS = 3  # a regulator's lead is its dead time and two lags, about a third each
OUT_MS = 0.5  # from a trip to a permissive that is off, and one tick of the loop
LOCKED_PART = 16  # of the force at which the valve was locked: with less of it the cell is lost (tick/judge.py)
FILTER_SAMPLES = 1.5  # a converter's filter tells a force so late, in its own samples (boards/stackpress_plant/sensors.py)


@dataclass(frozen=True)
class StepLimits:
    """One order of a step: where it goes, the forces / N beyond which it trips, and whether it regulates there or only passes."""

    step: int
    kind: str
    to_n: float
    above_n: float
    open_n: float
    below_n: float
    holds: bool

    @property
    def text(self) -> str:
        low = f", below {number(round(self.below_n, 1))} N" if self.below_n > 0 else ""
        return (
            f"Step {self.step} ({self.kind}) to {number(self.to_n)} N trips above {number(round(self.above_n, 1))} N{low}; "
            f"a valve that opens fully comes to about {self.open_n:.0f} N."
        )


def of(program: Mapping[str, Any], effective: Effective, start_cn: int = 0) -> list[StepLimits]:
    """Each order of a valid program, the highest of a step first; nothing for what asks for no force or an unknown one."""
    values = params.Values(parse_config(config_document(effective))[1])
    late_ms = values["runaway_ms"] + OUT_MS + 1000 * FILTER_SAMPLES / sample_hz(effective, values)
    return [_limits(values, late_ms, *order) for order in _orders(program, start_cn)]


def _orders(program: Mapping[str, Any], start_cn: int) -> Iterator[tuple[int, str, int, int, int]]:
    """(step from 1, kind, to / cN, from / cN, rate / cN/s)."""
    area_um2, stands_cn, rate = program.get("area_um2", 0), start_cn, 0
    for place, step in enumerate(program["steps"], 1):
        kind, filled = kinds.OF[step["do"]], kinds.filled(step)
        if kind.vents or "valve" not in kind.needs:
            continue
        rate = levels.rate_cn_per_s(filled, "rate", area_um2) or rate
        if kind.name == "contact":
            stands_cn = levels.level_cn(step, "to", area_um2)
            continue  # what a contact comes to is told with it
        goes = [level for _, level in kind.levels(filled, area_um2, stands_cn)]
        if None in goes:
            return
        for to_cn in sorted({level for level in goes or [stands_cn] if level}, reverse=True):
            yield place, kind.name, to_cn, max(stands_cn, *goes) if goes else stands_cn, rate
        stands_cn = goes[-1] if goes else stands_cn


def _limits(values: params.Values, late_ms: float, place: int, kind: str, to_cn: int, from_cn: int, rate: int) -> StepLimits:
    excess, ramp, band, _, _ = limits.of(values, to_cn, from_cn, rate)
    above_cn = min(to_cn + excess, values["force_limit_cn"])
    ramp = max(ramp, max(to_cn, from_cn) * values["ramp_deviation_permille"] // 1000)
    holds = kinds.OF[kind].rests
    below_cn = to_cn - (band if holds else ramp)
    if kinds.OF[kind].begin is steps.begin_relax:
        below_cn = to_cn // LOCKED_PART if to_cn > values["contact_force_cn"] else 0
    opened_cn = open_cn(values, late_ms, to_cn, above_cn)
    return StepLimits(place, kind, to_cn / 100, above_cn / 100, opened_cn / 100, below_cn / 100, holds)


def open_cn(values: params.Values, late_ms: float, from_cn: int, above_cn: int) -> float:
    """What a force comes to whose valve opens fully: beyond the limit by what comes until the dump is open, `late_ms` after it."""
    if values["valve_kind"] == states.KIND_FILL_VENT:
        return float(above_cn + 2 * values["fill_rate_cn_per_s"] * (late_ms + values["valve_min_on_ms"]) / 1000)
    # two equal lags begin with the square of the time, and have the rest of the full scale before them
    lag_ms = max(1, values["valve_lead_ms"]) / LAGS
    slope = max(1, values["valve_full_scale_cn"] - from_cn) / (2 * lag_ms * lag_ms)
    seen_ms: float = ((above_cn - from_cn) / slope) ** 0.5
    return float(from_cn + slope * (seen_ms + late_ms) ** 2)
