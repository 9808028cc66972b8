"""What a bad contact does to a press that is armed: a fault with its name and outputs safe, or nothing at all if it was brief."""

import pytest
from stackpress.link import Link
from stackpress_core.tick import blackboard

from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(1800)
BOOTED_S = 0.7


def armed(target: EmulatorTarget, link: Link) -> None:
    link.command("CYCL:ARM")
    target.run_for(0.02)
    assert link.query("CYCL:STAT?") == "ready" and target.truth()["permissive"]


def test_data_ready_that_is_cut_off_vents_although_the_converter_still_answers() -> None:
    """Its frames would come every five quarters of a period: holds and ramps would take a quarter longer than they say."""
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=900) as link:
            armed(target, link)
            target.carrier.converter.ready_cut = True
            target.run_for(0.02)
            assert link.query("CYCL:STAT?") == "tripped" and "stale" in link.query("CYCL:TRIP:REAS?")
            assert not target.truth()["permissive"] and target.truth()["dump_open"]
            target.carrier.converter.ready_cut = False
            target.run_for(0.02)
            link.command("CYCL:RES")
            target.run_for(0.02)
            assert link.query("CYCL:STAT?") == "safe" and link.query("CYCL:CHEC?") == '""'


def test_a_frame_or_two_with_a_bit_turned_over_are_left_out_and_trip_nothing() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        with Link(target.port, quiet_s=900) as link:
            armed(target, link)
            before = target.word("TOKEN")
            for _ in range(3):
                target.fault("noise", 2)
                target.run_for(0.01)
            assert target.carrier.converter.noise_frames == 0 and target.word("TOKEN") - before > 100
            assert link.query("CYCL:STAT?") == "ready" and target.truth()["permissive"] and target.carrier.one_shot.lapses == 0


@pytest.mark.parametrize("left", [1, 4, 6])
def test_words_that_are_left_of_a_frame_cost_a_few_samples_and_shift_none_after(left: int) -> None:
    """Each later frame would begin in the middle of the one before, with a CRC that is wrong for ever."""
    with EmulatorTarget() as target:
        target.boot()
        fifo = target.chip.mcu.pio[0].machines[0].rx_fifo
        assert target.until(lambda: fifo.item_count == 0, 0.01, 1e-6)
        for _ in range(left):
            fifo.push(0x123456)
        target.run_for(0.001)
        seen = set()
        for _ in range(40):
            target.run_for(0.00025)
            seen.add(target.word("STATUS"))
        assert seen == {blackboard.SAMPLE_NEW}
