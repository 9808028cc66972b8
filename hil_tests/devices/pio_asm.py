"""An assembler for PIO programs as MicroPython writes them, from the RP2040 datasheet (3.4 instruction set, 3.5.2 side-set).

So a driver's program can be run against the models of the wires on any computer, without an image: `rp2.asm_pio` for CPython.
A program is the list that MicroPython's `rp2` makes of it: instructions, offset in PIO0 and PIO1, EXECCTRL, SHIFTCTRL, and the
levels that its pins begin with.
"""

from collections.abc import Callable
from typing import Any

OFFSET, EXECCTRL, SHIFTCTRL, OUT_INIT, SET_INIT, SIDE_INIT = 1, 3, 4, 5, 6, 7
CONDITIONS = {"not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7}
BLOCK, NO_BLOCK, IF = 0x20, 0x80, 0x40
# one name may stand for different numbers, by the instruction that it is given to (3.4.5 .. 3.4.10)
IN = {"pins": 0, "x": 1, "y": 2, "null": 3, "isr": 6, "osr": 7}
OUT = {"pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "isr": 6, "exec": 7}
MOV_TO = {"pins": 0, "x": 1, "y": 2, "exec": 4, "pc": 5, "isr": 6, "osr": 7}
MOV_FROM = {"pins": 0, "x": 1, "y": 2, "null": 3, "status": 5, "isr": 6, "osr": 7}
SET = {"pins": 0, "x": 1, "y": 2, "pindirs": 4}
WAIT = {"gpio": 0, "pin": 1, "irq": 2}


class Pio:
    """The constants of MicroPython's `rp2.PIO`."""

    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = range(4)
    SHIFT_LEFT, SHIFT_RIGHT = 0, 1
    JOIN_NONE, JOIN_TX, JOIN_RX = range(3)


class _Line:
    """One instruction while its side-set and delay are added."""

    def __init__(self, side_bits: int, optional: bool) -> None:
        self.word, self._bits, self._optional = 0, side_bits, optional
        self.has_side = False
        self.delay_bits = 5 - side_bits - int(optional)

    def side(self, value: int) -> "_Line":
        assert value < 1 << self._bits, "side-set has no such pin"
        self.has_side = True
        self.word |= value << (8 + self.delay_bits) | (0x1000 if self._optional else 0)
        return self

    def __getitem__(self, cycles: int) -> "_Line":
        assert cycles < 1 << self.delay_bits, "the delay does not fit"
        self.word |= cycles << 8
        return self


class _Program:
    """Runs the text of a program twice: for its labels, then for its words."""

    def __init__(self, side_bits: int, optional: bool) -> None:
        self._side = (side_bits, optional)
        self.lines: list[_Line] = []
        self.labels: dict[str, int] = {}
        self.target, self.end = 0, -1

    def restart(self) -> None:
        self.lines = []

    def emit(self, word: int) -> _Line:
        line = _Line(*self._side)
        line.word |= word
        self.lines.append(line)
        return line

    def names(self) -> dict[str, Any]:
        """What a program's text may say."""
        known = {*IN, *OUT, *MOV_TO, *MOV_FROM, *SET, *WAIT, *CONDITIONS}
        words: dict[str, Any] = {name: name for name in known}
        words.update(block="block", noblock="noblock", iffull="if", ifempty="if", clear="clear")
        words.update(rel=lambda n: n | 0x10, invert=lambda name: (name, 1), reverse=lambda name: (name, 2))
        for name in ("jmp", "wait", "in_", "out", "push", "pull", "mov", "irq", "set", "nop", "label", "wrap_target", "wrap"):
            words[name] = getattr(self, name)
        return words

    def label(self, name: str) -> None:
        self.labels[name] = len(self.lines)

    def wrap_target(self) -> None:
        self.target = len(self.lines)

    def wrap(self) -> None:
        self.end = len(self.lines) - 1

    def nop(self) -> _Line:
        return self.mov("y", "y")

    def jmp(self, condition: str, label: str | None = None) -> _Line:
        to = condition if label is None else label
        return self.emit((0 if label is None else CONDITIONS[condition]) << 5 | self.labels.get(to, 0))

    def wait(self, polarity: int, source: str, index: int) -> _Line:
        return self.emit(0x2000 | polarity << 7 | WAIT[source] << 5 | index)

    def in_(self, source: str, count: int) -> _Line:
        return self.emit(0x4000 | IN[source] << 5 | count & 31)

    def out(self, to: str, count: int) -> _Line:
        return self.emit(0x6000 | OUT[to] << 5 | count & 31)

    def push(self, *how: str) -> _Line:
        return self.emit(0x8000 | (0 if "noblock" in how else BLOCK) | (IF if "if" in how else 0))

    def pull(self, *how: str) -> _Line:
        return self.emit(0x8080 | (0 if "noblock" in how else BLOCK) | (IF if "if" in how else 0))

    def mov(self, to: str, source: str | tuple[str, int]) -> _Line:
        name, operation = source if isinstance(source, tuple) else (source, 0)
        return self.emit(0xA000 | MOV_TO[to] << 5 | operation << 3 | MOV_FROM[name])

    def irq(self, how: str | int, index: int | None = None) -> _Line:
        number = index if index is not None else how
        assert isinstance(number, int)
        return self.emit(0xC000 | (0x40 if how == "clear" else BLOCK if how == "block" else 0) | number)

    def set(self, to: str, value: int) -> _Line:
        return self.emit(0xE000 | SET[to] << 5 | value)


def asm_pio(
    *, out_init: Any = None, set_init: Any = None, sideset_init: Any = None, side_pindir: bool = False, in_shiftdir: int = 0,
    out_shiftdir: int = 0, autopush: bool = False, autopull: bool = False, push_thresh: int = 32, pull_thresh: int = 32,
    fifo_join: int = 0
) -> Callable[[Callable[[], None]], list[Any]]:  # fmt: skip
    """As MicroPython's decorator."""
    bits = 0 if sideset_init is None else 1 if isinstance(sideset_init, int) else len(sideset_init)

    def assemble(text: Callable[[], None]) -> list[Any]:
        first = _run(text, _Program(bits, False))
        sided = [line.has_side for line in first.lines]
        optional = any(sided) and not all(sided)
        program = _Program(bits, optional)
        program.labels = first.labels
        _run(text, program)
        assert len(program.lines) <= 32, "PIO memory has 32 places"
        end = program.end if program.end >= 0 else len(program.lines) - 1
        execctrl = side_pindir << 29 | optional << 30 | program.target << 7 | end << 12
        shiftctrl = (fifo_join << 30 | (pull_thresh & 31) << 25 | (push_thresh & 31) << 20 | out_shiftdir << 19 | in_shiftdir << 18
                     | autopull << 17 | autopush << 16)  # fmt: skip
        words = [line.word for line in program.lines]
        return [words, -1, -1, execctrl, shiftctrl, out_init, set_init, sideset_init]

    return assemble


def _run(text: Callable[[], None], program: _Program) -> _Program:
    space = text.__globals__
    before = dict(space)
    try:
        space.update(program.names())
        program.restart()
        text()
    finally:
        space.clear()
        space.update(before)
    return program


def encode(text: str, side_bits: int, optional: bool) -> int:
    """One instruction for StateMachine.exec."""
    program = _Program(side_bits, optional)
    eval(text, {**program.names()})  # noqa: S307 - a driver's own text
    return program.lines[0].word
