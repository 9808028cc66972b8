"""The ceilings of a press: what the frame, the load cells and the relief valve bear. They are not parameters.

They stand in the press file, so that a configuration can be checked against them, but they reach the press only by
their own door (`stackpress config ceilings write`, service state, unlock code). What `push` sends stays below them.
"""

import json
from dataclasses import dataclass
from typing import Any

from .complaints import Complaints
from .numbers import number, shown
from .toml_file import Layer
from .units import advice, nearest

CELLS = 4
_HIGHEST_N = 330_000.0  # what the firmware's integers hold
KEYS = ("frame_rating_n", "relief_setting_n", "cell_capacity_n")


@dataclass(frozen=True)
class Ceilings:
    """Absolute limits / N. `cell_n` has one entry a cell, in the order of the channels."""

    frame_n: float
    relief_n: float
    cell_n: tuple[float, ...]

    def document(self) -> bytes:
        """The record as the press keeps it: whole hundredths of a newton."""
        cells = [round(one * 100) for one in self.cell_n] + [0] * (CELLS - len(self.cell_n))
        record = {"format": 1, "frame_cn": round(self.frame_n * 100), "cell_cn": cells, "relief_cn": _cn(self.relief_n)}
        return json.dumps(record, separators=(",", ":")).encode()

    def lines(self) -> list[str]:
        """As they stand in a file."""
        cells = ", ".join(number(one) for one in self.cell_n)
        return [
            f"frame_rating_n = {number(self.frame_n)}",
            f"relief_setting_n = {number(self.relief_n)}",
            f"cell_capacity_n = [{cells}]",
        ]

    def as_dict(self) -> dict[str, Any]:
        """In newtons, under the names of the file."""
        return {
            "frame_rating_n": self.frame_n,
            "relief_setting_n": self.relief_n,
            "cell_capacity_n": list(self.cell_n),
        }


def _cn(newtons: float) -> int:
    return round(newtons * 100)


def from_document(data: bytes) -> Ceilings:
    """Read the press's record. Raises ValueError if it is none."""
    try:
        record = json.loads(data)
        cells = tuple(int(one) / 100 for one in record["cell_cn"])
        return Ceilings(int(record["frame_cn"]) / 100, int(record["relief_cn"]) / 100, cells)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a ceilings record: {error}") from error


def check_ceilings(layer: Layer, complaints: Complaints) -> Ceilings | None:
    """Check the table [ceilings] of the press file; None if it is absent or wrong."""
    table = layer.data.get("ceilings")
    if table is None:
        return None
    if not isinstance(table, dict):
        complaints.add(layer.file, layer.line("ceilings"), "ceilings", "is not a table", "[ceilings]")
        return None
    before = len(complaints.found)
    for key, value in table.items():
        if key not in KEYS:
            _unknown(layer, key, value, complaints)
    if len(complaints.found) > before:
        return None
    frame = _force(layer, "frame_rating_n", table.get("frame_rating_n"), complaints)
    relief = _force(layer, "relief_setting_n", table.get("relief_setting_n"), complaints)
    cells = _cells(layer, table.get("cell_capacity_n"), complaints)
    if len(complaints.found) > before:
        return None
    if relief > frame:
        line = layer.line("ceilings", "relief_setting_n")
        text = f"the relief valve at {number(relief)} N opens above the frame's rating"
        complaints.add(layer.file, line, "ceilings.relief_setting_n", text, f"at most {number(frame)}")
        return None
    return Ceilings(frame, relief, cells)


def _unknown(layer: Layer, key: str, value: object, complaints: Complaints) -> None:
    text, right = advice(key, value, KEYS) or ("unknown key", nearest(key, value, KEYS, ", ".join(KEYS)))
    complaints.add(layer.file, layer.line("ceilings", key), f"ceilings.{key}", text, right)


def _force(layer: Layer, key: str, value: object, complaints: Complaints) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _HIGHEST_N:
        return float(value)
    text = "is missing" if value is None else f"{shown(value)} is not a force"
    line = layer.line("ceilings", key)
    complaints.add(layer.file, line, f"ceilings.{key}", text, f"newtons, above 0, at most {number(_HIGHEST_N)}")
    return 0.0


def _cells(layer: Layer, value: object, complaints: Complaints) -> tuple[float, ...]:
    key, line = "cell_capacity_n", layer.line("ceilings", "cell_capacity_n")
    if not isinstance(value, list) or not 1 <= len(value) <= CELLS:
        complaints.add(layer.file, line, f"ceilings.{key}", "is not a list of 1 to 4 forces", f"{key} = [22000, ...]")
        return ()
    return tuple(_force(layer, key, one, complaints) for one in value)
