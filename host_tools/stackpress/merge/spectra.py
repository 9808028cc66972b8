"""Impedance spectra put to the pressure at which they were taken, and the loop that they make as pressure rises and falls.

A contact that was pressed harder once stays better when the pressure is gone, so a spectrum is told with the highest pressure that
the cell had ever seen, in this run and those before it, and with the way by which its level was reached.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stackpress.merge import quantities as q

if TYPE_CHECKING:
    import polars as pl

Floats = npt.NDArray[np.float64]
FEWEST_POINTS = 3
SAME_PRESSURE = 0.03  # of it: two levels that are one
IMPEDANCES = {
    "lowest": "Real Impedance at Lowest Frequency / ohm",
    "highest": "Real Impedance at Highest Frequency / ohm",
    "intercept": "Real Impedance Intercept / ohm",
}
COLUMNS = (
    "Spectrum / 1", "File", "Start Unix Time / s", "End Unix Time / s", "Points / 1", "Highest Frequency / Hz",
    "Lowest Frequency / Hz", *IMPEDANCES.values(), "Level / 1", "Settled", "Set Pressure / Pa",
    "Mean Pressure / Pa", "Pressure Standard Deviation / Pa", "Mean Force / N", "Highest Pressure Ever / Pa",
    "Direction", "Temperature T1 / degC", "Displacement / m",
)  # fmt: skip


def sweeps(table: "pl.DataFrame") -> Iterator["pl.DataFrame"]:
    """The spectra of an instrument's table: rows of one sweep of frequencies, which turns back or pauses before the next."""
    if not {q.FREQUENCY, q.REAL, q.IMAGINARY} <= set(table.columns):
        return
    frequency = np.nan_to_num(table[q.FREQUENCY].to_numpy().astype(np.float64))
    begin = 0
    for at in range(1, len(frequency) + 1):
        if at < len(frequency) and _goes_on(frequency, begin, at):
            continue
        if at - begin >= FEWEST_POINTS and frequency[begin] > 0:
            yield table[begin:at]
        begin = at


def _goes_on(frequency: Floats, begin: int, at: int) -> bool:
    """Whether a row belongs to the sweep that began at `begin`."""
    if frequency[at] <= 0 or frequency[begin] <= 0:
        return bool(frequency[at] <= 0 and frequency[begin] <= 0)
    if at - begin < 2:
        return bool(frequency[at] != frequency[begin])
    down = frequency[begin + 1] < frequency[begin]
    return bool(frequency[at] < frequency[at - 1] if down else frequency[at] > frequency[at - 1])


def impedances(sweep: "pl.DataFrame") -> dict[str, float | None]:
    """The real impedance at both ends of a sweep and where Im(Z) goes through zero (None if it does not), in ohm."""
    order = np.argsort(-sweep[q.FREQUENCY].to_numpy())
    real, imaginary = (sweep[label].to_numpy()[order] for label in (q.REAL, q.IMAGINARY))
    crossing = np.flatnonzero((imaginary[:-1] > 0) != (imaginary[1:] > 0))
    intercept = None
    if len(crossing):
        n = int(crossing[0])
        share = imaginary[n] / (imaginary[n] - imaginary[n + 1])
        intercept = float(real[n] + share * (real[n + 1] - real[n]))
    return {
        IMPEDANCES["lowest"]: float(real[-1]),
        IMPEDANCES["highest"]: float(real[0]),
        IMPEDANCES["intercept"]: intercept,
    }


def spectra(files: Sequence[tuple[str, "pl.DataFrame"]], rows: "pl.DataFrame", levels: Sequence[dict[str, Any]],
            before_pa: float) -> list[dict[str, Any]]:  # fmt: skip
    """One dict a spectrum, keyed as COLUMNS, in order of time.

    `rows` are the press's (as press_rows names them), `levels` the sidecar's, `before_pa` the highest of earlier runs / Pa.
    """
    found = [_spectrum(name, sweep) for name, table in files for sweep in sweeps(table)]
    found.sort(key=lambda one: one["Start Unix Time / s"])
    past: float | None = None
    for number, one in enumerate(found, 1):
        one["Spectrum / 1"] = number
        one |= _pressed(one, rows, before_pa) | _level(one, levels)
        now = one["Set Pressure / Pa"] or one["Mean Pressure / Pa"]
        one["Direction"] = _direction(past, now)
        past = now if now is not None else past
    return found


