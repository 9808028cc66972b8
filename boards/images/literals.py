"""Tables that are made of names become literals in what is frozen: a literal tuple stays in flash, any other is RAM.

MicroPython freezes a tuple of constants as data. A row such as `("estop", "SIG_ESTOP", 0, VENT)` is not one: it is built in the
heap when its module is imported, and so is every row that a helper function returns. Their values are known here; the sources
stay readable. Only a module's own tuples are folded, of numbers, texts, bytes, None and further tuples; of a row that also holds
functions, such as a step kind's, each tuple that is plain.
"""

import ast
import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

from boards.images.sources import CannotBuild

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PLAIN = (bool, int, float, str, bytes, type(None))


def literal(value: Any) -> bool:
    """Whether `value` can stand in flash; what holds no whole tuple there is left as it is."""
    if type(value) is tuple:
        return all(literal(part) for part in value)
    return type(value) in PLAIN


def folded(path: Path, name: str) -> str:
    """The source of module `name` with its tables as literals; unchanged if there is none."""
    source = path.read_text()
    wanted = [n for n in ast.parse(source).body if isinstance(n, ast.Assign) and len(n.targets) == 1
              and isinstance(n.targets[0], ast.Name) and made(n.value)]  # fmt: skip
    if not wanted:
        return source
    values = vars(imported(name))
    lines = source.splitlines()
    for node in reversed(wanted):
        whole = values.get(ast.unparse(node.targets[0]))
        for part, value in reversed(plain(node.value, whole, values)):
            before = lines[part.lineno - 1].encode()[: part.col_offset].decode()
            after = lines[part.end_lineno - 1].encode()[part.end_col_offset :].decode()
            lines[part.lineno - 1 : part.end_lineno] = [before + repr(value) + after]
    return "\n".join(lines) + "\n"


def imported(name: str) -> Any:
    """Module `name` of the core, whose tables try their own rows under CPython. CannotBuild with the line of one that is wrong."""
    for folder in (FIRMWARE, FIRMWARE / "tests" / "shim"):  # the core imports a board's `micropython`; a wheel has another
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except (TypeError, ValueError, NameError, AttributeError) as reason:
        last = traceback.extract_tb(reason.__traceback__)[-1]
        raise CannotBuild(f"{name}, {Path(last.filename).name} line {last.lineno}: {reason}") from reason


def plain(node: ast.expr, value: Any, names: dict[str, Any]) -> list[tuple[Any, tuple[Any, ...]]]:
    """(expression, value) of the outermost parts of `node` that make a tuple that can stand in flash, in the source's order."""
    if not isinstance(value, tuple) or not made(node):
        return []
    if value and literal(value):
        return [(node, value)]
    inner: list[ast.expr] = []
    if isinstance(node, ast.Tuple):
        inner = node.elts
    elif isinstance(node, ast.Call):
        inner = node.args + [keyword.value for keyword in node.keywords]
    return [one for part in inner for one in plain(part, _value(part, names), names)]


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """Of a part of a row; what stands by itself needs no folding."""
    return eval(compile(ast.Expression(node), "row", "eval"), names) if isinstance(node, ast.Tuple | ast.BinOp | ast.Call) else None


def with_own_numbers(source: str, name: str, elsewhere: set[str]) -> str:
    """Whole numbers that nobody else names become constants of the compiler's, which take no place in their module's table.

    `elsewhere` are the words of all other modules. MicroPython drops `_X = const(n)` and writes n where _X stands.
    """
    tree, values = ast.parse(source), vars(imported(name))
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    bound = [n.id for n in names if isinstance(n.ctx, ast.Store)]

    def own(one: str, node: ast.Assign) -> bool:
        first = min(n.lineno for n in names if n.id == one)
        alone = one.startswith("_") or (one not in elsewhere and "_" + one not in bound)
        return one.isupper() and alone and fits(values.get(one)) and bound.count(one) == 1 and first == node.lineno

    lines = source.splitlines()
    found = [(n, names_of(n)) for n in tree.body if isinstance(n, ast.Assign)]
    found = [(node, bound_here) for node, bound_here in found if bound_here and all(own(one, node) for one in bound_here)]
    known = {one for _, bound_here in found for one in bound_here}
    for use in sorted((n for n in names if n.id in known), key=lambda n: (n.lineno, n.col_offset), reverse=True):
        line = lines[use.lineno - 1].encode()
        lines[use.lineno - 1] = (line[: use.col_offset] + private(use.id).encode() + line[use.end_col_offset :]).decode()
    for node, bound_here in reversed(found):
        lines[node.lineno - 1 : node.end_lineno] = [f"{private(one)} = const({values[one]})" for one in bound_here]
    return "\n".join(lines) + "\n"


def private(name: str) -> str:
    return "_" + name.lstrip("_")


def names_of(node: ast.Assign) -> list[str]:
    """The names that a statement binds, if it binds nothing else."""
    target = node.targets[0]
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [n.id for n in parts if isinstance(n, ast.Name)] if all(isinstance(n, ast.Name) for n in parts) else []


def fits(value: Any) -> bool:
    """Whether a value is a small integer on a 32-bit chip."""
    return type(value) is int and -(1 << 30) <= value < 1 << 30


def without_stages(source: str) -> str:
    """A module without the functions that the compiled tick has; nothing at all if it has nothing else to say."""
    body = ast.parse(source).body
    stages = [n for n in body if isinstance(n, ast.FunctionDef) and "micropython.viper" in map(ast.unparse, n.decorator_list)]
    if stages and all(n in stages or stands_for_nothing(n) for n in body):
        return ""
    rest = [n for n in body if n not in stages]
    used = {n.id for part in rest for n in ast.walk(part) if isinstance(n, ast.Name)}
    dead = [n for n in rest if isinstance(n, ast.Import | ast.ImportFrom) and not used & {a.asname or a.name for a in n.names}]
    lines = source.splitlines()
    for node in sorted([*stages, *dead], key=lambda n: n.lineno, reverse=True):
        first = node.decorator_list[0].lineno if isinstance(node, ast.FunctionDef) else node.lineno
        del lines[first - 1 : node.end_lineno]
    return "\n".join(lines) + "\n"


def stands_for_nothing(node: ast.stmt) -> bool:
    """An import, the module's text, or a constant that only its own module knows."""
    own = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("_")
    return own or isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)



def made(node: ast.expr) -> bool:
    """Whether a value takes names or calls to make."""
    return any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node))
