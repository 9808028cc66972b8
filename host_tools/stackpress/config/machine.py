"""The table [machine] of a press file: bore and supply, from which `config check` says whether limits and gains fit.

It is not sent to the press. Who leaves it out is still told what does not fit the ceilings and the full scale of the valve.
"""

import math
from dataclasses import dataclass

from .complaints import Complaints
from .numbers import number, shown
from .toml_file import Layer
from .units import advice, nearest

KEYS = {"bore_mm": (5.0, 500.0), "supply_bar": (1.0, 1000.0)}


@dataclass(frozen=True)
class Cylinder:
    """What drives the ram."""

    bore_mm: float
    supply_bar: float

    @property
    def full_n(self) -> float:
        """The force at full supply."""
        return math.pi / 4 * self.bore_mm**2 * self.supply_bar / 10


def check_machine(layer: Layer, complaints: Complaints) -> Cylinder | None:
    """Check the table; None if it is absent or wrong."""
    table = layer.data.get("machine")
    if table is None:
        return None
    if not isinstance(table, dict):
        complaints.add(layer.file, layer.line("machine"), "machine", "is not a table", "[machine]")
        return None
    before = len(complaints.found)
    for key, value in table.items():
        if key not in KEYS:
            text, right = advice(key, value, tuple(KEYS)) or ("unknown key", nearest(key, value, tuple(KEYS), ", ".join(KEYS)))
            complaints.add(layer.file, layer.line("machine", key), f"machine.{key}", text, right)
    found = {key: _number(layer, key, table.get(key), complaints) for key in KEYS}
    return Cylinder(**found) if len(complaints.found) == before else None


def _number(layer: Layer, key: str, value: object, complaints: Complaints) -> float:
    low, high = KEYS[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    text = "is missing" if value is None else f"{shown(value)} is out of range"
    complaints.add(layer.file, layer.line("machine", key), f"machine.{key}", text, f"{number(low)} to {number(high)}")
    return 0.0
