"""A limit that is wider than the force of a step is told beside the step."""

import json
from pathlib import Path

import pytest
from stackpress import coarse_limits, paths, programs
from stackpress.cli import app
from stackpress_core import params

VALUES = {row[params.NAME]: row[params.DEFAULT] for row in params.PARAMS}
STEPS = [
    {"do": "contact", "to_cn": 20_000},
    {"do": "ramp", "to_cn": 66_400, "rate_cn_per_s": 10_000},
    {"do": "hold", "for_ms": 1000},
    {"do": "ramp", "by_cn": 4_000_000, "rate_cn_per_s": 100_000},
    {"do": "hold", "for_ms": 1000},
    {"do": "release", "to_cn": 15_700, "rate_cn_per_s": 10_000},
    {"do": "hold", "for_ms": 1000},
    {"do": "vent"},
]


def told(values: dict[str, float], steps: list[dict[str, object]]) -> list[str]:
    return coarse_limits.told({"format": 1, "name": "x", "steps": steps}, values)


def test_a_step_is_told_with_every_limit_that_is_wider_than_its_force() -> None:
    found = told(VALUES, STEPS)
    told_of = ["step 1 (contact)", "step 2 (ramp)", "step 3 (hold)", "step 6 (release)", "step 7 (hold)"]
    assert [line.split(":")[0] for line in found] == told_of
    assert "at 664 N" in found[2] and "no_response_n = 1500" in found[2] and "force_drop_min_n" not in found[2]
    assert "at 157 N" in found[4] and "force_drop_min_n = 200" in found[4] and "hold_band_min_n" not in found[4]


@pytest.mark.parametrize("name", [*coarse_limits.LIMITS, *coarse_limits.HOLDS])
def test_a_limit_that_fits_is_not_told(name: str) -> None:
    fine = {**VALUES, **{one: 1 for one in (*coarse_limits.LIMITS, *coarse_limits.HOLDS, *coarse_limits.RAMPS)}}
    assert told(fine, STEPS) == []
    assert any(name in line for line in told({**fine, name: 157.01}, STEPS))
    assert not any("step 7" in line for line in told({**fine, name: 157.0}, STEPS))


@pytest.mark.parametrize("name", sorted(programs.ready_made()))
def test_every_ready_made_program_can_be_looked_at(name: str) -> None:
    assert isinstance(coarse_limits.told(programs.load(name), VALUES), list)


def test_program_check_tells_it_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    file: Path = paths.BOARDS / "sim" / "press.toml"
    assert app.run(["program", "check", "stack_pressure_hold", "--press", str(file), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["programs"]
    assert any("no_response_n" in line for line in one["coarse_limits"])
