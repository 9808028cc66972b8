"""What is seen of the panel from afar: tower light and buzzer, and what a host reads of the display."""

from bench_panel import LOOK, push, two_programs
from bench_press import AT, after_each, bench  # noqa: F401
from stackpress_core.panel import lights
from stackpress_core.tick import blackboard, states


def test_light_and_buzzer_follow_the_press():
    b = two_programs()

    def pattern(ms=2000):
        """For each lamp whether it is off, on, or changes within two seconds."""
        seen = [lights.lamps(b.press.panel, b.wall_ms + at) for at in range(0, ms, 25)]
        return ["off" if not any(one & bit for one in seen) else "on" if all(one & bit for one in seen) else "flashes"
                for bit in (lights.RED, lights.AMBER, lights.GREEN, lights.BUZZER)]  # fmt: skip

    assert pattern() == ["off", "off", "flashes", "off"]  # at rest: a wink
    push(b, "select")
    b.press.operator.arm()
    b.run(1.1)
    assert pattern() == ["off", "off", "on", "off"]
    b.press.operator.start("annealed")
    b.until_state(states.PRESSING)
    b.run(LOOK)
    assert pattern() == ["off", "off", "flashes", "off"]
    b.press.S[AT["WARNED"]] = 1
    assert pattern()[1] == "on"
    b.press.S[AT["WARNED"]] = 0
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)
    assert pattern() == ["on", "off", "off", "flashes"]
    b.push("reset")
    b.run(1.5)
    assert pattern() == ["on", "off", "off", "off"]  # RESET silences the buzzer even where it may not clear the stop
    b.inputs = blackboard.IN_HEALTHY
    b.run(1)
    b.push("reset")
    b.run(2.1)
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run(1.5)
    assert pattern() == ["off", "on", "off", "off"]


def test_alarm_becomes_a_chirp_after_a_while():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)

    def beeps():
        at = b.wall_ms
        return sum([lights.lamps(b.press.panel, at + ms) & lights.BUZZER > 0 for ms in range(0, 2000, 125)])

    assert beeps() >= 4
    b.run(12)
    assert beeps() == 1


def test_red_flashes_while_a_stopped_press_still_presses():
    b = bench(force_drop_reaction=1).pressed(2000000)
    b.frozen = True
    b.cells = [500000, 500000, 500000, 0]
    b.run(1)
    reds = {lights.lamps(b.press.panel, b.wall_ms + ms) & lights.RED for ms in range(0, 1000, 50)}
    assert reds == {0, lights.RED}


def test_host_reads_what_stands_on_the_display():
    b = two_programs()
    push(b, "select")
    b.board.serial.sent += b"DISP:TEXT?\n"
    b.run(0.2)
    assert b'"SAFE 1/2","0 N","annealed"' in b.board.serial.got
