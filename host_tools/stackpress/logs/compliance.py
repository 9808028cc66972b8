"""Where the ram stands on a blank of known thickness, at each force: the empty die's reference, with the frame's stretch in it.

A run on a rigid blank, or on the die with nothing in it, tells how far die, punches, columns and cells give way. What a specimen's
run travels less than that is its thickness. Rows with rising and with falling force are kept apart until the end: half of what they
differ by, and what runs differ by among each other, is the reference's uncertainty, with that of the blank and of the scale.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stackpress.errors import WrongInput
from stackpress.logs.store import file_name
from stackpress.whole_file import write_whole

Floats = npt.NDArray[np.float64]
FORMAT = 1
FOLDER = "references"
LEAST_N = 20.0  # below this the faces still seat
GRID = 60  # forces of a reference, evenly over their logarithms
BEYOND = 0.02  # part of the largest force
AREA_PART = 0.01  # dies whose areas differ by less are of one size


class NoReference(WrongInput):
    """A run from which no reference follows."""


@dataclass(frozen=True)
class Reference:
    """Travel / m over force / N on a specimen of `thickness_m`, and its standard uncertainty / m at each."""

    board: str
    die: str
    area_m2: float | None
    thickness_m: float
    runs: tuple[str, ...]
    unix_s: float
    force_n: tuple[float, ...]
    travel_m: tuple[float, ...]
    u_m: tuple[float, ...]

    def at(self, force_n: Floats) -> tuple[Floats, Floats]:
        """(travel, its standard uncertainty) / m at forces; NaN where the reference has none. A little beyond its last force it
        goes straight on: a hold of the same force is now above it, now below."""
        known, travel_m, u_m = (np.array(values) for values in (self.force_n, self.travel_m, self.u_m))
        top = known[-1] * (1 + BEYOND)
        slope = (travel_m[-1] - travel_m[-2]) / (known[-1] - known[-2])
        travel_m = np.append(travel_m, travel_m[-1] + slope * (top - known[-1]))
        known, u_m = np.append(known, top), np.append(u_m, u_m[-1])
        travel, u = (np.interp(force_n, known, values, left=np.nan, right=np.nan) for values in (travel_m, u_m))
        return travel, u

    @property
    def stiffness_n_m(self) -> float:
        """Of frame, die and blank together, over the upper half of the forces."""
        half = [i for i, force in enumerate(self.force_n) if 2 * force >= self.force_n[-1]]
        return float(np.polyfit([self.travel_m[i] for i in half], [self.force_n[i] for i in half], 1)[0])


def at_row_ends(table: Any) -> tuple[Floats, Floats]:
    """(force / N, travel / m) at the end of each row that tells a travel: a row's force is a mean, its travel is not."""
    table = table.drop_nulls("Displacement / m")
    force, travel = (table[name].to_numpy().astype(float) for name in ("Applied Force / N", "Displacement / m"))
    if len(force) < 2:
        return force, travel
    return np.append((force[:-1] + force[1:]) / 2, force[-1]), travel


def fit(tables: Sequence[Any], board: str, die: str, area_m2: float | None, runs: Sequence[str], thickness_m: float,
        u_thickness_m: float, u_scale_m: float) -> Reference:  # fmt: skip
    """The reference of one or more runs on the same blank. Raises NoReference."""
    curves: list[tuple[Floats, Floats]] = []
    for name, table in zip(runs, tables, strict=True):
        if "Displacement / m" not in table.columns:
            raise NoReference(f"{name} has no travel", "A reference wants a press with a scale.")
        curves += _branches(name, *at_row_ends(table))
    least = max(LEAST_N, max(float(force[0]) for force, _ in curves[::2]))
    most = min(float(force[-1]) for force, _ in curves[::2])
    if most < 4 * least:
        hint = "Press the blank as far as specimens are pressed."
        raise NoReference(f"{runs[0]} goes from {least:.0f} to {most:.0f} N only", hint)
    grid = np.geomspace(least, most, GRID)
    seen = np.array([np.interp(grid, force, travel, left=np.nan, right=np.nan) for force, travel in curves])
    with np.errstate(all="ignore"):
        travel = np.nanmean(seen, axis=0)
        spread = (np.nanmax(seen, axis=0) - np.nanmin(seen, axis=0)) / 2 / math.sqrt(3)
    u = np.sqrt(spread**2 + u_thickness_m**2 + u_scale_m**2)
    return Reference(board, die, area_m2, thickness_m, tuple(runs), time.time(),
                     *(tuple(round(float(v), 12) for v in values) for values in (grid, travel, u)))  # fmt: skip


def _branches(name: str, force: Floats, travel: Floats) -> list[tuple[Floats, Floats]]:
    """Loading, then unloading, each with rising forces that are told once."""
    if not len(force) or force.max() < 4 * LEAST_N:
        raise NoReference(f"{name} presses nothing", f"Its largest force is {force.max() if len(force) else 0:.0f} N.")
    top = int(np.argmax(force))
    out = []
    for part in (slice(0, top + 1), slice(top, None)):
        f, x = force[part], travel[part]
        pressed = f >= LEAST_N
        order = np.argsort(f[pressed], kind="stable")
        f, x = f[pressed][order], x[pressed][order]
        keys = np.round(np.log(f) * 200).astype(int)  # what lies within half a percent is one point, its mean
        _, first, count = np.unique(keys, return_index=True, return_counts=True)
        out.append((np.add.reduceat(f, first) / count, np.add.reduceat(x, first) / count))
    return out


def keep(folder: Path, reference: Reference) -> Path:
    """Write it into the data folder, in the place of that die's one before. Raises OSError."""
    path = folder / FOLDER / f"{file_name(reference.board)}-{file_name(reference.die)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"format": FORMAT, **asdict(reference)}, indent=1))
    return path


def kept(folder: Path) -> list[Reference]:
    """Every reference of a data folder, the newest first. Raises OSError, ValueError."""
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.pop("format") == FORMAT:
            lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
            found.append(Reference(**{**told, **lists}))
    return sorted(found, key=lambda one: -one.unix_s)


def fitting(folder: Path, side: dict[str, Any]) -> Reference | None:
    """The reference of a run's press and die: by the name that the specimen's key `die` gives, else by its area; the newest."""
    die, area = (side.get("specimen") or {}).get("die"), side.get("area_m2")
    mine = [one for one in kept(folder) if one.board == side["press"]["board"]]
    if die is not None:
        return next((one for one in mine if one.die == str(die)), None)
    same = [one for one in mine if area and one.area_m2 and abs(one.area_m2 / area - 1) < AREA_PART]
    return same[0] if same else None
