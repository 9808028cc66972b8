"""No parameter in its bounds, and no force that a calibration allows, drives an intermediate of the tick out of a small integer."""

from array import array

from bench_core import Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stackpress_core import params
from stackpress_core.tick import blackboard, states
from stackpress_core.tick.pulses import pulse
from stackpress_core.tick.tick import tick

CONTROL = [row[params.NAME] for row in params.PARAMS if row[params.GROUP] in ("valve", "control", "limits", "interlock")]
FORCE = st.one_of(st.integers(-1_000_000, 29_000_000), st.sampled_from((0, 1, -1, 29_000_000, -1_000_000)))


def edges(name):
    low, default, high = params.bounds_raw(name)
    return st.one_of(st.sampled_from((low, default, high)), st.integers(low, high))


@st.composite
def benches(draw):
    raws = {name: draw(edges(name)) for name in draw(st.lists(st.sampled_from(CONTROL), max_size=14, unique=True))}
    raws["valve_kind"] = draw(st.sampled_from((states.KIND_REGULATOR, states.KIND_FILL_VENT)))
    hz = draw(st.sampled_from((50, 51, 1000, 8000)))
    raws["valve_min_on_ms"] = max(raws.get("valve_min_on_ms", 3), -(-1000 // hz))
    return Bench(hz=hz, **raws)


@given(benches(), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10_000_000), st.integers(1, 4_000_000), FORCE, st.booleans()), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_tick_stays_in_range_for_any_parameters_orders_and_forces(bench, orders):
    s, ring = bench.S, bench.ring
    bench["ROW_COUNT"] = 0  # nothing stops the press, so that it goes as far as it can
    bench["STATE"] = states.PRESSING
    for mode, target, rate, force, rests in orders:
        most = bench.params["rate_limit_cn_per_s"]
        bench.send(states.PRESSING, mode, min(target, bench.params["force_limit_cn"]), min(rate, most), 20_000_000)
        bench["GAIN_FILL"] = bench["GAIN_VENT"] = bench.params["schedule_high_permille"] * 256 // 1000
        for i in range(12):
            bench["INPUTS"], bench["STATUS"], bench["DISPLACEMENT"] = blackboard.IN_HEALTHY, 1, i * 40_000_000
            if rests:  # the set-point has rested for long: the hold's own rules
                bench["REACHED"], bench["TARGET"], bench["SET_RATE"], bench["PULSE_WAIT"] = 1 << 28, bench["SET"], 0, 0
            # the widest that document_rules.calibration lets through: all cells together at the span, either sign
            codes = array("i", [max(-8388607, min(8388607, force // 4 + i))] * 4)
            for k in range(4):
                s[k] = codes[k]
            tick(s, ring)
            assert 0 <= bench["DRIVE"] <= bench["K_OUT_MAX"]


def test_pulse_of_the_slowest_valve_on_the_softest_stack_stays_in_range():
    rates = (10_000, 170_000, 4_000_000)
    for hz in (50, 1000, 8000):
        for fill in rates:
            for vent in rates:
                bench = Bench(hz=hz, valve_kind=states.KIND_FILL_VENT, fill_rate_n_per_s=fill, vent_rate_n_per_s=vent, schedule_high_permille=64000)
                bench["STATE"], bench["MODE"], bench["GAIN_FILL"], bench["GAIN_VENT"] = states.PRESSING, states.FORCE, 16384, 16384
                for wanted in (-4_000_000, 0, 4_000_000):
                    for at, force in ((29_000_000, 0), (0, 29_000_000), (1, 0), (0, 1)):
                        for reached in (0, 1 << 28):
                            bench["SET"], bench["FORCE_H"], bench["REACHED"], bench["PULSE_WAIT"] = at, force, reached, 0
                            bench["WANTED_RATE"], bench["PULSE"], bench["VALVE"] = wanted, 0, 0
                            pulse(bench.S)
                            assert (bench["PULSE"] > 0) == (at > force if reached else wanted > 0)


WIDEST = {"cells": [{"points": [[0, 0], [8388608, 7_250_000]]}] * 4}


@given(st.lists(st.tuples(st.integers(-8388607, 8388607), st.integers(-8388607, 8388607)), min_size=1, max_size=12), st.sampled_from((7, 15, 1)))
@settings(max_examples=80, deadline=None)
def test_widest_calibration_that_is_taken_stays_in_range_from_rail_to_rail(codes, high):
    bench = Bench(hz=8000, calibration=WIDEST, high_range_mask=high, low_range_mask=0 if high == 15 else 8, rail_counts=8388607)
    bench["STATE"], bench["MODE"] = states.HOLDING, states.FORCE
    for one, other in codes:
        bench.codes = {0: one, 1: one, 2: one, 3: other}
        bench["ROW_COUNT"] = 0
        bench.tick(4)
        assert abs(bench["HIGH"]) <= 29_000_000 and abs(bench["FORCE"]) <= 33_200_000
