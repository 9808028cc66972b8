"""The tick's viper code under CPython: the decorator, the pointers, and whole numbers that refuse to overflow.

viper wraps silently at the machine's word, 32 bit on the chip and 64 on a PC, so a PC hides an overflow. Here every sum,
product and shift of a viper function is checked against the range of a small integer, -2^30 .. 2^30-1, and raises. A constant of
the module is its number, as MicroPython's compiler has it.
"""

import ast
import builtins
import inspect
import textwrap

LOW, HIGH = -(1 << 30), (1 << 30) - 1


def const(value):
    return value


def _beyond(value):
    raise OverflowError("%d leaves -2^30 .. 2^30-1" % value)


class _Check(ast.NodeTransformer):
    """Wraps every arithmetic expression of a function whose value is not known to be in range beforehand."""

    def __init__(self, scope):
        self._numbers = {name: value for name, value in scope.items() if name.isupper() and type(value) is int}

    def visit_Name(self, node):
        known = isinstance(node.ctx, ast.Load) and node.id in self._numbers
        return ast.copy_location(ast.Constant(self._numbers[node.id]), node) if known else node

    def _wrap(self, node):
        """`value if LOW <= (value := node) <= HIGH else _beyond(value)`"""
        if all(isinstance(part, ast.Constant) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)):
            value = eval(compile(ast.fix_missing_locations(ast.Expression(node)), "constants", "eval"))
            if LOW <= value <= HIGH:
                return ast.copy_location(ast.Constant(value), node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd) and _is_mask(node.right):
            return node
        kept = ast.NamedExpr(ast.Name("_value", ast.Store()), node)
        within = ast.Compare(ast.Constant(LOW), [ast.LtE(), ast.LtE()], [kept, ast.Constant(HIGH)])
        value = ast.Name("_value", ast.Load())
        return ast.copy_location(ast.IfExp(within, value, ast.Call(ast.Name("_beyond", ast.Load()), [value], [])), node)

    def visit_BinOp(self, node):
        return self._wrap(self.generic_visit(node))

    def visit_UnaryOp(self, node):
        node = self.generic_visit(node)
        return node if isinstance(node.op, ast.Not) else self._wrap(node)

    def visit_AugAssign(self, node):
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        value = self.visit(ast.BinOp(load, node.op, node.value))
        return ast.copy_location(ast.Assign([self.visit(node.target)], value), node)


def _is_mask(node):
    """Whether `and` with it leaves a number in range, whatever stands on its left."""
    return isinstance(node, ast.Constant) and 0 <= node.value <= HIGH


def ptr32(buffer):
    return buffer if getattr(buffer, "typecode", "") == "i" else memoryview(buffer).cast("B").cast("i")


def ptr16(buffer):
    return memoryview(buffer).cast("B").cast("H")


def ptr8(buffer):
    buffer = buffer.encode() if isinstance(buffer, str) else buffer
    return memoryview(buffer).cast("B")


def viper(function):
    scope = function.__globals__
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    tree.body[0].decorator_list = []
    tree = ast.fix_missing_locations(_Check(scope).visit(tree))
    ast.increment_lineno(tree, inspect.getsourcelines(function)[1] - 1)
    scope.update(_beyond=_beyond, ptr32=ptr32, ptr16=ptr16, ptr8=ptr8, uint=builtins.int)
    local = {}
    exec(compile(tree, inspect.getsourcefile(function), "exec"), scope, local)
    return local[function.__name__]


def native(function):
    return function


def heap_lock():
    """CPython has no heap to lock; the same test under MicroPython does."""


heap_unlock = heap_lock


def kbd_intr(_character):
    """CPython keeps its keyboard interrupt."""
