"""Drawn pages of a carrier, by schemdraw: each part with pin names and numbers, each wire with the name of its net.

Wires that have the same name are one wire, on whatever page: a person solders from net to net. Which parts stand together is the
carrier's table `pages`; what has two ends goes to the page of the part whose net it is on.
"""

import math

import schemdraw
import schemdraw.elements as elm
from stackpress.electrical import Circuit
from stackpress.electrical.circuit import GROUND, Part

TWO = {
    "schottky": elm.Schottky, "diode": elm.Diode, "zener": elm.Zener, "tvs": elm.Zener, "ferrite": elm.Inductor,
    "fuse": elm.Fuse, "contact": elm.Switch,
}  # fmt: skip
CELL, GRID = 12.5, 7.4  # of a part with many pins, of one with two
ACROSS, GRID_ACROSS = 3, 5


def pages(c: Circuit) -> dict[str, list[str]]:
    """Page -> its parts: those of the table, then whatever has two ends or is a connector, where its nets are."""
    found: dict[str, list[str]] = {name: list(refs) for name, refs in c.raw["pages"].items()}
    nets = {name: {net for ref in refs for net in c.parts[ref].nets.values()} - {*c.rails, GROUND} for name, refs in found.items()}
    given = {ref for refs in found.values() for ref in refs}
    rest = [(ref, list(p.nets.values())) for ref, p in c.parts.items() if ref not in given]
    rest += [(ref, list(plug["nets"])) for ref, plug in c.connectors.items()]
    rest += [(ref, list(r.ends)) for ref, r in c.resistors.items()] + [(ref, list(k.ends)) for ref, k in c.capacitors.items()]
    for ref, ends in rest:
        found[_page(c, ref, ends, nets, found)].append(ref)
    return found


def _page(c: Circuit, ref: str, ends: list[str], nets: dict[str, set[str]], found: dict[str, list[str]]) -> str:
    beside = c.capacitors[ref].why.removeprefix("at ").split(".")[0].split(" ")[-1] if ref in c.capacitors else ""
    for name, refs in found.items():
        if beside in refs:
            return name
    ways = [net for net in ends if not c.is_supply(net)]
    for name in (*list(found)[1:], next(iter(found))):
        if any(net in nets[name] for net in ways):
            nets[name] |= set(ways)
            return name
    for name in (*list(found)[1:], next(iter(found))):  # behind one resistor
        if any(r.far(net) in nets[name] for net in ways for r in c.at(net)):
            nets[name] |= set(ways)
            return name
    return "supplies"


def page(c: Circuit, name: str, refs: list[str]) -> str:
    """One page as SVG."""
    schemdraw.use("svg")
    drawing = schemdraw.Drawing(show=False)
    drawing.config(fontsize=11, unit=3, lw=1.2, margin=0.6)
    many = [ref for ref in refs if ref in c.connectors or (ref in c.parts and c.parts[ref].kind not in TWO)]
    two = sorted((ref for ref in refs if ref not in many), key=lambda ref: (ref.rstrip("0123456789"), int(ref.lstrip("ACDFKLRSZ"))))
    drawing += elm.Label().at((0, 1.6)).label(f"{c.board.name}: {name.replace('_', ' ')}", halign="left", fontsize=20)
    top = 0.0
    for row in range(math.ceil(len(many) / ACROSS)):
        here = many[row * ACROSS : (row + 1) * ACROSS]
        tall = max(_height(c, ref) for ref in here)
        for column, ref in enumerate(here):
            _block(drawing, c, ref, column * CELL + 3.6, top - _height(c, ref))
        top -= tall + 2.2
    for number, ref in enumerate(two):
        x, y = number % GRID_ACROSS * GRID + 2.2, top - number // GRID_ACROSS * 1.9 - 0.8
        _pair(drawing, c, ref, x, y)
    return drawing.get_imagedata("svg").decode()


def _sides(c: Circuit, ref: str) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """(pin's name, number, net) on the left, and on the right: supplies and inputs left, outputs right; else half and half."""
    if ref in c.connectors:
        return [], [("", str(n), net) for n, net in enumerate(c.connectors[ref]["nets"], 1)]
    part = c.parts[ref]
    number = part.sheet["pins"]
    pins = [(pin, str(number[pin]), net) for pin, net in sorted(part.nets.items(), key=lambda item: number[item[0]])]
    right = {*part.pins("outs"), *part.pins("open")}
    if not right or len(pins) - len(right) > 2 * len(right) + 4 or len(right) > len(pins) * 0.7:
        half = math.ceil(len(pins) / 2)
        return pins[:half], pins[half:]
    return [row for row in pins if row[0] not in right], [row for row in pins if row[0] in right]


def _height(c: Circuit, ref: str) -> float:
    return max(map(len, _sides(c, ref))) * 0.75 + 0.5


def _block(drawing: schemdraw.Drawing, c: Circuit, ref: str, x: float, y: float) -> None:
    left, right = _sides(c, ref)
    rows = max(len(left), len(right))
    pins = []
    for side, those in (("left", left), ("right", right)):
        for number, (pin, at, _) in enumerate(those):
            pins.append(elm.IcPin(name=pin, pin=at, side=side, anchorname=f"{side}{number}", slot=f"{rows - number}/{rows}"))
    box = elm.Ic(pins=pins, size=(3.4, rows * 0.75 + 0.3), leadlen=0.7, pinspacing=0.75, lblsize=10, plblsize=9).at((x, y)).right()
    part = c.parts.get(ref)
    what = f"{ref}  {part.kind.replace('_', ' ')}" if part else f"{ref}  {c.connectors[ref]['text'].split(':')[0]}"
    drawing += box.label(what, "top", ofst=0.15, fontsize=12)
    for side, those in (("left", left), ("right", right)):
        for number, (_, _, net) in enumerate(those):
            at, (align, beside) = getattr(box, f"{side}{number}"), ("right", -0.15) if side == "left" else ("left", 0.15)
            label = elm.Label().at((at[0] + beside, at[1] - 0.12))
            drawing += label.label(net, halign=align, valign="bottom", fontsize=10)


def _pair(drawing: schemdraw.Drawing, c: Circuit, ref: str, x: float, y: float) -> None:
    """A part with two ends between the names of its nets; a diode from anode to cathode."""
    if ref in c.resistors:
        kind, ends, text = elm.Resistor, c.resistors[ref].ends, f"{ref} {c.resistors[ref].text}"
    elif ref in c.capacitors:
        kind, ends, text = elm.Capacitor, c.capacitors[ref].ends, f"{ref} {c.capacitors[ref].text}"
    else:
        part: Part = c.parts[ref]
        nets = part.nets
        kind, text = TWO[part.kind], f"{ref} {part.order}" if part.kind != "contact" else ref
        ends = (nets["A"], nets["K"]) if "A" in nets else (nets["1"], nets["2"])
    drawing += kind().at((x, y)).right().length(2.6).label(text, "top", fontsize=10, ofst=0.1)
    drawing += elm.Label().at((x - 0.1, y - 0.12)).label(ends[0], halign="right", valign="bottom", fontsize=9)
    drawing += elm.Label().at((x + 2.7, y - 0.12)).label(ends[1], halign="left", valign="bottom", fontsize=9)
