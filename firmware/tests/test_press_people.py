"""What happens when the host goes, and what the buttons at the press do."""

from bench_press import CONTACT, VENT, MemoryBoard, after_each, bench, hold, ramp, recipe
from stackpress_core.tick import blackboard, interlock, states

__all__ = ["after_each"]


def lose_host(policy, **more):
    b = bench().pressed(host_loss=policy, **more)
    b.press.lease.renew(2000)
    b.run(1.9)
    assert b.word("STATE") == states.HOLDING
    b.run(0.2)
    return b


def test_program_that_carries_on_ends_without_its_host():
    b = bench().started(CONTACT, ramp(300000), hold(20000), VENT, host_loss="carry_on")
    b.until_state(states.SAFE, 60)
    assert b.press.runner.state == "done"


def test_program_that_asks_for_a_hold_keeps_the_cell_compressed_when_the_host_is_gone():
    b = lose_host("hold")
    assert b.press.readings.trip_reason == "host_lease" and b.word("REACTION") == interlock.HOLD
    b.run(5)
    assert abs(b.press.readings.filtered_cn - 1000000) < 1000


def test_program_that_asks_for_it_ramps_down_when_the_host_is_gone():
    b = lose_host("ramp_down")
    assert b.press.readings.trip_reason == "host_lease" and b.word("REACTION") == interlock.RAMP
    b.run(1)
    assert 0 < b.press.readings.filtered_cn < 900000
    b.until(lambda: b.valve_is_off, 20)


def test_lease_that_is_renewed_never_ends_and_a_grace_follows_the_start():
    b = bench().pressed(host_loss="hold")
    for _ in range(30):
        b.press.lease.renew(1500)
        b.run(1)
    assert b.word("STATE") == states.HOLDING
    b = bench().started(CONTACT, ramp(300000), hold(60000), host_loss="hold")
    b.run(14)
    assert b.word("STATE") == states.HOLDING
    b.run(2)
    assert b.press.readings.trip_reason == "host_lease"


def test_lease_runs_over_the_wrap_of_the_wall_clock():
    b = bench()
    b.wall_ms = (1 << 30) - 2000
    b.pressed(host_loss="hold")
    b.press.lease.renew(10000)
    b.run(9)
    assert b.wall_ms < 20000 and b.word("STATE") == states.HOLDING
    b.run(2)
    assert b.press.readings.trip_reason == "host_lease"


# -- buttons


def test_start_button_arms_and_runs_the_program_and_stop_and_reset_do_what_they_say():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(3600000), host_loss="hold"))
    b.push("start")
    b.until_state(states.HOLDING, 10)
    b.run(20)
    assert b.word("STATE") == states.HOLDING  # no host started it, none is missed
    b.push("stop")
    b.until_state(states.SAFE, 20)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(3)
    b.inputs = blackboard.IN_HEALTHY
    b.push("reset")
    assert b.word("STATE") == states.SAFE


def test_start_button_that_is_held_or_stuck_when_the_press_starts_moves_nothing():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(1000)))
    again = bench(MemoryBoard(store=b.board.store), stored=False, inputs=blackboard.IN_HEALTHY | blackboard.IN["start"])
    again.run(2)
    assert again.word("STATE") == states.SAFE and again.press.events.run == 0
    again.inputs = blackboard.IN_HEALTHY
    again.run(0.1)
    again.push("start")
    assert again.press.events.run == 1


def test_start_button_on_a_press_that_can_not_be_armed_is_noted_and_moves_nothing():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(1000)))
    b.inputs &= ~blackboard.IN["travel_ok"]
    b.push("start")
    assert b.word("STATE") == states.SAFE
    assert any("travel" in fields["text"] for fields in b.records(2))


def test_buttons_that_go_down_together_mean_stop():
    b = bench().pressed()
    b.push("start", "stop", "reset")
    assert b.word("STATE") == states.RELEASING


def test_stop_button_pressed_again_and_again_is_one_stop():
    b = bench().pressed()
    b.push("stop")
    released = b.press.readings.filtered_cn
    for _ in range(5):
        b.push("stop")
        assert b.word("STATE") == states.RELEASING and not b.valve_is_off
    assert released > b.press.readings.filtered_cn > 800000  # 10 kN, at the program's rate
    b.until_state(states.SAFE, 30)


def test_stop_that_is_asked_for_again_in_a_trip_goes_on_as_it_began():
    """By the button or by the word: a tripped press is ramped down, and only VENT or a button that is held dumps."""
    def word(b):
        b.board.serial.sent += b"STOP;STOP\nSTOP CONT\n"
        b.run_passes(12)

    for again in (lambda b: b.push("stop"), word):
        for tripped in (lambda: lose_host("hold"), lambda: lose_host("ramp_down")):
            b = tripped()
            for _ in range(4):
                again(b)
                assert b.word("REACTION") == interlock.RAMP and not b.valve_is_off
            assert b.press.readings.filtered_cn > 400000  # of 10 kN, at the press's own rate
        b.board.serial.sent += b"STOP VENT\n"
        b.run(0.3)
        assert b.word("REACTION") == interlock.VENT and b.press.readings.filtered_cn < 10000


def held_for(b, seconds, bounces=()):
    """Stop goes down, opens for a pass at each of `bounces` (passes), and is let go."""
    for i in range(int(seconds * 200)):
        b.inputs = b.inputs & ~blackboard.IN["stop"] if i in bounces else b.inputs | blackboard.IN["stop"]
        b.run_passes(1)
    b.inputs &= ~blackboard.IN["stop"]
    b.run_passes(6)


def test_stop_button_that_is_held_for_three_seconds_vents():
    for bounces in ((), (1, 3), (300, 302), (590,)):
        b = bench().pressed(stop_rate_cn_per_s=20000)
        held_for(b, 2.9, bounces)
        assert b.word("STATE") == states.RELEASING and b.press.readings.filtered_cn > 900000, bounces
        held_for(b, 3.2, bounces)
        b.run(0.3)
        assert b.valve_is_off or b.press.readings.filtered_cn < 10000, bounces


def test_stop_button_that_was_held_when_the_press_started_never_vents():
    b = bench(inputs=blackboard.IN_HEALTHY | blackboard.IN["stop"])
    b.run(4)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(6)
    b.pressed()
    b.run(4)
    assert b.word("STATE") == states.HOLDING


def test_stop_that_is_under_way_goes_on_to_its_end_without_the_host():
    b = bench().pressed(host_loss="hold")
    b.press.lease.renew(1000)
    b.press.operator.stop("controlled")
    b.until_state(states.SAFE, 30)
    assert b.press.readings.trip_reason == ""
