"""Plant and specimen files (TOML) checked and turned into the integers that `Plant` takes.

A file is data that a reader can doubt: every value has its unit in the key and its source beside it. What the chip gets
is integers only, so every float is spent here; the result is plain JSON.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stackpress_core.tick import states

HERE = Path(__file__).parent
PLANTS, SPECIMENS = HERE / "plants", HERE / "specimens"

Spec = dict[str, Any]


class PlantFileError(ValueError):
    """A plant or specimen file is wrong: file, key, what is wrong and what would be right."""


def _row(key: str, low: float, high: float, out: str, scale: float) -> tuple[str, float, float, str, float]:
    return key, low, high, out, scale


# key in the file, least, most, key for the device, device units per file unit
PLANT_ROWS = (
    _row("valve.dead_time_ms", 0, 500, "dead_time_us", 1000),
    _row("valve.hysteresis_pct", 0, 10, "hysteresis_ppm", 10000),
    _row("valve.lag_ms", 0.1, 1000, "lag_us", 1000),
    _row("valve.full_scale_n", 1000, 80000, "full_scale_cn", 100),
    _row("valve.fill_open_ms", 0, 100, "fill_open_us", 1000),
    _row("valve.fill_close_ms", 0, 100, "fill_close_us", 1000),
    _row("valve.vent_open_ms", 0, 100, "vent_open_us", 1000),
    _row("valve.vent_close_ms", 0, 100, "vent_close_us", 1000),
    _row("valve.supply_n", 10000, 160000, "supply_cn", 100),
    _row("valve.fill_flow_um_s", 1, 2000, "fill_flow_nm_s", 1000),
    _row("valve.vent_flow_um_s", 1, 2000, "vent_flow_nm_s", 1000),
    _row("valve.prefill_below_n", 0, 2000, "prefill_below_cn", 100),
    _row("valve.prefill_ratio", 1, 50, "prefill_ratio", 1),
    _row("valve.fluid_stiffness_n_um", 5, 500, "fluid_stiffness_cn_um", 100),
    _row("valve.leak_um_h", 0, 10000, "leak_nm_h", 1000),
    _row("dump.tau_ms", 1, 1000, "dump_tau_us", 1000),
    _row("dump.permissive_delay_ms", 0, 100, "permissive_delay_us", 1000),
    _row("dump.relief_n", 1000, 80000, "relief_cn", 100),
    _row("dump.overpressure_switch_n", 1000, 90000, "overpressure_switch_cn", 100),
    _row("dump.safety_relay", 0, 1, "safety_relay", 1),
    _row("ram.flow_resistance_n_s_mm", 60, 10000, "flow_resistance_cn_s_m", 100000),
    _row("ram.approach_limit_mm_s", 0.1, 30, "approach_limit_nm_s", 1000000),
    _row("ram.retract_limit_mm_s", 0.1, 60, "retract_limit_nm_s", 1000000),
    _row("ram.friction_n", 0, 1000, "friction_cn", 100),
    _row("ram.friction_pct", 0, 5, "friction_ppm", 10000),
    _row("ram.stiction_ratio", 1, 3, "stiction_permille", 1000),
    _row("ram.stick_speed_nm_s", 0, 10000, "stick_speed_nm_s", 1),
    _row("ram.return_spring_n", 0, 1000, "return_spring_cn", 100),
    _row("ram.travel_limit_mm", 0.5, 16, "travel_limit_nm", 1000000),
    _row("frame.stiffness_n_um", 5, 500, "frame_stiffness_cn_um", 100),
    _row("frame.stiffness_scale", 0.1, 10, "stiffness_scale_permille", 1000),
    _row("cells.high_rated_n", 100, 50000, "high_rated_cn", 100),
    _row("cells.low_rated_n", 50, 20000, "low_rated_cn", 100),
    _row("cells.low_stop_n", 50, 25000, "low_stop_cn", 100),
    _row("cells.rated_code_pct", 10, 90, "rated_code", 83886.08),
    _row("cells.nonlinearity_pct", 0, 1, "nonlinearity_ppm", 10000),
    _row("cells.creep_pct", 0, 1, "cell_creep_ppm", 10000),
    _row("cells.creep_tau_s", 1, 100000, "cell_creep_tau_s", 1),
    _row("cells.noise_ppm", 0, 10000, "noise_ppb", 1000),
    _row("cells.noise_reference_hz", 1, 100000, "noise_reference_hz", 1),
    _row("displacement.noise_nm", 0, 10000, "displacement_noise_nm", 1),
    _row("temperature.swing_k", 0, 50, "temperature_swing_cc", 100),
    _row("temperature.reference_c", -50, 400, "temperature_reference_cc", 100),
    _row("temperature.period_h", 0.1, 1000, "temperature_period_s", 3600),
)
SPECIMEN_ROWS = (
    _row("gap_mm", 0, 8, "gap_nm", 1000000),
    _row("stiffness_n_um", 1, 100000, "stiffness_cn_um", 100),
    _row("toe_um", 0, 1000, "toe_nm", 1000),
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
KINDS = {name: number for number, name in enumerate(states.KINDS) if number != states.KIND_NONE}
LOW_STOP_SHIFT = 8  # the stop is 2^8 times as stiff as the cell
FLOW_STEPS = 32


def plant(
    name: str | Path = "nominal", specimen: str | Path = "steel_blank", overrides: Mapping[str, Any] | None = None
) -> Spec:
    """The integers for `Plant` from a plant file and a specimen file (a name in the folder, or a path).

    `overrides` maps "section.key" to a value in the file's unit. Raises PlantFileError.
    """
    path = find(name, PLANTS)
    values = _values(path)
    for key in ("name", "description"):
        values.pop(key, None)
    for key, value in (overrides or {}).items():
        if key not in values:
            raise PlantFileError(f"override: no key {key!r}; there are {', '.join(sorted(values))}")
        values[key] = value
    spec = _numbers(values, PLANT_ROWS, path)
    kind = values.pop("valve.kind", None)
    if kind not in KINDS:
        raise PlantFileError(f"{path.name}: valve.kind: {kind!r} is none of {', '.join(KINDS)}")
    spec["valve_kind"] = KINDS[kind]
    spec["low_stop_shift"] = LOW_STOP_SHIFT
    spec["high_range_cn"] = 3 * spec["high_rated_cn"]
    spec["zero_code"] = _list(values, "cells.zero_code", 4, path, 1)
    spec["drift_ppm_h"] = _list(values, "cells.drift_ppm_h", 4, path, 1)
    spec["zero_ppm_k"] = _list(values, "cells.zero_ppm_k", 4, path, 1)
    spec["temperature_cc"] = _list(values, "temperature.mean_c", 2, path, 100)
    spec["share_ppm"] = _share(_list(values, "cells.off_centre_permille", 2, path, 1))
    spec["fluid_stiffness_cn_um"] = spec["fluid_stiffness_cn_um"] * spec["stiffness_scale_permille"] // 1000
    if values:
        raise PlantFileError(f"{path.name}: {sorted(values)[0]}: unknown key")
    spec["specimen"] = load_specimen(specimen, spec["frame_stiffness_cn_um"], spec["stiffness_scale_permille"])
    return spec


def value(name: str | Path, key: str) -> Any:
    """One value of a plant's file, in the file's unit; raises PlantFileError."""
    values = _values(find(name, PLANTS))
    if key not in values:
        raise PlantFileError(f"no key {key!r}; there are {', '.join(sorted(values))}")
    return values[key]


def changes(name: str | Path) -> dict[str, tuple[Any, Any]]:
    """What a variant's file changes: key -> (its base's value, its own); raises PlantFileError if it has no base."""
    path = find(name, PLANTS)
    base = _read(path).get("base")
    if not base:
        raise PlantFileError(f"{path.name}: it is no variant, for it has no base")
    before, own = _values(find(base, path.parent)), _values(path)
    return {key: (before[key], own[key]) for key in own if key not in ("name", "description") and own[key] != before[key]}


def load_specimen(name: str | Path, frame_cn_um: int = 4000, scale_permille: int = 1000) -> Spec:
    """The integers of one specimen in a frame of the given stiffness; raises PlantFileError."""
    path = find(name, SPECIMENS)
    values = _values(path)
    for key in ("name", "description"):
        values.pop(key, None)
    spec = _numbers(values, SPECIMEN_ROWS, path)
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


def find(name: str | Path, folder: Path) -> Path:
    """The file of that name in the folder, or the path itself; PlantFileError lists what there is."""
    for path in (Path(name), folder / f"{name}.toml"):
        if path.suffix == ".toml" and path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
    raise PlantFileError(f"no file {name!r} in {folder.name}; there are {known}")


def calibration(spec: Spec) -> list[dict[str, Any]]:
    """What a two-point calibration of each cell at its rated force gives: zero code and [code, force / cN] points.

    Nonlinearity, creep, drift and off-centre shares stay in the reading: they are what a calibration can't take out.
    """
    cells = []
    for i, zero in enumerate(spec["zero_code"]):
        rated = spec["high_rated_cn"] if i < 3 else spec["low_rated_cn"]
        cells.append({"zero_code": zero, "points": [[zero, 0], [zero + spec["rated_code"], rated]]})
    return cells


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError, OSError) as error:  # not TOML, not UTF-8, a number that is too long, nested too deeply
        raise PlantFileError(f"{path.name}: {error}") from error


def _values(path: Path) -> dict[str, Any]:
    """A file as flat "section.key" -> value, its base file's values below it; every number must carry a source."""
    document = _read(path)
    base = document.pop("base", None)
    values = _values(find(base, path.parent)) if base else {}
    for key, value in _flatten(document, ""):
        if isinstance(value, dict):
            if not (isinstance(value.get("source"), str) and value["source"] and "value" in value):
                raise PlantFileError(f'{path.name}: {key}: write {{ value = ..., source = "where it comes from" }}')
            value = value["value"]
        elif key not in ("name", "description"):
            raise PlantFileError(f'{path.name}: {key}: has no source; write {{ value = ..., source = "..." }}')
        if base and key not in values and key not in ("name", "description"):
            raise PlantFileError(f"{path.name}: {key}: not a key of its base {base!r}")
        values[key] = value
    return values


