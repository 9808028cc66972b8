"""The plant's step as Cython: the same functions, with the range of each sum, product and shift checked as the test shim checks it.

A second of the emulated press is 4000 steps, and in Python they take a fifth of its time.
"""

import ast
from pathlib import Path

PLANT = Path(__file__).resolve().parents[3] / "boards" / "stackpress_plant"
MODULES = ("sensors", "slow_processes", "ram", "valve", "step")  # what is called stands before its caller
HEAD = '''# cython: language_level=3, cdivision=False
cdef inline long long _checked(long long value) except? -1:
    if -(1 << 30) <= value < 1 << 30:
        return value
    raise OverflowError(f"{value} leaves -2^30 .. 2^30-1")


cdef inline long long _word(int[:] words, long long at) except? -1:
    return words[at]


'''


def sources() -> list[Path]:
    return [PLANT / f"{name}.py" for name in MODULES]


def text() -> str:
    """One Cython module with `step(S, P)`. ValueError names what it is not written for."""
    return HEAD + "\n\n".join(_function(path.stem, node) for path in sources() for node in _functions(path)) + "\n"


def _functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    known = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            known[node.targets[0].id] = ast.literal_eval(node.value.args[0])
    calls = {name.name: node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    calls.update((node.name, path.stem) for node in own)
    return [ast.fix_missing_locations(_Written(known, calls).visit(node)) for node in own]


def _function(module: str, node: ast.FunctionDef) -> str:
    arrays = [argument.arg for argument in node.args.args]
    stored = {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    kind, name = ("cpdef", "step") if (module, node.name) == ("step", "step") else ("cdef", f"{module}_{node.name}")
    lines = [f"{kind} int {name}({', '.join(f'int[:] {array}' for array in arrays)}) except -1:"]
    if stored:
        lines.append(f"    cdef long long {', '.join(sorted(stored))}")
    body = [line for statement in node.body for line in ast.unparse(statement).splitlines()]
    return "\n".join([*lines, *("    " + line for line in body), "    return 0\n"])


class _Written(ast.NodeTransformer):
    """Numbers in the place of constants, the arrays themselves for pointers, and a check around arithmetic."""

    def __init__(self, known: dict[str, int], calls: dict[str, str]) -> None:
        self._known, self._calls = known, calls

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        pointers = {n.targets[0].id: n.value.args[0].id for n in node.body if _is_pointer(n)}  # type: ignore[attr-defined]
        self._pointers = pointers
        said = [n for n in node.body if not _is_pointer(n) and not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
        node.body = [self.visit(n) for n in said]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._known:
            return ast.Constant(self._known[node.id])
        return ast.Name(self._pointers.get(node.id, node.id), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        if node.func.id == "int":
            return self.visit(node.args[0])  # type: ignore[no-any-return]
        if node.func.id not in self._calls:
            raise ValueError(f"the plant calls {node.func.id}, which is no stage of it")
        return ast.Call(ast.Name(f"{self._calls[node.func.id]}_{node.func.id}", ast.Load()), node.args, [])

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """A word is widened before anything is reckoned with it."""
        words, at = self.visit(node.value), self.visit(node.slice)
        if isinstance(node.ctx, ast.Store):
            return ast.Subscript(words, at, node.ctx)
        return ast.Call(ast.Name("_word", ast.Load()), [words, at], [])

    def visit_Return(self, node: ast.Return) -> ast.Return:
        return ast.Return(ast.Constant(0))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, ast.Mod | ast.Div | ast.Pow):
            raise ValueError(f"the plant divides: {ast.unparse(node)}")
        return self._checked(self.generic_visit(node))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        written = self.generic_visit(node)
        return written if isinstance(node.op, ast.Not) else self._checked(written)  # type: ignore[return-value]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.Assign:
        value = ast.BinOp(ast.parse(ast.unparse(node.target), mode="eval").body, node.op, node.value)
        return ast.Assign([self.visit(node.target)], self.visit(value), lineno=node.lineno)

    def _checked(self, node: ast.AST) -> ast.expr:
        return ast.Call(ast.Name("_checked", ast.Load()), [node], [])  # type: ignore[list-item]


def _is_pointer(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "ptr32"
