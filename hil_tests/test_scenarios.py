"""Every scenario in hil_tests/scenarios does what its claim says, on the target that is chosen with --target."""

from pathlib import Path

import pytest

from hil_tests import scenario

ALL = scenario.all_scenarios()


@pytest.mark.parametrize("one", ALL, ids=[one.path.stem for one in ALL])
def test_scenario_does_what_it_claims(one: scenario.Scenario, target_kind: str, tmp_path: Path) -> None:
    scenario.play(one, tmp_path)
