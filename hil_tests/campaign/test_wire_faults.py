"""The table of broken wires is whole, and a few of its rows run: what takes minutes is `make campaign`'s."""

import copy
from collections.abc import Iterator

import pytest

from hil_tests.campaign import wire_faults, wire_table
from hil_tests.campaign.wire_runs import Bench, Outcome, outcomes

FEW = ("rail:1", "quiet:4", "drive_full", "dump_held", "estop_held:a", "exc_lost")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    one = Bench("regulator")
    yield one
    one.close()


def test_every_net_pin_and_part_of_a_carrier_has_its_line_and_no_line_is_left_over() -> None:
    assert wire_table.complaints() == []
    rows = [row for board in wire_table.CARRIERS for row in wire_table.rows(board)]
    assert len({(row.board, row.wire, row.how) for row in rows}) == len(rows) >= 150
    assert {wire_table.effect(row.effect).data["text"] for row in rows}


def test_net_that_is_new_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = copy.deepcopy(wire_table.circuit("pico"))
    circuit.parts["U1"].nets["SPARE"] = "nobody_knows"
    other = wire_table.circuit("pico_hx711")
    monkeypatch.setattr(wire_table, "circuit", {"pico": circuit, "pico_hx711": other}.__getitem__)
    assert wire_table.complaints() == ["pico: nobody_knows has no line under wires"]


def test_an_effect_that_the_press_need_not_tell_says_who_keeps_it_safe_or_shows_it() -> None:
    data = wire_table.table()["effects"]
    assert [name for name, one in data.items() if not one["must"] and not ("kept_by" in one or "shown_by" in one)] == []
    assert [name for name, one in data.items() if one.get("demand") and not one.get("then")] == []
    named = {row.effect.partition(":")[0] for board in wire_table.CARRIERS for row in wire_table.rows(board)}
    assert set(data) == named


@pytest.mark.parametrize("name", FEW)
def test_broken_wire_is_told_before_it_presses(bench: Bench, name: str) -> None:
    effect = wire_table.effect(name)
    moments = ("touch", "hold") if effect.faults else ()
    for one in outcomes(effect, bench, moments):
        assert one.miss(effect) == "" and not wire_faults.silent(effect, [one]), one


def test_what_is_told_late_wrongly_or_never_is_a_miss() -> None:
    rail, held = wire_table.effect("rail:1"), wire_table.effect("dump_held")
    assert Outcome("p", "hold", ("rail",), 5, 0.1).miss(rail) == ""
    assert Outcome("p", "hold", ("crc",), 5, 0.1).miss(rail) == "told crc, not rail"
    assert "above" in Outcome("p", "hold", ("rail",), 201, 0.1).miss(rail)
    assert "safe after" in Outcome("p", "hold", ("rail",), 5, 16).miss(rail)
    nothing = Outcome("p", "hold", (), 0, None)
    high, quiet = wire_table.effect("shorted_high:2"), Outcome("p", "touch", (), 0, None)
    assert nothing.miss(high).startswith("told nothing") and quiet.miss(high) == ""
    assert wire_faults.silent(high, [nothing]) and not wire_faults.silent(high, [quiet])
    assert wire_faults.silent(rail, [nothing]) and not wire_faults.silent(held, [nothing]) and wire_faults.latent(held, [nothing])
