"""Nothing happens when a counter reaches its end: press time, wall time, and every count that a tick keeps."""

from bench_core import AT, Bench
from bench_press import HZ, after_each, bench
from stackpress_core.tick import blackboard, states

__all__ = ["after_each"]
END = 1 << 29  # where counts of ticks stop, or begin again
COUNTERS = ("SIG_STALE", "SIG_DISCREPANCY", "SIG_OVERRUN", "SIG_FOREGROUND", "SIG_CRC", "TRIP_TICKS", "REACHED", "CONTACT_TICKS",
            "OPEN_TICKS", "MOVES", "TOKEN", "RING_FILLED", "MISSED", "ORDER_SEQ")  # fmt: skip
ENDLESS = ("T_SECOND",)


def near_the_end(bench, left=5):
    """Start every counter just below where it ends."""
    for name in COUNTERS:
        bench[name] = END - left
    bench["ORDER_SEEN"] = bench["ORDER_SEQ"]
    for i in range(4):
        bench.S[AT["REPEATS"] + i] = END - left
    return bench


def test_healthy_press_holds_on_while_its_counters_end(state):
    bench = Bench(entries=64).enter(state)
    for name in ("MOVES", "TOKEN", "REACHED", "OPEN_TICKS", "RING_FILLED", "MISSED"):
        bench[name] = END - 5
    bench["ORDER_SEQ"] = bench["ORDER_SEEN"] = END - 1
    bench["T_SECOND"], bench["T_SUB"] = (1 << 30) - 3, bench.hz - 5
    bench.tick(40)
    assert bench["STATE"] == state and bench["LATCHED"] == 0 and bench["WARNED"] == 0
    assert 0 <= bench["TOKEN"] < 40 and 0 <= bench["MOVES"] < END + 1


def test_faults_that_last_for_days_count_to_an_end_and_stay_there():
    for state in range(8):
        bench = Bench(entries=64, valve_kind=states.KIND_FILL_VENT)
        near_the_end(bench)
        bench.inputs, bench.status, bench.hung = 0, blackboard.SAMPLE_NEW | blackboard.SAMPLE_CRC_BAD, True
        bench["TICK_US"] = 1 << 29
        for _ in range(20):
            bench["STATE"] = state
            bench.tick()
        bench.inputs = blackboard.IN["guard_a"]
        bench.status = 0
        bench.tick(20)
        for name in ("SIG_STALE", "SIG_FOREGROUND", "SIG_CRC", "SIG_OVERRUN", "SIG_DISCREPANCY"):
            assert 0 <= bench[name] <= END, name


def test_frozen_code_counts_to_an_end_and_is_noticed_when_it_lives_again():
    bench = Bench()
    bench.codes = {0: 5}
    bench.tick(3)
    bench.S[AT["REPEATS"]] = END - 3
    bench.tick(20)
    assert bench["SIG_FROZEN"] == END - 1
    bench.codes = {}
    bench.tick(3)
    assert bench["SIG_FROZEN"] == 0


def test_press_stopped_with_a_hold_for_days_stays_as_it_is():
    bench = Bench(entries=64).enter(states.HOLDING)
    bench["SIG_LEASE"] = 1
    bench.tick(3)
    drive = bench["DRIVE"]
    bench["TRIP_TICKS"] = END - 3
    bench.tick(50)
    assert bench["STATE"] == states.TRIPPED and bench["DRIVE"] == drive and bench["RING_LEFT"] == 0


def test_order_is_read_once_over_the_wrap_of_its_number():
    bench = Bench()
    bench["ORDER_SEQ"] = bench["ORDER_SEEN"] = END - 2
    for state in (states.READY, states.SAFE, states.READY, states.SAFE):
        bench.order(state)
        assert bench["STATE"] == state
    assert bench["ORDER_SEQ"] == 2


def test_second_is_as_many_ticks_as_the_rate_says_at_any_press_time():
    for hz in (50, 333, 4000, 8000):
        for second in (0, (1 << 28) - 1, (1 << 29) - 1, (1 << 30) - 3):
            bench = Bench(hz=hz)
            bench["T_SECOND"], bench["T_SUB"] = second, hz - 2
            bench.tick(2)
            assert (bench["T_SECOND"], bench["T_SUB"]) == (second + 1, 0)
            bench.tick(hz // 10)
            assert (bench["T_SECOND"], bench["T_SUB"]) == (second + 1, hz // 10)


CASES = {
    "test_healthy_press_holds_on_while_its_counters_end": [
        states.SAFE, states.READY, states.PRESSING, states.HOLDING, states.RELEASING, states.SERVICE, states.MONITOR],
    "test_program_runs_over_the_ends_of_the_clocks": [(1 << 20) - 2, (1 << 29) // 1000 - 1, (1 << 30) // 1000 - 1, (1 << 28) - 1, (1 << 30) - 99],
}  # fmt: skip


def test_program_runs_over_the_ends_of_the_clocks(second):
    """2^29 and 2^30 ms of press time, 2^30 ticks, and the wall clock's end, all within one run."""
    b = bench()
    b.press.S[AT["T_SECOND"]] = second
    began = b.passes - b.press.S[AT["T_SUB"]]
    b.press.S[AT["TOKEN"]] = b.press.S[AT["MOVES"]] = END - 300
    b.wall_ms = (1 << 30) - 1500
    b.pressed(500000, host_loss="hold")
    b.press.lease.renew(4000)
    b.run(3)
    assert b.word("STATE") == states.HOLDING
    assert (b.press.readings.time_s - second) * HZ + b.word("T_SUB") == b.passes - began
    b.press.operator.stop("controlled")
    b.until_state(states.SAFE)
    b.run(2)
    assert b.press.readings.trip_reason == "" and b.press.readings.warnings() == []


def test_foreground_notices_the_tick_at_every_step_of_the_second():
    b = bench()
    seen = []
    for _ in range(2 * HZ):
        b.run_passes(1)
        seen.append((b.press.readings.time_s, b.press.readings.time_ms))
    assert all(a < b for a, b in zip(seen, seen[1:])) and seen[-1][0] == 2
    assert [ms for _, ms in seen if ms % 5] == []
