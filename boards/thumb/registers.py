"""Which name of a stage lives in which register, and which stretch of the frame its two base registers reach.

A name lives from its first to its last mention, and through every loop in which it is mentioned; two names share a register
when they never live at the same time. The names that are used most come first.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOMES = ("r4", "r5", "r9", "r10", "r11", "r12")  # the first two can be computed with, the others only moved
REACH = 32  # words that a load reaches from its base register


@dataclass
class Life:
    first: int
    last: int
    weight: float


class _Survey(ast.NodeVisitor):
    """Walks a stage in the order in which it runs, counting mentions."""

    def __init__(self, frame: str) -> None:
        self.frame, self.at, self.weight = frame, 0, 1.0
        self.lives: dict[str, Life] = {}
        self.words: dict[int, float] = {}

    def visit_Name(self, node: ast.Name) -> None:
        if node.id == self.frame:
            return
        life = self.lives.setdefault(node.id, Life(self.at, self.at, 0))
        life.first, life.last = min(life.first, self.at), max(life.last, self.at)
        life.weight += self.weight

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self.at += 1
        self.visit(node.targets[0])
        self.at += 1

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.value, ast.Name) and node.value.id == self.frame:
            at = constant_part(node.slice)
            self.words[at] = self.words.get(at, 0) + self.weight
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        for argument in node.args:
            self.visit(argument)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        before, self.weight = self.weight, self.weight * 0.6
        for part in (*node.body, *node.orelse):
            self.visit(part)
        self.weight = before
        self.at += 1

    def visit_While(self, node: ast.While) -> None:
        once = isinstance(node.test, ast.Constant) and isinstance(node.body[-1], ast.Break)
        start, before = self.at, self.weight
        self.weight *= 1 if once else 4
        self.visit(node.test)
        for part in node.body:
            self.visit(part)
        self.weight = before
        self.at += 1
        if not once:
            inside = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & self.lives.keys()
            for name in inside:
                self.lives[name].first = min(self.lives[name].first, start)
                self.lives[name].last = max(self.lives[name].last, self.at)
            self.at += 1


def constant_part(index: ast.expr) -> int:
    """The constant of `index`, which is a constant, or something plus one."""
    if isinstance(index, ast.Constant):
        return int(index.value)  # type: ignore[arg-type]
    if isinstance(index, ast.BinOp) and isinstance(index.op, ast.Add) and isinstance(index.right, ast.Constant):
        return int(index.right.value)  # type: ignore[arg-type]
    return 0


def survey(body: Sequence[ast.stmt], frame: str) -> tuple[dict[str, Life], dict[int, float]]:
    found = _Survey(frame)
    for node in body:
        found.visit(node)
    return found.lives, found.words


def homes(lives: dict[str, Life]) -> dict[str, str]:
    """name: a register, or `sp+N` for what found none."""
    placed: dict[str, list[Life]] = {}
    home: dict[str, str] = {}
    spilled = 0
    for name, life in sorted(lives.items(), key=lambda item: (-item[1].weight / (item[1].last - item[1].first + 8), item[0])):
        for register in (*HOMES, *(f"sp+{n}" for n in range(spilled + 1))):
            others = placed.setdefault(register, [])
            if all(life.last < o.first or o.last < life.first for o in others):
                others.append(life)
                home[name] = register
                break
        spilled = sum(1 for register in placed if register.startswith("sp+"))
    return home


def windows(words: dict[int, float], count: int = 2) -> list[int]:
    """Where the base registers should point, in words: the stretches that are used most."""
    left, chosen = dict(words), []
    for _ in range(count):
        best = max(sorted(left), key=lambda start: _covered(left, start), default=None)
        if best is None or _covered(left, best) < 3:
            break
        chosen.append(best)
        left = {at: weight for at, weight in left.items() if not best <= at < best + REACH}
    return chosen


def _covered(words: dict[int, float], start: int) -> float:
    return sum(weight for at, weight in words.items() if start <= at < start + REACH)


def spills(home: Iterable[str]) -> int:
    """How many words of stack the names of a stage need."""
    return max((int(place[3:]) + 1 for place in home if place.startswith("sp+")), default=0)
