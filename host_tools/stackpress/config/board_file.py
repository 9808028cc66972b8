"""Read a board.toml, and the one that it extends: the same carrier with another module repeats nothing.

What a board takes over it can't change: [pins], [drivers] and [settings] may only be added to, so that the wiring table of the
board that is extended stays true. Keys that were taken over have the line of `extends`.
"""

from pathlib import Path
from typing import Any

from .. import paths
from .board import Board, check_board
from .complaints import Complaints, did_you_mean
from .numbers import shown
from .schema import groups
from .toml_file import Layer, read_layer
from .toml_lines import KeyPath

TAKEN = ("pins", "drivers", "settings")  # tables that are added to
OWN = ("format", "name", "text", "module", "extends")  # what a board says for itself


def load_board(name: str) -> Board:
    """A board by its name or the path of its board.toml, checked by itself. Raises ConfigError with every complaint."""
    complaints = Complaints()
    path = Path(name) if name.endswith(".toml") else paths.BOARDS / name / "board.toml"
    if path.exists():
        layer = read_board(path, complaints)
    else:
        known = sorted(one.parent.name for one in paths.BOARDS.glob("*/board.toml"))
        complaints.add(name, 0, "", "there is no such board", did_you_mean(name, known, "one of " + ", ".join(known)))
        layer = Layer("board", name, {})
    board = check_board(layer, groups(), complaints)
    complaints.raise_if_any()
    return board


def read_board(path: Path, complaints: Complaints) -> Layer:
    """The board layer in `path` with everything that it takes over."""
    layer = read_layer("board", path, complaints)
    if "extends" not in layer.data:
        return layer
    base = _base(layer, path, complaints)
    return _merged(layer, base, complaints) if base else layer


def _base(layer: Layer, path: Path, complaints: Complaints) -> Layer | None:
    name, line = layer.data["extends"], layer.line("extends")
    known = sorted(one.parent.name for one in paths.BOARDS.glob("*/board.toml") if one.parent != path.resolve().parent)
    if name not in known:
        right = did_you_mean(str(name), known, "one of " + ", ".join(known))
        complaints.add(layer.file, line, "extends", f"there is no other board {shown(name)}", right)
        return None
    base = read_layer("board", paths.BOARDS / str(name) / "board.toml", complaints)
    if "extends" in base.data:
        text = f"{name} itself extends {base.data['extends']}"
        complaints.add(layer.file, line, "extends", text, f'extends = "{base.data["extends"]}"')
        return None
    return base


def _merged(own: Layer, base: Layer, complaints: Complaints) -> Layer:
    data: dict[str, Any] = {**{key: value for key, value in base.data.items() if key not in OWN}, **own.data}
    line = own.line("extends")
    lines: dict[KeyPath, int] = {path: line for path in base.lines if path[0] not in OWN}
    for table in TAKEN:
        if isinstance(own.data.get(table, {}), dict):
            data[table] = _added(own, base, table, complaints)
    if isinstance(own.data.get("capabilities", []), list):
        data["capabilities"] = list(dict.fromkeys([*base.data.get("capabilities", []), *own.data.get("capabilities", [])]))
    return Layer(own.name, own.file, data, {**lines, **own.lines})


def _added(own: Layer, base: Layer, table: str, complaints: Complaints) -> dict[str, Any]:
    """The table of both; a key that both have must be the same."""
    there: dict[str, Any] = base.data.get(table, {})
    for key, value in own.data.get(table, {}).items():
        if key in there and there[key] != value:
            text = f"{shown(value)} conflicts with {shown(there[key])} in {base.file}:{base.line(table, key)}, which it extends"
            complaints.add(own.file, own.line(table, key), f"{table}.{key}", text, "leave it out, or do not extend")
    return {**own.data.get(table, {}), **there}
