"""What is known of the registers while the tick is written: where base registers point, which constant one holds, flags never.

r0 - r2 hold what is between two operations, in the order of a stack; r3 points to the stretch of the frame that was used last, r6
and r7 to the two that a stage uses most, r8 to its beginning.
"""

from boards.thumb.assembler import Code
from boards.thumb.registers import REACH
from boards.thumb.simplify import CannotCompile

TEMPORARY = ("r0", "r1", "r2")
FRAME, NEAR = "r8", "r3"
KEEP = ("str", "strh", "strb", "cmp", "tst")  # instructions that leave their first register as it is


class Machine:
    """Instructions of one function, and what is known of the registers at each of them."""

    def __init__(self) -> None:
        self.code = Code()
        self.bases: dict[str, int] = {}  # register: the word that it points to
        self._at_label: dict[str, int | None] = {}
        self._held: tuple[str, int] | None = None  # a register and the constant that it holds

    # -- instructions ----------------------------------------------------------------------------------------------

    def op(self, name: str, *operands: object) -> None:
        if self._held and operands and operands[0] == self._held[0] and name not in KEEP:
            self._held = None
        self.code.op(name, *operands)

    def branch(self, to: str, condition: str = "") -> None:
        """What r3 points to at a label is known only where every way to it agrees."""
        now = self.bases.get(NEAR)
        self._at_label[to] = now if self._at_label.get(to, now) == now else None
        self.code.branch(to, condition)

    def label(self, name: str, reached: bool = True, loop: bool = False) -> None:
        now = self.bases.get(NEAR) if reached else self._at_label.get(name)
        known = None if loop or self._at_label.get(name, now) != now else now
        self.bases.pop(NEAR, None)
        if known is not None:
            self.bases[NEAR] = known
        self._held = None
        self.code.label(name)

    def temporary(self, k: int) -> str:
        if k >= len(TEMPORARY):
            raise CannotCompile("an expression of the tick needs more than three registers: put a part of it before")
        return TEMPORARY[k]

    def constant(self, to: str, value: int) -> None:
        if self._held == (to, value):
            return
        u = value & 0xFFFFFFFF
        zeros = (u & -u).bit_length() - 1 if u else 0
        inverse = u ^ 0xFFFFFFFF
        inverse_zeros = (inverse & -inverse).bit_length() - 1 if inverse else 0
        if u >> zeros < 256:
            self.op("mov", to, u if u < 256 else u >> zeros)
            if u > 255:
                self.op("lsl", to, to, zeros)
        elif inverse >> inverse_zeros < 256:
            self.op("mov", to, inverse >> inverse_zeros)
            if inverse_zeros:
                self.op("lsl", to, to, inverse_zeros)
            self.op("mvn", to, to)
        elif u & (u + 1) == 0:
            self.op("mov", to, 0)
            self.op("mvn", to, to)
            self.op("lsr", to, to, 32 - u.bit_length())
        else:
            self._bytes(to, u)
        self._held = (to, value)

    def _bytes(self, to: str, u: int) -> None:
        parts = [u >> shift & 255 for shift in (24, 16, 8, 0)]
        while not parts[0]:
            parts.pop(0)
        self.op("mov", to, parts[0])
        shift = 0
        for part in parts[1:]:
            shift += 8
            if part:
                self.op("lsl", to, to, shift)
                self.op("add", to, part)
                shift = 0
        if shift:
            self.op("lsl", to, to, shift)

    def plus_frame(self, to: str) -> None:
        number = int(to[1:])
        self.code.word(0x4400 | int(FRAME[1:]) << 3 | number, f"add {to}, {FRAME}")

    def point(self, register: str, word: int) -> None:
        """Let a base register point to a word of the frame."""
        if self.bases.get(register) == word:
            return
        if word:
            self.constant(register, 4 * word)
            self._held = None
            self.plus_frame(register)
        else:
            self.op("mov", register, FRAME)
        self.bases[register] = word

    def reach(self, word: int) -> tuple[str, int]:
        """A register and an offset in bytes that together are a word of the frame."""
        for register, base in self.bases.items():
            if base <= word < base + REACH:
                return register, 4 * (word - base)
        self.point(NEAR, word & ~7)
        return NEAR, 4 * (word & 7)
