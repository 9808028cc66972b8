"""The journal's chip is not on the carrier: the press says so, and can't be armed before its configuration allows it."""

import json

import pytest
from stackpress.link import Link
from stackpress_plant import load

from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(1800)
BOOTED_S = 0.8


def allowed(identity: str) -> dict[str, bytes]:
    """The commissioned press's configuration with `journal_in_ram`."""
    from stackpress.simulator.provision import commissioned

    found = commissioned(load.plant("nominal", "steel_blank"), identity)
    config = json.loads(found["config"])
    config["params"]["journal_in_ram"] = 1
    return {"config": json.dumps(config).encode()}


def test_press_without_its_journals_chip_is_refused_and_says_why() -> None:
    with EmulatorTarget() as target:
        target.carrier.flash.absent = True
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=900) as link:
            assert "the journal's flash chip does not answer" in link.query("CYCL:CHEC?")
            assert "the journal's flash chip does not answer" in link.query("LOG:MISS?")
            assert not target.truth()["permissive"]


def test_configuration_lets_it_run_with_a_journal_in_ram() -> None:
    with EmulatorTarget() as probe:
        identity = probe.identity
    with EmulatorTarget(documents=allowed(identity)) as target:
        target.carrier.flash.absent = True
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=900) as link:
            assert link.query("CYCL:CHEC?") == '""'
            link.command("CYCL:ARM")
            target.run_for(0.02)
            assert link.query("CYCL:STAT?") == "ready" and target.truth()["permissive"]
            assert "does not answer" in link.query("LOG:MISS?")
