"""Thickness, density, porosity and stiffness of a specimen at the end of each step, from travel, with their uncertainty.

Travel less what frame and die give way at the same force is thickness. It is put to a thickness that was measured afterwards with a
micrometer (key `thickness_um`), where one is told; else the reference's scale has to have had the same zero, which is said. All
uncertainties are expanded, k = 2, from standard ones that are added as squares; what a die's wall widens by is not in them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stackpress.logs.compliance import LEAST_N, Floats, Reference, at_row_ends
from stackpress.logs.drawing import Step, spans_of_steps
from stackpress.logs.plot import middles

K = 2.0
U_MASS_MG, U_MICROMETER_UM, U_DIE_MM = 0.1, 2.0, 0.01  # standard, where no key tells another
U_FORCE = 0.005  # of a class 1 cell, standard
MOVES = 0.1  # a step that changes the force by this part of the run's largest has a stiffness
COLUMNS = ("thickness_m", "thickness_u_m", "density_kg_m3", "density_u_kg_m3", "porosity", "porosity_u", "stiffness_n_m",
           "stiffness_u_n_m", "modulus_pa")  # fmt: skip


@dataclass(frozen=True)
class Specimen:
    """What is needed of a run's specimen, in SI; None for what nobody told. u: standard uncertainties."""

    area_m2: float | None
    u_area: float
    mass_kg: float | None
    u_mass_kg: float
    solid_kg_m3: float | None
    u_solid_kg_m3: float
    thickness_m: float | None
    u_thickness_m: float

    @classmethod
    def of(cls, side: dict[str, Any]) -> "Specimen":
        told = side.get("specimen") or {}

        def si(key: str, factor: float, otherwise: float | None = None) -> float | None:
            value = told.get(key)
            return value * factor if isinstance(value, float) else otherwise

        area = side.get("area_m2") or None
        die_m = math.sqrt(4 * area / math.pi) if area else 1.0
        return cls(
            area, 2 * (si("die_u_mm", 1e-3) or U_DIE_MM * 1e-3) / die_m,
            si("mass_mg", 1e-6, si("mass_g", 1e-3)), si("mass_u_mg", 1e-6) or U_MASS_MG * 1e-6,
            si("density_g_cm3", 1e3), si("density_u_g_cm3", 1e3) or 0.0,
            si("thickness_um", 1e-6, si("thickness_mm", 1e-3)), si("thickness_u_um", 1e-6) or U_MICROMETER_UM * 1e-6,
        )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A row a step, and what has to be said of all of them."""

    steps: list[dict[str, Any]]
    notes: list[str]


def thickness(table: Any, reference: Reference, specimen: Specimen) -> tuple[Floats, Floats, list[str]]:
    """(thickness, its standard uncertainty) / m at the end of each row with a travel, and notes; NaN where nothing is known."""
    force, travel = at_row_ends(table)
    frame, u_frame = reference.at(force)
    slope = np.gradient(np.array(reference.travel_m), np.array(reference.force_n))
    u_force = np.interp(force, reference.force_n, slope) * force * U_FORCE
    own = reference.thickness_m + frame - travel
    u = np.hypot(u_frame, u_force)
    notes = [f"Travel is judged against the reference of die {reference.die} ({', '.join(reference.runs)})."]
    known = np.flatnonzero(np.isfinite(own))
    if specimen.thickness_m is None:
        return own, u, [*notes, "Thickness holds if the scale had the same zero then and now: no thickness_um was told."]
    if len(known):
        off = specimen.thickness_m - float(own[known[-1]])
        own = own + off
        u = np.hypot(u - u[known[-1]], specimen.u_thickness_m)  # what is common to all rows is gone with the zero
        notes.append(f"Put to the {specimen.thickness_m * 1e6:.0f} µm that were measured, at {force[known[-1]]:.0f} N: "
                     f"{off * 1e6:+.0f} µm from what the scales' zeros say.")  # fmt: skip
    return own, u, notes


def steps(side: dict[str, Any], table: Any, reference: Reference) -> Found:
    """The figures of each step, in the order in which they were begun, keyed as COLUMNS; values in SI, None if unknown."""
    specimen = Specimen.of(side)
    if "Displacement / m" not in table.columns:
        return Found([], ["The press has no scale: travel gives no thickness."])
    seen = table.drop_nulls("Displacement / m")
    if not len(seen):
        return Found([], ["The run has no row with a travel."])
    own, u, notes = thickness(table, reference, specimen)
    force, _ = at_row_ends(table)
    middle = middles(seen["Test Time / s"].to_numpy(), seen["Ticks / 1"].to_numpy().astype(float), side.get("tick_hz"))
    spans = spans_of_steps(side, float(table["Test Time / s"][-1]))
    rows = []
    for begin, step in zip((s for s in side["steps"] if s["phase"] == "begins"), spans, strict=True):
        inside = np.flatnonzero((middle >= step.begin_s) & (middle <= step.end_s))
        name = f"{begin['step_id']}" + (f".{begin['cycle']}" if begin["cycle"] else "")
        rows.append({"step": name, "kind": step.kind, **_row(inside, force, own, u, specimen, float(force.max()), step)})
    return Found(rows, notes + _lacking(specimen))


def _lacking(specimen: Specimen) -> list[str]:
    lacks = [(specimen.mass_kg, "mass_mg", "density"), (specimen.solid_kg_m3, "density_g_cm3", "porosity")]
    return [f"No {what}: `stackpress tag RUN {key}=...` tells what it takes." for value, key, what in lacks if value is None]


def _row(inside: Any, force: Floats, own: Floats, u: Floats, specimen: Specimen, most_n: float, step: Step) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(COLUMNS)
    usable = inside[np.isfinite(own[inside])] if len(inside) else inside
    if not len(usable) or step.kind == "contact":
        return found
    t, u_t = float(own[usable[-1]]), float(u[usable[-1]])
    if t <= 0:
        return found
    found |= {"thickness_m": t, "thickness_u_m": K * u_t}
    if specimen.mass_kg is not None and specimen.area_m2:
        density = specimen.mass_kg / (specimen.area_m2 * t)
        part = math.sqrt((u_t / t) ** 2 + specimen.u_area**2 + (specimen.u_mass_kg / specimen.mass_kg) ** 2)
        found |= {"density_kg_m3": density, "density_u_kg_m3": K * part * density}
        if specimen.solid_kg_m3:
            filled, u_filled = density / specimen.solid_kg_m3, math.hypot(part, specimen.u_solid_kg_m3 / specimen.solid_kg_m3)
            found |= {"porosity": 1 - filled, "porosity_u": K * u_filled * filled}
    return found | _stiffness(force[usable], own[usable], t, u_t, most_n, specimen)


def _stiffness(force: Floats, own: Floats, t: float, u_t: float, most_n: float, specimen: Specimen) -> dict[str, Any]:
    """dF/dt over the upper half of a step's forces, / N per m; of what moves the force, with six rows at least."""
    if np.ptp(force) < max(MOVES * most_n, LEAST_N):
        return {}
    upper = force >= (force.max() + force.min()) / 2
    if upper.sum() < 6 or np.ptp(own[upper]) <= 0:
        return {}
    (slope, _), cov = np.polyfit(force[upper], own[upper], 1, cov=True)
    if slope >= 0:
        return {}
    # the reference's uncertainty is mostly common to all rows; what of it differs over the step counts as a slope
    u_slope = math.sqrt(float(cov[0][0]) + (u_t / math.sqrt(3) / float(np.ptp(force[upper]))) ** 2)
    stiff = -1 / float(slope)
    modulus = stiff * t / specimen.area_m2 if specimen.area_m2 else None
    part = math.hypot(u_slope / abs(float(slope)), U_FORCE)
    return {"stiffness_n_m": stiff, "stiffness_u_n_m": K * stiff * part, "modulus_pa": modulus}


def texts(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Step, thickness, density, porosity, stiffness and modulus of each step that has one, for people."""
    return [
        (row["step"], row["kind"], _pm(row["thickness_m"], row["thickness_u_m"], 1e6, "µm"),
         _pm(row["density_kg_m3"], row["density_u_kg_m3"], 1e-3, "g/cm³"), _pm(row["porosity"], row["porosity_u"], 100, "%"),
         _pm(row["stiffness_n_m"], row["stiffness_u_n_m"], 1e-6, "N/µm"),
         "–" if row["modulus_pa"] is None else f"{row['modulus_pa'] / 1e9:.3g} GPa")
        for row in rows if row["thickness_m"] is not None
    ]  # fmt: skip


HEAD = ("step", "what", "thickness", "density", "porosity", "stiffness", "modulus")


def _pm(value: float | None, u: float | None, factor: float, unit: str) -> str:
    """A value with its expanded uncertainty, both to the second digit of that."""
    if value is None or u is None:
        return "–"
    digits = max(0, 1 - math.floor(math.log10(u * factor))) if u > 0 else 3
    return f"{value * factor:.{digits}f} ± {u * factor:.{digits}f} {unit}"
