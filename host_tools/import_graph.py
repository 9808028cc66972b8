"""Who imports whom, room by room: what is allowed is a table, what is there is read from the sources.

`python host_tools/import_graph.py` writes the picture in README.md anew; tests hold the sources against the table.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
MARKS = ("<!-- imports: made by `make docs` -->\n", "<!-- imports end -->\n")


class Room(NamedTuple):
    """A folder whose modules are called `prefix` and their path in it, and the rooms that they may import."""

    folder: str
    prefix: str
    may: tuple[str, ...]
    text: str


ROOMS = {
    "tick": Room("firmware/stackpress_core/tick", "stackpress_core.tick", (), "the tick"),
    "core": Room("firmware/stackpress_core", "stackpress_core", ("tick",), "recipe, log, language, panel, and what joins them"),
    "plant": Room("boards/stackpress_plant", "stackpress_plant", ("tick",), "the plant's physics"),
    "sim": Room("boards/stackpress_sim", "stackpress_sim", ("tick", "core", "plant"), "the simulated board"),
    "drivers": Room("firmware/drivers", "drivers", ("tick", "core", "plant"), "the importers of hardware"),
    "host": Room("host_tools/stackpress", "stackpress", ("tick", "core", "plant", "sim"), "the command stackpress"),
    "images": Room("boards/images", "boards.images", ("host", "core", "plant"), "the builder of images"),
    "hil_tests": Room("hil_tests", "hil_tests", ("images", "host", "sim", "plant", "core", "tick"), "targets, scenarios, bench"),
}


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module of every room by its full name."""
    found = {}
    for room in ROOMS.values():
        for path in sorted((root / room.folder).rglob("*.py")):
            parts = path.relative_to(root / room.folder).with_suffix("").parts
            inside = parts[:-1] if parts[-1] == "__init__" else parts
            if "tests" not in inside:
                found[".".join((room.prefix, *inside))] = path
    return found


def room_of(module: str) -> str:
    """The innermost room that a module lies in."""
    fitting = [name for name, room in ROOMS.items() if f"{module}.".startswith(f"{room.prefix}.")]
    return max(fitting, key=lambda name: len(ROOMS[name].prefix))


def imports(root: Path = ROOT) -> dict[str, set[str]]:
    """Module -> the modules of ours that it imports, at its start or later; what only a type checker reads does not count."""
    known = modules(root)
    return {name: {one for one in _imported(name, path, known) if one in known and one != name} for name, path in known.items()}


def _imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            inner = {one.name: f"{source}.{one.name}" for one in node.names}
            yield from (full if full in known else source for full in inner.values())


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements; no expression holds an import."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, ast.expr):
            yield from _running(child)


def between_rooms(graph: Mapping[str, set[str]]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """(room, room) -> (module, module) of every import that crosses a wall."""
    crossing: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for module, wanted in sorted(graph.items()):
        for one in sorted(wanted):
            if room_of(module) != room_of(one):
                crossing.setdefault((room_of(module), room_of(one)), []).append((module, one))
    return crossing


def cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring, the first one found; empty if there is none."""
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for one in sorted(graph.get(module, ())):
            ring = walk(one, (*way, module))
            if ring:
                return ring
        done.add(module)
        return []

    return next((ring for ring in (walk(module, ()) for module in sorted(graph)) if ring), [])


def picture() -> str:
    """The rooms as a Mermaid graph; an arrow says who imports whom."""
    lines = ["```mermaid", "graph TD"]
    lines += [f'  {name}["{name}: {room.text}"]' for name, room in ROOMS.items()]
    lines += [f"  {name} --> {one}" for name, room in ROOMS.items() for one in room.may]
    return "\n".join([*lines, "```\n"])


def readme() -> str:
    """README.md with the picture as it should be."""
    begin, end = MARKS
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: begin + picture() + end, README.read_text(), flags=re.S)


if __name__ == "__main__":
    README.write_text(readme())
