"""What a press is made of, and the numbers of a press file that follow from it before anything was measured.

Bore, supply and cells say what force there can be; every force in the reference press's file is a part of its own working limit,
and so it is here. No press inherits the newtons of another.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..config.numbers import number
from ..config.schema import ParamValue, groups, parameters
from ..errors import WrongInput

REFERENCE_LIMIT_N = 55000.0  # of the press that the defaults were made for
LIMIT_PART, CELL_PART = 5 / 6, 10 / 11  # of what bears: room for a pulse, for a load off its centre
FRAME_PART, RELIEF_PART = 1.2, 1.03  # of the lesser of cylinder and cells, where nobody says better
LOW_UP, LOW_DOWN = 0.85, 0.7  # of the low cell: where the ranges change over
CELLS_MOST = 4
# parameters that are a force or a rate of force, in proportion to the working limit
SCALED = (
    "valve_slew_n_per_s", "rate_limit_n_per_s", "approach_force_n", "approach_rate_n_per_s", "contact_force_n", "deadband_min_n",
    "deadband_max_n", "reversal_rate_n_per_s", "fill_rate_n_per_s", "vent_rate_n_per_s", "trip_ramp_n_per_s", "imbalance_min_n",
    "runaway_n", "runaway_min_n", "no_response_n", "force_drop_min_n", "ramp_deviation_min_n", "hold_band_min_n",
)  # fmt: skip
KINDS = ("regulator", "fill_vent")
# what may be told: name, least, most, unit, what it is
BOUNDS = (
    ("bore_mm", 5.0, 500.0, "mm", "the cylinder's bore"),
    ("supply_bar", 1.0, 1000.0, "bar", "the supply pressure"),
    ("low_cell_n", 0.0, 100000.0, "N", "the low range's cell"),
    ("frame_n", 0.0, 330000.0, "N", "the frame's rating"),
    ("relief_n", 0.0, 330000.0, "N", "the relief valve's setting"),
    ("force_n", 0.0, 100000.0, "N", "the force that is asked for"),
)


@dataclass(frozen=True)
class Machine:
    """A press as its maker can tell it; 0 where nobody has. Raises WrongInput with one line for what can't be."""

    bore_mm: float
    supply_bar: float
    cells_n: tuple[float, ...]
    low_cell_n: float = 0.0
    valve_kind: str = "regulator"
    frame_n: float = 0.0
    relief_n: float = 0.0
    force_n: float = 0.0

    def __post_init__(self) -> None:
        for wrong, right in self._complaints():
            raise WrongInput(wrong, right)

    def _complaints(self) -> Iterator[tuple[str, str]]:
        for name, least, most, unit, what in BOUNDS:
            value = getattr(self, name)
            if not (math.isfinite(value) and least <= value <= most):
                yield f"{what} is {number(value)} {unit}", f"It lies between {number(least)} and {number(most)} {unit}."
        if not 1 <= len(self.cells_n) + bool(self.low_cell_n) <= CELLS_MOST or not self.cells_n:
            yield f"{len(self.cells_n)} load cells carry the force", f"1 to {CELLS_MOST} do, the low range's with them."
        for one in self.cells_n:
            if not 100 <= one <= 100000:
                yield f"a load cell's capacity is {number(one)} N", "It lies between 100 and 100000 N."
        if self.valve_kind not in KINDS:
            yield f"the valve is {self.valve_kind!r}", f"It is one of {', '.join(KINDS)}."
        if self.force_n > self.most_n:
            weakest = min(self.bears(), key=lambda one: one[1])
            yield (f"{number(self.force_n)} N are asked for, but {weakest[0]} {number(round(weakest[1]))} N",
                   f"Ask for at most {number(self.most_n)} N, or give the machine more.")  # fmt: skip
        if self.low_cell_n and self.low_cell_n >= self.capacity_n:
            yield "the low range's cell bears no less than the others", "Leave --low-cell-n out, or exchange them."

    @property
    def full_n(self) -> float:
        """What the cylinder gives at the supply's pressure."""
        return math.pi / 4 * self.bore_mm**2 * self.supply_bar / 10

    @property
    def capacity_n(self) -> float:
        """What the cells of the high range bear together."""
        return sum(self.cells_n)

    def bears(self) -> list[tuple[str, float]]:
        """(what, N) of all that bounds the force."""
        found = [("the cylinder gives", self.full_n), ("the cells bear together", self.capacity_n)]
        found += [("the frame bears", self.frame_n)] if self.frame_n else []
        return found + ([("the relief valve opens at", self.relief_n)] if self.relief_n else [])

    @property
    def most_n(self) -> float:
        """The largest working limit that leaves room."""
        return rounded(LIMIT_PART * min(force for _, force in self.bears()))

    @property
    def limit_n(self) -> float:
        """The working limit."""
        return self.force_n or self.most_n

    @property
    def scale(self) -> float:
        """This press's forces over the reference press's."""
        return self.limit_n / REFERENCE_LIMIT_N

    def ceilings(self) -> dict[str, list[float] | float]:
        """The table [ceilings]: what was told, else what follows from cylinder and cells."""
        least = min(self.full_n, self.capacity_n)
        frame = self.frame_n or rounded(FRAME_PART * least)
        cells = [*self.cells_n, *([self.low_cell_n] if self.low_cell_n else [])]
        return {"frame_rating_n": frame, "relief_setting_n": min(frame, self.relief_n or rounded(RELIEF_PART * least)),
                "cell_capacity_n": cells}  # fmt: skip

    def assumed(self) -> dict[str, float]:
        """The ceilings that nobody told: they follow from the cylinder, and say nothing about frame and relief valve."""
        told = {"frame_rating_n": self.frame_n, "relief_setting_n": self.relief_n}
        return {key: value for key, value in self.ceilings().items() if isinstance(value, float) and not told[key]}


