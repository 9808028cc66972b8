"""Presses drawn at random: plants around those of the files, as far from them as presses of one drawing are from each other.

Nobody tuned the firmware to one of them: the press has its file's configuration and a calibration of its own cells, no more. A seed
is the same plant on every computer.
"""

import random
from typing import Any

from stackpress_plant import load

PLANTS = ("nominal", "fill_vent")
# Key of the plant's file, least and most as a factor of the file's value; what spreads by a factor spreads by it to both sides.
FACTORS = (
    ("valve.dead_time_ms", 0.5, 2.0),
    ("valve.hysteresis_pct", 0.3, 2.0),
    ("valve.lag_ms", 0.6, 1.6),
    ("valve.full_scale_n", 0.98, 1.02),
    ("valve.fill_open_ms", 0.6, 1.6),
    ("valve.fill_close_ms", 0.6, 1.6),
    ("valve.vent_open_ms", 0.6, 1.6),
    ("valve.vent_close_ms", 0.6, 1.6),
    ("valve.supply_n", 0.8, 1.2),
    ("valve.fill_flow_um_s", 0.6, 1.6),
    ("valve.vent_flow_um_s", 0.6, 1.6),
    ("valve.fluid_stiffness_n_um", 0.7, 1.5),
    ("dump.tau_ms", 0.5, 2.0),
    ("ram.friction_n", 0.5, 2.0),
    ("ram.friction_pct", 0.5, 2.0),
    ("ram.flow_resistance_n_s_mm", 1.0, 2.0),
    ("ram.return_spring_n", 0.6, 1.4),
    ("frame.stiffness_scale", 0.5, 2.0),
    ("cells.nonlinearity_pct", 0.5, 2.0),
    ("cells.creep_pct", 0.5, 2.0),
    ("cells.noise_ppm", 0.5, 2.0),
    ("displacement.noise_nm", 0.5, 2.0),
    ("temperature.swing_k", 0.5, 3.0),
)
# Key, least, most in the file's unit, how many.
VALUES = (
    ("ram.stiction_ratio", 1.1, 1.6, 1),
    ("cells.drift_ppm_h", -2.0, 2.0, 4),
    ("cells.zero_ppm_k", -20.0, 20.0, 4),
    ("cells.off_centre_permille", -20.0, 20.0, 2),
)
SPAN_PPM_K = (-60.0, 60.0)
PREFILL_N = (10.0, 60.0)  # a pump's large stage moves the free ram: so much more than spring and friction take


def plant(seed: int) -> tuple[str, dict[str, Any]]:
    """The file of the plant that a seed draws, and what it changes there."""
    chance = random.Random(f"plant {seed}")
    name = PLANTS[seed % len(PLANTS)]
    changed: dict[str, Any] = {key: load.value(name, key) * _factor(chance, low, high) for key, low, high in FACTORS}
    for key, low, high, count in VALUES:
        found = [round(chance.uniform(low, high), 3) for _ in range(count)]
        changed[key] = found[0] if count == 1 else found
    sticks = changed["ram.friction_n"] * changed["ram.stiction_ratio"]
    changed["valve.prefill_below_n"] = changed["ram.return_spring_n"] + sticks + chance.uniform(*PREFILL_N)
    changed["cells.span_ppm_k"] = round(chance.uniform(*SPAN_PPM_K))
    return name, changed


def _factor(chance: random.Random, low: float, high: float) -> float:
    """As likely above one as below, and as likely half as double."""
    end = high if chance.random() < 0.5 else low
    drawn: float = end ** chance.random()
    return drawn
