"""The integer plant against the same physics as differential equations."""

import numpy as np
import pytest
from stackpress_plant import load

from hil_tests.plant import ode
from hil_tests.plant.traces import CLOSED, FILL, VENT, column, job, on_micropython


def difference(spec, script, end_ms, hz, every, max_step_s=0.02):
    """Force error / N and displacement error / nm over the trace, and the ODE's force / N."""
    spec = {**spec, "stiction_permille": 1000}
    rows = on_micropython(job(spec, script, end_ms, hz=hz, every=every))
    times = (column(rows, "tick") + 1) / hz
    reference = ode.Press(spec, [ode.Segment(ms / 1000, code, valve, bool(ramp)) for ms, code, valve, ramp in script])
    truth = reference.solve(list(times), max_step_s)
    force = column(rows, "force_cn") / 100
    return force - truth["force_n"], column(rows, "displacement_nm") - truth["displacement_m"] * 1e9, truth["force_n"]


def changed(plant, specimen, overrides=None, **fields):
    spec = load.plant(plant, specimen, overrides)
    spec["specimen"].update(fields)
    return spec


STEPS = [[0, 800, CLOSED, 0], [1200, 20000, CLOSED, 0], [2000, 10000, CLOSED, 0], [2600, 10000, 0, 0]]


@pytest.mark.parametrize(("hz", "worst_n"), [(8000, 15), (4000, 20), (1000, 80)])
def test_steps_and_dump_on_steel_follow_the_ode(hz, worst_n):
    force, _, _ = difference(load.plant(), STEPS, 3200, hz, hz // 100)
    assert np.abs(force).max() < worst_n
    assert abs(force[-1]) < 0.1


@pytest.mark.parametrize(("hz", "worst_n"), [(4000, 25), (250, 40)])
def test_ramp_that_compacts_powder_follows_the_ode(hz, worst_n):
    script = [
        [0, 600, CLOSED, 0],
        [1500, 600, CLOSED, 1],
        [6500, 30000, CLOSED, 0],
        [7000, 30000, CLOSED, 1],
        [9000, 2000, CLOSED, 0],
    ]
    force, _, reference = difference(load.plant("nominal", "li6ps5cl_powder"), script, 10500, hz, hz // 50)
    assert reference.max() > 29000
    assert np.abs(force).max() < worst_n
    assert abs(force[-1]) < 2


def test_friction_makes_the_same_loop_as_in_the_ode():
    script = [[0, 20000, CLOSED, 1], [2000, 20000, CLOSED, 1], [5000, 10000, CLOSED, 1], [8000, 20000, CLOSED, 0]]
    force, _, reference = difference(
        load.plant("nominal", "steel_blank", {"ram.friction_n": 200}), script, 9000, 1000, 10
    )
    late = slice(250, None)
    assert np.abs(force[late]).max() < 12
    assert reference[late].min() < 11000


def test_lithium_creeps_as_the_power_law_says():
    spec = load.plant("nominal", "lithium_foil")
    force, displacement, _ = difference(spec, [[0, 500, CLOSED, 0], [4000, 1000, CLOSED, 0]], 20000, 1000, 50)
    assert np.abs(displacement[100:]).max() < 1500  # of 120 um
    assert np.abs(force[100:]).max() < 3


def test_solenoid_pulses_move_what_the_ode_says():
    spec = changed("fill_vent", "steel_blank", {"valve.prefill_ratio": 1}, gap_nm=100000)
    script = [
        [0, 0, FILL, 0],
        [2000, 0, CLOSED, 0],
        [2300, 0, VENT, 0],
        [2700, 0, CLOSED, 0],
        [2800, 0, FILL, 0],
        [2803, 0, CLOSED, 0],
        [2900, 0, FILL, 0],
        [2910, 0, CLOSED, 0],
    ]
    force, _, reference = difference(spec, script, 3100, 4000, 40, max_step_s=0.001)
    assert reference.max() > 1500
    assert np.abs(force).max() < 4
    assert abs(np.diff(force[-35:])).max() < 0.5


def test_breathing_against_shut_valves_follows_the_ode():
    spec = changed(
        "fill_vent",
        "breathing_cell",
        {"valve.prefill_ratio": 1},
        gap_nm=50000,
        breathing_period_s=60,
        breathing_from_cn=0,
    )
    force, _, reference = difference(spec, [[0, 0, FILL, 0], [900, 0, CLOSED, 0]], 90000, 1000, 500)
    assert np.ptp(reference[4:]) > 100
    assert np.abs(force[4:]).max() < 6


def test_delayed_compaction_recovers_as_in_the_ode():
    script = [[0, 20000, CLOSED, 0], [8000, 3000, CLOSED, 0]]
    _, displacement, _ = difference(load.plant("nominal", "li6ps5cl_powder"), script, 40000, 500, 250)
    assert np.abs(displacement[4:]).max() < 400
