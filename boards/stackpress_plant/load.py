"""A plant's file, and its specimen's, checked and turned into the integers that `Plant` takes.

What the chip gets is integers only, so every float is spent here; the result is plain JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stackpress_core.tick import states

from stackpress_plant.files import (
    PLANTS,
    SPECIMENS,
    PlantFileError,
    Spec,
    find,
    numbers,
    read,
    row,
    values_of,
    whole_numbers,
)
from stackpress_plant.specimen import TOE_LEAST_UM, load_specimen

__all__ = ["PLANTS", "SPECIMENS", "TOE_LEAST_UM", "PlantFileError", "Spec", "calibration", "changes", "load_specimen", "plant",
           "value"]  # fmt: skip

# key in the file, least, most, key for the device, device units per file unit
PLANT_ROWS = (
    row("valve.dead_time_ms", 0, 500, "dead_time_us", 1000),
    row("valve.hysteresis_pct", 0, 10, "hysteresis_ppm", 10000),
    row("valve.lag_ms", 0.1, 1000, "lag_us", 1000),
    row("valve.full_scale_n", 1000, 80000, "full_scale_cn", 100),
    row("valve.fill_open_ms", 0, 100, "fill_open_us", 1000),
    row("valve.fill_close_ms", 0, 100, "fill_close_us", 1000),
    row("valve.vent_open_ms", 0, 100, "vent_open_us", 1000),
    row("valve.vent_close_ms", 0, 100, "vent_close_us", 1000),
    row("valve.supply_n", 10000, 160000, "supply_cn", 100),
    row("valve.fill_flow_um_s", 1, 2000, "fill_flow_nm_s", 1000),
    row("valve.vent_flow_um_s", 1, 2000, "vent_flow_nm_s", 1000),
    row("valve.prefill_below_n", 0, 2000, "prefill_below_cn", 100),
    row("valve.prefill_ratio", 1, 50, "prefill_ratio", 1),
    row("valve.fluid_stiffness_n_um", 5, 500, "fluid_stiffness_cn_um", 100),
    row("valve.leak_um_h", 0, 10000, "leak_nm_h", 1000),
    row("dump.tau_ms", 1, 1000, "dump_tau_us", 1000),
    row("dump.permissive_delay_ms", 0, 100, "permissive_delay_us", 1000),
    row("dump.relief_n", 1000, 80000, "relief_cn", 100),
    row("dump.overpressure_switch_n", 1000, 90000, "overpressure_switch_cn", 100),
    row("dump.safety_relay", 0, 1, "safety_relay", 1),
    row("ram.flow_resistance_n_s_mm", 60, 10000, "flow_resistance_cn_s_m", 100000),
    row("ram.approach_limit_mm_s", 0.1, 30, "approach_limit_nm_s", 1000000),
    row("ram.retract_limit_mm_s", 0.1, 60, "retract_limit_nm_s", 1000000),
    row("ram.friction_n", 0, 1000, "friction_cn", 100),
    row("ram.friction_pct", 0, 5, "friction_ppm", 10000),
    row("ram.stiction_ratio", 1, 3, "stiction_permille", 1000),
    row("ram.stick_speed_nm_s", 0, 10000, "stick_speed_nm_s", 1),
    row("ram.return_spring_n", 0, 1000, "return_spring_cn", 100),
    row("ram.travel_limit_mm", 0.5, 16, "travel_limit_nm", 1000000),
    row("frame.stiffness_n_um", 5, 500, "frame_stiffness_cn_um", 100),
    row("frame.stiffness_scale", 0.1, 10, "stiffness_scale_permille", 1000),
    row("cells.high_rated_n", 100, 50000, "high_rated_cn", 100),
    row("cells.low_rated_n", 50, 20000, "low_rated_cn", 100),
    row("cells.low_stop_n", 50, 25000, "low_stop_cn", 100),
    row("cells.rated_code_pct", 10, 90, "rated_code", 83886.08),
    row("cells.nonlinearity_pct", 0, 1, "nonlinearity_ppm", 10000),
    row("cells.creep_pct", 0, 1, "cell_creep_ppm", 10000),
    row("cells.creep_tau_s", 1, 100000, "cell_creep_tau_s", 1),
    row("cells.span_ppm_k", -1000, 1000, "span_ppm_k", 1),
    row("cells.noise_ppm", 0, 10000, "noise_ppb", 1000),
    row("cells.noise_reference_hz", 1, 100000, "noise_reference_hz", 1),
    row("displacement.noise_nm", 0, 10000, "displacement_noise_nm", 1),
    row("temperature.swing_k", 0, 50, "temperature_swing_cc", 100),
    row("temperature.reference_c", -50, 400, "temperature_reference_cc", 100),
    row("temperature.period_h", 0.1, 1000, "temperature_period_s", 3600),
)
KINDS = {name: number for number, name in enumerate(states.KINDS) if number != states.KIND_NONE}
LOW_STOP_SHIFT = 8  # the stop is 2^8 times as stiff as the cell


def plant(
    name: str | Path = "nominal", specimen: str | Path = "steel_blank", overrides: Mapping[str, Any] | None = None
) -> Spec:
    """The integers for `Plant` from a plant file and a specimen file (a name in the folder, or a path).

    `overrides` maps "section.key" to a value in the file's unit. Raises PlantFileError.
    """
    path = find(name, PLANTS)
    values = values_of(path)
    for key in ("name", "description"):
        values.pop(key, None)
    for key, value in (overrides or {}).items():
        if key not in values:
            raise PlantFileError(f"override: no key {key!r}; there are {', '.join(sorted(values))}")
        values[key] = value
    spec = numbers(values, PLANT_ROWS, path)
    kind = values.pop("valve.kind", None)
    if kind not in KINDS:
        raise PlantFileError(f"{path.name}: valve.kind: {kind!r} is none of {', '.join(KINDS)}")
    spec["valve_kind"] = KINDS[kind]
    spec["low_stop_shift"] = LOW_STOP_SHIFT
    spec["high_range_cn"] = 3 * spec["high_rated_cn"]
    spec["zero_code"] = whole_numbers(values, "cells.zero_code", 4, path, 1)
    spec["drift_ppm_h"] = whole_numbers(values, "cells.drift_ppm_h", 4, path, 1)
    spec["zero_ppm_k"] = whole_numbers(values, "cells.zero_ppm_k", 4, path, 1)
    spec["converter_zero_ppm_k"] = whole_numbers(values, "cells.converter_zero_ppm_k", 4, path, 1)
    spec["temperature_cc"] = whole_numbers(values, "temperature.mean_c", 2, path, 100)
    spec["share_ppm"] = _share(whole_numbers(values, "cells.off_centre_permille", 2, path, 1))
    spec["fluid_stiffness_cn_um"] = spec["fluid_stiffness_cn_um"] * spec["stiffness_scale_permille"] // 1000
    if values:
        raise PlantFileError(f"{path.name}: {sorted(values)[0]}: unknown key")
    spec["specimen"] = load_specimen(specimen, spec["frame_stiffness_cn_um"], spec["stiffness_scale_permille"])
    return spec


def value(name: str | Path, key: str) -> Any:
    """One value of a plant's file, in the file's unit; raises PlantFileError."""
    values = values_of(find(name, PLANTS))
    if key not in values:
        raise PlantFileError(f"no key {key!r}; there are {', '.join(sorted(values))}")
    return values[key]


def changes(name: str | Path) -> dict[str, tuple[Any, Any]]:
    """What a variant's file changes: key -> (its base's value, its own); raises PlantFileError if it has no base."""
    path = find(name, PLANTS)
    base = read(path).get("base")
    if not base:
        raise PlantFileError(f"{path.name}: it is no variant, for it has no base")
    before, own = values_of(find(base, path.parent)), values_of(path)
    return {key: (before[key], own[key]) for key in own if key not in ("name", "description") and own[key] != before[key]}


def calibration(spec: Spec) -> list[dict[str, Any]]:
    """What a two-point calibration of each cell at its rated force gives: zero code and [code, force / cN] points.

    Nonlinearity, creep, drift and off-centre shares stay in the reading: they are what a calibration can't take out.
    """
    cells = []
    for i, zero in enumerate(spec["zero_code"]):
        rated = spec["high_rated_cn"] if i < 3 else spec["low_rated_cn"]
        cells.append({"zero_code": zero, "points": [[zero, 0], [zero + spec["rated_code"], rated]]})
    return cells


def _share(off_centre_permille: Sequence[int]) -> list[int]:
    """Shares of three cells on a circle for a load that is off its centre (x towards cell 1, y at right angles)."""
    x, y = (v / 1000 for v in off_centre_permille)
    angles = (0.0, 2 * math.pi / 3, 4 * math.pi / 3)
    return [round(1e6 / 3 * (1 + 2 * (x * math.cos(a) + y * math.sin(a)))) for a in angles] + [1000000]
