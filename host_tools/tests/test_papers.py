"""What is made from a carrier's data: nothing is old, nothing is left out, and the netlist says what the circuit says."""

import csv
import io
import re

import pytest
from stackpress import electrical, paths
from stackpress.electrical import Circuit

from boards.papers import __main__ as papers
from boards.papers import drawing, tables

CARRIERS = papers.CARRIERS


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> Circuit:
    circuit = electrical.circuit_of(request.param)
    assert circuit is not None
    return circuit


def test_every_paper_is_as_the_data_have_it() -> None:
    old = [path for path, text in papers.papers().items() if not path.exists() or path.read_text() != text]
    assert old == [], "make docs"


def everything(c: Circuit) -> set[str]:
    return {*c.parts, *c.resistors, *c.capacitors, *c.connectors}


def test_every_part_is_on_one_page_with_all_its_nets(carrier: Circuit) -> None:
    pages = drawing.pages(carrier)
    drawn = [ref for refs in pages.values() for ref in refs]
    assert sorted(drawn) == sorted(everything(carrier))
    for name, refs in pages.items():
        svg = (paths.BOARDS / carrier.board.name / "drawings" / f"{name}.svg").read_text()
        shown = set(re.findall(r">([^<>]+)</tspan>", svg))
        wanted = {net for net, ends in carrier.ends.items() if any(ref in refs for ref, _ in ends)}
        assert wanted <= shown, (name, sorted(wanted - shown))


def test_the_netlist_has_every_pin_of_the_circuit_by_its_number(carrier: Circuit) -> None:
    text = (paths.BOARDS / carrier.board.name / "carrier.net").read_text()  # as the data have it: the first test above
    found = {}
    for block in text[text.index("(nets") :].split("(net\n")[1:]:
        name = re.search(r'\(name "([^"]*)"\)', block)
        assert name
        found[name[1]] = sorted(re.findall(r'\(ref "([^"]*)"\)\s*\(pin "([^"]*)"\)', block))
    wanted = {}
    for net, ends in carrier.ends.items():
        numbers = [(ref, str(carrier.parts[ref].sheet["pins"][pin]) if ref in carrier.parts else pin) for ref, pin in ends]
        wanted[net] = sorted(numbers)
    assert found == wanted


def test_the_bill_of_materials_counts_everything_once(carrier: Circuit) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.bom_csv(carrier))))
    refs = [ref for row in rows for ref in row["references"].split()]
    assert sorted(refs) == sorted(everything(carrier)) and sum(int(row["count"]) for row in rows) == len(refs)
    assert all(row["order code"] for row in rows)


def test_the_wiring_to_potentiostats_names_the_carriers_own_pins() -> None:
    page = (paths.BOARDS / "POTENTIOSTATS.md").read_text()
    pico = electrical.circuit_of("pico")
    assert pico is not None
    nets = pico.raw["connectors"]["J9"]["nets"]
    told = {int(number): net for number, net in re.findall(r"J9\.(\d) (trigger_\w+|GND)", page)}
    assert told == dict(enumerate(nets, 1))
