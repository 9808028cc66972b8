"""What temperature does to a load cell, from a run's log: to its zero where nothing is pressed, to its span under a known load.

A press regulates by what its cells say, so a hold tells nothing of the span: the load has to be one that stays by itself, as a dead
weight does. What time does is fitted beside temperature, so a run needs both ways, warming and cooling. Nothing of it is sent to a
press; `RecordedRun.compensated()` applies it to tables.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import WrongInput
from ..logs.store import file_name
from ..whole_file import write_whole
from .history import folder

if TYPE_CHECKING:
    import polars as pl

Floats = npt.NDArray[np.float64]
BLOCKS, LEAST_BLOCKS = 48, 12  # means of so many consecutive rows are what is fitted: rows beside each other are no two readings
LEAST_K = 3.0
ALIKE = 0.95  # a temperature that goes with time as nearly as this can't be told from it
NEAR = 0.2  # of the load: rows this near to it, or to nothing, are taken for it


class NotFitted(WrongInput):
    """A run can't tell what temperature does."""


@dataclass(frozen=True)
class Compensation:
    """One cell's. Expanded uncertainties, k = 2; the span is None where no load was told."""

    serial: str
    zero_n_per_k: float
    zero_u: float
    span_ppm_per_k: float | None
    span_u: float | None
    thermometer: int  # of the log's
    reference_c: float
    range_k: float
    run_id: str

    def applied(self, force_n: Any, temperature_c: Any) -> Any:
        """The force / N that the cell would have said at the reference temperature."""
        off_k = temperature_c - self.reference_c
        return (force_n - self.zero_n_per_k * off_k) / (1 + (self.span_ppm_per_k or 0.0) * 1e-6 * off_k)

    @property
    def told(self) -> str:
        """In a line."""
        zero = f"{self.serial}: zero {self.zero_n_per_k:+.4f} +- {self.zero_u:.4f} N/K"
        span = f", span {self.span_ppm_per_k:+.1f} +- {self.span_u:.1f} ppm/K" if self.span_ppm_per_k is not None else ""
        return f"{zero}{span}; reference {self.reference_c:.1f} degC, seen over {self.range_k:.1f} K in {self.run_id} (k = 2)"


def slope(seconds: Floats, temperature_c: Floats, force_n: Floats) -> tuple[float, float, float, float]:
    """(N/K, its expanded uncertainty, mean temperature, range / K), time fitted beside temperature. Raises NotFitted."""
    seen = ~(np.isnan(temperature_c) | np.isnan(force_n))
    count = min(BLOCKS, int(seen.sum()) // 3)
    if count < LEAST_BLOCKS:
        raise NotFitted(f"{int(seen.sum())} rows are too few", "A night at rest has enough, with a thermometer at the cells.")
    columns = (seconds, temperature_c, force_n)
    t, warm, force = (np.array([part.mean() for part in np.array_split(one[seen], count)]) for one in columns)
    range_k = float(np.ptp(warm))
    if range_k < LEAST_K:
        what = f"the temperature moved by {range_k:.1f} K, at least {LEAST_K:g} are needed"
        raise NotFitted(what, "Take a run in which it changes.")
    if abs(float(np.corrcoef(t, warm)[0, 1])) > ALIKE:
        raise NotFitted("the temperature only went one way, as time does", "Take a run in which it rises and falls.")
    middle = float(warm.mean())
    terms = np.column_stack([np.ones(count), warm - middle, (t - t.mean()) / max(1.0, float(np.ptp(t)))])
    found, *_ = np.linalg.lstsq(terms, force, rcond=None)
    left = force - terms @ found
    after = float(np.corrcoef(left[1:], left[:-1])[0, 1]) if left.std() > 0 else 0.0
    wider = (1 + max(0.0, min(0.9, after))) / (1 - max(0.0, min(0.9, after)))  # neighbours that err alike are fewer readings
    variance = float(left @ left) / (count - 3) * wider
    return float(found[1]), 2 * float(np.sqrt(variance * np.linalg.inv(terms.T @ terms)[1, 1])), middle, range_k


def fitted(
    table: "pl.DataFrame", channel: int, serial: str, run_id: str, load_n: float = 0.0, thermometer: int = 1
) -> Compensation:
    """From a run's table. `load_n`: what rests on the cell in part of it, by itself. Raises NotFitted."""
    labels = ("Test Time / s", f"Temperature T{thermometer} / degC", f"Force Cell {channel} / N", "Set Force / N")
    if not set(labels) <= set(table.columns):
        raise NotFitted(f"{run_id} has no column {', '.join(sorted(set(labels) - set(table.columns)))}", "Is a thermometer fitted?")
    seconds, warm, force, wanted = (table[label].cast(float).to_numpy() for label in labels)
    free = np.abs(np.nan_to_num(wanted)) < 0.005
    empty = free & (np.abs(force) < NEAR * load_n) if load_n else free
    zero, zero_u, reference_c, range_k = slope(seconds[empty], warm[empty], force[empty])
    if not load_n:
        return Compensation(serial, zero, zero_u, None, None, thermometer, reference_c, range_k, run_id)
    loaded = free & (np.abs(force - load_n) < NEAR * load_n)
    both, both_u, _, _ = slope(seconds[loaded], warm[loaded], force[loaded])
    span, span_u = (both - zero) * 1e6 / load_n, float(np.hypot(both_u, zero_u)) * 1e6 / load_n
    return Compensation(serial, zero, zero_u, span, span_u, thermometer, reference_c, range_k, run_id)


def keep(one: Compensation, root: Path | None = None) -> Path:
    """Write it beside the cell's certificates, in the place of the one before. Raises OSError."""
    path = folder(root) / f"{file_name(one.serial)}.temperature.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {json.dumps(value)}" for key, value in asdict(one).items() if value is not None]
    write_whole(path, "# Written by stackpress calibrate; k = 2.\n" + "\n".join(lines) + "\n")
    return path


def of_cell(serial: str, root: Path | None = None) -> Compensation | None:
    """What is kept of a cell; None if nothing is."""
    import tomllib

    path = folder(root) / f"{file_name(serial)}.temperature.toml"
    if not path.exists():
        return None
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return Compensation(**{"span_ppm_per_k": None, "span_u": None, **told})


def compensated(table: "pl.DataFrame", serials: Sequence[str | None], root: Path | None = None) -> "pl.DataFrame":
    """The table with `Force Cell N Compensated / N` beside each cell of which something is kept."""
    import polars as pl

    for channel, serial in enumerate(serials, 1):
        kept = of_cell(serial, root) if serial else None
        if kept is None:
            continue
        force, warm = f"Force Cell {channel} / N", f"Temperature T{kept.thermometer} / degC"
        if {force, warm} <= set(table.columns):
            even = kept.applied(pl.col(force), pl.col(warm))
            table = table.with_columns(even.alias(f"Force Cell {channel} Compensated / N"))
    return table
