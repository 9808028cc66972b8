"""No tick takes memory, whatever the press is doing."""

import allocation
from stackpress.simulator import firmware_copy
from test_on_micropython import ROOMS, on_micropython


def test_ten_thousand_ticks_in_every_state_mode_and_reaction_take_no_byte():
    assert allocation.TICKS >= 10_000
    assert {case[1] for case in allocation.cases()} == set(range(8))
    assert allocation.tick_alloc_bytes() == 0


def test_measurement_notices_a_tick_that_allocates(tmp_path):
    """The yardstick itself: a tick that makes a list fails it."""
    firmware_copy.copy(ROOMS, tmp_path)
    tick = tmp_path / "stackpress_core" / "tick" / "tick.py"
    tick.write_text(tick.read_text().replace("    sense(blackboard)\n", "    sense(blackboard)\n    [blackboard]\n"))
    code, out, err = on_micropython(tmp_path / "tests" / "allocation.py")
    assert code != 0 and "MemoryError" in out + err
