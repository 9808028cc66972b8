"""Stages as a 64-bit MicroPython has to be told them: there a load through `ptr32` does not extend the sign, on the chip it does.

Every such load of a viper function is rewritten to give its sign back, so that one text means the same on both.
"""

import ast

from stackpress.tick_compiler.reader import pointers_of

SIGN = 1 << 31


def viper64(text: str) -> str:
    """The source of a module; everything but its viper functions stays as it is."""
    if "ptr32(" not in text:
        return text
    tree = ast.parse(text)
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and any(ast.unparse(d) == "micropython.viper" for d in function.decorator_list):
            signed = {name for name, bits in pointers_of(function).items() if bits == 32}
            _SignedLoads(signed).visit(function)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class _SignedLoads(ast.NodeTransformer):
    def __init__(self, pointers: set[str]) -> None:
        self.pointers = pointers

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id in self.pointers:
            flipped = ast.BinOp(node, ast.BitXor(), ast.Constant(SIGN))
            return ast.BinOp(flipped, ast.Sub(), ast.Constant(SIGN))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([self.visit(node.target)], ast.BinOp(self.visit(load), node.op, self.visit(node.value)))
