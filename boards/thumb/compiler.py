"""The fused tick, which is one viper function, as one `@micropython.asm_thumb` function that does the same three times as fast.

viper's code for this core makes a 0 or 1 of every comparison, keeps two names in registers and takes twenty bytes for an `if`. Here
each stage gets its names in registers, each word of the frame an address of one instruction, each comparison a branch. The text
that is compiled stays the stages of press/ and drivers/. Arithmetic is viper's: 32 bits that wrap, floor division.
"""

import ast
import re
from collections.abc import Mapping, Sequence

from boards.thumb import registers
from boards.thumb.conditions import Conditions
from boards.thumb.division import DIVIDE
from boards.thumb.expressions import SHIFT, SUFFIX, low
from boards.thumb.machine import FRAME
from boards.thumb.simplify import CannotCompile, Simplifier, assigned

HEAD = '''"""The whole tick as machine code. Written when the image is made, by boards/thumb/compiler.py: do not edit."""

import micropython

SIZE = {size}  # bytes


@micropython.asm_thumb
def tick(r0):
{body}
'''
STORE = {"ptr32": 0x5000, "ptr16": 0x5200, "ptr8": 0x5400}
AROUND = 8  # bytes before and behind what is written here: MicroPython saves r4 - r7 and lr


class Compiler(Conditions):
    """Statements, one stage after the other."""

    def __init__(self, frame: str) -> None:
        super().__init__(frame)
        self._ends: list[str] = []  # where a break goes

    def stage(self, name: str, body: Sequence[ast.stmt]) -> int:
        """One stage; gives the words of stack that it needs."""
        lives, words = registers.survey(body, self.frame)
        if unset := lives.keys() - assigned(body):
            raise CannotCompile(f"{name}: {', '.join(sorted(unset))} is read and never written")
        self.home = registers.homes(lives)
        self.kind = {n.targets[0].id: n.value.func.id for part in body for n in ast.walk(part)
                     if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and isinstance(n.value, ast.Call)
                     and isinstance(n.value.func, ast.Name) and n.value.func.id in SHIFT}  # fmt: skip
        self.code.remark(name)
        for register, start in zip(("r6", "r7"), registers.windows(words), strict=False):
            self.point(register, start)
        self.block(body)
        return registers.spills(self.home.values())

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Whether the end is reached."""
        return all([self.statement(node) for node in body])

    def statement(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Assign):
            self._assign(node.targets[0], node.value)
        elif isinstance(node, ast.If):
            return self._if(node)
        elif isinstance(node, ast.While):
            self._while(node)
        elif isinstance(node, ast.Break):
            self.branch(self._ends[-1])
            return False
        return True

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Subscript):
            self._store(target, value)
            return
        place = self.home[target.id]  # type: ignore[attr-defined]
        if low(place):
            self.into(value, place, 0)
            return
        register = self.any(value, 0)
        if place.startswith("sp+"):
            self.code.word(0x9000 | int(register[1:]) << 8 | int(place[3:]), f"str {register}, [sp, {4 * int(place[3:])}]")
        else:
            self.op("mov", place, register)

    def _store(self, target: ast.Subscript, value: ast.expr) -> None:
        register = self.any(value, 0)
        base, offset = self.address(target, 1 if register == "r0" else 0)
        kind = self.kind_of(target.value)
        if isinstance(offset, int):
            self.op(f"str{SUFFIX[kind]}", register, f"[{base}, {offset}]")
            return
        word = STORE[kind] | int(str(offset)[1:]) << 6 | int(base[1:]) << 3 | int(register[1:])
        self.code.word(word, f"str{SUFFIX[kind]} {register}, [{base}, {offset}]")

    def _if(self, node: ast.If) -> bool:
        if len(node.body) == 1 and isinstance(node.body[0], ast.Break):
            self.jump(node.test, True, self._ends[-1])
            return self.block(node.orelse)
        other, end = self.code.new_label(), self.code.new_label()
        self.jump(node.test, False, other)
        reached = self.block(node.body)
        if not node.orelse:
            self.label(other, reached)
            return True
        if reached:
            self.branch(end)
        self.label(other, reached=False)
        other_reached = self.block(node.orelse)
        if reached or other_reached:
            self.label(end, other_reached)
        return reached or other_reached

    def _while(self, node: ast.While) -> None:
        end = self.code.new_label()
        self._ends.append(end)
        if isinstance(node.test, ast.Constant) and isinstance(node.body[-1], ast.Break):
            self.block(node.body)
        else:
            test, again = self.code.new_label(), self.code.new_label()
            self.branch(test)
            self.label(again, reached=False, loop=True)
            self.block(node.body)
            self.label(test, reached=False, loop=True)
            self.jump(node.test, True, again)
        self._ends.pop()
        self.label(end, loop=True) if not isinstance(node.test, ast.Constant) else self.label(end, reached=False)


def parts(text: str) -> tuple[list[ast.stmt], list[tuple[str, list[ast.stmt]]]]:
    """A fused module: what stands before the first stage, then each stage by its name."""
    function = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
    begins = [(n, line.strip("# ")) for n, line in enumerate(text.splitlines(), 1) if re.match(r"    # \w+\.\w+$", line)]
    before = [n for n in function.body if n.lineno < begins[0][0]]
    stages = []
    for (line, name), (end, _) in zip(begins, [*begins[1:], (1 << 30, "")], strict=True):
        stages.append((name, [n for n in function.body if line < n.lineno < end]))
    return before, stages


def module(text: str, fixed: Mapping[int, int] | None = None) -> str:
    """The module of a fused viper tick as one with machine code. Raises CannotCompile."""
    before, stages = parts(text)
    frame, pointers = before[0], before[1:]
    if not isinstance(frame, ast.Assign) or not isinstance(frame.targets[0], ast.Name):
        raise CannotCompile("a tick begins with the pointer to its frame")
    compiler = Compiler(frame.targets[0].id)
    simplifier = Simplifier(compiler.frame, fixed or {})
    compiler.into(frame.value, "r0", 0)
    compiler.op("mov", FRAME, "r0")
    stack = 0
    for name, body in stages:
        used = {n.id for part in body for n in ast.walk(part) if isinstance(n, ast.Name)}
        own = [p for p in pointers if isinstance(p, ast.Assign) and isinstance(p.targets[0], ast.Name) and p.targets[0].id in used]
        stack = max(stack, compiler.stage(name, simplifier.stage([*own, *body])))
    lines, size = compiler.code.finished()
    stack += stack & 1  # the stack stays aligned to 8 bytes
    first = [f"mov(r{n}, r{n + 8})" for n in range(4)] + ["push({r0, r1, r2, r3})"]
    last = ["pop({r0, r1, r2, r3})", *(f"mov(r{n + 8}, r{n})" for n in range(4))]
    if stack:
        first.append(f"data(2, {0xB080 | stack:#06x})  # sub sp, {4 * stack}")
        last.insert(0, f"data(2, {0xB000 | stack:#06x})  # add sp, {4 * stack}")
    if compiler.divides:
        lines += ["b(done)", "# thumb.divide", *DIVIDE, "label(done)"]
    lines.append("# thumb.back")
    whole = size + 2 * (len(first) + len(last) + (len(DIVIDE) if compiler.divides else 0)) + AROUND
    return HEAD.format(size=(whole + 3) & ~3, body="\n".join("    " + line for line in (*first, *lines, *last)))
