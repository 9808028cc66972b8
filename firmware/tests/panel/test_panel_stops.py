"""The panel when the press is stopped: which button does what, why it stopped, what is in the way of going on."""

from bench_core import LOW_STOP_CN
from bench_panel import AREA, LOOK, everything_said, lines, push, said, two_programs
from bench_press import AT, CONTACT, after_each, bench, hold, ramp, recipe  # noqa: F401
from stackpress_core.tick import blackboard, interlock, states


def test_select_is_refused_and_changes_nothing_while_the_press_is_armed():
    b = two_programs()
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    b.run(1)
    orders = b.word("ORDER_SEQ")
    b.push("select")
    assert b.word("ORDER_SEQ") == orders and b.press.panel.name == "annealed"
    b.run(LOOK)
    assert "safe state" in b.press.panel.notice and lines(b)[-1].startswith("! ")
    b.run(6)
    assert lines(b)[-1].startswith("annealed")


def test_only_start_moves_a_press_at_rest():
    for button in ("select", "stop", "reset"):
        b = two_programs()
        push(b, "select")
        orders = b.word("ORDER_SEQ")
        for _ in range(3):
            push(b, button)
        assert b.word("STATE") == states.SAFE and b.word("ORDER_SEQ") == orders, button


def test_reset_never_starts_what_was_stopped():
    b = two_programs()
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)
    b.inputs = blackboard.IN_HEALTHY
    push(b, "reset")
    push(b, "reset")
    b.run(2)
    assert b.word("STATE") == states.SAFE and not b.press.runner.active


def test_reason_stays_with_its_hint_until_it_is_acknowledged():
    b = two_programs()
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)
    shown = lines(b)
    assert shown[:3] == ["STOPPED vented", "estop", "0 N still there"]
    b.leap(600)
    assert lines(b)[:2] == ["STOPPED vented", "estop"]
    text = everything_said(b)
    hint = interlock.row_of("estop")[interlock.HINT]
    assert not [word for word in hint.split() if word not in text]
    push(b, "reset")
    assert "estop" in lines(b)
    b.inputs = blackboard.IN_HEALTHY
    b.run(1)
    assert lines(b)[2] == "0 N RESET"
    push(b, "reset")
    assert lines(b)[0] == "SAFE 1/2"


def test_cell_that_is_still_pressed_keeps_the_force_large():
    b = bench(force_drop_reaction=1).pressed(2000000, area_um2=AREA)
    b.frozen = True
    b.cells = [500000, 500000, 500000, LOW_STOP_CN]
    b.run(1)
    assert lines(b)[:3] == ["STOPPED vented", "15000 N", "drive_mismatch RESET"]  # the ram stands: only the cells have lost it


def test_run_that_ended_by_itself_says_why_and_is_acknowledged_before_the_next():
    b = bench()
    b.put(recipe(dict(CONTACT, timeout_ms=1000), ramp(300000), hold(1000)))
    b.frozen = True
    b.run(1.2)
    push(b, "start")
    b.until_state(states.SAFE, 30)
    b.run(1)
    assert "ended" in lines(b) and "contact" in said(b) and "time-out" in said(b)
    push(b, "start")
    assert b.word("STATE") == states.SAFE and "acknowledge" in b.press.panel.notice
    push(b, "reset")
    push(b, "start")
    assert b.word("STATE") in states.DRIVEN


def test_run_that_was_stopped_before_the_panel_looked_is_told_all_the_same():
    for late_ms in range(0, 100, 7):
        b = two_programs()
        push(b, "select")
        b.run(late_ms / 1000)
        b.press.operator.arm()
        b.run_passes(1)
        b.press.operator.start("annealed", from_host=False)
        b.run_passes(1)
        b.press.operator.stop("controlled")
        b.until_state(states.SAFE)
        b.run(LOOK)
        assert lines(b)[2:4] == ["stopped", "annealed"], (late_ms, lines(b))


def test_what_is_in_the_way_of_arming_is_on_the_display_before_anybody_tries():
    b = two_programs()
    push(b, "select")
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run(1.5)
    assert lines(b)[-1] == "! the guard is open"
    push(b, "start")
    assert "refused" in lines(b) and "guard" in said(b)


def test_lost_calibration_shows_no_number():
    b = bench(without=("calibration",))
    b.run(1.5)
    assert "----- N" in lines(b) and "calibration" in everything_said(b)
    b = bench().pressed()
    b.status = 0
    b.run(0.5)
    assert not [line for line in lines(b) if line.endswith(" N") and line[0].isdigit()]


def test_warning_takes_turns_with_the_program():
    b = bench().pressed(area_um2=AREA)
    b.press.S[AT["WARNED"]] = 1 << interlock.NAMES.index("hold_band") | 1 << interlock.NAMES.index("duty")
    seen = set()
    for _ in range(20):
        b.run(LOOK)
        seen.add(lines(b)[-1])
    assert seen == {"pellet 3/3", "! hold_band +1"}
