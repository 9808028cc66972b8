"""What trips in each step is told beside the step; a hold that the press can't tell from nothing is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from stackpress import contacts, paths, program_limits, programs, step_limits
from stackpress.cli import app
from stackpress.config import load

SIM = paths.BOARDS / "sim" / "press.toml"
PROGRAM = {
    "format": 1,
    "name": "x",
    "steps": [
        {"do": "contact", "to_cn": 5_000},
        {"do": "ramp", "to_cn": 66_400, "rate_cn_per_s": 10_000},
        {"do": "hold", "for_ms": 1000},
        {"do": "release", "to_cn": 15_700, "rate_cn_per_s": 10_000},
        {"do": "hold", "for_ms": 1000},
        {"do": "vent"},
    ],
}


def test_no_limit_of_a_step_is_as_wide_as_its_force() -> None:
    found = step_limits.of(PROGRAM, load(SIM))
    assert [(one.step, one.kind, one.to_n) for one in found] == [
        (2, "ramp", 664), (3, "hold", 664), (4, "release", 157), (5, "hold", 157)]  # fmt: skip
    for one in found:
        assert one.to_n < one.above_n < 2 * one.to_n and one.above_n < one.open_n < one.to_n + 2000
    assert found[1].below_n == pytest.approx(597.6) and found[3].below_n == pytest.approx(141.3)


def test_cell_that_is_locked_is_told_once_less_than_a_sixteenth_of_it_is_left() -> None:
    steps = [*PROGRAM["steps"][:2], {"do": "relax", "for_ms": 1000}, {"do": "vent"}]
    (relax,) = [one for one in step_limits.of({**PROGRAM, "steps": steps}, load(SIM)) if one.kind == "relax"]
    assert relax.below_n == pytest.approx(41.5) and relax.above_n > 664


@pytest.mark.parametrize("name", sorted(programs.ready_made()))
@pytest.mark.parametrize("file", sorted((paths.BOARDS / "sim").glob("press*.toml")), ids=lambda file: file.stem)
def test_every_ready_made_program_can_be_watched_on_every_press(name: str, file: Path) -> None:
    effective = load(file)
    orders = step_limits.of(programs.load(name, program_limits.of(effective)), effective)
    assert all(0 < one.below_n < one.to_n for one in orders if one.holds)


def test_program_check_tells_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["program", "check", "stack_pressure_hold", "--press", str(SIM), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["programs"]
    assert [limit["step"] for limit in one["limits"]] == [2, 3, 4]


@pytest.mark.parametrize(("to_n", "code"), [(5, 2), (12.75, 2), (12.76, 0), (13.27, 0)])
def test_hold_that_can_not_be_told_from_nothing_is_refused(
    to_n: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0.1 MPa on 13 mm are 13.27 N: the reference press holds and watches them with its low range."""
    file = tmp_path / "faint.toml"
    ramp, hold = f'do = "ramp"\nto_n = {to_n}\nrate_n_per_s = 1\n', 'do = "hold"\nfor_s = 60\n'
    file.write_text(
        'name = "faint"\n' + "".join("[[step]]\n" + one for one in ('do = "contact"\nto_n = 5\n', ramp, hold))
    )
    assert app.run(["program", "check", str(file), "--press", str(SIM)]) == code
    said = f"step 3 (hold): this press can't tell {to_n:g} N from nothing; it watches what is held with more than 12.75 N"
    assert (said in capsys.readouterr().err) == bool(code)


def steps_of(*lines: str) -> dict[str, Any]:
    text = 'name = "a"\ndie_mm = 13\n' + "".join("[[step]]\n" + line.replace("; ", "\n") + "\n" for line in lines)
    made, found = programs.parse(text)
    assert made is not None, found
    return made


CONTACT, RAMP = 'do = "contact"; to_n = 50', 'do = "ramp"; to_n = 500; rate_n_per_s = 50'
RELEASE, CYCLE = 'do = "release"; rate_n_per_s = 50', 'do = "cycle"; low_n = 0; high_n = 500; rate_n_per_s = 50; count = '


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((CONTACT, RAMP, RELEASE), []),
        ((CONTACT, RAMP, RELEASE, CONTACT, RAMP), []),
        ((CONTACT, CYCLE + "1"), []),
        ((RAMP,), [1]),
        ((CONTACT, RELEASE, RAMP), [3]),
        ((CONTACT, 'do = "vent"', 'do = "pause"; note = "lithium in"', RAMP), [4]),
        ((CONTACT, CYCLE + "2"), [2]),
        ((CONTACT, 'do = "sweep"; forces_n = [500, 0, 500, 0, 300]; rate_n_per_s = 50', RAMP), [2]),
        ((CONTACT, 'do = "ramp"; to_n = 0; rate_n_per_s = 50', 'do = "hold"; for_s = 5', RAMP), [4]),
    ],
)
def test_a_force_behind_none_without_a_contact_is_told_before_it_trips(lines: tuple[str, ...], told: list[int]) -> None:
    found = contacts.untouched(steps_of(*lines))
    assert [one.step for one in found] == told and all("without a contact" in one.text for one in found)


def test_a_cell_that_is_held_needs_no_contact() -> None:
    assert contacts.untouched(steps_of(RAMP), 66_400) == []


@pytest.mark.parametrize("name", sorted(programs.ready_made()))
def test_no_ready_made_program_asks_for_force_without_a_contact(name: str) -> None:
    assert contacts.untouched(programs.load(name)) == []