def _flatten(document: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in document.items():
        if isinstance(value, dict) and "value" not in value:
            rows += _flatten(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, value))
    return rows


def _numbers(values: dict[str, Any], rows: Sequence[tuple[str, float, float, str, float]], path: Path) -> Spec:
    spec: Spec = {}
    for key, low, high, out, scale in rows:
        if key not in values:
            raise PlantFileError(f"{path.name}: {key}: missing")
        value = values.pop(key)
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, int | float):
            raise PlantFileError(f"{path.name}: {key}: {_short(value)} is not a number")
        if not low <= value <= high:
            raise PlantFileError(f"{path.name}: {key}: {_short(value)} is outside {low} .. {high}")
        spec[out] = round(value * scale)
    return spec


def _extras(values: Mapping[str, Any], path: Path) -> None:
    """Complain of what a specimen may have, and has wrongly."""
    for key, low, high in SPECIMEN_EXTRAS:
        if key in values and not _within(values[key], (low, high)):
            raise PlantFileError(f"{path.name}: {key}: {_short(values[key])} is no number from {low} to {high}")
    for key, first, second in SPECIMEN_PAIRS:
        pairs = values.get(key, [])
        good = isinstance(pairs, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs)
        if not good or not all(_within(a, first) and _within(b, second) for a, b in pairs):
            right = f"pairs of {first[0]} to {first[1]} and {second[0]} to {second[1]}"
            raise PlantFileError(f"{path.name}: {key}: {_short(pairs)} is no list of {right}")


def _within(value: object, bounds: tuple[float, float]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bounds[0] <= value <= bounds[1]


def _short(value: object) -> str:
    """A few characters of any value; Python refuses to print whole numbers of thousands of digits."""
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a number far too large"
    return "a list" if isinstance(value, list) and len(value) > 8 else repr(value)[:40] if not isinstance(value, list) else "this"


def _list(values: dict[str, Any], key: str, length: int, path: Path, scale: float) -> list[int]:
    value = values.pop(key, None)
    if not (isinstance(value, list) and len(value) == length and all(_within(v, (-8388608, 8388607)) for v in value)):
        raise PlantFileError(f"{path.name}: {key}: {_short(value)} is not a list of {length} numbers")
    return [round(v * scale) for v in value]


def _share(off_centre_permille: Sequence[int]) -> list[int]:
    """Shares of three cells on a circle for a load that is off its centre (x towards cell 1, y at right angles)."""
    x, y = (v / 1000 for v in off_centre_permille)
    angles = (0.0, 2 * math.pi / 3, 4 * math.pi / 3)
    return [round(1e6 / 3 * (1 + 2 * (x * math.cos(a) + y * math.sin(a)))) for a in angles] + [1000000]


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
