"""A specimen's file checked and turned into the integers that `Plant` takes: stiffness, compaction, flow, breathing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress_plant.files import SPECIMENS, PlantFileError, Spec, find, numbers, row, short, values_of, within

SPECIMEN_ROWS = (
    row("gap_mm", 0, 8, "gap_nm", 1000000),
    row("stiffness_n_um", 1, 100000, "stiffness_cn_um", 100),
    row("toe_um", 0, 1000, "toe_nm", 1000),
)
# What a specimen may have besides: key in the file, least, most. What is finer than this has no coefficient in the tick.
SPECIMEN_EXTRAS = (
    ("die_mm", 1, 70),
    ("full_density_mm", 0.01, 100),
    ("fracture_n", 0, 100000),
    ("fracture_drop_pct", 0, 100),
    ("flow.exponent", 0.1, 100),
    ("flow.yield_mpa", 0.01, 10000),
    ("flow.rate_at_yield_nm_s", 0.001, 1e6),
    ("flow.rate_limit_um_s", 0.001, 100),
    ("flow.travel_limit_um", 0.3, 10000),
    ("breathing.amplitude_um", 0, 1000),
    ("breathing.period_h", 0.01, 10000),
    ("breathing.from_n", 0, 100000),
)
# lists of pairs: key, bounds of the first of each pair, bounds of the second
SPECIMEN_PAIRS = (("kelvin_nm_per_n_and_s", (0.001, 99), (1, 1e7)), ("density_over_mpa", (0, 10000), (0.01, 1)))
TOE_LEAST_UM = 0.3
FLOW_STEPS = 32


def load_specimen(name: str | Path, frame_cn_um: int = 4000, scale_permille: int = 1000) -> Spec:
    """The integers of one specimen in a frame of the given stiffness; raises PlantFileError."""
    path = find(name, SPECIMENS)
    values = values_of(path)
    for key in ("name", "description"):
        values.pop(key, None)
    spec = numbers(values, SPECIMEN_ROWS, path)
    if 0 < spec["toe_nm"] < TOE_LEAST_UM * 1000:
        raise PlantFileError(f"{path.name}: toe_um: 0, or at least {TOE_LEAST_UM}")
    _extras(values, path)
    own = spec["stiffness_cn_um"]
    spec["stiffness_cn_um"] = own * frame_cn_um * scale_permille // ((own + frame_cn_um) * 1000)
    area_mm2 = math.pi / 4 * float(values.pop("die_mm", 13.0)) ** 2
    spec["compaction"] = _compaction(values, path, area_mm2)
    spec["kelvin"] = [[round(pm_n * 1000), round(tau)] for pm_n, tau in values.pop("kelvin_nm_per_n_and_s", [])]
    spec.update(_fracture(values), **_flow(values, path, area_mm2), **_breathing(values, path))
    if values:
        raise PlantFileError(f"{path.name}: {sorted(values)[0]}: unknown key")
    return spec


def _extras(values: Mapping[str, Any], path: Path) -> None:
    """Complain of what a specimen may have, and has wrongly."""
    for key, low, high in SPECIMEN_EXTRAS:
        if key in values and not within(values[key], (low, high)):
            raise PlantFileError(f"{path.name}: {key}: {short(values[key])} is no number from {low} to {high}")
    for key, first, second in SPECIMEN_PAIRS:
        pairs = values.get(key, [])
        good = isinstance(pairs, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs)
        if not good or not all(within(a, first) and within(b, second) for a, b in pairs):
            right = f"pairs of {first[0]} to {first[1]} and {second[0]} to {second[1]}"
            raise PlantFileError(f"{path.name}: {key}: {short(pairs)} is no list of {right}")


def _compaction(values: dict[str, Any], path: Path, area_mm2: float) -> list[list[int]]:
    """[plastic travel / nm, force / cN] from relative densities over pressure; strictly rising."""
    points = values.pop("density_over_mpa", [])
    full = values.pop("full_density_mm", None)
    if not points:
        return []
    if full is None:
        raise PlantFileError(f"{path.name}: full_density_mm: missing beside density_over_mpa")
    curve = [[round((full / points[0][1] - full / d) * 1e6), round(mpa * area_mm2 * 100)] for mpa, d in points]
    for a, b in zip(curve, curve[1:], strict=False):
        if b[0] <= a[0] or b[1] <= a[1]:
            raise PlantFileError(f"{path.name}: density_over_mpa: density and pressure must rise from point to point")
    return curve


def _fracture(values: dict[str, Any]) -> Spec:
    return {
        "fracture_cn": round(values.pop("fracture_n", 0) * 100),
        "fracture_drop_permille": round(values.pop("fracture_drop_pct", 50) * 10),
    }


def _flow(values: dict[str, Any], path: Path, area_mm2: float) -> Spec:
    """Power-law flow as a table of rates / pm/s over equal steps of force (2^shift units of 1/64 cN)."""
    if "flow.exponent" not in values:
        return {"flow_pm_s": [], "flow_force_shift": 0, "flow_limit_nm": 0}
    keys = (
        "flow.exponent",
        "flow.yield_mpa",
        "flow.rate_at_yield_nm_s",
        "flow.rate_limit_um_s",
        "flow.travel_limit_um",
    )
    for key in keys:
        if key not in values:
            raise PlantFileError(f"{path.name}: {key}: missing")
    exponent, yield_mpa, rate_nm_s, limit_um_s, travel_um = (float(values.pop(key)) for key in keys)
    yield_units = yield_mpa * area_mm2 * 100 * 64
    end = yield_units * (limit_um_s * 1000 / rate_nm_s) ** (1 / exponent)
    shift = max(14, math.ceil(math.log2(end / FLOW_STEPS)))
    forces = [i << shift for i in range(FLOW_STEPS + 1)]
    table = [min(rate_nm_s * (force / yield_units) ** exponent, limit_um_s * 1000) for force in forces]
    return {
        "flow_pm_s": [round(v * 1000) for v in table],
        "flow_force_shift": shift,
        "flow_limit_nm": round(travel_um * 1000),
    }


def _breathing(values: dict[str, Any], path: Path) -> Spec:
    """Free swelling over one period: 65 values / nm, never negative."""
    amplitude = float(values.pop("breathing.amplitude_um", 0))
    period = float(values.pop("breathing.period_h", 0))
    start = float(values.pop("breathing.from_n", 0))
    shape = values.pop("breathing.shape", "sine")
    if shape not in ("sine", "triangle"):
        raise PlantFileError(f"{path.name}: breathing.shape: {shape!r} is neither sine nor triangle")
    phase = [i / 64 for i in range(65)]
    wave = [(1 - math.cos(2 * math.pi * f)) / 2 if shape == "sine" else 1 - abs(2 * f - 1) for f in phase]
    return {
        "breathing_nm": [round(amplitude * 1000 * v) for v in wave],
        "breathing_period_s": round(period * 3600),
        "breathing_from_cn": round(start * 100),
    }