def rounded(value: float) -> float:
    """Down to three digits: a figure that a person can keep in mind."""
    if value <= 0:
        return 0.0
    digit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return round(math.floor(value / digit + 1e-6) * digit, 6)


def fitting(name: str, value: float) -> ParamValue:
    """The nearest value that the parameter takes without the owner's code, to what its file keeps."""
    from stackpress_core import params

    row = params.row_of(name)
    scale = row[params.SCALE]
    low, default, high = row[params.LOW], row[params.DEFAULT], row[params.HIGH]
    if len(row) > params.BOUND:
        bound = row[params.BOUND]
        low, high = (max(low, bound), high) if bound < default else (low, min(high, bound))
    found = round(max(low, min(high, value)) * scale) / scale
    return int(found) if found == int(found) else found


def values(machine: Machine) -> dict[str, ParamValue]:
    """Parameters that differ from one machine to another, before anything was measured."""
    count = len(machine.cells_n)
    known = parameters()
    found: dict[str, ParamValue] = {
        "cell_count": count + bool(machine.low_cell_n),
        "high_range_mask": (1 << count) - 1,
        "low_range_mask": 1 << count if machine.low_cell_n else 0,
        "valve_kind": machine.valve_kind,
        "valve_full_scale_n": fitting("valve_full_scale_n", machine.full_n),
        "force_limit_n": machine.limit_n,
        "cell_limit_n": rounded(CELL_PART * min(machine.cells_n)),
    }
    if machine.low_cell_n:
        found["range_up_n"], found["range_down_n"] = LOW_UP * machine.low_cell_n, LOW_DOWN * machine.low_cell_n
    for name in SCALED:
        found[name] = fitting(name, rounded(float(known[name].default_value) * machine.scale))
    return found


def press_file(name: str, board: str, machine: Machine, chosen: dict[str, ParamValue], said: str) -> str:
    """The press file as text; `said` is its first line."""
    from ..config.documents import toml_value

    told = [("bore_mm", machine.bore_mm), ("supply_bar", machine.supply_bar)]
    lines = [f"# {said}", "format = 1", f"name = {json.dumps(name)}", f"board = {json.dumps(board)}", "", "[machine]"]
    lines += [f"{key} = {number(value)}" for key, value in told]
    lines += ["", "[ceilings]"]
    for key, value in machine.ceilings().items():
        shown = f"[{', '.join(number(one) for one in value)}]" if isinstance(value, list) else number(value)
        lines.append(f"{key} = {shown}" + ("  # assumed, nobody told it: put in what it is" if key in machine.assumed() else ""))
    for group, table in groups().items():
        mine = [f"{key} = {toml_value(chosen[key])}" for key in table if key in chosen]
        lines += ["", f"[{group}]", *mine] if mine else []
    return "\n".join(lines) + "\n"
