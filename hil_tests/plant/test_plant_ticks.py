"""What must hold for every tick: same trace everywhere, no overflow, no dependence on the rate, honest noise."""

import itertools
import subprocess
from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress.simulator.supervisor import MICROPYTHON
from stackpress_core.tick import states
from stackpress_plant import faults, fixed, load, state
from stackpress_plant.plant import Plant
from stackpress_plant.sensors import cells
from stackpress_plant.step import step

from hil_tests.plant.traces import CLOSED, FILL, VENT, checked, column, job, on_micropython

PLANTS = sorted(path.stem for path in load.PLANTS.glob("*.toml"))
SPECIMENS = sorted(path.stem for path in load.SPECIMENS.glob("*.toml"))
BUSY = [[0, 700, FILL, 0], [350, 700, FILL, 1], [900, 30000, CLOSED, 0], [1100, 9000, VENT, 0], [1300, 0, 0, 0]]


@pytest.mark.parametrize(
    ("plant", "specimen"), [("nominal", "pellet_cell"), ("fill_vent", "lithium_foil"), ("fill_vent", "brittle_pellet")]
)
def test_same_seed_gives_the_same_trace_on_micropython_bit_for_bit(plant, specimen):
    spec = load.plant(plant, specimen)
    spec["specimen"]["gap_nm"] = 20000
    work = job(
        spec,
        BUSY,
        1500,
        hz=2000,
        every=3,
        seed=5,
        faults=[[700, "gain_2", 30], [800, "fracture", 1], [1000, "leak", 5]],
    )
    assert (checked(work) == on_micropython(work)).all()


def test_another_seed_changes_the_noise_and_not_the_truth():
    spec = load.plant()
    one, two = (on_micropython(job(spec, BUSY, 1500, seed=seed)) for seed in (1, 2))
    assert (column(one, "force_cn") == column(two, "force_cn")).all()
    assert (column(one, "raw_1") != column(two, "raw_1")).mean() > 0.9


@pytest.mark.parametrize("plant", PLANTS)
def test_every_plant_takes_every_specimen_at_every_rate(plant):
    for specimen, hz in itertools.product(SPECIMENS, (50, 333, 4000, 8000)):
        press = Plant(load.plant(plant, specimen), hz)
        S = array("i", [60000, FILL] + [0] * 9)
        for _ in range(20):
            step(S, press.P)
        assert press.truth()["pressure_cn"] >= 0


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(PLANTS), st.sampled_from(SPECIMENS), st.sampled_from((50, 1000, 8000)), st.data())
def test_no_intermediate_leaves_the_range_whatever_is_commanded(plant, specimen, hz, data):
    spec = load.plant(plant, specimen)
    spec["specimen"]["gap_nm"] = data.draw(st.sampled_from((0, 1000, 8000000)))
    press = Plant(spec, hz, data.draw(st.integers(0, 1 << 40)))
    S = array("i", [0] * 11)
    for _ in range(6):
        S[0], S[1] = data.draw(st.sampled_from((0, 1, 30000, 65535))), data.draw(st.integers(0, 31))
        name = data.draw(st.sampled_from(sorted(faults.ROWS)))
        press.fault(name, data.draw(st.integers(1, 4)))
        for _ in range(150):
            step(S, press.P)
        if data.draw(st.booleans()):
            press.clear()
    assert 0 <= press.truth()["force_cn"] <= state.FORCE_MAX // 64


@pytest.mark.parametrize("valve", [("nominal", "stiffness_x2"), ("fill_vent", "fill_vent_stiffness_x2")])
def test_full_drive_into_the_stiffest_specimen_stays_in_range(valve):
    for plant in valve:
        press = Plant(load.plant(plant, "steel_blank", {"frame.stiffness_scale": 4}), 500)
        S = array("i", [65535, FILL] + [0] * 9)
        for _ in range(20000):
            step(S, press.P)
        truth = press.truth()
        assert 60000_00 < truth["force_cn"] <= press.spec["relief_cn"]
        assert all(abs(S[i]) < 1 << 23 for i in range(2, 6))


