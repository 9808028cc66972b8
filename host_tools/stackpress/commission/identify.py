"""From runs against a block to numbers of the plant: what the model says, and what rows say by themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .plant_model import Plant, Stretch, fit
from .result import BAD, GOOD, LEFT_OUT, TOLD, Line

if TYPE_CHECKING:
    import polars as pl

LEAK_PART = 0.02  # of the force a minute: a valve or a seal that needs a look
TRAVEL_LEAST_M = 2e-6  # a stiffness over less is a guess
DEAD_PART = 0.25  # of the delay: what the share of the dead time in it may be off by
Array = NDArray[np.float64]


def column(table: "pl.DataFrame", name: str) -> Array:
    """A column, NaN where a row has no value."""
    found: Array = table[name].cast(float).fill_null(float("nan")).to_numpy()
    return found


def stretch(table: "pl.DataFrame", full_n: float, hz: int) -> Stretch:
    """Ramps and holds of a run, up to where the valve was locked."""
    moved = table.filter(table["Step Type"] != "relax")
    drive = column(moved, "Valve / 1") * full_n
    return Stretch(column(moved, "Test Time / s"), column(moved, "Applied Force / N"), drive, column(moved, "Ticks / 1") / hz)


def stiffness(tables: Sequence["pl.DataFrame"]) -> float | None:
    """Of block and frame in the upper half of the highest level / N/m; None where no scale is fitted or it hardly moved."""
    table = tables[-1].filter(tables[-1]["Step Type"] == "ramp")
    if "Displacement / m" not in table.columns:
        return None
    force, travel = column(table, "Applied Force / N"), column(table, "Displacement / m")
    upper = (force > 0.5 * np.nanmax(force)) & np.isfinite(travel)
    if upper.sum() < 20 or np.ptp(travel[upper]) < TRAVEL_LEAST_M:
        return None
    return float(np.polyfit(travel[upper], force[upper], 1)[0])


def leak(table: "pl.DataFrame") -> tuple[float, float] | None:
    """(change / N a minute, force / N) with the valve locked, its first second left out; None if it never was."""
    locked = table.filter(table["Step Type"] == "relax")
    if len(locked) < 5:
        return None
    at, force = column(locked, "Test Time / s"), column(locked, "Applied Force / N")
    later = at > at[0] + 1.0
    if later.sum() < 3:
        return None
    return float(np.polyfit(at[later], force[later], 1)[0]) * 60, float(np.mean(force[later]))


def of_regulator(tables: Sequence["pl.DataFrame"], full_n: float, hz: int) -> tuple[Plant, list[Line]]:
    """The plant of a proportional valve. The lowest level is left out: there the valve's hysteresis has no room to be seen."""
    plant = fit([stretch(one, full_n, hz) for one in tables[1:]], full_n / 200)
    top = float(np.nanmax(column(tables[-1], "Applied Force / N")))
    fits = plant.rms_n < 0.02 * top
    lines = [
        Line("direction", GOOD if plant.gain > 0 else BAD, "more set-point is more force"),
        Line("valve's full scale", GOOD if abs(plant.gain - 1) < 0.1 else BAD,
             f"{plant.gain * full_n:.0f} N at full set-point, {100 * (plant.gain - 1):+.1f} % off bore and supply",
             "" if abs(plant.gain - 1) < 0.1 else "Compare bore, supply and the regulator's range with their type plates."),
        Line("delay", TOLD, f"{plant.delay_s * 1000:.0f} ms from set-point to force; of it about {plant.dead_s * 1000:.0f} ms dead "
             f"time (by {DEAD_PART * plant.delay_s * 1000:.0f} ms), the rest lag"),
        Line("hysteresis and friction", TOLD,
             f"{2 * plant.play_n:.0f} N from up to down, {200 * plant.play_n / full_n:.2f} % of full scale"),
        Line("spring, weight, friction", TOLD, f"{plant.offset_n:.0f} N of drive before there is force"),
        Line("fit", GOOD if fits else BAD, f"the model leaves {plant.rms_n:.1f} N rms of {top:.0f} N",
             "" if fits else "That is no valve with delay and hysteresis: look for a ram that sticks, low supply."),
    ]  # fmt: skip
    return plant, lines


def common(tables: Sequence["pl.DataFrame"]) -> tuple[dict[str, float], list[Line]]:
    """Stiffness, leak, and how the cells share the block's force."""
    found: dict[str, float] = {}
    lines = []
    stiff, lost = stiffness(tables), leak(tables[-1])
    if stiff is None:
        lines.append(Line("stiffness", LEFT_OUT, "no scale, or it hardly moved"))
    else:
        found["stiffness_n_per_um"] = stiff / 1e6
        lines.append(Line("stiffness of block and frame", TOLD, f"{stiff / 1e6:.1f} N/um"))
    if lost is None:
        lines.append(Line("leak", LEFT_OUT, "the valve was not locked"))
    else:
        found["leak_n_per_min"] = lost[0]
        tight = -lost[0] < LEAK_PART * lost[1]
        lines.append(Line("leak", GOOD if tight else BAD, f"{lost[0]:+.1f} N a minute at {lost[1]:.0f} N with the valve locked",
                          "" if tight else "Look for a leak: fittings, seal, a valve that does not close."))  # fmt: skip
    share = float(np.nanmean(np.abs(column(tables[-1].filter(tables[-1]["Step Type"] == "hold"), "Force Imbalance / 1"))))
    found["imbalance"] = share
    lines.append(Line("shares of the cells", GOOD if share < 0.1 else BAD, f"{100 * share:.1f} % of an even share at most",
                      "" if share < 0.1 else "Centre the block; compare the cells' calibrations."))  # fmt: skip
    return found, lines


def _settled(table: "pl.DataFrame") -> "pl.DataFrame":
    """Rows of holds from a second after they began, while the set-point was theirs; the last may tell of what is next."""
    import polars as pl

    goal = pl.col("Set Force / N").median().over("Step ID")
    number = pl.col("Step Record Index / 1")
    still = (pl.col("Step Type") == "hold") & (pl.col("Step Time / s") > 1.0) & (number < number.max().over("Step ID") - 1)
    return table.filter(still & ((pl.col("Set Force / N") - goal).abs() < 0.1))


def ramp_lines(levels: Sequence[float], tables: Sequence["pl.DataFrame"]) -> list[Line]:
    """How well each level was held before anything was tuned."""
    lines = []
    for level_n, table in zip(levels, tables, strict=True):
        still = _settled(table)
        off = column(still, "Applied Force / N") - column(still, "Set Force / N")
        told = f"held within {np.nanmax(np.abs(off)):.1f} N, {np.nanstd(off):.2f} N rms, untuned"
        lines.append(Line(f"at {level_n:.0f} N", TOLD, told))
    return lines

