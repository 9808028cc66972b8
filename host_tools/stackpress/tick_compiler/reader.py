"""Reads one stage: a viper function with its constants filled in, its pointers known and what it calls read as well.

The form that the back ends get is Python's own syntax tree; a name in it is a pointer, an argument, a stage or a whole number.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

WIDTHS = {"ptr32": 32, "ptr16": 16, "ptr8": 8}
CONSTANT = re.compile(r"^(\w+) = const\((-?\w+)\)", re.MULTILINE)


class CannotTranslate(ValueError):
    """A stage that is more than the back ends know: `file:line: what is wrong; what would be right`."""


@dataclass(frozen=True)
class Stage:
    """One function; `pointers` are the names it binds with ptr32() and its like, each with the bits of a word behind it.

    An argument is an array, or a whole number if it says `: int` (`whole`).
    """

    path: Path
    name: str
    arguments: tuple[str, ...]
    whole: frozenset[str]
    pointers: Mapping[str, int]
    body: list[ast.stmt]
    calls: Mapping[str, "Stage"]

    @property
    def symbol(self) -> str:
        """A name that no other stage has."""
        return f"{self.path.stem}_{self.name}"

    @cached_property
    def numbers(self) -> list[str]:
        """Names that the body gives a number, in the order in which they appear."""
        stored = [n.id for n in walk(self.body) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        return [name for name in dict.fromkeys(stored) if name not in self.pointers and name not in self.whole]

    def cannot(self, node: ast.AST, wrong: str) -> NoReturn:
        raise CannotTranslate(f"{self.path}:{getattr(node, 'lineno', 0)}: {wrong}")


def walk(body: list[ast.stmt]) -> list[ast.AST]:
    return [node for statement in body for node in ast.walk(statement)]


def constants_of(path: Path) -> dict[str, int]:
    """What a module names `X = const(n)`."""
    return {name: int(value, 0) for name, value in CONSTANT.findall(path.read_text())}


def width_of(node: ast.AST) -> int:
    """The bits of a word if an expression is ptr32(...) or its like, else 0."""
    return WIDTHS.get(node.func.id, 0) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else 0


def pointers_of(function: ast.FunctionDef) -> dict[str, int]:
    """Names that a viper function binds to a pointer, and the bits of a word behind each."""
    bound = [n for n in ast.walk(function) if isinstance(n, ast.Assign) and width_of(n.value)]
    return {target.id: width_of(n.value) for n in bound for target in n.targets if isinstance(target, ast.Name)}


def read(path: Path, function: str, constants: Mapping[str, int] | None = None, roots: tuple[Path, ...] = ()) -> Stage:
    """The stage `function` of the file `path`; `roots` are where its absolute imports begin. Raises CannotTranslate."""
    tree = ast.parse(path.read_text())
    found = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function), None)
    if found is None:
        raise CannotTranslate(f"{path}:1: there is no function {function!r}; name one of its stages")
    called = {n.func.id for n in ast.walk(found) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    homes = {name: home for name, home in _homes(tree, path, roots).items() if name in called and name != function}
    calls = {name: read(home, own, constants, roots) for name, (home, own) in homes.items()}
    pointers = pointers_of(found)
    arguments = tuple(a.arg for a in found.args.args)
    whole = frozenset(a.arg for a in found.args.args if isinstance(a.annotation, ast.Name) and a.annotation.id == "int")
    fill = _Constants({**constants_of(path), **(constants or {})})
    body = [fill.visit(n) for n in found.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    stage = Stage(path, function, arguments, whole, pointers, body, calls)
    known = {*arguments, *pointers, *calls, *stage.numbers, *WIDTHS, "int"}
    for node in walk(body):
        if isinstance(node, ast.Name) and node.id not in known:
            stage.cannot(node, f"nobody says what {node.id!r} is: define it with const(), or pass it with the constants")
    return stage


def read_order(path: Path, function: str, constants: Mapping[str, int] | None = None, roots: tuple[Path, ...] = ()) -> list[Stage]:
    """The stages that a plain function of the file `path` calls, in its order: `tick` of tick.py."""
    tree = ast.parse(path.read_text())
    homes = _homes(tree, path, roots)
    body = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function).body
    called = [n.value.func.id for n in body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)
              and isinstance(n.value.func, ast.Name)]  # fmt: skip
    return [read(*homes[name], constants, roots) for name in called]


def _homes(tree: ast.Module, path: Path, roots: tuple[Path, ...]) -> dict[str, tuple[Path, str]]:
    """Where the functions that a module may call stand: name -> file and the name there."""
    homes = {n.name: (path, n.name) for n in tree.body if isinstance(n, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            starts = (path.parents[node.level - 1],) if node.level else roots
            files = [start.joinpath(*node.module.split(".")).with_suffix(".py") for start in starts]
            home = next((file for file in files if file.exists()), None)
            if home:
                homes.update((name.asname or name.name, (home, name.name)) for name in node.names)
    return homes


class _Constants(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, int]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.values:
            return ast.copy_location(ast.Constant(self.values[node.id]), node)
        return node
