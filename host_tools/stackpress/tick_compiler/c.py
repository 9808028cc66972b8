"""Stages as C that means what viper means on a 32-bit chip: whole numbers that wrap, shifts that keep the sign, `//` that floors.

Words behind ptr32 are signed, those behind ptr16 and ptr8 are not. A shift is by 0 to 31. Dividing by zero gives 0, as the chips'
own division does: a tick has nobody to raise an exception to.
"""

import ast
from collections.abc import Collection, Mapping, Sequence

from stackpress.tick_compiler.reader import Stage, walk, width_of

FLAGS = ("-std=c11", "-ffreestanding", "-fwrapv", "-fno-strict-aliasing")
HEAD = """\
// Written from the stages' text: do not edit.
#include <stdint.h>

#ifndef QUOTIENT
#define QUOTIENT(a, b) ((a) / (b)) // rounded towards zero; b is neither 0 nor -1
#endif

// A Cortex-M0+ reaches 32 words from a register in one instruction, and takes three for any other word.
#ifdef __ARM_ARCH_6M__
#define NEAR(at) __asm__("" : "+l"(at)) // what the compiler can't see it does not count back to where the array begins
#else
#define NEAR(at)
#endif

static inline int32_t floor_div(int32_t a, int32_t b) {
    if (b == 0 || b == -1) return a * b; // 0 for a division by zero; -a without the overflow that a processor may trap
    int32_t q = QUOTIENT(a, b); // a chip without a division of its own pays for each, and for % another
    return q - (q * b != a && (a ^ b) < 0);
}
"""
WORDS = {32: "int32_t", 16: "uint16_t", 8: "uint8_t"}
BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<",
          ast.RShift: ">>"}  # fmt: skip
COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
REACH, WORTH = 32, 6  # words, and how many of them a register of their own must be worth
TAKEN = frozenset({"auto", "case", "char", "const", "default", "do", "double", "enum", "extern", "float", "floor_div", "goto",
                   "inline", "long", "register", "restrict", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
                   "union", "unsigned", "void", "volatile"})  # fmt: skip


def c_source(name: str, stages: Sequence[Stage], rename: Mapping[str, str] | None = None, local: bool = False) -> str:
    """One C file: `void name(...)` runs the stages in this order; `local` if only this file is to see it."""
    rename = rename or {}
    functions: dict[str, str] = {}
    for stage in stages:
        _define(stage, functions)
    for stage in stages:
        if stage.whole:
            stage.cannot(stage.body[0], f"{stage.name} stands in the order of the tick: its arguments are arrays, no numbers")
    calls = [(stage.symbol, [rename.get(a, a) for a in _Function(stage).used]) for stage in stages]
    arguments = dict.fromkeys(a for _, used in calls for a in used)
    head = f"{'static inline ' if local else ''}void {name}({_parameters(list(arguments))})"
    body = "\n".join(f"    {symbol}({', '.join(used)});" for symbol, used in calls)
    return "\n".join([HEAD, *functions.values(), f"{head} {{\n{body}\n}}\n"])


def _define(stage: Stage, functions: dict[str, str]) -> None:
    """Add a stage behind those that it calls."""
    for called in stage.calls.values():
        _define(called, functions)
    functions.setdefault(stage.symbol, _Function(stage).text())


def _parameters(names: Sequence[str], whole: Collection[str] = ()) -> str:
    """Two arguments are never the same array."""
    return ", ".join(f"int32_t {name}" if name in whole else f"void *restrict {name}" for name in names) or "void"


