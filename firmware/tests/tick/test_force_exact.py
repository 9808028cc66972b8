"""The fixed-point linearisation against exact fractions, over calibrations and codes, with nothing out of a small integer."""

from fractions import Fraction

import pytest
from bench_core import AT, Bench
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress_core import document_rules, tuning
from stackpress_core.tick.force import sense

FULL = tuning.FULL_CODE
BENCH = Bench(hz=1000, cell_count=4, high_range_mask=15, low_range_mask=0)


@st.composite
def calibrations(draw, total_cn=10_000_000):
    """Points of one cell that carries up to `total_cn` somewhere in its codes, rising or falling, bent by up to 30 %."""
    count = draw(st.integers(2, 8))
    gaps = draw(st.lists(st.integers(1000, 2 * FULL // 8), min_size=count - 1, max_size=count - 1))
    start = draw(st.integers(-FULL, FULL - 1 - sum(gaps)))
    codes = [start]
    for gap in gaps:
        codes.append(codes[-1] + gap)
    rated = draw(st.integers(10_000, total_cn))
    sign = draw(st.sampled_from((1, -1)))
    slope = Fraction(rated, draw(st.integers(rated // 8 + 400_000, FULL + rated)))
    bends = draw(st.lists(st.integers(-300, 300), min_size=count - 1, max_size=count - 1))
    force = Fraction(draw(st.integers(-rated // 10, rated // 10)))
    points = [[start, int(force)]]
    for gap, bend, code in zip(gaps, bends, codes[1:], strict=True):
        force += sign * max(Fraction(1), slope * gap * (1000 + bend) / 1000)
        points.append([code, int(force)])
    return points


def exact(points, code):
    """Force at a code as a fraction: the line of the code's segment, the end segments carried on."""
    j = 0
    while j < len(points) - 2 and code >= points[j + 1][0]:
        j += 1
    (c0, f0), (c1, f1) = points[j], points[j + 1]
    return f0 + Fraction((code - c0) * (f1 - f0), c1 - c0)


def accepted(cells):
    return not document_rules.calibration({"format": 1, "board": "b", "cells": [{"points": points} for points in cells]})


def sensed(cells, codes):
    s = BENCH.S
    tuning.calibrate(s, {"cells": [{"points": points} for points in cells]})
    BENCH["STATUS"] = 1
    BENCH["K_RAIL"] = FULL - 1
    for i, code in enumerate(codes):
        s[i] = code
    sense(s)
    return [s[AT["CELL"] + i] for i in range(4)]


CODES = st.integers(1 - FULL, FULL - 1)


@given(calibrations(), st.lists(CODES, min_size=4, max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_code_on_any_accepted_calibration_is_within_two_hundredths_of_a_newton(points, codes):
    if accepted([points] * 4):
        for force, code in zip(sensed([points] * 4, codes), codes, strict=True):
            assert abs(force - exact(points, code)) <= 2


@given(st.lists(calibrations(2_500_000), min_size=4, max_size=4), st.lists(CODES, min_size=4, max_size=4))
@settings(max_examples=200, deadline=None)
def test_four_cells_of_different_calibrations_add_up(cells, codes):
    if accepted(cells):
        forces = sensed(cells, codes)
        assert BENCH["HIGH"] == sum(forces)
        for points, force, code in zip(cells, forces, codes, strict=True):
            assert abs(force - exact(points, code)) <= 1


@given(st.lists(CODES, min_size=40, max_size=40))
@settings(max_examples=60, deadline=None)
def test_segment_is_found_however_far_the_code_jumps(codes):
    points = [[-7_000_000, -900_000], [-2_000_000, -300_000], [0, 0], [1_000_000, 170_000], [3_000_000, 500_000], [8_000_000, 1_500_000]]
    for i in range(0, 40, 4):
        for force, code in zip(sensed([points] * 4, codes[i : i + 4]), codes[i : i + 4], strict=True):
            assert abs(force - exact(points, code)) <= 1


@given(st.integers(0, 2 * FULL - 100))
@settings(max_examples=100, deadline=None)
def test_force_never_falls_while_the_code_rises(start):
    points = [[-4_000_000, -1_700_000], [20_000, 0], [2_500_000, 1_100_000], [5_500_000, 2_500_000]]
    last = None
    for code in range(start - FULL + 1, start - FULL + 41, 4):
        for force in sensed([points] * 4, [code, code + 1, code + 2, code + 3]):
            assert last is None or last <= force <= last + 2
            last = force


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0]],
        [[0, 0], [999, 1000]],
        [[0, 0], [100_000, 0]],
        [[0, 0], [-100_000, 1000]],
        [[0, 0], [100_000, 100_000_000]],
        [[-1000, 0], [0, 6_000_000], [5_000_000, 6_100_000]],  # too steep between two points
        [[0, 0], [2_000_000, 1_000_000], [4_000_000, 500_000]],  # goes back
        [[0, 0], [1 << 40, 1_000_000]],
        [[i * 10_000, i * 10_000] for i in range(9)],
    ],
)
def test_calibration_that_can_not_be_right_is_refused(points):
    assert not accepted([points])


def test_cells_that_together_pass_the_range_of_the_tick_are_refused():
    points = [[0, 0], [FULL // 2, 6_000_000]]
    assert accepted([points])
    assert not accepted([points] * 4)
