"""A step that waits for a person: under force or with none, and what has to be right before a press that was disarmed goes on."""

from bench_press import CONTACT, VENT, after_each, bench, hold, ramp
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.panel import pages
from stackpress_core.panel.canvas import Lines
from stackpress_core.recipe import program
from stackpress_core.tick import blackboard, states

__all__ = ["after_each"]
LITHIUM = {"do": "pause", "note": "insert lithium"}
GUARD = blackboard.IN["guard_a"] | blackboard.IN["guard_b"]


def waiting(*steps, **header):
    """The program is in its step that waits, and nothing moves any more."""
    b = bench().started(*steps, **header)
    b.until(lambda: b.press.runner.waits_for_person)
    b.run(1.5)
    return b


def refusal(b):
    try:
        b.press.operator.steer("go_on")
    except Refused as refused:
        return refused.text
    raise AssertionError("it went on")


def shown(b):
    b.run(0.3)
    c = Lines()
    pages.draw(c, b.press.panel)
    return " ".join(c.lines())


def test_a_force_is_kept_for_as_long_as_nobody_comes():
    b = waiting(CONTACT, ramp(500000), {"do": "pause", "note": "start the EIS"}, hold(1000), VENT)
    b.run(100)
    assert abs(b.press.readings.filtered_cn - 500000) < 1000 and b.word("STATE") == states.HOLDING and b.press.runner.kind == "pause"
    b.press.operator.steer("go_on")
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done"
    assert [e["text"] for e in b.records(records.EVENT) if e["code"] == records.EVENT_STEP_NOTE] == ["start the EIS"]


def test_pellet_insert_lithium_go_on():
    b = waiting(CONTACT, ramp(500000), hold(500), VENT, LITHIUM, CONTACT, ramp(200000), hold(500), VENT)
    assert b.word("STATE") == states.SAFE and b.valve_is_off
    b.inputs &= ~GUARD
    b.run(5)
    assert b.press.readings.trip_reason == "" and b.press.runner.active
    assert "guard is open" in refusal(b) and b.word("STATE") == states.SAFE
    b.inputs |= GUARD
    b.run(0.5)
    b.press.operator.steer("go_on")
    b.until(lambda: b.press.readings.filtered_cn > 190000)
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done" and b.press.sampler.peak_cn > 490000


def test_a_program_that_begins_with_a_person_is_not_armed_until_he_says_so():
    b = waiting({"do": "pause", "note": "put the powder in"}, CONTACT, ramp(200000), VENT)
    assert b.word("STATE") == states.SAFE and b.valve_is_off
    b.press.operator.steer("go_on")
    b.until(lambda: b.press.readings.filtered_cn > 190000)


def test_start_at_the_panel_goes_on_and_the_display_says_what_is_to_be_done():
    b = waiting(CONTACT, ramp(500000), VENT, LITHIUM, CONTACT, hold(100000))
    assert "START?" in shown(b) and "insert lithium" in shown(b)
    b.push("start")
    b.until(lambda: b.press.runner.kind == "hold")
    assert "START?" not in shown(b)
    b.press.operator.steer("pause")
    b.push("start")
    assert b.press.runner.state == "running"


def test_nothing_goes_on_while_the_press_is_not_as_it_was_at_the_start():
    def stop_held(b):
        b.inputs |= blackboard.IN["stop"]
        b.run_passes(1)  # before the button has settled, and stops the run

    def pressed(b):
        b.extra_cn = 30000
        b.run(0.5)

    def in_service(b):
        b.serviced()

    def limits_changed(b):
        from bench_press import PARAMS

        params = dict(PARAMS, force_limit_n=100000)
        b.press.settings.put("config", {"format": 1, "name": "bench", "params": params})

    for spoil, why in ((stop_held, "stop button"), (pressed, "not zero"), (in_service, "service"), (limits_changed, "working limit")):
        b = waiting(CONTACT, ramp(500000), VENT, LITHIUM, CONTACT, ramp(200000), VENT)
        if spoil is limits_changed:
            b.serviced()
            spoil(b)
            b.press.maintenance.leave()
            b.run_passes(2)
        else:
            spoil(b)
        assert why in refusal(b), why
        assert b.valve_is_off and b.press.runner.kind == "pause"