class _Function:
    """One stage on its way to C."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        names = {n.id for n in walk(stage.body) if isinstance(n, ast.Name)}
        self.used = [a for a in stage.arguments if a in names]
        self.stretches = self._stretches()

    def text(self) -> str:
        stage = self.stage
        for node in walk(stage.body):
            if isinstance(node, ast.Name) and node.id in TAKEN:
                stage.cannot(node, f"{node.id!r} is a word of C: give the variable another name")
        pointers = [f"    {self._pointer_type(name)} *{name};" for name in stage.pointers]
        numbers = [f"    int32_t {', '.join(f'{name} = 0' for name in stage.numbers)};"] if stage.numbers else []
        near = [f"    int32_t *{name}_from_{at} = (int32_t *){self._array_of(name)} + {at}; NEAR({name}_from_{at});"
                for name, starts in self.stretches.items() for at in starts]  # fmt: skip
        lines = [*pointers, *numbers, *near, *self._block(stage.body, "    ")]
        return f"static inline void {stage.symbol}({_parameters(self.used, stage.whole)}) {{\n" + "\n".join(lines) + "\n}\n"

    def _stretches(self) -> dict[str, list[int]]:
        """Of each array of words, where the stretches begin in which a stage names enough of them for a register of their own."""
        found: dict[str, list[int]] = {}
        for name in (name for name, bits in self.stage.pointers.items() if bits == 32 and self._array_of(name)):
            indexed = [n.slice for n in walk(self.stage.body) if isinstance(n, ast.Subscript) and _names(n.value, {name})]
            words, found[name] = sorted(at for at in map(_first, indexed) if at >= REACH), []
            while words:
                near = [at for at in words if at < words[0] + REACH]
                if len(near) >= WORTH:
                    found[name].append(words[0])
                words = words[len(near) :]
        return found

    def _made_of(self, pointer: str) -> list[ast.expr]:
        """What a pointer is made of, each time that it is bound."""
        bound = [n.value for n in walk(self.stage.body) if isinstance(n, ast.Assign) and _names(n.targets[0], {pointer})]
        return [made.args[0] for made in bound if isinstance(made, ast.Call)]

    def _array_of(self, pointer: str) -> str:
        """The argument that a pointer stands for all the time, or nothing."""
        made = self._made_of(pointer)
        return ast.unparse(made[0]) if len(made) == 1 and _names(made[0], self.stage.arguments) else ""

    def _pointer_type(self, name: str) -> str:
        """What is bound to a number even once is volatile."""
        of_numbers = any(not _names(made, self.stage.arguments) for made in self._made_of(name))
        return ("volatile " if of_numbers else "") + WORDS[self.stage.pointers[name]]

    # --- statements

    def _block(self, body: list[ast.stmt], indent: str) -> list[str]:
        return [line for statement in body for line in self._statement(statement, indent)]

    def _statement(self, node: ast.stmt, indent: str) -> list[str]:
        match node:
            case ast.Assign(targets=[target]):
                return [f"{indent}{self._bound(target, node.value)};"]
            case ast.AugAssign(op=ast.FloorDiv() | ast.Mod()):
                return self.stage.cannot(node, "division in place: write a = a // b")
            case ast.AugAssign(target=target, op=op, value=value) if type(op) in BINARY:
                return [f"{indent}{self._number(target)} {BINARY[type(op)]}= {_bare(self._number(value))};"]
            case ast.If(test=test, body=body, orelse=rest):
                lines = [f"{indent}if ({self._test(test)}) {{", *self._block(body, indent + "    ")]
                if len(rest) == 1 and isinstance(rest[0], ast.If):
                    first, *more = self._statement(rest[0], indent)
                    return [*lines, f"{indent}}} else {first.strip()}", *more]
                return [*lines, *([f"{indent}}} else {{", *self._block(rest, indent + "    ")] if rest else []), f"{indent}}}"]
            case ast.While(test=test, body=body, orelse=[]):
                return [f"{indent}while ({self._test(test)}) {{", *self._block(body, indent + "    "), f"{indent}}}"]
            case ast.Return(value=None):
                return [f"{indent}return;"]
            case ast.Break() | ast.Continue():
                return [f"{indent}{type(node).__name__.lower()};"]
            case ast.Pass():
                return []
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=args, keywords=[])) if name in self.stage.calls:
                return [f"{indent}{self._call(node, self.stage.calls[name], args)};"]
        self.stage.cannot(node, f"'{ast.unparse(node).splitlines()[0]}': a stage has assignments, if, while, break, return without "
                                "a value and calls of other stages")  # fmt: skip

    def _bound(self, target: ast.expr, value: ast.expr) -> str:
        if isinstance(target, ast.Name) and target.id in self.stage.pointers:
            if not width_of(value):
                self.stage.cannot(value, f"{target.id!r} is a pointer here and a number there: use two names")
            return f"{target.id} = {self._pointer(value)}"
        return f"{self._number(target)} = {_bare(self._number(value))}"

    def _call(self, node: ast.AST, called: Stage, args: list[ast.expr]) -> str:
        if len(args) != len(called.arguments):
            self.stage.cannot(node, f"{called.name} takes {len(called.arguments)} arguments: give it as many")
        wanted = _Function(called).used
        given = [(name, arg) for name, arg in zip(called.arguments, args, strict=True) if name in wanted]
        passed = [_bare(self._number(arg)) if name in called.whole else self._array(arg) for name, arg in given]
        return f"{called.symbol}({', '.join(passed)})"

    # --- expressions

    def _array(self, node: ast.expr) -> str:
        """An array for a stage or a pointer: an argument or a pointer as it is, a number as an address."""
        if _names(node, {*self.stage.arguments, *self.stage.pointers} - self.stage.whole):
            return ast.unparse(node)
        return f"(void *)(uintptr_t)(uint32_t)({self._number(node)})"

    def _pointer(self, node: ast.expr) -> str:
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if len(node.args) != 1:
            self.stage.cannot(node, f"{node.func.id} is made of one thing: an argument of the stage, or an address")
        if _names(node.args[0], self.stage.arguments):
            return ast.unparse(node.args[0])
        return f"(volatile {WORDS[width_of(node)]} *)(uintptr_t)(uint32_t)({self._number(node.args[0])})"

    def _number(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int(value)) if -(1 << 31) <= value < 1 << 32:
                return str(int(value)) if value < 1 << 31 else f"(int32_t){hex(value)}u"
            case ast.Name(id=name) if name in self.stage.numbers or name in self.stage.whole:
                return name
            case ast.Subscript(value=ast.Name(id=name), slice=at) if name in self.stage.pointers:
                start = next((n for n in self.stretches.get(name, ()) if n <= _first(at) < n + REACH), 0)
                near = f"{name}_from_{start}" if start else name
                return f"{near}[{self._place(at)}{f' - {start}' if start else ''}]"
            case ast.Subscript(value=ast.Call() as made, slice=at) if width_of(made):
                return f"({self._pointer(made)})[{self._place(at)}]"
            case ast.BinOp(left=a, op=ast.FloorDiv(), right=b):
                return f"floor_div({self._number(a)}, {self._number(b)})"
            case ast.BinOp(left=a, op=op, right=b) if type(op) in BINARY:
                return f"({self._number(a)} {BINARY[type(op)]} {self._number(b)})"
            case ast.UnaryOp(op=ast.USub() | ast.Invert() as op, operand=a):
                return f"({'-' if isinstance(op, ast.USub) else '~'}{self._number(a)})"
            case ast.IfExp(test=test, body=a, orelse=b):
                return f"({self._test(test)} ? {self._number(a)} : {self._number(b)})"
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return f"({self._test(node)})"
            case ast.Call(func=ast.Name(id="int"), args=[a]):
                return self._number(a)
        self.stage.cannot(node, f"'{ast.unparse(node)}': a number is made with + - * // & | ^ << >> ~, a comparison, a word of a "
                                "pointer or `a if c else b`")  # fmt: skip

    def _place(self, at: ast.expr) -> str:
        """An index, added up as wide as an address: what may wrap on the way costs a machine of 64 bits an instruction a step."""
        match at:
            case ast.BinOp(left=a, op=ast.Add(), right=b):
                return f"{self._place(a)} + {self._place(b)}"
            case ast.Constant():
                return self._number(at)
        return f"(intptr_t){self._number(at)}"

    def _test(self, node: ast.expr) -> str:
        """A condition, where any number but 0 is true."""
        match node:
            case ast.BoolOp(op=op, values=values):
                return f" {'&&' if isinstance(op, ast.And) else '||'} ".join(f"({_bare(self._test(v))})" for v in values)
            case ast.UnaryOp(op=ast.Not(), operand=a):
                return f"!({_bare(self._test(a))})"
            case ast.Compare(left=a, ops=[op], comparators=[b]) if type(op) in COMPARE:
                return f"{self._number(a)} {COMPARE[type(op)]} {self._number(b)}"
            case ast.Compare():
                return self.stage.cannot(node, f"'{ast.unparse(node)}': write `a < b and b < c`")
        return _bare(self._number(node))


def _first(at: ast.expr) -> int:
    """The constant that an index is or begins with, else -1."""
    if isinstance(at, ast.BinOp) and isinstance(at.op, ast.Add):
        at = at.left
    return at.value if isinstance(at, ast.Constant) and isinstance(at.value, int) else -1


def _names(node: ast.AST, names: object) -> bool:
    return isinstance(node, ast.Name) and node.id in names  # type: ignore[operator]


def _bare(text: str) -> str:
    """Without the brackets round the whole."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1] if text.startswith("(") else text
