"""Every scenario in hil_tests/scenarios does what its claim says, on the target that is chosen with --target."""

import pytest

from hil_tests import bundle, player
from hil_tests.conftest import EMULATED_TIMEOUT_S
from hil_tests.scenario import Scenario


@pytest.mark.timeout(EMULATED_TIMEOUT_S)
def test_scenario_does_what_it_claims(one_form: tuple[Scenario, str], target_kind: str, port: str) -> None:
    one, form = one_form
    player.play(one, form, target_kind, bundle.folder(target_kind, one.name, form), port)
