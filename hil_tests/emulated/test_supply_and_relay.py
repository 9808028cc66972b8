"""The 24 V and the safety relay beside the image: what sags, what does not come back by itself, and switches that bounce."""

import pytest
import stackpress
from stackpress.electrical.circuit import circuit_of
from stackpress.link import Link
from stackpress_core.log import records

from hil_tests.devices import supply
from hil_tests.run import pulled
from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(1800)
BOOTED_S = 0.7


def armed(target: EmulatorTarget, link: Link) -> None:
    link.command("CYCL:ARM")
    target.run_for(0.02)
    assert link.query("CYCL:STAT?") == "ready" and target.truth()["permissive"]


@pytest.mark.parametrize("phase_ms", [0, 7])
def test_trip_of_a_supply_that_is_gone_is_in_the_journal_before_the_electronics_die(phase_ms: int) -> None:
    circuit = circuit_of("pico")
    assert circuit is not None
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S + phase_ms / 1000)
        with Link(target.port, quiet_s=900) as link:
            armed(target, link)
        target.carrier.flash.page_ns, target.carrier.flash.erase_ns = 3e6, 400e6  # as slow as a W25Q128JV may be
        target.carrier.supplied = False
        target.run_for(supply.of(circuit).lives_ms() / 1000)
        assert target.truth()["dump_open"] and not target.truth()["permissive"]
        target.restart()
        target.run_until(BOOTED_S)
        with stackpress.open(target.port) as press:
            assert "supply" in [one.fields["name"] for one in pulled(press, 0).of(records.TRIP)]


def test_supply_that_sags_and_returns_vents_and_restarts_nothing_and_the_relay_has_to_be_reset() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        target.carrier.attended = False
        with Link(target.port, quiet_s=900) as link:
            armed(target, link)
            target.carrier.supplied = False
            target.run_for(0.03)
            target.carrier.supplied = True
            target.run_for(0.1)
            assert target.starts == 1 and link.query("CYCL:STAT?") == "tripped" and "supply" in link.query("CYCL:TRIP:REAS?")
            assert target.truth()["dump_open"] and not target.carrier.relay.closed
            with pytest.raises(stackpress.PressRefused, match="still there: supply"):
                link.command("CYCL:RES")
            target.carrier.relay_reset = True
            target.run_for(0.1)
            link.command("CYCL:RES")
            target.run_for(0.05)
            assert link.query("CYCL:CHEC?") == '""'


@pytest.mark.parametrize("name", ["estop", "guard"])
def test_switch_that_bounces_vents_once_is_no_welded_contact_and_the_relay_has_to_be_reset(name: str) -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        target.carrier.attended = False
        for contact in target.carrier.contacts.values():
            contact.bounce_ms = 10.0
        with Link(target.port, quiet_s=900) as link:
            armed(target, link)
            target.fault(name)
            target.run_for(0.05)
            assert link.query("CYCL:STAT?") == "tripped" and name in link.query("CYCL:TRIP:REAS?")
            assert target.truth()["dump_open"] and not target.carrier.relay.closed
            target.clear_fault(name)
            target.run_for(0.1)
            assert max(contact.bounces for contact in target.carrier.contacts.values()) > 5
            link.command("CYCL:RES")
            target.run_for(0.02)
            assert link.query("CYCL:STAT?") == "safe" and link.query("CYCL:CHEC?").startswith('"supply"')
            target.carrier.relay_reset = True
            target.run_for(0.1)
            assert link.query("CYCL:CHEC?") == '""'
            armed(target, link)


def test_bounce_that_opens_a_channel_for_less_than_the_relay_takes_is_seen_by_the_press_all_the_same() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=900) as link:
            armed(target, link)
            target.fault("guard_a")
            target.run_for(0.003)
            target.clear_fault("guard_a")
            target.run_for(0.02)
            assert target.carrier.relay.closed and link.query("CYCL:STAT?") == "tripped"
            assert "guard" in link.query("CYCL:TRIP:REAS?") and not target.truth()["permissive"]
