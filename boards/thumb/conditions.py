"""Conditions of the tick as branches: no comparison becomes a 0 or 1 unless somebody keeps it."""

import ast

from boards.thumb.assembler import INVERSE
from boards.thumb.expressions import Expressions
from boards.thumb.simplify import value_of

BRANCH = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}
MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


class Conditions(Expressions):
    def jump(self, node: ast.expr, when: bool, to: str, k: int = 0) -> None:
        """Go to a label if `node` is `when`, else on."""
        if isinstance(node, ast.Constant):
            if bool(node.value) == when:
                self.branch(to)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.jump(node.operand, not when, to, k)
        elif isinstance(node, ast.BoolOp):
            self._jump_bool(node, when, to, k)
        else:
            condition = self._compare(node, k) if isinstance(node, ast.Compare) else self._test(node, k)
            self.branch(to, condition if when else INVERSE[condition])

    def _jump_bool(self, node: ast.BoolOp, when: bool, to: str, k: int) -> None:
        decides = isinstance(node.op, ast.Or)  # the value of a part that decides the whole
        if when == decides:
            for part in node.values:
                self.jump(part, when, to, k)
            return
        past = self.code.new_label()
        for part in node.values[:-1]:
            self.jump(part, decides, past, k)
        self.jump(node.values[-1], when, to, k)
        self.label(past)

    def _compare(self, node: ast.Compare, k: int) -> str:
        left, right, condition = node.left, node.comparators[0], BRANCH[type(node.ops[0])]
        if isinstance(left, ast.Constant) or (self.need(right) > self.need(left) and not isinstance(right, ast.Constant)):
            left, right, condition = right, left, MIRRORED[condition]
        a = self.any(left, k)
        value = value_of(right)
        if value is not None and 0 <= value < 256:
            self.op("cmp", a, value)
        else:
            self.op("cmp", a, self.any(right, k + 1 if a == self.temporary(k) else k))
        return condition

    def _test(self, node: ast.expr, k: int) -> str:
        """A value that is not a comparison: bits of it by one shift, or whether it is 0."""
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitAnd):
            self.op("cmp", self.any(node, k), 0)
            return "ne"
        mask, inner, shift = value_of(node.right) or 0, node.left, 0
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.RShift) and value_of(inner.right) is not None:
            shift = value_of(inner.right) or 0
            inner = inner.left
        if mask > 0 and mask & (mask - 1) == 0 and shift + mask.bit_length() <= 32:
            self.op("lsl", self.temporary(k), self.any(inner, k), 32 - shift - mask.bit_length())
            return "mi"
        if mask > 0 and mask & (mask + 1) == 0:
            self.op("lsl", self.temporary(k), self.any(node.left, k), 32 - mask.bit_length())
            return "ne"
        a = self.any(node.left, k)
        self.op("tst", a, self.any(node.right, k + 1 if a == self.temporary(k) else k))
        return "ne"
