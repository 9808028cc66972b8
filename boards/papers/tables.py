"""Tables of a carrier: what each GPIO goes to, connector pins, supplies, parts to buy, the electrical rules."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from stackpress.electrical import RULES, Circuit, supplies
from stackpress.electrical.circuit import GROUND, MODULE


def _order(ref: str) -> tuple[str, int]:
    letters, digits = re.fullmatch(r"([A-Z]+)([0-9]+)", ref).groups()  # type: ignore[union-attr]
    return letters, int(digits)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def goes_to(c: Circuit, net: str, without: str) -> str:
    """Everything on a net but one part, by pin; resistors with their value and other end."""
    words = []
    for ref, pin in sorted(c.ends[net], key=lambda end: (end[0] in c.resistors, _order(end[0]))):
        if ref in c.parts and ref != without:
            words.append(f"{ref}.{pin}")
        elif ref in c.resistors:
            r = c.resistors[ref]
            words.append(f"{ref} {r.text} to {r.far(net)}")
        elif ref in c.capacitors:
            words.append(f"{ref} {c.capacitors[ref].text.split()[0]}")
        elif ref in c.connectors:
            words.append(f"{ref}.{pin}")
    return ", ".join(words)


def wiring(c: Circuit) -> str:
    module = c.parts[MODULE]
    rows = [
        (str(gpio), str(module.sheet["pins"][f"GP{gpio}"]), role, goes_to(c, role, MODULE))
        for role, gpio in sorted(c.board.pins.items(), key=lambda item: item[1])
    ]
    return _table(("GPIO", "pin", "role", "goes to"), rows)


def expander(c: Circuit) -> str:
    part = next((p for p in c.parts.values() if p.kind == "mcp23017"), None)
    if part is None:
        return ""
    rows = [
        (pin, str(part.sheet["pins"][pin]), net, goes_to(c, net, part.ref))
        for pin, net in part.nets.items()
        if pin.startswith("GP") and net != GROUND
    ]
    return _table(("MCP23017", "pin", "net", "goes to"), sorted(rows))


def connectors(c: Circuit) -> str:
    rows = []
    for ref, plug in sorted(c.connectors.items(), key=lambda item: _order(item[0])):
        pins = ", ".join(f"{number} {net}" for number, net in enumerate(plug["nets"], 1))
        rows.append((ref, plug["text"], pins))
    return _table(("connector", "what for", "pin and net"), rows)


def rails(c: Circuit) -> str:
    texts = {name: (rail.of, rail.text) for name, rail in c.rails.items()}
    rows = [(name, volts, *texts[name], taken, there) for name, volts, taken, there in supplies.budget(c)]
    return _table(("supply", "V", "from", "what for", "mA taken", "mA there"), rows)


def _bought(c: Circuit) -> list[tuple[list[str], str, str, str]]:
    """(references, value, order code, what it is), the same things together."""
    items: dict[tuple[str, str], tuple[list[str], str]] = {}

    def add(ref: str, order: str, value: str, text: str) -> None:
        items.setdefault((order, text), ([], value))[0].append(ref)

    for part in c.parts.values():
        where = ", beside the carrier" if part.data.get("outside") else ""
        add(part.ref, part.order, part.kind.replace("_", " "), part.sheet["text"] + where)
    for r in c.resistors.values():
        add(r.ref, r.order, r.text, f"resistor {r.percent:g} %")
    for k in c.capacitors.values():
        add(k.ref, k.order, k.text, f"capacitor {k.kind} {k.percent:g} %")
    for ref, plug in c.connectors.items():
        add(ref, plug["order"], f"{len(plug['nets'])} pins", "header 5.08 mm, with its plug")
    rows = [(sorted(refs, key=_order), value, order, text) for (order, text), (refs, value) in items.items()]
    return sorted(rows, key=lambda row: _order(row[0][0]))


def bom(c: Circuit) -> str:
    rows = [(", ".join(refs), value, order, text) for refs, value, order, text in _bought(c)]
    return _table(("parts", "what", "order code", ""), rows)


def bom_csv(c: Circuit) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("references", "count", "value", "order code", "what it is"))
    writer.writerows((" ".join(refs), len(refs), value, order, text) for refs, value, order, text in _bought(c))
    return out.getvalue()


def sections(c: Circuit) -> dict[str, str]:
    return {"wiring": wiring(c), "expander": expander(c), "connectors": connectors(c), "supplies": rails(c), "parts": bom(c)}


def rules() -> str:
    return _table(("rule", "what it checks", "source"), [(rule.name, rule.checks, rule.source) for rule in RULES])
