"""Expressions of the tick as Thumb instructions: every value comes to stand in a low register."""

import ast
from abc import ABC, abstractmethod

from boards.thumb.machine import NEAR, TEMPORARY, Machine
from boards.thumb.registers import REACH, constant_part
from boards.thumb.simplify import CannotCompile, value_of

SHIFT = {"ptr32": 2, "ptr16": 1, "ptr8": 0}
SUFFIX = {"ptr32": "", "ptr16": "h", "ptr8": "b"}
BY_REGISTER = {"ptr32": 0x5800, "ptr16": 0x5A00, "ptr8": 0x5C00}  # ARMv6-M ARM A6.7
COMMUTES = {ast.Mult: "mul", ast.BitAnd: "and_", ast.BitOr: "orr", ast.BitXor: "eor"}
SHIFTS = {ast.LShift: "lsl", ast.RShift: "asr"}


def low(register: str) -> bool:
    return register in ("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7")


def parted(index: ast.expr) -> tuple[ast.expr | None, int]:
    """`index` as something, or nothing, plus a constant that is no less than 0."""
    at = constant_part(index)
    if isinstance(index, ast.Constant):
        return None, at
    if at > 0 and isinstance(index, ast.BinOp):
        return index.left, at
    return index, 0


class Expressions(Machine, ABC):
    def __init__(self, frame: str) -> None:
        super().__init__()
        self.frame = frame
        self.home: dict[str, str] = {}  # names: a register, or a place on the stack
        self.kind: dict[str, str] = {}  # names that are pointers
        self.divides = False

    @abstractmethod
    def jump(self, node: ast.expr, when: bool, to: str, k: int = 0) -> None:
        """Go to a label if `node` is `when`, else on (conditions.py)."""

    # -- memory ----------------------------------------------------------------------------------------------------

    def kind_of(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return "ptr32" if node.id == self.frame else self.kind.get(node.id, "int")
        return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else "int"

    def scaled(self, index: ast.expr, shift: int, k: int) -> str:
        """An index as bytes, in a register that may be changed."""
        to = self.temporary(k)
        mask = value_of(index.right) if isinstance(index, ast.BinOp) and isinstance(index.op, ast.BitAnd) else None
        if mask is not None and mask > 0 and mask & (mask + 1) == 0 and isinstance(index, ast.BinOp):
            self.op("lsl", to, self.any(index.left, k), 32 - mask.bit_length())
            self.op("lsr", to, to, 32 - mask.bit_length() - shift)
            return to
        register = self.any(index, k)
        if shift:
            self.op("lsl", to, register, shift)
        elif register != to:
            self.op("mov", to, register)
        return to

    def address(self, node: ast.Subscript, k: int) -> tuple[str, object]:
        """Where a subscript is: a low register, and an offset in bytes or another register."""
        kind = self.kind_of(node.value)
        if kind not in SHIFT:
            raise CannotCompile(f"not a pointer: {ast.unparse(node)}")
        shift = SHIFT[kind]
        rest, at = parted(node.slice)
        if isinstance(node.value, ast.Name) and node.value.id == self.frame:
            if rest is None:
                return self.reach(at)
            to = self.scaled(rest, shift, k)
            register, offset = self.reach(at)
            self.op("add", to, to, register)
            return to, offset
        base = self.any(node.value, k)
        if base == self.temporary(k):
            k += 1
        if rest is None and at < REACH:
            return base, at << shift
        if at >= REACH or rest is None:
            rest, at = node.slice, 0
        to = self.scaled(rest, shift, k)
        if not at:
            return base, to
        self.op("add", to, to, base)
        return to, at << shift

    def load(self, node: ast.Subscript, to: str, k: int) -> None:
        base, offset = self.address(node, k)
        kind = self.kind_of(node.value)
        if isinstance(offset, int):
            self.op(f"ldr{SUFFIX[kind]}", to, f"[{base}, {offset}]")
            return
        word = BY_REGISTER[kind] | int(str(offset)[1:]) << 6 | int(base[1:]) << 3 | int(to[1:])
        if self._held and self._held[0] == to:
            self._held = None
        self.code.word(word, f"ldr{SUFFIX[kind]} {to}, [{base}, {offset}]")

    # -- values ----------------------------------------------------------------------------------------------------

    def need(self, node: ast.expr) -> int:
        """How many temporary registers a value takes while it is made."""
        if isinstance(node, ast.Name):
            return 0 if low(self.home.get(node.id, "")) else 1
        if isinstance(node, ast.Subscript):
            rest, _ = parted(node.slice)
            if isinstance(node.value, ast.Name) and node.value.id == self.frame:
                return max(1, self.need(rest) if rest is not None else 1)
            return max(1, self.need(node.value), (1 if self.need(node.value) else 0) + (self.need(rest) if rest is not None else 0))
        if isinstance(node, ast.BinOp):
            left, right = self.need(node.left), self.need(node.right)
            if self.immediate(node):
                return max(1, left)
            return max(1, left + 1 if left == right else max(left, right))
        if isinstance(node, ast.IfExp):
            return max(self.need(node.test), self.need(node.body), self.need(node.orelse), 1)
        return max([1, *(self.need(c) for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))])

    def immediate(self, node: ast.BinOp) -> bool:
        value = value_of(node.right)
        if isinstance(node.op, ast.Sub) and value_of(node.left) == 0:
            return True
        if value is None:
            return False
        if isinstance(node.op, ast.Add):
            return -256 < value < 256
        if isinstance(node.op, ast.BitAnd):
            return value > 0 and value & (value + 1) == 0
        return isinstance(node.op, ast.LShift | ast.RShift)

    def any(self, node: ast.expr, k: int) -> str:
        """The value in some low register: a name's own, which must not be changed, or temporary `k`."""
        if isinstance(node, ast.Name) and low(self.home.get(node.id, "")):
            return self.home[node.id]
        to = self.temporary(k)
        self.into(node, to, k)
        return to

    def into(self, node: ast.expr, to: str, k: int) -> None:
        """The value in register `to`, which is written by the last instruction only."""
        if isinstance(node, ast.Constant):
            self.constant(to, int(node.value))  # type: ignore[arg-type]
        elif isinstance(node, ast.Name):
            self._fetch(node.id, to)
        elif isinstance(node, ast.Subscript):
            self.load(node, to, k)
        elif isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in (*SHIFT, "int") or len(node.args) != 1:
                raise CannotCompile(f"a tick calls nothing: {ast.unparse(node)}")
            self.into(node.args[0], to, k)
        elif isinstance(node, ast.BinOp):
            self._binary(node, to, k)
        elif isinstance(node, ast.IfExp):
            self._either(node, to, k)
        else:
            self._either(ast.IfExp(node, ast.Constant(1), ast.Constant(0)), to, k)

    def _fetch(self, name: str, to: str) -> None:
        place = self.home[name]
        if place.startswith("sp+"):
            self.code.word(0x9800 | int(to[1:]) << 8 | int(place[3:]), f"ldr {to}, [sp, {4 * int(place[3:])}]")
            if self._held and self._held[0] == to:
                self._held = None
        elif place != to:
            self.op("mov", to, place)

    def _either(self, node: ast.IfExp, to: str, k: int) -> None:
        other, end = self.code.new_label(), self.code.new_label()
        self.jump(node.test, False, other, k)
        self.into(node.body, to, k)
        self.branch(end)
        self.label(other, reached=False)
        self.into(node.orelse, to, k)
        self.label(end)

    def _binary(self, node: ast.BinOp, to: str, k: int) -> None:
        if isinstance(node.op, ast.FloorDiv):
            self._divide(node, to, k)
            return
        if self.immediate(node):
            self._immediate(node, to, k)
            return
        if self.need(node.right) > self.need(node.left):
            b = self.any(node.right, k)
            a = self.any(node.left, k + 1 if b == self.temporary(k) else k)
        else:
            a = self.any(node.left, k)
            b = self.any(node.right, k + 1 if a == self.temporary(k) else k)
        if isinstance(node.op, ast.Add | ast.Sub):
            self.op("add" if isinstance(node.op, ast.Add) else "sub", to, a, b)
            return
        name = {**COMMUTES, **SHIFTS}.get(type(node.op))
        if name is None:
            raise CannotCompile(f"not in a tick: {ast.unparse(node)}")
        if to == b and type(node.op) in COMMUTES:
            a, b = b, a
        if to == b and to != a:
            spare = a if a in TEMPORARY[k:] else next((t for t in TEMPORARY[k:] if t != b), "")
            if not spare:
                raise CannotCompile(f"too few registers for {ast.unparse(node)}")
            if spare != a:
                self.op("mov", spare, a)
            self.op(name, spare, b)
            self.op("mov", to, spare)
            return
        if to != a:
            self.op("mov", to, a)
        self.op(name, to, b)

    def _immediate(self, node: ast.BinOp, to: str, k: int) -> None:
        if isinstance(node.op, ast.Sub):
            self.op("neg", to, self.any(node.right, k))
            return
        value = value_of(node.right) or 0
        a = self.any(node.left, k)
        if isinstance(node.op, ast.Add):
            name, size = ("add", value) if value >= 0 else ("sub", -value)
            if to == a:
                self.op(name, to, size)
            elif size < 8:
                self.op(name, to, a, size)
            else:
                self.op("mov", to, a)
                self.op(name, to, size)
        elif isinstance(node.op, ast.BitAnd):
            self.op("lsl", to, a, 32 - value.bit_length())
            self.op("lsr", to, to, 32 - value.bit_length())
        else:
            self.op(SHIFTS[type(node.op)], to, a, value)

    def _divide(self, node: ast.BinOp, to: str, k: int) -> None:
        if k:
            raise CannotCompile("a division must stand first in its expression")
        self.into(node.left, "r0", 0)
        b = self.any(node.right, 1)
        if b != "r1":
            self.op("mov", "r1", b)
        self.code.call("divide")
        self.divides, self._held = True, None
        self.bases.pop(NEAR, None)
        if to != "r0":
            self.op("mov", to, "r0")
