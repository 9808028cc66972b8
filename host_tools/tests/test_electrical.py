"""What the carriers' data promise: the boards that ship break no electrical rule, and each rule catches a board that is altered."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from stackpress import electrical, paths
from stackpress.cli.app import run
from stackpress.electrical import RULES, Circuit, safety, supplies, values

CARRIERS = ("pico", "pico2", "pico_hx711")
ALTERED: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "data/altered_boards.toml").read_text())["altered"]


@cache
def carrier(name: str) -> Circuit:
    circuit = electrical.circuit_of(name)
    assert circuit is not None
    return circuit


def broken(circuit: Circuit) -> dict[str, tuple[str, ...]]:
    return {verdict.rule.name: verdict.found for verdict in electrical.judge(circuit) if not verdict.good}


def _at(circuit: Circuit, place: str) -> set[str]:
    """The nets at a place that a page names: `J7.2`, `U10.OUT`, `U15 pin 25`, `A1 pins 14, 15`, `C1`."""
    found = {net for ref, _, pins in re.findall(r"\b(A1|U15) (pins?) ([\d, ]+)", place)
             for number in re.findall(r"\d+", pins) for net in _pin(circuit, ref, int(number))}  # fmt: skip
    for ref, number in re.findall(r"\b(J\d+)\.(\d+)", place):
        found.add(circuit.connectors[ref]["nets"][int(number) - 1])
    for ref, pin in re.findall(r"\b([A-Z]+\d+)\.([A-Z0-9]+)", place):
        found |= {circuit.parts[ref].nets[pin]} if ref in circuit.parts else set()
    return found.union(*(circuit.capacitors[ref].ends for ref in re.findall(r"\bC\d+", place)))


def _pin(circuit: Circuit, ref: str, number: int) -> list[str]:
    part = circuit.parts[ref]
    return [net for pin, net in part.nets.items() if part.sheet["pins"][pin] == number]


def test_the_bring_up_sheet_sends_nobody_to_another_pin() -> None:
    """A row that names nets and places names the places where those nets are."""
    circuit = carrier("pico")
    sheet = (paths.BOARDS / "pico" / "README.md").read_text().split("## Bring-up")[1].split("\n## ")[0]
    looked = 0
    for row in (line.split("|")[1:3] for line in sheet.splitlines() if line.lstrip().startswith("| ")):
        named = {word for word in re.findall(r"\w+", row[0]) if word in circuit.ends}
        there = _at(circuit, " ".join(row))
        if named and there:
            looked += 1
            assert named <= there, f"{row[0].strip()}: at {row} are {sorted(there)}"
    assert looked >= 10
    for ref, pin, number in re.findall(r"\b([A-Z]+\d+)\.([A-Z]+) \(pin (\d+)", sheet):
        assert circuit.parts[ref].sheet["pins"][pin] == int(number)


@pytest.mark.parametrize("name", CARRIERS)
def test_a_board_that_ships_breaks_no_rule(name: str) -> None:
    assert broken(carrier(name)) == {}


@pytest.mark.parametrize("row", ALTERED, ids=lambda row: f"{row['rule']}: {row['text'][:40]}")
def test_an_altered_board_breaks_the_rule_it_names(row: dict[str, Any]) -> None:
    circuit = electrical.circuit_of(row.get("board", "pico"), row["set"])
    assert circuit is not None and row["rule"] in broken(circuit)


def test_each_sheet_says_what_of_it_was_read() -> None:
    """In its maker's document, or which figures were not; a part of which no rule uses a figure claims neither."""
    sheets: dict[str, dict[str, Any]] = tomllib.loads((paths.BOARDS / "data_sheets.toml").read_text())
    for name, sheet in sheets.items():
        assert ("read" in sheet) != ("generic" in sheet) and sheet["source"], name
        assert sheet.get("read", True) or "Unread: " in sheet["source"], name
        assert "generic" not in sheet or set(sheet) <= {"text", "source", "generic", "pins"}, name


def test_every_rule_has_its_altered_board_and_says_what_it_checks() -> None:
    assert {rule.name for rule in RULES} == {row["rule"] for row in ALTERED}
    assert len(RULES) >= 25 and len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.checks and rule.source for rule in RULES)


