"""The wires and parts of every carrier with what each does when it breaks: wire_faults.toml, expanded over the carriers' data.

The data names effects; what an effect does to the simulated press stands once, however many wires have it. What a carrier has and
the table does not, and what the table has and no carrier does, is a complaint: a new net needs a line.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stackpress import electrical
from stackpress.electrical import Circuit

TABLE = Path(__file__).with_name("wire_faults.toml")
CARRIERS = ("pico", "pico_hx711")  # pico2 has pico's carrier
HOW = ("open", "to ground", "to supply")
FIGURES = {"n": "1234", "m": "1234", "x": "ab"}
OTHER = {"a": "b", "b": "a"}
ABOVE_N, SAFE_S = 200.0, 15.0  # of an effect that gives none of its own
# parts that no carrier has
BEYOND = ("cell1", "cell2", "cell3", "cell4", "thermocouple1", "thermocouple2", "scale", "regulator", "fluid")


@dataclass(frozen=True)
class Row:
    """One fault of one wire or part."""

    board: str
    wire: str
    how: str
    effect: str  # its name, and behind a colon the cell, platen, channel or button

    @property
    def text(self) -> str:
        return f"{self.board}, {self.wire} {self.how}"


@dataclass(frozen=True)
class Effect:
    """What a row does to the simulated press, and what the press must do."""

    name: str
    faults: dict[str, Any]
    demand: dict[str, Any]
    data: dict[str, Any]

    @property
    def must(self) -> list[str]:
        return list(self.data["must"])

    @property
    def then(self) -> list[str]:
        return list(self.data.get("then", ()))

    @property
    def own(self) -> bool:
        """A valve or its driver that opens fully."""
        return bool(self.data.get("own"))

    @property
    def excess_n(self) -> float:
        return float(self.data.get("excess_n", ABOVE_N))

    @property
    def safe_s(self) -> float:
        return float(self.data.get("safe_s", SAFE_S))

    def may_be_quiet(self, moment: str) -> bool:
        """Whether the press need not tell what came at this moment: somebody else keeps it safe, or shows it."""
        return moment != "demand" and bool(self.seen_by) and moment in self.data.get("quiet_at", [moment])

    @property
    def seen_by(self) -> str:
        """Who keeps the press safe, or shows the fault, where the press tells nothing by itself."""
        return "; ".join(str(self.data[key]) for key in ("kept_by", "shown_by") if key in self.data)


@cache
def table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text())


def _filled(pattern: str, given: dict[str, str]) -> str:
    return re.sub(r"\{(\w)\}", lambda match: given[match[1]], pattern)


def _expanded(pattern: str) -> Iterator[dict[str, str]]:
    """Each way to fill in the figures of a name."""
    found: list[dict[str, str]] = [{}]
    for figure in dict.fromkeys(re.findall(r"\{(\w)\}", pattern)):
        found = [{**one, figure: each} for one in found for each in FIGURES[figure]]
    yield from found


def _lines(section: dict[str, Any]) -> dict[str, Any]:
    """A section with its patterns filled in."""
    found: dict[str, Any] = {}
    for pattern, effects in section.items():
        for given in _expanded(pattern):
            if isinstance(effects, str):
                found[_filled(pattern, given)] = _filled(effects, given)
            elif isinstance(effects, list):
                found[_filled(pattern, given)] = [_filled(one, given) for one in effects]
            else:
                found[_filled(pattern, given)] = {how: _filled(one, given) for how, one in effects.items()}
    return found


def _of(board: str, section: str) -> dict[str, Any]:
    data = table()
    return {**_lines(data.get(section, {})), **_lines(data["boards"].get(board, {}).get(section, {}))}


@cache
def circuit(board: str) -> Circuit:
    found = electrical.circuit_of(board)
    if found is None:
        raise ValueError(f"{board} has no carrier.toml")
    return found


def _nets(c: Circuit) -> set[str]:
    ends = [list(part.nets.values()) for part in c.parts.values()] + [list(one["nets"]) for one in c.connectors.values()]
    return {net for nets in ends for net in nets}


def _shared(c: Circuit) -> list[str]:
    """Pins of connectors on a net that other pins have as well: their wires break one by one."""
    return [f"{ref}.{i}" for ref, one in c.connectors.items() for i, net in enumerate(one["nets"], 1)
            if net == electrical.circuit.GROUND or net in c.rails]  # fmt: skip


def _neighbours(c: Circuit) -> list[str]:
    pairs = [pair for one in c.connectors.values() for pair in zip(one["nets"], one["nets"][1:], strict=False)]
    return [f"{a} {b}" for a, b in dict.fromkeys(pairs) if a != b]


def rows(board: str) -> list[Row]:
    """Every row of one carrier."""
    c = circuit(board)
    nets, pins = _nets(c), _shared(c)
    found = [Row(board, net, how, effect) for net, effects in _of(board, "wires").items() if net in nets
             for how, effect in zip(HOW, effects, strict=True)]  # fmt: skip
    for pair, effect in _of(board, "shorts").items():
        one, other = pair.split()
        if one in nets and other in nets:
            found.append(Row(board, one, f"to {other}", effect))
    found += [Row(board, pin, "open", effect) for pin, effect in _of(board, "pins").items() if pin in pins]
    parts = [(ref, effects) for ref, effects in _of(board, "parts").items() if ref in c.parts or ref in BEYOND]
    return found + [Row(board, ref, how, effect) for ref, effects in parts for how, effect in effects.items()]


def complaints() -> list[str]:
    """What a carrier has without a line, and lines that no carrier has."""
    wrong: list[str] = []
    used: dict[str, set[str]] = {section: set() for section in ("wires", "shorts", "pins", "parts")}
    for board in CARRIERS:
        c = circuit(board)
        there = {"wires": sorted(_nets(c)), "shorts": _neighbours(c), "pins": _shared(c), "parts": sorted(c.parts)}
        for section, names in there.items():
            lines = _of(board, section)
            wrong += [f"{board}: {name} has no line under {section}" for name in names if name not in lines]
            used[section] |= set(names)
        used["shorts"] |= {pair for pair in _of(board, "shorts") if set(pair.split()) <= _nets(c)}
    for section, has in used.items():
        patterns = {pattern: {_filled(pattern, given) for given in _expanded(pattern)} for pattern in table()[section]}
        wrong += [f"no carrier has {pattern}" for pattern, found in patterns.items() if not has & found]
    return wrong


def effect(name: str) -> Effect:
    """The effect that a row names. KeyError if there is none."""
    kind, _, which = name.partition(":")
    data = table()["effects"][kind]
    given = {"n": which, "x": which, "y": OTHER.get(which, "")}

    def filled(faults: dict[str, Any]) -> dict[str, Any]:
        return {_filled(key, given): int(which) if value == "n" else value for key, value in faults.items()}

    return Effect(name, filled(data["faults"]), filled(data.get("demand", {})), data)
