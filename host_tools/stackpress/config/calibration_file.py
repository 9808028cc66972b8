"""The calibration as a file and as the press's record: points of code and force, bound to board and cell.

A machine writes this file. It names the board it was measured on, because a converter's gain and offset are part of
what was measured: the same points on another board would be wrong without looking wrong.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .complaints import Complaints
from .numbers import number
from .toml_file import Layer, check_format, read_layer

FORMAT = 1
CELLS = 4
POINTS_MAX = 8
CODE_MAX = 8_388_607
_CELL_KEYS = ("serial", "calibrated_unix_s", "zero_code", "codes", "forces_n")


@dataclass(frozen=True)
class CellCalibration:
    """One cell: `points` are (code, force / N), rising; `zero_code` is the unloaded cell's code as commissioned."""

    serial: str
    points: tuple[tuple[int, float], ...]
    zero_code: int
    unix_s: int


@dataclass(frozen=True)
class Calibration:
    """All cells of one board; a channel that is not calibrated is None."""

    board_identity: str
    cells: tuple[CellCalibration | None, ...]

    def document(self) -> bytes:
        """The record as the press keeps it: forces in whole hundredths of a newton."""
        record = {"format": FORMAT, "board": self.board_identity, "cells": [_cell_record(one) for one in self.cells]}
        return json.dumps(record, separators=(",", ":")).encode()

    def with_cell(self, index: int, cell: CellCalibration) -> "Calibration":
        """The same with one channel replaced."""
        cells = list(self.cells) + [None] * (CELLS - len(self.cells))
        cells[index] = cell
        return Calibration(self.board_identity, tuple(cells))

    def to_toml(self) -> str:
        """The file's text."""
        lines = [
            "# Written by `stackpress calibrate`. Measured values: do not edit, calibrate again.",
            f"format = {FORMAT}",
            f"board_identity = {json.dumps(self.board_identity)}",
        ]
        for index, cell in enumerate(self.cells, 1):
            if cell is not None:
                lines += ["", f"[cell_{index}]", *_cell_lines(cell)]
        return "\n".join(lines) + "\n"


def _cell_record(cell: CellCalibration | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    points = [[code, round(force * 100)] for code, force in cell.points]
    return {"serial": cell.serial, "points": points, "zero_code": cell.zero_code, "unix_s": cell.unix_s}


def _cell_lines(cell: CellCalibration) -> list[str]:
    return [
        f"serial = {json.dumps(cell.serial)}",
        f"calibrated_unix_s = {cell.unix_s}",
        f"zero_code = {cell.zero_code}",
        f"codes = [{', '.join(str(code) for code, _ in cell.points)}]",
        f"forces_n = [{', '.join(number(force) for _, force in cell.points)}]",
    ]


def from_document(data: bytes) -> Calibration:
    """Read the press's record. Raises ValueError if it is none."""
    try:
        record = json.loads(data)
        cells = tuple(_cell_of(one) for one in record["cells"])
        return Calibration(str(record["board"]), cells)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a calibration record: {error}") from error


def _cell_of(record: dict[str, Any] | None) -> CellCalibration | None:
    if record is None:
        return None
    points = tuple((int(code), int(force_cn) / 100) for code, force_cn in record["points"])
    return CellCalibration(str(record["serial"]), points, int(record["zero_code"]), int(record["unix_s"]))


def read_calibration(path: Path, complaints: Complaints) -> Calibration | None:
    """Read and check the file; None, with complaints, if it is wrong."""
    layer = read_layer("calibration", path, complaints)
    if not layer.read:
        return None
    before = len(complaints.found)
    check_format(layer, FORMAT, complaints)
    known = ("format", "board_identity", *(f"cell_{i}" for i in range(1, CELLS + 1)))
    for key in layer.data:
        if key not in known:
            complaints.add(layer.file, layer.line(key), key, "unknown key", ", ".join(known))
    identity = layer.data.get("board_identity")
    if not isinstance(identity, str) or not identity:
        complaints.add(layer.file, layer.line("board_identity"), "board_identity", "names no board", "the *IDN? serial")
    cells = tuple(_check_cell(layer, f"cell_{i}", complaints) for i in range(1, CELLS + 1))
    if not any(f"cell_{i}" in layer.data for i in range(1, CELLS + 1)):
        complaints.add(layer.file, 0, "", "no cell is calibrated", "[cell_1] with " + ", ".join(_CELL_KEYS))
    return None if len(complaints.found) > before else Calibration(str(identity), cells)


def _check_cell(layer: Layer, key: str, complaints: Complaints) -> CellCalibration | None:
    table = layer.data.get(key)
    if table is None:
        return None
    if not isinstance(table, dict) or sorted(table) != sorted(_CELL_KEYS):
        complaints.add(layer.file, layer.line(key), key, "is not one cell's calibration", ", ".join(_CELL_KEYS))
        return None
    codes, forces = table["codes"], table["forces_n"]
    lists = isinstance(codes, list) and isinstance(forces, list)
    ok = lists and all(_is_whole(code) for code in codes) and all(_is_number(force) for force in forces)
    whole = all(_is_whole(table[name]) for name in ("zero_code", "calibrated_unix_s"))
    if not ok or not whole or not isinstance(table["serial"], str):
        complaints.add(layer.file, layer.line(key), key, "has values of the wrong type", "calibrate this cell again")
        return None
    if len(codes) != len(forces):
        text = f"{len(codes)} codes but {len(forces)} forces"
        complaints.add(layer.file, layer.line(key, "codes"), f"{key}.codes", text, "one force a code")
        return None
    points = tuple((int(code), float(force)) for code, force in zip(codes, forces, strict=True))
    for text in point_complaints(points) + _zero_complaints(table["zero_code"]):
        complaints.add(layer.file, layer.line(key, "codes"), f"{key}.codes", text, "calibrate this cell again")
    return CellCalibration(table["serial"], points, table["zero_code"], table["calibrated_unix_s"])


def _zero_complaints(code: int) -> list[str]:
    return [] if abs(code) <= CODE_MAX else ["zero_code is beyond 24 bits"]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 32


def point_complaints(points: Sequence[tuple[int, float]]) -> list[str]:
    """What makes points unusable: too few, too many, a code off the converter's scale, not rising."""
    found = []
    if not 2 <= len(points) <= POINTS_MAX:
        found.append(f"{len(points)} points; a cell has 2 to {POINTS_MAX}")
    if any(abs(code) > CODE_MAX for code, _ in points):
        found.append("a code is beyond 24 bits")
    pairs = list(zip(points, points[1:], strict=False))
    if any(after[0] <= before[0] for before, after in pairs):
        found.append("codes do not rise")
    if any(after[1] <= before[1] for before, after in pairs):
        found.append("forces do not rise with the codes")
    return found


def parse_toml(text: str) -> Calibration:
    """Read a text that `to_toml` wrote. Raises ValueError."""
    data = tomllib.loads(text)
    cells: list[CellCalibration | None] = []
    for index in range(1, CELLS + 1):
        one = data.get(f"cell_{index}")
        if one is None:
            cells.append(None)
            continue
        points = tuple(zip(one["codes"], (float(f) for f in one["forces_n"]), strict=True))
        cells.append(CellCalibration(one["serial"], points, one["zero_code"], one["calibrated_unix_s"]))
    return Calibration(str(data["board_identity"]), tuple(cells))
