"""Thumb instructions as text for `@micropython.asm_thumb`, with branches that reach.

A conditional branch reaches 256 bytes, a plain one 2 kB, a call further (it spends the link register, which the function has
saved). Sizes are counted here, so that each branch gets the shortest form that does. What the assembler of MicroPython has no
name for is written as `data`, with its name beside it.
"""

from dataclasses import dataclass, field

INVERSE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "mi": "pl", "pl": "mi"}
NEAR, FAR = 240, 2000  # bytes that a branch reaches, with something to spare


@dataclass
class Line:
    """One instruction, or a label (size 0). `to` is where a branch goes, `condition` when."""

    text: str
    size: int = 2
    to: str = ""
    condition: str = ""


@dataclass
class Code:
    lines: list[Line] = field(default_factory=list)
    count: int = 0

    def op(self, name: str, *operands: object) -> None:
        self.lines.append(Line(f"{name}({', '.join(str(o) for o in operands)})"))

    def word(self, value: int, says: str) -> None:
        """An instruction that MicroPython's assembler can't name."""
        self.lines.append(Line(f"data(2, {value:#06x})  # {says}"))

    def new_label(self) -> str:
        self.count += 1
        return f"L{self.count}"

    def label(self, name: str) -> None:
        self.lines.append(Line(f"label({name})", 0, name))

    def branch(self, to: str, condition: str = "") -> None:
        self.lines.append(Line("", 2, to, condition))

    def call(self, to: str) -> None:
        self.lines.append(Line(f"bl({to})", 4))

    def remark(self, text: str) -> None:
        self.lines.append(Line(f"# {text}", 0))

    def finished(self) -> tuple[list[str], int]:
        """The text, and how many bytes it makes."""
        self._tidy()
        sizes = [line.size for line in self.lines]
        while True:
            at, places = 0, {}
            starts = []
            for line, size in zip(self.lines, sizes, strict=True):
                starts.append(at)
                if line.size == 0 and line.to:
                    places[line.to] = at
                at += size
            wanted = [_size(line, abs(places.get(line.to, 0) - start)) for line, start in zip(self.lines, starts, strict=True)]
            wanted = [max(a, b) for a, b in zip(wanted, sizes, strict=True)]
            if wanted == sizes:
                break
            sizes = wanted
        text: list[str] = []
        for n, (line, size) in enumerate(zip(self.lines, sizes, strict=True)):
            text += _written(line, size, f"F{n}")
        return text, sum(sizes)

    def _tidy(self) -> None:
        """Branches to the very next place, and what stands behind a branch and can't be reached, are dropped."""
        kept: list[Line] = []
        reachable = True
        for line in self.lines:
            if line.size == 0 and line.to:
                back = len(kept)
                while back and kept[back - 1].size == 0:
                    back -= 1
                if back and kept[back - 1].to == line.to and kept[back - 1].size and not _is_call(kept[back - 1]):
                    kept.pop(back - 1)
                reachable = True
            if reachable or line.size == 0:
                kept.append(line)
            if line.size and line.to and not line.condition and not _is_call(line):
                reachable = False
        self.lines = kept


def _is_call(line: Line) -> bool:
    return line.text.startswith("bl(")


def _size(line: Line, distance: int) -> int:
    if not line.size or not line.to or _is_call(line):
        return line.size
    if not line.condition:
        return 2 if distance < FAR else 4
    return 2 if distance < NEAR else 4 if distance < FAR else 6


def _written(line: Line, size: int, skip: str) -> list[str]:
    if line.text:
        return [line.text]
    if not line.condition:
        return [f"{'b' if size == 2 else 'bl'}({line.to})"]
    if size == 2:
        return [f"b{line.condition}({line.to})"]
    return [f"b{INVERSE[line.condition]}({skip})", f"{'b' if size == 4 else 'bl'}({line.to})", f"label({skip})"]
