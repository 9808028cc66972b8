"""A carrier's circuit, read from its data: parts with their sheets, nets, rails, and what hangs on the connectors.

Questions that several rules ask (who drives a net, which resistor pulls it where) are answered here once. A net that is a rail or
ground ends a path; a resistor in between is what limits a current.
"""

import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import paths
from ..config.board import Board
from ..config.board_file import load_board
from ..config.complaints import Complaints
from ..config.toml_file import read_layer
from .values import resistor_code, value, volts

GROUND = "GND"
MODULE = "A1"  # the processor board, in every carrier
ORDERS = {"pico": "SC0915", "pico2": "SC1631"}


@dataclass(frozen=True)
class Part:
    """A part as it is fitted: `nets` by the name of its pin, `sheet` what its document says."""

    ref: str
    kind: str
    order: str
    nets: dict[str, str]
    sheet: dict[str, Any]
    data: dict[str, Any]

    @property
    def text(self) -> str:
        return str(self.data.get("text", self.sheet["text"]))

    def pins(self, kind: str) -> list[str]:
        """Names of its pins that are `ins`, `outs` or `open`; those of a processor board stand in the carrier."""
        of: Mapping[str, Any] = self.data.get("directions", self.sheet)
        return [pin for pin in of.get(kind, ()) if pin in self.nets]


@dataclass(frozen=True)
class Resistor:
    ref: str
    text: str
    ohm: float
    percent: float
    ends: tuple[str, str]
    why: str

    def far(self, net: str) -> str:
        return self.ends[1] if self.ends[0] == net else self.ends[0]

    @property
    def order(self) -> str:
        return resistor_code(self.text, self.percent, self.why)


@dataclass(frozen=True)
class Capacitor:
    ref: str
    text: str
    farad: float
    volts: float
    kind: str
    percent: float
    order: str
    ends: tuple[str, str]
    why: str


@dataclass(frozen=True)
class Rail:
    name: str
    least: float
    volts: float
    most: float
    output_ma: float
    of: str
    behind: str
    text: str


@dataclass(frozen=True)
class Pin:
    """A digital pin: what it takes for high and low, or gives as such; `supply` is the net that it lives on."""

    part: Part
    name: str
    net: str
    high: float
    low: float
    supply: str
    ohm: float = 0.0

    def __str__(self) -> str:
        return f"{self.part.ref}.{self.name}"


