"""One viper function out of the tick's stages: `tick` as one call, with every word's number in the code.

Each stage is a function over the one frame without a result, so its body can stand in one function after the other: a `return`
becomes a `break` out of a loop that runs once. What that saves on the chip is a call through the interpreter for each stage, and
its argument. The stages stay where they are tested; this file only moves text.
"""

import ast
import re
import sys
from pathlib import Path
from typing import Any

HEAD = '''"""The whole tick in one function. Written when the image is made, by boards/images/fuse.py: do not edit."""

import micropython


@micropython.viper
def {name}({argument}):
{body}
'''


class _Stage(ast.NodeTransformer):
    """Fold constants, turn returns into breaks, drop what every stage says again."""

    def __init__(self, constants: dict[str, int], skip: tuple[str, ...]) -> None:
        self.constants, self.skip, self.depth = constants, skip, 0

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self.constants[node.id]) if node.id in self.constants else node

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        if node.value is not None or self.depth:
            raise ValueError(f"line {node.lineno}: a stage returns nothing, and not out of a loop")
        return ast.Break()

    def visit_While(self, node: ast.While) -> ast.stmt:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | None:
        if ast.unparse(node.targets[0]) in self.skip:
            return None
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Constant arithmetic, so that `399 + i * 34` and `s[35 + 1]` reach the compiler as small as they can be."""
        self.generic_visit(node)
        if isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
            return ast.Constant(eval(compile(ast.Expression(ast.fix_missing_locations(node)), "", "eval")))
        return node


def stages(press: Path) -> list[tuple[str, str]]:
    """(module, function) in the order of stackpress_core/tick/tick.py, which is where the order is decided."""
    tree = ast.parse((press / "tick.py").read_text())
    home = {name.name: str(n.module).split(".")[-1] for n in tree.body if isinstance(n, ast.ImportFrom) for name in n.names}
    body = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "tick").body
    called = [n.value.func.id for n in body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)
              and isinstance(n.value.func, ast.Name)]  # fmt: skip
    return [(home[name], name) for name in called]


def constants_of(path: Path) -> dict[str, int]:
    """What a module names `_X = const(n)`."""
    return {name: int(value, 0) for name, value in re.findall(r"^(_\w+) = const\((-?\w+)\)$", path.read_text(), re.M)}


def stage(path: Path, function: str, skip: tuple[str, ...] = ("s", "r"), constants: dict[str, int] | None = None) -> list[str]:
    """The lines of one stage, ready to stand in a larger function."""
    wanted = next(n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef) and n.name == function)
    body = [n for n in wanted.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    visitor = _Stage({**constants_of(path), **(constants or {})}, skip)
    body = [n for n in (visitor.visit(n) for n in body) if n is not None]
    text = ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
    lines = text.splitlines()
    if any(isinstance(n, ast.Break) for m in body for n in ast.walk(m) if not isinstance(m, ast.While)):
        lines = ["while 1:", *["    " + line for line in lines], "    break"]
    return [f"# {path.stem}.{function}", *lines]


def core(press: Path) -> list[str]:
    """Every stage of the pure core; wants `s` (frame) and `r` (flight recorder) to be there."""
    return [line for module, function in stages(press) for line in stage(press / f"{module}.py", function)]


def fixed_words(firmware: Path) -> dict[int, int]:
    """Words of the frame that are the same in every press: of an interlock row what it watches, in which states, and a debounce
    and reaction that no parameter sets."""
    for room in (firmware, firmware / "tests" / "shim"):
        if str(room) not in sys.path:
            sys.path.append(str(room))
    from stackpress_core.tick import interlock, words

    fixed = {words.AT["ROW_COUNT"]: len(interlock.ROWS)}
    rows: tuple[Any, ...] = interlock.ROWS
    for n, row in enumerate(rows):
        at = words.row_at(n)
        fixed.update({at + words.ROW_SIGNAL: words.AT[row[interlock.SIGNAL]], at + words.ROW_STATES: row[interlock.STATES]})
        if row[interlock.DEBOUNCE] == 0:
            fixed.update({at + words.ROW_DEBOUNCE: 0, at + words.ROW_OVER: 0})  # nothing is counted where nothing is waited for
        if isinstance(row[interlock.REACTION], int):
            fixed[at + words.ROW_REACTION] = row[interlock.REACTION]
    return fixed


def module(name: str, argument: str, lines: list[str]) -> str:
    return HEAD.format(name=name, argument=argument, body="\n".join("    " + line for line in lines))
