"""Contacts that bounce: what a switch does while it closes is no fault of it, and what it does while it opens is an opening."""

from bench_press import bench
from stackpress_core import switches
from stackpress_core.tick import blackboard

ESTOP = blackboard.IN["estop_a"] | blackboard.IN["estop_b"]
GUARD = blackboard.IN["guard_a"] | blackboard.IN["guard_b"]


def bounced(b, pair, closed, seed, passes=3):
    """Each channel of a pair is open or closed by turns, for 15 ms, then as it is to be."""
    both = ESTOP if pair == "estop" else GUARD
    a = blackboard.IN[pair + "_a"]
    for _ in range(passes):
        seed = (seed * 16807) % 2147483647
        b.inputs = b.inputs & ~both | (0, a, both & ~a, both)[seed >> 8 & 3]
        b.run_passes(1)
    b.inputs = b.inputs | both if closed else b.inputs & ~both


def test_switch_that_bounces_while_it_closes_is_no_welded_contact():
    for pair in ("estop", "guard"):
        for seed in range(1, 9):
            b = bench()
            b.inputs &= ~(ESTOP if pair == "estop" else GUARD)
            b.run(0.1)
            bounced(b, pair, True, seed)
            b.run(0.2)
            b.run_passes(3)
            assert "discrepancy" not in [code for code, _ in b.press.arming.failing()], (pair, seed)


def test_switch_that_bounces_while_it_opens_has_opened_and_is_believed_again():
    for pair in ("estop", "guard"):
        for seed in range(1, 5):
            b = bench().pressed()
            bounced(b, pair, False, seed)
            b.run(0.05)
            assert b.press.readings.state_name == "tripped" and b.press.readings.trip_reason == pair
            bounced(b, pair, True, seed + 40)
            b.run(0.2)
            b.run_passes(3)
            b.press.operator.reset()
            b.run_passes(1)
            assert b.press.readings.state_name == "safe" and b.press.arming.failing() == []


def test_channel_that_opens_alone_for_longer_than_a_bounce_is_still_found_out():
    for settled in (0.03, 1):
        b = bench()
        b.inputs &= ~GUARD
        b.run(0.1)
        b.inputs |= GUARD
        b.run(settled)
        b.run_passes(2)
        b.inputs &= ~blackboard.IN["guard_b"]
        b.run(0.03)
        b.run_passes(2)
        b.inputs |= GUARD
        b.run(0.1)
        assert "discrepancy" in [code for code, _ in b.press.arming.failing()]


def test_pair_that_is_first_seen_closed_long_after_it_was_open_may_bounce_still():
    pairs, b = switches.Pairs(), blackboard.IN["guard_b"]
    pairs.look(blackboard.IN_HEALTHY & ~GUARD, 1000)
    pairs.look(blackboard.IN_HEALTHY, 1000 + 3 * switches.SETTLED_MS)  # a long pass lay between
    pairs.look(blackboard.IN_HEALTHY & ~b, 1003 + 3 * switches.SETTLED_MS)
    pairs.look(blackboard.IN_HEALTHY, 1009 + 3 * switches.SETTLED_MS)
    assert pairs.stuck == ""


def test_pair_is_closed_once_it_has_been_for_as_long_as_a_button_takes():
    pairs, b = switches.Pairs(), blackboard.IN["guard_b"]
    for since_ms, stuck in ((switches.SETTLED_MS - 1, ""), (switches.SETTLED_MS, "guard")):
        pairs.look(blackboard.IN_HEALTHY & ~GUARD, 1000)
        for ms in range(1001, 1002 + since_ms):
            pairs.look(blackboard.IN_HEALTHY, ms)
        pairs.look(blackboard.IN_HEALTHY & ~b, 1002 + since_ms)
        assert pairs.stuck == stuck
