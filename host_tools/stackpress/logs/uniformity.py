"""Where the load is: the centre of what the cells carry, how even it is in each hold, what that makes of the die's pressure.

The centre is the mean of the cells' places, weighted with their forces. On a round die a load that is e off its axis presses as a
plane: at the rim by 8 e / D more than the mean on one side, so much less on the other. What the platen's bending adds is not seen.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stackpress.config.positions import Positions
from stackpress.logs.drawing import COLOURS, spans_of_steps
from stackpress.logs.plot import middles
from stackpress.logs.store import file_name
from stackpress.whole_file import write_whole

Floats = npt.NDArray[np.float64]
FOLDER = "positions"
LEAST_N = 500.0  # below this the high cells' noise moves the centre by a tenth of a millimetre and more
HOLDING = ("hold", "creep", "relax", "gap", "sweep")
HEAD = ("step", "what", "force", "centre x", "centre y", "off axis", "shares", "uneven", "at the rim")


@dataclass(frozen=True)
class Spread:
    """How the load lay in one step, ticks as weights; lengths in mm, `uneven` the largest part that a share is off an even one."""

    step: str
    kind: str
    force_n: float
    x_mm: float
    y_mm: float
    shares: tuple[float, ...]
    uneven: float
    at_rim: float | None  # by this part more than the mean, at the rim of the die

    @property
    def off_mm(self) -> float:
        return math.hypot(self.x_mm, self.y_mm)


def keep(folder: Path, board: str, positions: Positions) -> None:
    """Remember in the data folder where a press's cells stand. Raises OSError."""
    path = folder / FOLDER / f"{file_name(board)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"cell_mm": positions}))


def kept(folder: Path, board: str) -> Positions:
    """What was remembered; empty if nothing was. Raises OSError, ValueError."""
    path = folder / FOLDER / f"{file_name(board)}.json"
    if not path.is_file():
        return ()
    return tuple((float(x), float(y)) for x, y in json.loads(path.read_text(encoding="utf-8"))["cell_mm"])


def cells_of(table: Any, positions: Positions) -> Floats:
    """The forces / N of the cells that have a place, a column each; the high range's are the first of a press."""
    return np.column_stack([table[f"Force Cell {i + 1} / N"].to_numpy().astype(float) for i in range(len(positions))])


def centres(forces: Floats, positions: Positions) -> Floats:
    """x, y / mm of the load, a row each; NaN where too little is carried to tell."""
    total = forces.sum(axis=1)
    with np.errstate(all="ignore"):
        found: Floats = forces @ np.array(positions) / total[:, None]
    found[total < LEAST_N] = np.nan
    return found


def spreads(side: dict[str, Any], table: Any, positions: Positions) -> list[Spread]:
    """One for each step that holds, and carries enough."""
    forces = cells_of(table, positions)
    ticks = table["Ticks / 1"].to_numpy().astype(float)
    middle = middles(table["Test Time / s"].to_numpy(), ticks, side.get("tick_hz"))
    begins = [s for s in side["steps"] if s["phase"] == "begins"]
    out = []
    for begin, step in zip(begins, spans_of_steps(side, float(table["Test Time / s"][-1])), strict=True):
        inside = (middle >= step.begin_s) & (middle <= step.end_s) & (forces.sum(axis=1) >= LEAST_N) & (ticks > 0)
        if step.kind in HOLDING and inside.any():
            mean = np.average(forces[inside], axis=0, weights=ticks[inside])
            name = f"{begin['step_id']}" + (f".{begin['cycle']}" if begin["cycle"] else "")
            out.append(spread(name, step.kind, mean, positions, side.get("area_m2")))
    return out


