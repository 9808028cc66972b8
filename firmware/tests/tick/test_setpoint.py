"""The set-point keeps to its target and rate, turns its corners smoothly and lands exactly, at every tick rate."""

from bench_core import Bench
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stackpress_core import tuning
from stackpress_core.recipe import times
from stackpress_core.tick import states
from stackpress_core.tick.mailbox import obey
from stackpress_core.tick.setpoint import setpoint

RATES = (50, 100, 333, 1000, 4000, 8000)
MOST = 10_000_000  # 100 kN


def moving(hz, start, target, rate_q16, corner_ms=250):
    """A blackboard whose set-point stands at `start` and is to go to `target`."""
    bench = Bench(hz=50)
    bench["HZ"] = hz
    bench["STATE"], bench["MODE"] = states.PRESSING, states.FORCE
    bench["SET"], bench["TARGET"] = start, target
    bench["RATE_MAX"] = rate_q16
    bench["CORNER"], bench["LANDING"] = tuning.corner_words(rate_q16, corner_ms, hz)
    bench["K_SETTLE"] = corner_ms * hz // 1000
    return bench


def run(bench, ticks):
    """(set-point, rate) after each of at most `ticks` ticks, until it rests on its target."""
    s = bench.S
    for _ in range(ticks):
        setpoint(s)
        yield bench["SET"], bench["SET_RATE"]
        if bench["REACHED"]:
            return


FORCES = st.integers(0, MOST)


@given(st.sampled_from(RATES), FORCES, FORCES, st.integers(1, 4_000_000), st.integers(20, 5000))
@settings(max_examples=150, deadline=None)
@example(50, 0, MOST, 4_000_000, 20)
@example(50, MOST, 0, 4_000_000, 5000)
@example(8000, 0, 1, 1, 20)
def test_never_passes_its_target_nor_its_rate_and_bends_smoothly(hz, start, target, rate_cn_per_s, corner_ms):
    limit = tuning.rate_q16(rate_cn_per_s, hz)
    bench = moving(hz, start, target, limit, corner_ms)
    last, rate_before = start, 0
    for value, rate in run(bench, 600):
        assert min(start, target) <= value <= max(start, target)
        assert (value - last) * (target - start) >= 0
        assert abs(rate) <= limit and abs(value - last) <= (limit >> 16) + 1
        assert abs(rate - rate_before) <= bench["CORNER"] or value == target
        last, rate_before = value, rate


@given(st.sampled_from(RATES), FORCES, st.integers(-30000, 30000), st.integers(100, 4_000_000))
@settings(max_examples=60, deadline=None)
def test_lands_exactly_on_its_target_and_rests_there(hz, start, way, rate_cn_per_s):
    target = max(0, min(MOST, start + way))
    limit = tuning.rate_q16(rate_cn_per_s, hz)
    bench = moving(hz, start, target, limit, corner_ms=max(20, 20_000 // hz))
    far = abs(target - start)
    ticks = (far << 16) // limit + 70 * far.bit_length() * (20 * hz // 1000 + 20) + 10_000
    for _value, _ in run(bench, min(ticks, 40_000)):
        pass
    if ticks <= 40_000:
        assert bench["SET"] == target and bench["SET_RATE"] == 0 and bench["SET_REM"] == 0


@given(st.lists(st.tuples(FORCES, st.integers(1, 4_000_000), st.integers(1, 200)), min_size=2, max_size=6), st.sampled_from(RATES))
@settings(max_examples=80, deadline=None)
@example([(569, 20655, 114), (0, 459792, 28), (2, 1, 2)], 4000)
@example([(569, 20655, 114), (0, 459792, 28), (2, 1, 200)], 4000)
@example([(9_000_000, 4_000_000, 200), (10_000_000, 4_000_000, 23), (9_000_000, 1, 200)], 50)
def test_target_that_changes_on_the_way_never_leads_beyond_what_was_asked_for(orders, hz):
    bench = moving(hz, 0, 0, 1)
    bench["K_SETTLE"] = 1 << 29
    asked, fastest = [0], 1
    for target, rate_cn_per_s, ticks in orders:
        asked.append(target)
        limit = tuning.rate_q16(rate_cn_per_s, hz)
        fastest = max(fastest, limit)
        bench.send(states.PRESSING, states.FORCE, target, rate_cn_per_s)
        obey(bench.S)
        assert bench["TARGET"] == target and bench["RATE_MAX"] == limit
        for value, rate in run(bench, ticks):
            assert min(asked) - 1 <= value <= max(asked) + 1
            assert abs(rate) <= fastest


def test_slowest_rate_that_there_is_is_kept():
    """One step of the rate word, 0.0006 N/s at 4 kHz: a cN in 65536 ticks, neither lost nor rounded up."""
    for sign in (1, -1):
        bench = moving(4000, 100_000, 100_000 + sign * 1000, 1)
        s = bench.S
        for _ in range(65536 * 2 + 20):
            setpoint(s)
        assert abs(bench["SET"] - 100_000 - 2 * sign) <= (0 if sign > 0 else 1)


def test_rate_of_a_hundredth_of_a_newton_a_second_is_kept_within_three_percent_at_every_tick_rate():
    for hz in (50, 1000, 4000, 8000):
        kept = tuning.rate_q16(1, hz) * hz / 65536
        assert 0.97 <= kept <= 1.0


def test_ramp_takes_the_time_that_its_rate_says():
    bench = moving(1000, 0, 1_000_000, tuning.rate_q16(500_000, 1000), corner_ms=100)
    ticks = 0
    for value, _ in run(bench, 10_000):
        ticks += 1
        if value >= 900_000:
            break
    assert abs(ticks - 1800 - 50) < 10


def test_press_holds_by_itself_once_the_set_point_has_rested():
    bench = moving(1000, 0, 1000, tuning.rate_q16(100_000, 1000), corner_ms=50)
    for _ in run(bench, 2000):
        pass
    for _ in range(bench["K_SETTLE"]):
        assert bench["STATE"] == states.PRESSING
        setpoint(bench.S)
    setpoint(bench.S)
    assert bench["STATE"] == states.HOLDING


def test_locked_or_vented_press_moves_no_set_point():
    for mode in (states.OFF, states.APPROACH, states.LOCK, states.VENT):
        bench = moving(1000, 500, 1000, 65536)
        bench["MODE"] = mode
        for _ in range(5):
            setpoint(bench.S)
        assert bench["SET"] == 500


def test_a_move_lasts_as_long_as_is_told_however_long_its_corners_are():
    for corner_ms in (20, 100, 600, 2000, 5000):
        for distance_cn, rate_cn_per_s in ((1_000_000, 100_000), (40_000, 2_000), (6_000_000, 500_000)):
            bench = moving(1000, 0, distance_cn, tuning.rate_q16(rate_cn_per_s, 1000), corner_ms)
            took_ms = sum([1 for _ in run(bench, 100_000)])
            told_ms = times.landed_ms(distance_cn, rate_cn_per_s, corner_ms)
            assert abs(took_ms - told_ms) < 100 + told_ms // 8, (corner_ms, distance_cn, took_ms, told_ms)
