"""A scenario that fails on the emulated board leaves its pins behind, as a trace that other programs read."""

from pathlib import Path

import pytest
from vcd.reader import TokenKind, tokenize

from hil_tests.conftest import EMULATED_TIMEOUT_S
from hil_tests.test_bundle import left_by

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


def edges(path: Path) -> dict[str, list[tuple[int, str]]]:
    """Of every variable of a VCD file: time / ns and level."""
    names: dict[str, str] = {}
    found: dict[str, list[tuple[int, str]]] = {}
    now = 0
    with path.open("rb") as f:
        for token in tokenize(f):
            if token.kind is TokenKind.VAR:
                names[token.var.id_code] = token.var.reference
                found[token.var.reference] = []
            elif token.kind is TokenKind.CHANGE_TIME:
                now = token.time_change
            elif token.kind is TokenKind.CHANGE_SCALAR:
                found[names[token.scalar_change.id_code]].append((now, token.scalar_change.value))
    return found


def test_failing_scenario_leaves_a_trace_of_every_pin(tmp_path: Path) -> None:
    from boards.images.board_data import board_data

    into = left_by("emulator", tmp_path)
    pins = edges(into / "pins.vcd")
    assert set(pins) == set(board_data("pico")["pins"])
    opened_ns = [ns for ns, level in pins["guard_a"] if level == "0"][-1]
    assert opened_ns > 0.2e9 and pins["guard_b"][-1] == (opened_ns, "0")  # both channels, in the same step of the plant
    ready = [ns for ns, level in pins["data_ready"] if level == "0"]
    assert {round((b - a) / 1000) for a, b in zip(ready[-100:], ready[-99:], strict=False)} == {250}  # 4 kHz / us
    assert all(level == "0" for _, level in pins["dump"])  # nothing was ever energised
    assert b"the guard is open" in (into / "console.txt").read_bytes()
    assert (into / "truth.csv").read_text().count("\n") > 5
    assert "event" in (into / "events.csv").read_text()