def spread(step: str, kind: str, mean_n: Floats, positions: Positions, area_m2: float | None) -> Spread:
    """Of the cells' mean forces."""
    total = float(mean_n.sum())
    x, y = (float(one) for one in mean_n @ np.array(positions) / total)
    shares = tuple(float(one) / total for one in mean_n)
    uneven = max(abs(share * len(shares) - 1) for share in shares)
    rim = 8 * math.hypot(x, y) / (1000 * math.sqrt(4 * area_m2 / math.pi)) if area_m2 else None
    return Spread(step, kind, total, x, y, shares, uneven, rim)


def texts(found: Sequence[Spread]) -> list[tuple[str, ...]]:
    """A row for people each, as HEAD."""
    return [
        (one.step, one.kind, f"{one.force_n / 1000:.3g} kN", f"{one.x_mm:+.2f} mm", f"{one.y_mm:+.2f} mm", f"{one.off_mm:.2f} mm",
         " ".join(f"{100 * share:.1f}" for share in one.shares) + " %", f"{100 * one.uneven:.1f} %",
         "–" if one.at_rim is None else f"± {100 * one.at_rim:.0f} %")
        for one in found
    ]  # fmt: skip


def draw(side: dict[str, Any], table: Any, positions: Positions) -> Any:
    """The way of the centre under the platen, from above, and the pressure that the last hold made on the die."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.8), layout="constrained")
    above, die = figure.subplots(1, 2)
    found = spreads(side, table, positions)
    _from_above(figure, above, centres(cells_of(table, positions), positions), table["Test Time / s"].to_numpy(), positions, found)
    _on_die(figure, die, found[-1] if found else None, side.get("area_m2"))
    return figure


def _from_above(figure: Any, axis: Any, centre: Floats, time_s: Floats, positions: Positions, found: Sequence[Spread]) -> None:
    colours = COLOURS["cells"].split()
    for i, (x, y) in enumerate(positions):
        axis.plot(x, y, "o", ms=14, color=colours[i % len(colours)], alpha=0.8)
        axis.annotate(f"cell {i + 1}", (x, y), xytext=(0, 12), textcoords="offset points", ha="center", fontsize=9)
    told = np.isfinite(centre[:, 0])
    if told.any():
        way = axis.scatter(*centre[told].T, c=time_s[told], s=5, cmap="viridis")
        figure.colorbar(way, ax=axis, label="test time / s", shrink=0.8)
    for one in found:
        axis.plot(one.x_mm, one.y_mm, "x", color=COLOURS["trip"], ms=9)
    if found:
        last = found[-1]
        axis.annotate(f"{last.off_mm:.2f} mm off the axis", (last.x_mm, last.y_mm), xytext=(9, -12), textcoords="offset points",
                      fontsize=8)  # fmt: skip
    axis.axhline(0, color="#d5dae0", lw=0.8, zorder=0)
    axis.axvline(0, color="#d5dae0", lw=0.8, zorder=0)
    axis.margins(0.18)
    axis.set(aspect="equal", xlabel="x / mm", ylabel="y / mm", title="centre of the load (x: holds)")


def _on_die(figure: Any, axis: Any, one: Spread | None, area_m2: float | None) -> None:
    if one is None or not area_m2:
        axis.axis("off")
        axis.text(0.5, 0.5, "no hold, or no area: no pressure over the die", ha="center", transform=axis.transAxes)
        return
    radius = 1000 * math.sqrt(area_m2 / math.pi)
    x, y = np.meshgrid(*(np.linspace(-radius, radius, 160),) * 2)
    pressure = 1e-6 * one.force_n / area_m2 * (1 + 4 * (one.x_mm * x + one.y_mm * y) / radius**2)
    pressure[np.hypot(x, y) > radius] = np.nan
    shown = axis.contourf(x, y, np.maximum(pressure, 0), 12, cmap="magma")
    figure.colorbar(shown, ax=axis, label="pressure / MPa", shrink=0.8)
    axis.set(aspect="equal", xlabel="x / mm", ylabel="y / mm", title=f"pressure on the die, step {one.step} (a plane)")
