"""What a press holds, as it was measured: a file beside the press file, made by a bench, from which a step's hold is foretold.

`holds_press.toml` belongs to `press.toml`. It counts only while what moves and reads the force is as it was measured: cells,
valve and control. Between two forces that were held the worst error is drawn as a straight line over their logarithms; beyond
them nothing is said.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackpress.config import Effective
from stackpress.config.numbers import number
from stackpress.step_limits import StepLimits

FORMAT = 1
GROUPS = ("cells", "valve", "control")
PREFIX = "holds_"
DAY_H = 24


@dataclass(frozen=True)
class Held:
    """The worst of one force / N, over the plants on which it was held for `hours`."""

    pressure_mpa: float
    die_mm: float
    force_n: float
    hours: float
    plants: tuple[str, ...]
    control_n: float
    measuring_n: float
    total_n: float
    moves_per_h: float


@dataclass(frozen=True)
class Expected:
    """What a hold of one step may truly be off / N, as measured on at least so many plants."""

    step: int
    force_n: float
    total_n: float
    plants: int

    @property
    def text(self) -> str:
        part = 100 * self.total_n / self.force_n
        return (f"Step {self.step}: {number(round(self.force_n, 1))} N: this press holds ± {self.total_n:.2g} N ({part:.2g} %), "
                f"worst of 24 h on {self.plants} plant{'s' * (self.plants > 1)}.")  # fmt: skip


def beside(press: Path) -> Path:
    """The file that tells what a press file's press holds."""
    return press.with_name(PREFIX + press.name)


def parameters(effective: Effective) -> dict[str, Any]:
    """What is set in the groups that a hold depends on, where it is not the default."""
    return {name: one.value for name, one in sorted(effective.settings.items())
            if one.parameter.group in GROUPS and one.value != one.parameter.default_value}  # fmt: skip


def read(press: Path, effective: Effective) -> tuple[list[Held], str]:
    """What was held by this press, and why nothing can be said if that is so. Raises OSError, ValueError, KeyError."""
    path = beside(press)
    if not path.is_file():
        return [], ""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    if told["format"] != FORMAT:
        return [], f"{path} has a format that this stackpress does not know"
    now, then = parameters(effective), told["parameters"]
    other = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if other:
        return [], f"{path.name} was measured with another {', '.join(other)}: it says nothing of this press"
    return [Held(**{**row, "plants": tuple(row["plants"])}) for row in told["hold"]], ""


def off_n(found: Iterable[Held], force_n: float) -> tuple[float, int] | None:
    """(worst error / N to be expected of a day at this force, plants that it is known of); None beyond what was measured."""
    worst: dict[float, float] = {}
    plants: dict[float, int] = {}
    for one in found:
        if one.hours == DAY_H:
            worst[one.force_n] = max(worst.get(one.force_n, 0.0), one.total_n)
            plants[one.force_n] = max(plants.get(one.force_n, 0), len(one.plants))
    below = max((force for force in worst if force <= force_n * 1.001), default=None)
    above = min((force for force in worst if force >= force_n * 0.999), default=None)
    if below is None or above is None:
        return None
    fewest = min(plants[below], plants[above])
    if above <= below:
        return worst[below], fewest
    part = math.log(force_n / below) / math.log(above / below)
    return math.exp(math.log(worst[below]) * (1 - part) + math.log(worst[above]) * part), fewest


def expected(found: Iterable[Held], orders: Iterable[StepLimits]) -> list[Expected]:
    """For each force that a step holds."""
    found = list(found)
    worst = [(one.step, one.to_n, off_n(found, one.to_n)) for one in orders if one.holds]
    return [Expected(step, force_n, *off) for step, force_n, off in worst if off is not None]


def text(name: str, conditions: str, used: Mapping[str, Any], found: Iterable[Held]) -> str:
    """The file's text."""
    lines = [f"# What the press {name} holds; made by `python -m hil_tests.bench.holds_table`, {conditions}.", f"format = {FORMAT}",
             "", "[parameters]", *(f"{key} = {_toml(value)}" for key, value in used.items())]  # fmt: skip
    for one in found:
        lines += ["", "[[hold]]", *(f"{key} = {_toml(value)}" for key, value in vars(one).items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"
