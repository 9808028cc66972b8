"""Limits and gains that are possible, but do not fit the machine: what `config check` warns of.

Every force in a press file is a part of what the press can give; a file that was taken over from a larger press has limits that
watch nothing on a smaller one. A gain fits the delay that the file itself tells. Nothing here refuses: who knows better goes on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .numbers import number
from .schema import parameters

if TYPE_CHECKING:
    from .layers import Effective

REFERENCE_LIMIT_N = 55000.0  # working limit of the press that the defaults were made for
WIDE = 3.0  # times what fits: more is another press's
OFF = 0.1  # of the cylinder's force, that the valve's full scale may be off by
LATE_PART = 2 / 3  # of the delay that is lag, where the file tells only the whole
SWINGS = 2.0  # largest sensitivity of a loop that is near to oscillating
# a force or a rate in proportion to the working limit: too wide, it watches nothing; too narrow, it trips on what is normal
LIMITS = ("runaway_n", "runaway_min_n", "no_response_n", "force_drop_min_n", "ramp_deviation_min_n", "hold_band_min_n",
          "imbalance_min_n", "approach_force_n", "contact_force_n", "rate_limit_n_per_s", "valve_slew_n_per_s",
          "trip_ramp_n_per_s", "deadband_min_n", "deadband_max_n")  # fmt: skip
OF_NOISE = ("contact_force_n", "deadband_min_n")  # without a low range the large cells' noise decides these


@dataclass(frozen=True)
class Warned:
    """One value that does not fit: where it was set, what is wrong, what would fit."""

    key: str
    origin: str
    text: str
    right: str

    def __str__(self) -> str:
        return f"{self.key} ({self.origin}): {self.text}; {self.right}"


def warnings(effective: "Effective") -> list[Warned]:
    """All of them, in the order of the rules."""
    found = []
    for rule in RULES:
        for key, text, right in rule(effective):
            found.append(Warned(key, effective.settings[key].origin, text, right))
    return found


Found = Iterator[tuple[str, str, str]]


def _value(effective: "Effective", key: str) -> float:
    return float(effective.value(key))


def _full_scale(effective: "Effective") -> Found:
    if effective.cylinder is None or effective.value("valve_kind") == "none":
        return
    full, gives = _value(effective, "valve_full_scale_n"), effective.cylinder.full_n
    if abs(full / gives - 1) > OFF:
        yield "valve_full_scale_n", f"{number(full)} N, but bore and supply give {gives:.0f} N", f"about {gives:.0f}"


def _working_limit(effective: "Effective") -> Found:
    limit, full = _value(effective, "force_limit_n"), _value(effective, "valve_full_scale_n")
    gives = effective.cylinder.full_n if effective.cylinder else full
    if effective.value("valve_kind") != "none" and limit > 0.95 * gives:
        text = f"{number(limit)} N leaves no room below the {gives:.0f} N of the cylinder"
        yield "force_limit_n", text, f"at most {0.95 * gives:.0f}"


def _cells(effective: "Effective") -> Found:
    if effective.ceilings is None:
        return
    mask = int(_value(effective, "high_range_mask"))
    cells = [one for i, one in enumerate(effective.ceilings.cell_n) if mask >> i & 1]
    limit, capacity = _value(effective, "force_limit_n"), sum(cells)
    if capacity > 10 * limit:
        text = f"{number(limit)} N is a tenth of what the cells bear, {number(capacity)} N: their noise and zero count ten times"
        yield "force_limit_n", text, f"smaller cells, or up to {number(capacity)}"
    each = _value(effective, "cell_limit_n")
    if cells and len(cells) * each < limit:
        text = f"{len(cells)} cells of {number(each)} N stop the press before its {number(limit)} N"
        yield "cell_limit_n", text, f"at least {number(round(1.1 * limit / len(cells)))}"


def _in_proportion(effective: "Effective") -> Found:
    known, scale = parameters(), _value(effective, "force_limit_n") / REFERENCE_LIMIT_N
    for key in LIMITS:
        if key in OF_NOISE and not _value(effective, "low_range_mask"):
            continue
        value, default = _value(effective, key), float(known[key].default_value)
        fits = max(known[key].low, default * scale)
        bound = known[key].bound
        if bound is not None:
            fits = max(fits, bound) if bound < default else min(fits, bound)
        if not fits / WIDE <= value <= fits * WIDE:
            side = "wide" if value > fits else "narrow"
            text = f"{number(value)} is {side} for a press of {number(_value(effective, 'force_limit_n'))} N"
            yield key, text, f"about {fits:.3g}"


def _gains(effective: "Effective") -> Found:
    if effective.value("valve_kind") != "regulator":
        return
    from ..commission.plant_model import Plant
    from ..commission.tuning import margin

    delay_s, filter_s = _value(effective, "valve_lead_ms") / 1000, _value(effective, "filter_ms") / 1000
    plant = Plant(1.0, 0.0, 0.0, delay_s * (1 - LATE_PART), delay_s * LATE_PART / 2)
    for key in ("ki_permille_per_s", "ki_hold_permille_per_s"):
        kp, ki = _value(effective, "kp_permille") / 1000, _value(effective, key) / 1000
        found = margin(plant, kp, ki, filter_s)
        if found.sensitivity > SWINGS or found.gain < 1:
            both = f"{number(1000 * ki)} with kp_permille = {number(1000 * kp)}"
            text = f"{both} is near to oscillating at a delay of {1000 * delay_s:.0f} ms"
            yield key, text, "`stackpress commission` finds what fits"


def _solenoids(effective: "Effective") -> Found:
    if effective.value("valve_kind") != "fill_vent":
        return
    fill, limit = _value(effective, "fill_rate_n_per_s"), _value(effective, "force_limit_n")
    pulse = fill * _value(effective, "valve_min_on_ms") / 1000
    band = _value(effective, "deadband_max_n")
    if pulse > 2 * band:
        text = f"{number(band)} N, but the shortest pulse moves {pulse:.1f} N: each correction overshoots its band"
        yield "deadband_max_n", text, f"at least {pulse / 2:.1f}, or a shorter valve_min_on_ms"
    kv, delay_s = _value(effective, "kv_permille_per_s") / 1000, _value(effective, "valve_lead_ms") / 1000
    if kv * delay_s > 1.0:
        text = f"{number(1000 * kv)} is near to oscillating at a delay of {1000 * delay_s:.0f} ms"
        yield "kv_permille_per_s", text, f"at most {400 / delay_s:.0f}"
    if not limit / 600 <= fill <= limit:
        yield "fill_rate_n_per_s", f"{number(fill)} N/s takes {limit / fill:.3g} s to {number(limit)} N", "a second to ten minutes"


RULES: tuple[Callable[["Effective"], Found], ...] = (_full_scale, _working_limit, _cells, _in_proportion, _gains, _solenoids)
