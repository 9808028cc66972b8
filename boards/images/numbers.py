"""Whole numbers that a module asks of another become what they are in what is frozen: no name, no look-up, no place in a table.

`blackboard.VALVE_FILL` and `AT["FORCE_F"]` are for readers; a board would keep each of them in RAM and look for it at every use.
Their values are known here. What is bound more than once is left as it is, and so is a name that a function has for itself.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boards.images.literals import fits, imported

PACKAGE = "stackpress_core"


def with_numbers(source: str, folder: Path) -> str:
    """The source of a module with the numbers of the core's modules below `folder` in their places."""
    if PACKAGE not in source:
        return source
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    bound = _bound(nodes)
    modules, numbers = _imported(tree, bound, folder)
    tables = {name: table for name, table in _aliases(tree, modules, bound)}
    found: list[tuple[Any, int]] = [(node, value) for node in nodes for value in _number(node, modules, numbers, tables)]
    lines = [line.encode() for line in source.splitlines()]
    for node, value in sorted(found, key=lambda one: (one[0].lineno, one[0].col_offset), reverse=True):
        text = str(value) if value >= 0 else f"({value})"
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
    return without_dead(b"\n".join(lines).decode() + "\n", {*modules, *numbers, *tables}) if found else source


def _bound(nodes: list[ast.AST]) -> list[str]:
    """Every name that is bound, as often as it is."""
    found: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.append(node.id)
        elif isinstance(node, ast.arg):
            found.append(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            found.append(str(node.name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [one.asname or one.name.split(".")[0] for one in node.names]
    return found


def _imported(tree: ast.Module, bound: list[str], folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """By the names that they have here: modules of the core with what they hold, and numbers of theirs."""
    modules: dict[str, dict[str, Any]] = {}
    numbers: dict[str, int] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(PACKAGE):
            continue
        for one in node.names:
            name, whole = one.asname or one.name, f"{node.module}.{one.name}"
            if bound.count(name) != 1:
                continue
            if (folder / (whole.replace(".", "/") + ".py")).exists():
                modules[name] = vars(imported(whole))
            elif (folder / (str(node.module).replace(".", "/") + ".py")).exists():
                value: Any = vars(imported(str(node.module))).get(one.name)
                if one.name.isupper() and fits(value):
                    numbers[name] = int(value)
    return modules, numbers


def _aliases(tree: ast.Module, modules: dict[str, dict[str, Any]], bound: list[str]) -> Iterator[tuple[str, Any]]:
    """Names that stand for a table of numbers, and the tables."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            table = _table(node.value, modules, {})
            if table is not None and bound.count(node.targets[0].id) == 1:
                yield node.targets[0].id, table


def _table(node: ast.expr, modules: dict[str, dict[str, Any]], tables: dict[str, Any]) -> Any:
    """What an expression names, if that is looked up by names; else None."""
    if isinstance(node, ast.Name):
        return tables.get(node.id)
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return None
    value = modules.get(node.value.id, {}).get(node.attr)
    return value if hasattr(value, "keys") else None


def _number(
    node: ast.AST, modules: dict[str, dict[str, Any]], numbers: dict[str, int], tables: dict[str, Any]
) -> list[int]:
    """The number that an expression is, if it is one that this is about."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in numbers:
        return [numbers[node.id]]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
        value: Any = modules.get(node.value.id, {}).get(node.attr)
        return [int(value)] if node.attr.isupper() and fits(value) else []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Constant):
        table = _table(node.value, modules, tables)
        value = None if table is None else table[node.slice.value]
        return [int(value)] if fits(value) else []
    return []


def without_dead(source: str, names: set[str]) -> str:
    """Without the bindings of these names at the module's top that nobody asks for any more."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    lines = source.splitlines()
    for node in reversed(tree.body):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id in names - used
        ):
            lines[node.lineno - 1 : node.end_lineno] = []
        if isinstance(node, ast.ImportFrom):
            left = [one for one in node.names if (one.asname or one.name) not in names - used]
            kept = [ast.unparse(ast.ImportFrom(node.module, left, node.level))] if left else []
            lines[node.lineno - 1 : node.end_lineno] = lines[node.lineno - 1 : node.end_lineno] if left == node.names else kept
    text = "\n".join(lines) + "\n"
    return text if text == source else without_dead(text, names)