def test_a_press_that_trips_meanwhile_has_ended_its_run():
    b = waiting(CONTACT, ramp(500000), VENT, LITHIUM, CONTACT)
    b.extra_cn = 9000000
    b.run(0.2)
    assert b.press.readings.trip_reason == "ceiling_total" and b.press.runner.state == "failed"
    assert "ceiling_total" in refusal(b)


ESTOP = blackboard.IN["estop_a"] | blackboard.IN["estop_b"]


def struck(*steps):
    b = waiting(*steps)
    b.inputs &= ~ESTOP
    b.run(0.5)
    assert b.press.readings.trip_reason == "estop" and b.valve_is_off
    return b


def test_an_emergency_stop_at_rest_keeps_the_run_waiting_and_releasing_it_starts_nothing():
    b = struck(CONTACT, ramp(500000), VENT, LITHIUM, CONTACT, ramp(200000), hold(500), VENT)
    assert b.press.runner.waits_for_person and "stopped by estop" in refusal(b)
    b.push("start")
    b.inputs |= ESTOP
    b.run(5)
    assert b.word("STATE") == states.TRIPPED and b.press.runner.kind == "pause" and "stopped by estop" in refusal(b)
    b.press.operator.reset()
    b.run(2)
    assert b.word("STATE") == states.SAFE and b.valve_is_off and b.press.runner.kind == "pause"
    b.press.operator.steer("go_on")
    b.until(lambda: b.press.readings.filtered_cn > 190000)
    b.until_state(states.SAFE)
    assert b.press.runner.state == "done"
    assert len(b.records(records.TRIP)) == 1


def test_an_emergency_stop_under_force_ends_the_run_even_where_somebody_is_waited_for():
    b = waiting(CONTACT, ramp(500000), {"do": "pause", "note": "start the EIS"}, hold(1000), VENT)
    b.inputs &= ~ESTOP
    b.run(0.5)
    assert b.press.readings.trip_reason == "estop" and b.press.runner.state == "failed" and b.valve_is_off


def test_a_run_that_waits_struck_can_be_ended_and_goes_on_no_more():
    for end in ("stop", "abort"):
        b = struck(CONTACT, ramp(500000), VENT, LITHIUM, CONTACT)
        b.press.operator.stop("controlled") if end == "stop" else b.press.operator.abort()
        b.inputs |= ESTOP
        b.run(0.5)
        assert b.press.runner.state == "failed" and not b.press.runner.waits_for_person
        b.press.operator.reset()
        b.run(0.5)
        assert "nothing is paused" in refusal(b)


def test_a_wait_that_is_limited_ends_as_it_says():
    b = bench().started(CONTACT, ramp(500000), {"do": "pause", "note": "now", "timeout_ms": 2000, "at_timeout": "stop"}, hold(1000))
    b.until_state(states.SAFE)
    assert b.press.runner.state == "failed" and "time-out" in b.press.runner.reason


def test_next_step_goes_on_as_well_and_what_needs_no_valve_is_not_armed_for():
    b = waiting(CONTACT, ramp(500000), VENT, LITHIUM, {"do": "watch", "for_ms": 2000})
    b.press.operator.steer("next_step")
    b.run(0.5)
    assert b.press.runner.kind == "watch" and b.word("STATE") == states.SAFE
    b.run(3)
    assert b.press.runner.state == "done"


def test_what_is_pressed_after_a_vent_needs_a_person_in_between_and_a_person_needs_words():
    limits = bench().press.settings.program_limits()

    def complaints(*steps):
        return program.validate({"format": 1, "name": "x", "steps": list(steps)}, limits)

    assert complaints(CONTACT, VENT, LITHIUM, CONTACT, ramp(1000)) == []
    assert "only vent and watch and pause may follow" in complaints(CONTACT, VENT, CONTACT)[0]
    assert "needs a note" in complaints({"do": "pause"})[0]
