"""Stages of the tick as they should be compiled: what is known when the image is made is folded in, short loops are unrolled.

Arithmetic is the chip's, 32 bits that wrap. A word of the frame that no tuning changes (`fixed`) is a constant here: which word an
interlock row watches, in which states. Nothing is moved: what is left happens in the order in which it was written.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

TURNS, SMALL = 40, 4  # a loop of more turns, or of more statements a turn, stays a loop: RAM is dearer than a microsecond
OPERATORS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.FloorDiv: operator.floordiv,
}  # fmt: skip
COMPARISONS: dict[type, Callable[[int, int], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
Known = dict[str, int]


class CannotCompile(Exception):
    """A stage says something that the tick's compiler does not know; the text says what."""


def wrapped(value: int) -> int:
    """A whole number as 32 bits hold it."""
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def value_of(node: ast.expr) -> int | None:
    return int(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def assigned(nodes: Sequence[ast.AST]) -> set[str]:
    found = (n for node in nodes for n in ast.walk(node))
    return {n.id for n in found if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def leaves(node: ast.AST) -> bool:
    """Whether a `break` in there would leave the loop around it."""
    if isinstance(node, ast.Break):
        return True
    return not isinstance(node, ast.While) and any(leaves(child) for child in ast.iter_child_nodes(node))


def _binary(op: ast.operator, left: ast.expr, right: ast.expr) -> ast.expr:
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None:
        return ast.Constant(wrapped(OPERATORS[type(op)](a, b)))
    if isinstance(op, ast.Add) and a is not None:
        left, right, a, b = right, left, None, a
    if isinstance(op, ast.Sub) and b is not None:
        op, right, b = ast.Add(), ast.Constant(wrapped(-b)), wrapped(-b)
    if isinstance(op, ast.Add | ast.LShift | ast.RShift | ast.BitOr | ast.BitXor) and b == 0:
        return left
    inner = value_of(left.right) if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add) else None
    if isinstance(op, ast.Add) and inner is not None and isinstance(left, ast.BinOp):
        if b is not None:  # (x + 1) + 2
            return _binary(ast.Add(), left.left, ast.Constant(wrapped(inner + b)))
        return ast.BinOp(ast.BinOp(left.left, ast.Add(), right), ast.Add(), ast.Constant(inner))  # (x + 1) + y
    return ast.BinOp(left, op, right)


class Simplifier:
    """One stage. `frame` is the name of the frame's pointer, `fixed` its words that never change."""

    def __init__(self, frame: str, fixed: Mapping[int, int]) -> None:
        self.frame, self.fixed = frame, fixed

    def stage(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        done, _ = self.block(body, {})
        while True:
            fewer = without_unread(done, self.frame)
            if ast.dump(ast.Module(fewer, [])) == ast.dump(ast.Module(done, [])):
                return done
            done = fewer

    # -- expressions -----------------------------------------------------------------------------------------------

    def expr(self, node: ast.expr, known: Known) -> ast.expr:
        if isinstance(node, ast.Name):
            return ast.Constant(known[node.id]) if node.id in known else node
        if isinstance(node, ast.Constant):
            return ast.Constant(wrapped(int(node.value)))  # type: ignore[arg-type]
        if isinstance(node, ast.BinOp):
            return _binary(node.op, self.expr(node.left, known), self.expr(node.right, known))
        if isinstance(node, ast.Subscript):
            index = self.expr(node.slice, known)
            at = value_of(index)
            if at is not None and at in self.fixed and isinstance(node.value, ast.Name) and node.value.id == self.frame:
                return ast.Constant(self.fixed[at])
            return ast.Subscript(self.expr(node.value, known), index, node.ctx)
        if isinstance(node, ast.Call):
            return ast.Call(node.func, [self.expr(a, known) for a in node.args], [])
        return self._choice(node, known)

    def _choice(self, node: ast.expr, known: Known) -> ast.expr:
        if isinstance(node, ast.UnaryOp):
            inner = self.expr(node.operand, known)
            value = value_of(inner)
            if isinstance(node.op, ast.Not):
                return ast.UnaryOp(node.op, inner) if value is None else ast.Constant(int(not value))
            if isinstance(node.op, ast.USub):
                return _binary(ast.Sub(), ast.Constant(0), inner)
            if isinstance(node.op, ast.Invert):
                return _binary(ast.BitXor(), inner, ast.Constant(-1))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = self.expr(node.left, known), self.expr(node.comparators[0], known)
            a, b = value_of(left), value_of(right)
            if a is not None and b is not None:
                return ast.Constant(int(COMPARISONS[type(node.ops[0])](a, b)))
            return ast.Compare(left, node.ops, [right])
        if isinstance(node, ast.IfExp):
            test = self.expr(node.test, known)
            if value_of(test) is not None:
                return self.expr(node.body if value_of(test) else node.orelse, known)
            return ast.IfExp(test, self.expr(node.body, known), self.expr(node.orelse, known))
        if isinstance(node, ast.BoolOp):
            return self._bool(node, known)
        raise CannotCompile(f"not in a tick: {ast.unparse(node)}")

    def _bool(self, node: ast.BoolOp, known: Known) -> ast.expr:
        ends = isinstance(node.op, ast.Or)  # the value that decides at once
        values: list[ast.expr] = []
        for part in (self.expr(v, known) for v in node.values):
            value = value_of(part)
            if value is None:
                values.append(part)
            elif bool(value) == ends:
                return ast.Constant(int(ends))
        if not values:
            return ast.Constant(int(not ends))
        return values[0] if len(values) == 1 else ast.BoolOp(node.op, values)

    # -- statements ------------------------------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], known: Known) -> tuple[list[ast.stmt], bool]:
        """The statements that are left, and whether they always end in a `break`."""
        done: list[ast.stmt] = []
        for node in body:
            more, ended = self.statement(node, known)
            done += more
            if ended:
                return done, True
        return done, False

    def statement(self, node: ast.stmt, known: Known) -> tuple[list[ast.stmt], bool]:
        if isinstance(node, ast.AugAssign):
            load = ast.parse(ast.unparse(node.target), mode="eval").body
            return self.statement(ast.Assign([node.target], ast.BinOp(load, node.op, node.value)), known)
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            return self._assign(node.targets[0], self.expr(node.value, known), known), False
        if isinstance(node, ast.If):
            return self._if(node, known)
        if isinstance(node, ast.While) and not node.orelse:
            return self._while(node, known), False
        if isinstance(node, ast.Break):
            return [node], True
        if isinstance(node, ast.Pass):
            return [], False
        raise CannotCompile(f"not in a tick: {ast.unparse(node)}")

    def _assign(self, target: ast.expr, value: ast.expr, known: Known) -> list[ast.stmt]:
        number = value_of(value)
        if isinstance(target, ast.Name):
            known.pop(target.id, None)
            if number is not None:
                known[target.id] = number
            return [ast.Assign([target], value)]
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            raise CannotCompile(f"not in a tick: {ast.unparse(target)} = ...")
        index = self.expr(target.slice, known)
        if target.value.id == self.frame and value_of(index) in self.fixed:
            if number != self.fixed[value_of(index) or 0]:
                raise CannotCompile(f"word {value_of(index)} is fixed and is written")
            return []
        return [ast.Assign([ast.Subscript(target.value, index, ast.Store())], value)]

    def _if(self, node: ast.If, known: Known) -> tuple[list[ast.stmt], bool]:
        test = self.expr(node.test, known)
        if value_of(test) is not None:
            return self.block(node.body if value_of(test) else node.orelse, known)
        one, two = dict(known), dict(known)
        body, ended = self.block(node.body, one)
        other, other_ended = self.block(node.orelse, two)
        known.clear()
        if ended or other_ended:
            known.update(two if ended else one)
        else:
            known.update(one.items() & two.items())
        if not body and not other:
            return [], False
        if not body:
            return [ast.If(ast.UnaryOp(ast.Not(), test), other, [])], False
        return [ast.If(test, body, other)], ended and other_ended

    def _while(self, node: ast.While, known: Known) -> list[ast.stmt]:
        unrolled = self._unrolled(node, known)
        if unrolled is not None:
            return unrolled
        for name in assigned([node]):
            known.pop(name, None)
        body, ended = self.block(node.body, dict(known))
        if ended:
            body = body if isinstance(body[-1], ast.Break) else [*body, ast.Break()]
        return [ast.While(self.expr(node.test, known), body, [])]

    def _unrolled(self, node: ast.While, known: Known) -> list[ast.stmt] | None:
        """Turn after turn, if it is known how many there are; else None and `known` as it was."""
        now, done, allowed = dict(known), list[ast.stmt](), 0
        for _ in range(TURNS):
            go = value_of(self.expr(node.test, now))
            if go is None:
                return None
            if not go:
                break
            body, ended = self.block(node.body, now)
            if ended and isinstance(body[-1], ast.Break):
                body.pop()
            if any(leaves(n) for n in body):
                return None
            done += body
            allowed += SMALL
            if ended:
                break
        else:
            return None
        if sum(isinstance(n, ast.stmt) for part in without_unread(done, self.frame) for n in ast.walk(part)) > allowed:
            return None
        known.clear()
        known.update(now)
        return done


def without_unread(body: Sequence[ast.stmt], frame: str) -> list[ast.stmt]:
    """Without assignments to names that nobody reads, as long as only the frame was read for them."""
    read: set[str] = set()

    def look(node: ast.AST) -> None:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            own = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)} - {node.targets[0].id}
            read.update(own)
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.add(node.id)
        for child in ast.iter_child_nodes(node):
            look(child)

    def harmless(value: ast.expr) -> bool:
        reads = (n for n in ast.walk(value) if isinstance(n, ast.Subscript))
        return all(isinstance(n.value, ast.Name) and n.value.id == frame for n in reads)

    def kept(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for node in nodes:
            name = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(node, ast.Assign) and isinstance(name, ast.Name) and name.id not in read and harmless(node.value):
                continue
            if isinstance(node, ast.If):
                node = ast.If(node.test, kept(node.body) or [ast.Pass()], kept(node.orelse))
            elif isinstance(node, ast.While):
                node = ast.While(node.test, kept(node.body), [])
            done.append(node)
        return done

    for node in body:
        look(node)
    return kept(body)