class Circuit:
    """A carrier and the board whose carrier it is; `raw` is what the file says."""

    def __init__(self, board: Board, raw: dict[str, Any], sheets: dict[str, Any]) -> None:
        self.board, self.raw = board, raw
        self.parts = {ref: self._part(ref, row, sheets) for ref, row in raw["parts"].items()}
        self.resistors = {ref: Resistor(ref, r[0], value(r[0]), r[1], (r[2], r[3]), r[4]) for ref, r in raw["resistors"].items()}
        self.capacitors = {
            ref: Capacitor(ref, c[0], value(c[0]), volts(c[0]), c[1], c[2], c[3], (c[4], c[5]), c[6])
            for ref, c in raw["capacitors"].items()
        }
        self.rails = {
            name: Rail(name, r["least"], r["volts"], r["most"], r["output_ma"], r["of"], r.get("behind", ""), r["text"])
            for name, r in raw["rails"].items()
        }
        self.connectors: dict[str, dict[str, Any]] = raw["connectors"]
        self.loads: dict[str, dict[str, Any]] = raw["loads"]

    @staticmethod
    def _part(ref: str, row: dict[str, Any], sheets: dict[str, Any]) -> Part:
        sheet = sheets[row["is"]]
        if "like" in sheet:
            sheet = {**sheets[sheet["like"]], **sheet}
        return Part(ref, row["is"], row["order"], row["nets"], sheet, row)

    # -- nets

    @cached_property
    def ends(self) -> dict[str, list[tuple[str, str]]]:
        """Net -> (reference, pin) of everything on it."""
        found: dict[str, list[tuple[str, str]]] = {}
        for part in self.parts.values():
            for pin, net in part.nets.items():
                found.setdefault(net, []).append((part.ref, pin))
        pairs = [(r.ref, r.ends) for r in self.resistors.values()] + [(k.ref, k.ends) for k in self.capacitors.values()]
        for ref, nets in pairs:
            for number, net in enumerate(nets, 1):
                found.setdefault(net, []).append((ref, str(number)))
        for ref, plug in self.connectors.items():
            for number, net in enumerate(plug["nets"], 1):
                found.setdefault(net, []).append((ref, str(number)))
        return found

    def is_supply(self, net: str) -> bool:
        return net == GROUND or net in self.rails

    def at(self, net: str) -> list[Resistor]:
        return [r for r in self.resistors.values() if net in r.ends]

    def pulls(self, net: str) -> list[tuple[float, str]]:
        """(Ohm, rail or GND) of every resistor from the net to a supply, also behind one resistor in series."""
        found = [(r.ohm, r.far(net)) for r in self.at(net) if self.is_supply(r.far(net))]
        for r in self.at(net):
            if not self.is_supply(r.far(net)):
                found += [(r.ohm + s.ohm, s.far(r.far(net))) for s in self.at(r.far(net)) if self.is_supply(s.far(r.far(net)))]
        return found

    def reached(self, net: str) -> list[tuple[str, float]]:
        """(net, Ohm in between) of the net itself and those behind one resistor; a rail is no way."""
        return [(net, 0.0), *((r.far(net), r.ohm) for r in self.at(net) if not self.is_supply(r.far(net)))]

    # -- pins

    def inputs(self) -> Iterator[Pin]:
        for part in self.parts.values():
            for name in part.pins("ins"):
                supply, s = part.nets.get(part.sheet.get("in_rail", ""), ""), part.sheet
                rail = self.rails.get(supply)
                high = s["in_high_of"] * rail.most if "in_high_of" in s and rail else s.get("in_high", 0.0)
                low = s["in_low_of"] * rail.least if "in_low_of" in s and rail else s.get("in_low", 0.0)
                yield Pin(part, name, part.nets[name], high, low, supply)

    def outputs(self) -> Iterator[Pin]:
        for part in self.parts.values():
            for name in part.pins("outs"):
                supply, s = part.nets.get(part.sheet.get("out_rail", ""), ""), part.sheet
                rail = self.rails.get(supply)
                net, ohm = part.nets[name], s.get("out_ohm", 0.0)
                high = s["out_high_of"] * rail.least if "out_high_of" in s and rail else s.get("out_high", 0.0)
                high = rail.least - ohm * self._load_a(net) if ohm and rail else high
                low = s["out_low_of"] * rail.most if "out_low_of" in s and rail else s.get("out_low", 0.0)
                yield Pin(part, name, net, high, low, supply, ohm)

    def _load_a(self, net: str) -> float:
        """What a high output gives: pull-downs, and inputs that take a current."""
        down = [ohm for ohm, to in self.pulls(net) if to == GROUND]
        takers = [part for part in self.of_kind("input_ma") if net in (part.nets[pin] for pin in part.pins("ins"))]
        return float(sum(3.4 / ohm for ohm in down) + sum(part.sheet["input_ma"] / 1000 for part in takers))

    def of_kind(self, key: str) -> list[Part]:
        """Parts whose sheet has a row `key`: regulator, driver, opto ..."""
        return [part for part in self.parts.values() if key in part.sheet]


def carrier_file(board: str) -> Path | None:
    """The carrier.toml of a board (by its name or board.toml): its own, or that of the board it extends; None without one."""
    folder = Path(board).parent if board.endswith(".toml") else paths.BOARDS / board
    for here in (folder, paths.BOARDS / _base(folder / "board.toml")):
        if (here / "carrier.toml").exists():
            return here / "carrier.toml"
    return None


def _base(file: Path) -> str:
    return str(tomllib.loads(file.read_text()).get("extends", "-")) if file.exists() else "-"


def circuit_of(name: str, changes: Mapping[str, Any] | None = None) -> Circuit | None:
    """A board's circuit; None if its carrier is not written down. `changes`: path of keys -> other value ("" takes a row away).

    Raises ConfigError for a carrier that lacks what the rules want to know of it.
    """
    file = carrier_file(name)
    if file is None:
        return None
    board, complaints = load_board(name), Complaints()
    raw = read_layer("carrier", file, complaints).data
    complaints.raise_if_any()
    raw["sheets"] = tomllib.loads((paths.BOARDS / "data_sheets.toml").read_text())
    module = board.module.name if board.module else ""
    raw["settings"], raw["chip"] = dict(board.settings), dict(board.module.chip if board.module else {})
    try:
        if module in ORDERS:
            raw["parts"][MODULE].update({"is": module, "order": ORDERS[module]})
        for path, new in (changes or {}).items():
            _change(raw, path, deepcopy(new))
        return Circuit(board, raw, raw["sheets"])
    except (KeyError, IndexError, ValueError) as wrong:
        key = str(wrong).strip("'\"")
        complaints.add(str(file), 0, key, "a row lacks this, or no data sheet has it", "see boards/pico/carrier.toml")
    complaints.raise_if_any()
    return None


def _change(raw: dict[str, Any], path: str, new: Any) -> None:
    *way, last = path.split("/")
    table: Any = raw
    for key in way:
        table = table[int(key)] if isinstance(table, list) else table.setdefault(key, {})
    if isinstance(table, list):
        table[int(last)] = new
    elif new == "":
        del table[last]
    else:
        table[last] = new
