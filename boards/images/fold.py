"""Tables that are made of names become literals in what is frozen: a literal tuple stays in flash, any other is RAM.

MicroPython freezes a tuple of constants as data. A row such as `("estop", "SIG_ESTOP", 0, VENT)` is not one: it is built in the
heap when its module is imported, and so is every row that a helper function returns. Their values are known here; the sources
stay readable. Only a module's own tuples are folded, of numbers, texts, bytes, None and further tuples.
"""

import ast
import importlib
import sys
from pathlib import Path
from typing import Any

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PLAIN = (bool, int, float, str, bytes, type(None))


def literal(value: Any) -> bool:
    """Whether `value` can stand in flash; what holds no whole tuple there is left as it is."""
    if isinstance(value, tuple):
        return all(literal(part) for part in value)
    return type(value) in PLAIN


def folded(path: Path, name: str) -> str:
    """The source of module `name` with its tables as literals; unchanged if there is none."""
    source = path.read_text()
    wanted = [n for n in ast.parse(source).body if isinstance(n, ast.Assign) and len(n.targets) == 1
              and isinstance(n.targets[0], ast.Name) and made(n.value)]  # fmt: skip
    if not wanted:
        return source
    for folder in (FIRMWARE, FIRMWARE / "tests" / "shim"):  # the core imports `micropython`, which only a board has
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    values = vars(importlib.import_module(name))
    lines = source.splitlines()
    for node in reversed(wanted):
        target = ast.unparse(node.targets[0])
        value = values.get(target)
        if isinstance(value, tuple) and value and literal(value):
            lines[node.lineno - 1 : node.end_lineno] = [f"{target} = {value!r}"]
    return "\n".join(lines) + "\n"


def made(node: ast.expr) -> bool:
    """Whether a value takes names or calls to make."""
    return any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node))
