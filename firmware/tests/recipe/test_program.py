"""Programs as data: any garbage gets complaints and never an exception, and what passes is within the limits."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress.simulator.supervisor import MICROPYTHON
from stackpress_core import params
from stackpress_core.log import records
from stackpress_core.recipe import fields, kinds, program
from stackpress_core.recipe.kinds import OF, filled, rows_of
from stackpress_core.recipe.levels import force_cn, newtons
from stackpress_core.recipe.runner import Runner
from stackpress_core.scheduler import Scheduler
from stackpress_core.tick import states

TESTS = Path(__file__).resolve().parents[1]
LIMITS = program.limits_of(params.Values(), {"trigger", "temperature", "displacement"})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
GARBAGE = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
FIELDS = sorted({row[0] for kind in kinds.NAMES for row in rows_of(OF[kind])})


def value_of(row):
    """Values on and within the bounds of a row, and now and then just outside."""
    unit, least, most = row[1], row[2], row[3]
    if isinstance(unit, tuple):
        return st.sampled_from(unit)
    if unit == "yes":
        return st.just(True)
    if unit == "text":
        return st.text("ab c", min_size=least, max_size=min(most, 12))
    middle = st.integers(max(least, min(most, 1000)), max(least, min(most, 400_000)))
    number = st.one_of(middle, middle, middle, st.integers(least, most), st.sampled_from((least, most)))
    return st.lists(number, min_size=1, max_size=4) if unit.endswith(" list") else number


@st.composite
def steps(draw):
    kind = draw(st.sampled_from(kinds.NAMES))
    rows = {row[0]: row for row in rows_of(OF[kind])}
    groups = kinds.OF[kind].groups
    names = {draw(st.sampled_from(group[1:])) for group in groups}
    grouped = {name for group in groups for name in group} | {row[0] for row in fields.ONLY_WITH}
    extras = [name for name in sorted(rows) if name not in grouped and not name.endswith("timeout")]
    names |= draw(st.sets(st.sampled_from(extras), max_size=1))
    return {"do": kind} | {name: draw(value_of(rows[name])) for name in sorted(names)}


PROGRAMS = st.builds(
    lambda steps, area, name: {"format": 1, "name": name, "area_um2": area, "steps": steps},
    st.lists(steps(), min_size=1, max_size=4),
    st.sampled_from((132_732_290, 4_000_000_000, 78_539_816, 0)),
    st.sampled_from(("a", "pellet_2")),
)


@settings(max_examples=300, deadline=None)
@given(GARBAGE)
def test_any_garbage_gets_complaints_and_no_exception(garbage):
    complaints = program.validate(garbage, LIMITS)
    assert complaints and all(isinstance(one, str) and len(one) < 400 for one in complaints)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(FIELDS), GARBAGE, max_size=5).flatmap(
            lambda step: st.sampled_from(kinds.NAMES).map(lambda kind: step | {"do": kind})
        ),
        min_size=1,
        max_size=3,
    ),
    GARBAGE,
    GARBAGE,
)
def test_known_fields_with_garbage_in_them_never_raise(steps, area, host_loss):
    made = {"format": 1, "name": "x", "area_um2": area, "host_loss": host_loss, "steps": steps}
    for complaint in program.validate(made, LIMITS):
        assert isinstance(complaint, str) and len(complaint) < 400


class Recorder:
    """A press that obeys at once and remembers the largest force and rate that were asked for."""

    def __init__(self):
        self.state, self.inputs, self.filtered_cn, self.set_cn, self.displacement_nm = 2, 0, 0, 0, 0
        self.set_point_reached = True
        self.scheduler = Scheduler()
        self.highest_cn = self.fastest = 0

    def set_force(self, target_cn, rate):
        self.filtered_cn = self.set_cn = target_cn
        self.state = states.PRESSING
        self.highest_cn, self.fastest = max(self.highest_cn, target_cn), max(self.fastest, rate)

    def approach(self, contact_cn, speed_um_s):
        self.set_force(contact_cn, 1)

    def release(self, rate):
        self.set_force(0, rate)

    stop = release

    def ramp_down_as(self, rate, limit_ms):
        self.fastest = max(self.fastest, rate)

    def vent(self):
        self.filtered_cn = self.set_cn = 0
        self.state = states.READY

    def lock(self):
        self.set_point_reached = True

    def set_trigger(self, on):
        self.inputs = states.IN["trigger_in"] if on else 0

    def step(self, number, kind, step, phase, outcome):
        self.inputs = 0

    def tell(self, code, a=0, b=0, text=""):
        assert text or code in (records.EVENT_TRIGGER_IN, records.EVENT_TRIGGER_OVER)

    note = tell

    def settled(self, band_cn, time_ms):
        return True

    def temperature_cc(self, number):
        return 2500


@settings(max_examples=200, deadline=None)
@given(PROGRAMS)
def test_what_passes_the_check_runs_within_the_limits_to_an_end(made):
    assert json.loads(json.dumps(made)) == made
    press = Recorder()
    run = Runner(press, press, press, press.scheduler)
    if run.load(made, LIMITS):
        return
    run.start(1)
    totals = program.Totals(made, LIMITS)
    longest_s = sum(longest for _, longest in totals.times) // 1000 + 60 * 64
    passes, now_s = 0, 0
    while run.active and passes < 20_000 and now_s < 10 * longest_s + 1000:
        passes += 1
        run.look(now_s, 0)
        now_s += 1 + (longest_s // 1000 if passes % 5 == 0 else 0)
    assert not run.active or run.kind == "cycle"  # 60 000 cycles may be more than this test is patient for
    assert press.highest_cn <= totals.highest_cn * 21 // 20  # a hold after a contact asks for a twentieth more
    assert press.highest_cn <= LIMITS["force_limit_cn"] and press.fastest <= LIMITS["rate_limit_cn_per_s"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1_000_000_000), st.integers(0, 4_290_000_000))
def test_pressure_becomes_the_nearest_hundredth_of_a_newton(pressure_pa, area_um2):
    exact_1e10 = pressure_pa * area_um2
    assert abs(force_cn(pressure_pa, area_um2) * 10**10 - exact_1e10) * 2 <= 10**10


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"do": "ramp", "to_cn": 7_000_000, "rate_cn_per_s": 1}, "target 70000 N is over the press's working limit"),
        ({"do": "ramp", "to_cn": 1, "rate_cn_per_s": 500_001}, "rate 5000.01 N/s is over the press's limit 5000 N/s"),
        ({"do": "ramp", "to_cn": 1, "to_pa": 1, "rate_cn_per_s": 1}, "to_cn and to_pa exclude each other"),
        ({"do": "ramp", "to_cn": 1}, "needs rate_cn_per_s or rate_pa_per_s"),
        ({"do": "ramp", "by_cn": -10_000, "rate_cn_per_s": 1}, "target -50 N is below nothing"),
        ({"do": "ramp", "to_pa": 5, "rate_pa_per_s": 10}, "slowest that the press can go"),
        ({"do": "ramp", "to_cn": 5.5, "rate_cn_per_s": 1}, "whole number of cN"),
        ({"do": "hold", "for_ms": 1000, "timeout_ms": 100}, "timeout_ms means nothing beside for_ms"),
        ({"do": "hold", "for_ms": 1000, "until_trigger": True}, "exclude each other"),
        ({"do": "hold"}, "needs for_ms or"),
        ({"do": "contact", "to_cn": 0}, "can't be told from nothing"),
        ({"do": "contact", "to_cn": 5000, "speed_um_per_s": 3001}, "speed 3001 um/s is over the press's limit 3000"),
        ({"do": "contact", "to_cn": 5000, "at_timeout": "go_on"}, "at_timeout is hold or stop or vent"),
        ({"do": "cycle", "low_cn": 9, "high_cn": 9, "rate_cn_per_s": 1, "count": 1}, "is not under the upper level"),
        ({"do": "sweep", "forces_cn": [1, 6_000_000], "rate_cn_per_s": 1}, "target 60000 N is over"),
        ({"do": "creep", "for_ms": 1, "note": "\n"}, "note is a text of 0 to 60 characters"),
        ({"do": "gap", "for_ms": 1, "most_cn": 499, "rate_cn_per_s": 1}, "its most is below 5 N"),
        ({"do": "gap", "for_ms": 1, "most_cn": 4999, "rate_cn_per_s": 1}, "it begins at 50 N, over its own most of 49.99 N"),
        ({"do": "gap", "for_ms": 1, "most_cn": 6_000_000, "rate_cn_per_s": 1}, "target 60000 N is over"),
        ({"do": "press"}, "'press' is no step; steps are contact, ramp"),
        ({"do": "vent", "temperature_min_cc": 50, "temperature_max_cc": 40}, "lowest temperature is above the highest"),
    ],
)
def test_each_mistake_is_named_with_its_step(step, words):
    made = {"format": 1, "name": "x", "area_um2": 10**7, "steps": [{"do": "contact", "to_cn": 5000}, step]}
    complaints = program.validate(made, LIMITS)
    assert len(complaints) == 1 and complaints[0].startswith("step 2") and words in complaints[0], complaints


@pytest.mark.parametrize("kind", kinds.NAMES)
def test_a_press_without_a_valve_may_only_watch(kind):
    step = {"do": kind, "for_ms": 1}
    complaints = program.validate({"format": 1, "name": "x", "steps": [step]}, {"capabilities": ()})
    assert any("no valve" in one for one in complaints) == (kind != "watch")


@pytest.mark.parametrize(("field", "need"), fields.NEEDS)
def test_what_the_press_has_not_is_named(field, need):
    for kind in kinds.NAMES:
        if kind != field and field not in [row[0] for row in rows_of(OF[kind])]:
            continue
        made = {"format": 1, "name": "x", "steps": [{"do": kind, field: 1}]}
        assert any(f"needs {need}" in one for one in program.validate(made, {"capabilities": {"valve"}}))


def test_after_a_vent_nothing_is_pressed():
    steps = [{"do": "vent"}, {"do": "watch", "for_ms": 1}, {"do": "contact", "to_cn": 5000}]
    complaints = program.validate({"format": 1, "name": "x", "steps": steps}, LIMITS)
    assert len(complaints) == 1 and "step 3 (contact): after a vent" in complaints[0]


def test_all_complaints_are_found_not_only_the_first():
    wrong = {"do": "ramp", "to_cn": 9_000_000, "rate_cn_per_s": 10_000_000}
    complaints = program.validate({"format": 1, "name": "a b", "steps": [wrong] * 5}, LIMITS)
    assert len(complaints) == 11


def test_every_default_lies_within_its_row():
    for kind in kinds.NAMES:
        rows = rows_of(OF[kind])
        assert len({row[0] for row in rows}) == len(rows), kind
        full = filled({"do": kind})
        for row in rows:
            if row[4] is not None and not isinstance(row[1], tuple):
                assert row[2] <= full[row[0]] <= row[3], row
            elif row[4] is not None:
                assert full[row[0]] in row[1], row


@settings(max_examples=100)
@given(st.integers(-10_000_000, 10_000_000))
def test_newtons_read_as_the_force_they_are(force):
    assert round(float(newtons(force).split()[0]) * 100) == force


def test_the_interpreter_runs_on_micropython():
    modules = sorted((TESTS / "recipe").glob("test_runner_*.py"))
    command = [*MICROPYTHON, str(TESTS / "on_micropython.py"), *(one.stem for one in modules)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    count = sum(one.read_text().count("\ndef test_") for one in modules)
    assert done.returncode == 0, done.stdout + done.stderr
    assert count > 40 and done.stdout.splitlines()[-1] == f"{count} passed, 0 failed"