@pytest.mark.parametrize("hz", [50, 200, 1000, 8000])
def test_tick_rates_agree(hz):
    """A press, a dwell and a release at one rate end where they end at 4 kHz, and meet on the way."""
    spec = load.plant("nominal", "pellet_cell")
    script = [
        [0, 600, CLOSED, 0],
        [2000, 600, CLOSED, 1],
        [12000, 30000, CLOSED, 0],
        [14000, 30000, CLOSED, 1],
        [17000, 2000, CLOSED, 0],
    ]
    mine, reference = (
        column(on_micropython(job(spec, script, 22000, hz=rate, every=rate // 10)), "force_cn") for rate in (hz, 4000)
    )
    times = np.arange(len(mine)) / 10
    dwell, end = (times > 12.6) & (times < 14), times > 18
    assert np.abs(mine - reference)[dwell].max() < 300
    assert np.abs(mine - reference)[end].max() < 1000
    assert np.abs(mine - reference).max() < 66000 * 100 * (0.012 if hz < 100 else 0.004)


def test_slow_swelling_is_not_lost_at_any_rate():
    """1 MPa in 10 h is 1e-4 cN a tick at 4 kHz: the shut press must still show all of it."""
    spec = load.plant(
        "fill_vent", "breathing_cell", {"ram.friction_n": 0, "ram.friction_pct": 0, "valve.prefill_ratio": 1}
    )
    spec["specimen"].update(gap_nm=20000, kelvin=[], breathing_period_s=3600, breathing_nm=[4 * i for i in range(65)])
    ends = []
    for hz in (50, 4000):
        rows = on_micropython(job(spec, [[0, 0, FILL, 0], [800, 0, CLOSED, 0]], 120000, hz=hz, every=hz))
        force = column(rows, "force_cn")
        ends.append(force[-1] - force[-61])
    stiffness = 1 / (1 / spec["specimen"]["stiffness_cn_um"] + 1 / spec["fluid_stiffness_cn_um"])
    expected = 256 / 3600 * 60 * stiffness / 1000
    assert ends == pytest.approx([expected, expected], abs=1.5)


def test_noise_has_the_stated_size_and_no_memory():
    rows = on_micropython(job(load.plant(), [[0, 0, CLOSED, 0]], 4000, hz=4000, seed=9))
    raw = np.array([column(rows, f"raw_{i}") for i in range(1, 5)], dtype=float)
    expected = load.plant()["rated_code"] * 240e-6  # 1.20 uV of 5 mV: 4 kSPS at a gain of 128 (SBASA13A table 7-1), 2 mV/V at 2.5 V
    assert raw.std(axis=1) == pytest.approx([expected] * 4, rel=0.03)
    assert raw.mean(axis=1) == pytest.approx(load.plant()["zero_code"], abs=25)
    correlation = np.corrcoef(raw)
    assert np.abs(correlation - np.eye(4)).max() < 0.04
    for cell in raw - raw.mean(axis=1, keepdims=True):
        for lag in (1, 2, 3, 7):
            assert abs(np.mean(cell[lag:] * cell[:-lag]) / cell.var()) < 0.04


def test_slower_sampling_averages_the_noise():
    script, spec = [[0, 0, CLOSED, 0]], load.plant()
    fast, slow = (
        column(on_micropython(job(spec, script, 8000 * 1000 // hz, hz=hz)), "raw_4").std() for hz in (4000, 250)
    )
    assert fast / slow == pytest.approx(4, rel=0.06)


def test_the_noise_generator_passes_through_every_state():
    """xorshift on 30 bits with shifts 5, 7, 4: its order is 2^30 - 1, so the period is full for every seed but 0."""

    def times(a, b):
        return [_xor(a[i] for i in range(30) if column_ >> i & 1) for column_ in b]

    def _xor(values):
        total = 0
        for value in values:
            total ^= value
        return total

    def power(a, n):
        result = [1 << i for i in range(30)]
        while n:
            result = times(a, result) if n & 1 else result
            a, n = times(a, a), n >> 1
        return result

    def draw(n):
        n ^= (n & 0x1FFFFFF) << 5
        n ^= n >> 7
        return n ^ (n & 0x3FFFFFF) << 4

    matrix, identity, order = [draw(1 << i) for i in range(30)], [1 << i for i in range(30)], (1 << 30) - 1
    assert power(matrix, order) == identity
    assert all(power(matrix, order // prime) != identity for prime in (3, 7, 11, 31, 151, 331))


@given(st.integers(0, 1 << 24), st.integers(1, 1 << 24))
def test_exponentials_of_whole_numbers_are_exact_to_a_trillionth(num, den):
    exact = np.exp(-num / den)
    assert fixed.exp_minus(num, den) / fixed.ONE == pytest.approx(exact, abs=1e-12)


@given(st.integers(0, 1 << 60))
def test_whole_square_root_is_the_floor(n):
    root = fixed.isqrt(n)
    assert root * root <= n < (root + 1) * (root + 1)


def test_words_of_the_state_do_not_overlap():
    """Every word that is written in the constructor belongs to one name only: neighbours keep their distance."""
    lengths = {
        "KV": 12, "GAIN": 4, "GAIN_S": 4, "ZERO": 4, "MODE": 4, "CLEAN": 4, "SIGMA": 4, "DRIFT": 4,
        "DRIFT_REM": 4, "DRIFT_RATE": 4, "ZERO0": 4, "T_ZERO": 4, "T_BASE": 2, "T_NOW": 2, "T_SET": 2,
        "T_SET_ON": 2, "CELL_CREEP_R": 2, "SQRT": 65, "WAVE": 65, "FLOW_T": 33, "RING": 1,
        "SHARE": 3, "RATED": 4, "ZERO_RATED": 4, "SPAN": 2,
    }  # fmt: skip
    lengths.update({name: state.SEG_MAX + 1 for name in ("T_START", "T_FORCE", "T_HARD", "T_HARD_S", "T_RET", "T_G")})
    counts = ("FORCE_MAX", "CODE_MAX", "KV_LEN", "FLOW_N", "SEG_MAX")
    taken = {}
    for name, at in vars(state).items():
        if name.isupper() and name not in counts:
            for word in range(at, at + lengths.get(name, 1)):
                assert word not in taken, f"{name} and {taken[word]} share word {word}"
                taken[word] = name


def test_load_cells_creep_and_drift_over_hours_as_their_data_says():
    quiet = {"cells.nonlinearity_pct": 0, "temperature.swing_k": 0}
    spec = load.plant("nominal", "steel_blank", {**quiet, "cells.drift_ppm_h": [0, 0, 0, 0]})
    rows = on_micropython(job(spec, [[0, 30000, CLOSED, 0]], 1800_000, hz=50, every=500))
    error, force = column(rows, "error_high_cn"), column(rows, "force_cn")[-1]
    assert error[-1] - error[0] == pytest.approx(300e-6 * force * (1 - np.exp(-3)), rel=0.03)
    spec = load.plant("nominal", "steel_blank", {**quiet, "cells.creep_pct": 0, "cells.drift_ppm_h": [0, 0, 0, 500]})
    error = column(on_micropython(job(spec, [[0, 1500, CLOSED, 0]], 7200_000, hz=50, every=500)), "error_low_cn")
    assert error[-1] - error[0] == pytest.approx(1000e-6 * 2000_00, abs=3)


@pytest.mark.parametrize("away_k", [10, -10])
def test_zero_and_span_of_the_measuring_chain_follow_the_temperature(away_k):
    """The cells' zeros and the converter's offset add up; their supply drifts against the converter's reference, for all alike."""
    quiet = {"cells.nonlinearity_pct": 0, "cells.creep_pct": 0, "temperature.swing_k": 0, "cells.drift_ppm_h": [0] * 4}
    spec = load.plant("nominal", "steel_blank", {**quiet, "temperature.mean_c": [25.0 + away_k, 23.0]})
    rows = on_micropython(job(spec, [[0, 0, CLOSED, 0], [5000, 45000, CLOSED, 0]], 9000, hz=200))
    zero_ppm = [a + b for a, b in zip(spec["zero_ppm_k"], spec["converter_zero_ppm_k"], strict=True)]
    assert zero_ppm == [30, -23, 24, 0] and spec["span_ppm_k"] == 50
    high, low, force = (column(rows, name) for name in ("error_high_cn", "error_low_cn", "force_cn"))
    at = len(rows) // 2  # before the valve opens
    zero_cn = away_k * sum(zero_ppm[:3]) * 1e-6 * spec["high_rated_cn"]
    assert force[at] < 100 and high[at] == pytest.approx(zero_cn, abs=60) and abs(low[at]) < 60
    assert force[-1] > 3_000_000
    assert high[-1] - high[at] == pytest.approx(away_k * 50e-6 * force[-1], rel=0.05)


def test_temperature_swings_over_its_day():
    spec = load.plant(overrides={"temperature.swing_k": 4, "temperature.period_h": 1})
    rows = column(on_micropython(job(spec, [[0, 0, CLOSED, 0]], 3600_000, hz=50, every=500)), "temp_1_cc")
    assert (rows.min(), rows.max()) == pytest.approx((2100, 2900), abs=6)
    assert rows[-1] == pytest.approx(rows[0], abs=6)


def test_a_step_allocates_nothing():
    spec = repr(load.plant("fill_vent", "pellet_cell"))
    code = f"""
from array import array
import gc, micropython
from stackpress_plant.plant import Plant
from stackpress_plant.sensors import cells
from stackpress_plant.step import step
p = Plant({spec}, 200); P = p.P
S = array('i', [30000, 13] + [0] * 9)
def many(S, P, n):
    micropython.heap_lock()
    while n:
        step(S, P)
        n -= 1
    micropython.heap_unlock()
step(S, P)
many(S, P, 20000)
print(p.truth()["force_cn"] > 0)
"""
    path = ":".join(str(Path(load.__file__).resolve().parents[2] / room) for room in ("boards", "firmware"))
    done = subprocess.run(
        [*MICROPYTHON, "-c", code],
        text=True,
        capture_output=True,
        check=False,
        env={"MICROPYPATH": path},
    )
    assert done.stdout.strip() == "True", done.stderr


def seen(forces_cn):
    """What the fourth cell tells of a force at each conversion / cN, without its noise and zero."""
    press = Plant(load.plant(), 4000)
    S, P = array("i", [0] * 11), press.P
    P[state.STATUS_OK], told = states.SAMPLE_NEW, []
    for force_cn in (0, *forces_cn):
        P[state.FORCE] = round(force_cn) * 64
        cells(S, P)
        told.append(press.signed(state.CLEAN + 3))
    per_cn = (press.spec["rated_code"] + 0.0) / press.rated_cn(3)
    return (np.array(told[1:]) - told[0]) / per_cn


def sinc3(forces_cn, parts=64):
    """Three averages over one conversion each, one behind the other, of a force that goes straight from value to value."""
    at = np.arange(len(forces_cn) * parts) / parts
    fine = np.interp(at - 1 + 1 / parts, np.arange(len(forces_cn)), forces_cn)
    box = np.ones(parts) / parts
    for _ in range(3):
        fine = np.convolve(fine, box)[: len(fine)]
    return fine[parts - 1 :: parts]


def test_a_ramp_is_seen_one_and_a_half_conversions_late():
    ramp_cn = np.concatenate([np.zeros(4), np.arange(1, 60) * 2500])  # 100 kN/s at 4 kHz
    late = ramp_cn - seen(ramp_cn)
    assert late[12:] == pytest.approx(1.5 * 2500, rel=0.02)


def test_a_step_takes_four_conversions_and_goes_as_a_sinc3_has_it():
    step_cn = np.concatenate([np.zeros(6), np.full(12, 100_000)])
    told = seen(step_cn)
    assert told[8] < 99_000 and told[9:] == pytest.approx(100_000, rel=0.005)
    assert np.abs(told - sinc3(step_cn)).max() < 3_000
