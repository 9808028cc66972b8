"""What a press holds is told from its own measurements, between them, and not for a press that was changed."""

from pathlib import Path

import pytest
from stackpress import held, paths, programs, step_limits
from stackpress.config import load
from stackpress.logs import holds

PRESS = paths.BOARDS / "sim" / "press.toml"


def row(force_n: float, total_n: float, hours: float = 24) -> held.Held:
    return held.Held(1.0, 13.0, force_n, hours, ("nominal",), total_n, 0.0, total_n, 10.0)


ROWS = [row(10, 1), row(1000, 10), row(10, 2, hours=720)]


@pytest.mark.parametrize(("force_n", "off_n"), [(10, 1), (1000, 10), (100, 10**0.5), (9, None), (1100, None)])
def test_between_two_forces_the_error_follows_their_logarithms_and_beyond_nothing_is_said(force_n: float, off_n: float) -> None:
    found = held.off_n(ROWS, force_n)
    assert found == (None if off_n is None else (pytest.approx(off_n), 1))


def test_the_worse_of_two_measurements_of_one_force_counts() -> None:
    assert held.off_n([*ROWS, row(10, 3)], 10) == (3, 1)


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    press = tmp_path / "press.toml"
    press.write_text(PRESS.read_text())
    effective = load(press)
    held.beside(press).write_text(held.text("reference", "as it was", held.parameters(effective), ROWS))
    assert held.read(press, effective) == (ROWS, "")
    press.write_text(press.read_text() + "\n[control]\nkp_permille = 700\n")
    found, why = held.read(press, load(press))
    assert not found and "another kp_permille" in why


def test_the_reference_press_tells_what_it_holds_at_2_mpa() -> None:
    found, why = held.read(PRESS, load(PRESS))
    off = held.off_n(found, 157.08)
    assert not why and off is not None and 0.5 < off[0] < 5


def test_a_press_without_a_table_says_nothing(tmp_path: Path) -> None:
    press = tmp_path / "press.toml"
    press.write_text(PRESS.read_text())
    assert held.read(press, load(press)) == ([], "")


def test_each_force_that_a_step_holds_is_told_in_words() -> None:
    effective = load(PRESS)
    program = programs.load("eis_pressure_sweep")
    orders = step_limits.of(program, effective)
    told = held.expected([row(50, 1), row(50000, 100)], orders)
    assert told and {one.force_n for one in told} == {one.to_n for one in orders if one.holds}
    assert "this press holds ±" in told[0].text


def test_a_gap_whose_force_follows_its_ram_is_no_force_that_is_held() -> None:
    gap = {"do": "gap", "for_ms": 1000, "most_cn": 100_000, "rate_cn_per_s": 1000}
    steps = [{"do": "contact", "to_cn": 5000}, {"do": "ramp", "to_cn": 50_000, "rate_cn_per_s": 1000}, gap]
    orders = step_limits.of({"format": 1, "name": "x", "steps": steps}, load(PRESS))
    assert [one.to_n for one in orders if one.kind == "gap"] == [1000, 5] and not any(one.holds for one in orders)
    assert held.expected([row(50, 1), row(50000, 100)], orders) == []
    assert not holds._regulated("gap") and holds._regulated("hold")
