"""The tick's viper code under CPython: the decorator, the pointers, and whole numbers that refuse to overflow.

viper wraps silently at the machine's word, 32 bit on the chip and 64 on a PC, so a PC hides an overflow. Here every sum,
product and shift of a viper function is checked against the range of a small integer, -2^30 .. 2^30-1, and raises.
"""

import ast
import builtins
import inspect
import textwrap

LOW, HIGH = -(1 << 30), (1 << 30) - 1


def const(value):
    return value


def _checked(value):
    if LOW <= value <= HIGH:
        return value
    raise OverflowError("%d leaves -2^30 .. 2^30-1" % value)


class _Check(ast.NodeTransformer):
    """Wraps every arithmetic expression of a function in `_checked(...)`."""

    def _wrap(self, node):
        return ast.copy_location(ast.Call(ast.Name("_checked", ast.Load()), [node], []), node)

    def visit_BinOp(self, node):
        return self._wrap(self.generic_visit(node))

    def visit_UnaryOp(self, node):
        node = self.generic_visit(node)
        return node if isinstance(node.op, ast.Not) else self._wrap(node)

    def visit_AugAssign(self, node):
        node = self.generic_visit(node)
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.copy_location(ast.Assign([node.target], self._wrap(ast.BinOp(load, node.op, node.value))), node)


def ptr32(buffer):
    return buffer if getattr(buffer, "typecode", "") == "i" else memoryview(buffer).cast("B").cast("i")


def ptr16(buffer):
    return memoryview(buffer).cast("B").cast("H")


def ptr8(buffer):
    buffer = buffer.encode() if isinstance(buffer, str) else buffer
    return memoryview(buffer).cast("B")


def viper(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    tree.body[0].decorator_list = []
    tree = ast.fix_missing_locations(_Check().visit(tree))
    ast.increment_lineno(tree, inspect.getsourcelines(function)[1] - 1)
    scope = function.__globals__
    scope.update(_checked=_checked, ptr32=ptr32, ptr16=ptr16, ptr8=ptr8, uint=builtins.int)
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