def _spectrum(name: str, sweep: "pl.DataFrame") -> dict[str, Any]:
    unix, frequency = sweep[q.UNIX].to_numpy(), sweep[q.FREQUENCY].to_numpy()
    found: dict[str, Any] = dict.fromkeys(COLUMNS)
    return found | impedances(sweep) | {
        "File": name, "Start Unix Time / s": float(unix[0]), "End Unix Time / s": float(unix[-1]), "Points / 1": len(sweep),
        "Highest Frequency / Hz": float(frequency.max()), "Lowest Frequency / Hz": float(frequency.min()),
    }  # fmt: skip


def _pressed(one: dict[str, Any], rows: "pl.DataFrame", before_pa: float) -> dict[str, Any]:
    """What the press did while a spectrum was taken; None where it has logged nothing."""
    ends = rows[q.UNIX].to_numpy()
    first = int(np.searchsorted(ends, one["Start Unix Time / s"]))
    last = int(np.searchsorted(ends, one["End Unix Time / s"])) + 1
    during, sofar = rows[first:last], rows[:last]
    if not len(during) or not first and one["End Unix Time / s"] < ends[0] - 60.0:
        return {}
    told = {label: _mean(during, label) for label in ("Temperature T1 / degC", "Displacement / m", "Set Pressure / Pa")}
    told["Mean Force / N"] = _mean(during, "Applied Force / N")
    if "Applied Pressure / Pa" not in rows.columns:
        return told
    pressures = during["Applied Pressure / Pa"].to_numpy()
    area = _area(rows)
    peak = max(float(sofar["Force Max / N"].to_numpy().max()) / area if area else 0.0, before_pa)
    return told | {
        "Mean Pressure / Pa": _mean(during, "Applied Pressure / Pa"), "Highest Pressure Ever / Pa": round(peak, 1),
        "Pressure Standard Deviation / Pa": round(float(pressures.std(ddof=1)), 1) if len(pressures) > 1 else None,
    }  # fmt: skip


def _area(rows: "pl.DataFrame") -> float:
    """The area / m2 that the press reckons its pressures with."""
    force, pressure = (rows[label].to_numpy() for label in ("Applied Force / N", "Applied Pressure / Pa"))
    return float(np.median(force[pressure > 0] / pressure[pressure > 0])) if (pressure > 0).any() else 0.0


def _mean(rows: "pl.DataFrame", label: str) -> float | None:
    if label not in rows.columns:
        return None
    values = rows[label].drop_nulls()
    weights = rows["Ticks / 1"].filter(rows[label].is_not_null()) if "Ticks / 1" in rows.columns else None
    if not len(values):
        return None
    return round(
        float(np.average(values.to_numpy(), weights=weights if weights is not None and weights.sum() else None)), 9
    )


def _level(one: dict[str, Any], levels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The level that a spectrum was begun in, for what it says of itself."""
    moment = one["Start Unix Time / s"]
    for level in levels:
        begin, end = level["Start Unix Time / s"], level["End Unix Time / s"]
        if begin is not None and end is not None and begin - 1.0 <= moment <= end:
            told = {"Level / 1": level["Level / 1"], "Settled": level["Settled"]}
            return told | ({"Set Pressure / Pa": level["Set Pressure / Pa"]} if level["Set Pressure / Pa"] else {})
    return {}


def _direction(past: float | None, now: float | None) -> str | None:
    if past is None or now is None:
        return None
    return "same" if abs(now - past) <= SAME_PRESSURE * max(now, past) else "up" if now > past else "down"


def loop(found: Sequence[dict[str, Any]], impedance: str = "lowest") -> list[dict[str, float]]:
    """Pressures that were measured on the way up and again on the way down, with both impedances: what pressing has changed."""
    label = IMPEDANCES[impedance]
    seen = [(one["Set Pressure / Pa"] or one["Mean Pressure / Pa"], one[label]) for one in found]
    known = [(pressure, ohm) for pressure, ohm in seen if pressure and ohm is not None]
    if not known:
        return []
    top = max(range(len(known)), key=lambda n: known[n][0])
    out = []
    for pressure, ohm in known[:top]:
        back = [other for at, other in known[top + 1 :] if abs(at - pressure) <= SAME_PRESSURE * pressure]
        if back:
            out.append({"pressure_pa": pressure, "up_ohm": ohm, "down_ohm": back[0], "ratio": back[0] / ohm})
    return out