def test_the_command_prints_every_rule_and_fails_with_a_broken_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "board", "pico2"]) == 0
    said = capsys.readouterr().out
    assert f"{len(RULES)} electrical rules, 0 broken" in said and "common_mode" in said
    for file in ("board.toml", "carrier.toml"):
        (tmp_path / file).write_text((paths.BOARDS / "pico" / file).read_text())
    text = (tmp_path / "carrier.toml").read_text().replace('R21 = ["12k"', 'R21 = ["10k"')
    (tmp_path / "carrier.toml").write_text(text)
    assert run(["config", "board", str(tmp_path / "board.toml")]) == 1
    assert "one_shot: it may hold for 0.85 ms only" in capsys.readouterr().out
    assert run(["config", "board", str(tmp_path / "board.toml"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"] and [row["name"] for row in told["rules"] if not row["good"]] == ["one_shot"]


def test_a_board_without_a_circuit_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "board", "dryrun"]) == 0
    assert "its circuit is not written down" in capsys.readouterr().out


def test_a_carrier_that_names_an_unknown_part_is_told_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "board.toml").write_text((paths.BOARDS / "pico/board.toml").read_text())
    text = (paths.BOARDS / "pico/carrier.toml").read_text().replace('is = "dac8551"', 'is = "dac8552"')
    (tmp_path / "carrier.toml").write_text(text)
    assert run(["config", "board", str(tmp_path / "board.toml")]) == 2
    assert "dac8552" in capsys.readouterr().err


def test_times_and_thresholds_are_what_a_hand_calculates() -> None:
    shortest, usual, longest = safety.one_shot_us(carrier("pico"))
    assert (round(shortest), round(usual), round(longest)) == (1015, 1200, 1399)  # 12 k, 100 n, K 0.9 .. 1.1, 1 % and 5 %
    assert safety.slowest_hz(carrier("pico")) == 1232 and safety.slowest_hz(carrier("pico_hx711")) == 411
    highest, rising, falling, lowest = supplies.threshold_v(carrier("pico"))
    assert rising == pytest.approx(0.5 * 42.2) and falling == pytest.approx(0.495 * 42.2)
    assert (highest, lowest) == pytest.approx((21.52, 20.47), abs=0.01)
    assert supplies.held_up_ms(carrier("pico")) == pytest.approx(0.5 * 376e-6 * (19.773**2 - 6.5**2) * 0.84 / 0.75 * 1e3, rel=1e-3)


def test_what_the_pins_give_together_is_judged_by_what_their_chip_may_give() -> None:
    """34 mA of the trigger's pin are too much of an RP2040's 50 mA, and not of an RP2350's 100."""
    changed = {"resistors/R58/0": "100"}
    by_board = {name: electrical.circuit_of(name, changed) for name in ("pico", "pico2")}
    found = {name: broken(circuit).get("gpio_current") for name, circuit in by_board.items() if circuit}
    told = tuple(f"A1: its pins may have to {what} together, 25 are left of 50" for what in ("give 36 mA", "take 40 mA"))
    assert found == {"pico": told, "pico2": None}


def test_the_addresses_of_the_carrier_are_those_that_the_drivers_ask() -> None:
    """The data say where a driver asks, for the rule; the driver says it too."""
    for ref, file in (("U15", "mcp23017"), ("U18", "ssd1306")):
        text = (paths.FIRMWARE / "drivers" / f"{file}.py").read_text()
        asked = re.search(r"^ADDRESS = const\((0x\w+)\)", text, re.MULTILINE)
        assert asked and int(asked[1], 16) == carrier("pico").raw["addresses"][ref]


@pytest.mark.parametrize(("text", "number"), [("4.7k", 4700.0), ("100", 100.0), ("10M", 1e7), ("100n 50V", 1e-7)])
def test_values_are_read_as_people_write_them(text: str, number: float) -> None:
    assert values.value(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["4k7", "", "100 n", "1e3", "-5"])
def test_a_value_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no value"):
        values.value(text)


def test_resistors_have_the_maker_s_order_codes() -> None:
    codes = [values.resistor_code(*row) for row in (("4.7k", 1, ""), ("100", 1, ""), ("412k", 0.1, ""), ("4.3k", 5, "0.25 W"))]
    assert codes == ["RC0603FR-074K7L", "RC0603FR-07100RL", "RT0603BRD07412KL", "RC1206JR-074K3L"]
