"""What is known of a start that ended badly, on the real image: the section that hung, registers of a hard fault, ticks that end.

Each is made at the processor. Whatever it was, the outputs are safe, the log of the next start says what, and it can't be armed
before that was acknowledged.
"""

from typing import Any

import pytest
from stackpress import why
from stackpress.link import Link
from stackpress.press import Press
from stackpress_core.log import records

from hil_tests.run import pulled
from hil_tests.targets.chip import PIO0_IRQ_0
from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(900)
BOOTED_S = 0.7
LOGGED_S = 0.5  # the journal takes what a start has to tell one record after the other
HARD_FAULT = 3  # exception number, ARMv6-M B1.5.2
SECTION = 1  # scratch register of the watchdog
SAMPLER = 2 * 9  # place in the scheduler; the wire is served between any two
CAUSE = {name: i for i, name in enumerate(records.RESET_CAUSES)}


def armed(target: EmulatorTarget) -> None:
    target.run_until(BOOTED_S)
    with Link(target.port, quiet_s=900) as link:
        link.command("CYCL:ARM")
    target.run_for(0.02)
    assert target.truth()["permissive"]


def crash_told(log: Any) -> list[str]:
    return [one.fields["text"] for one in log.of(records.EVENT) if one.fields["code"] == records.EVENT_CRASH]


def section(target: EmulatorTarget) -> int:
    return int(target.chip.mcu.watchdog.scratch_data[SECTION])


def restarted(target: EmulatorTarget, within_s: float) -> list[str]:
    """Runs on until the next start ticks; what its log says of the one before, after the checks that hold for all of them."""
    before = target.word("TOKEN")
    assert target.until(lambda: target.word("TOKEN") < before, within_s), "it did not start anew"
    assert not target.truth()["permissive"] and target.truth()["dump_open"]
    assert target.until(lambda: target.word("TOKEN") > 400, 2.0)
    with Press(Link(target.port, quiet_s=900)) as press:
        assert [one.code for one in press.checks()] == ["crash"]
        log, end = pulled(press), target.time_s() + LOGGED_S
        while not crash_told(log) and target.time_s() < end:
            target.run_for(0.05)
            log = pulled(press)
        account = why.of_press(press, log)
        press.reset()
        assert press.checks() == []
    told = crash_told(log)
    assert told and all(line in " ".join(account.did) for line in told)
    return told


def test_a_section_that_hangs_is_named_after_the_watchdog() -> None:
    with EmulatorTarget() as target:
        armed(target)
        core = target.chip.mcu.core
        target.chip.step_while(lambda: section(target) != SAMPLER or core.ipsr != 0 or core.pm)
        target.fault("foreground")
        assert restarted(target, 1.6) == ["last section: sampler"]


def test_interrupts_that_end_are_told_apart_from_a_foreground_that_hangs() -> None:
    with EmulatorTarget() as target:
        armed(target)
        target.chip.mcu.write_uint32(0xE000E180, 1 << 7)  # the tick's interrupt is masked (ARMv6-M B3.4)
        told = restarted(target, 1.8)
        assert told[0] == "no tick came any more" and told[1].startswith("last section: ")


@pytest.mark.parametrize("inside", ["foreground", "tick"])
def test_a_hard_fault_makes_the_outputs_safe_at_once_and_leaves_its_registers(inside: str) -> None:
    with EmulatorTarget() as target:
        armed(target)
        core = target.chip.mcu.core
        wanted = 0 if inside == "foreground" else PIO0_IRQ_0
        target.chip.step_while(lambda: core.ipsr != wanted or core.pm)
        pc, began = core.pc & ~1, target.time_s()
        core.exception_entry(HARD_FAULT)
        assert target.until(lambda: not target.truth()["permissive"], 0.01, 0.0001)
        assert target.time_s() - began < 0.002, "the one-shot ends a millisecond after the last pulse"
        told = restarted(target, 0.8)
        assert told[0].startswith("last section: ") and told[1].startswith(f"hard fault: pc {pc:08x} lr ")
        assert len(told) == 3 and told[2].startswith("r0 ")
