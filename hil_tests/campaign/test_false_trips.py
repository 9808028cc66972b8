"""Presses drawn at random: each is one that a file could describe, the same every time; runs are cut and counted as told."""

import pytest
import stackpress
from stackpress import programs
from stackpress_plant import load

from hil_tests.campaign import drawn, false_trips
from hil_tests.targets.sim import SimTarget


def test_a_seed_draws_the_same_plant_and_another_seed_another_one() -> None:
    assert drawn.plant(4) == drawn.plant(4) != drawn.plant(6)
    assert {drawn.plant(seed)[0] for seed in range(4)} == {"nominal", "fill_vent"}


def test_whatever_is_drawn_is_a_plant_within_its_bounds_and_its_pump_moves_the_free_ram() -> None:
    for seed in range(200):
        name, changed = drawn.plant(seed)
        load.plant(name, false_trips.case(seed)[1], changed)
        for key, low, high in drawn.FACTORS:
            assert 0.999 * low <= changed[key] / load.value(name, key) <= 1.001 * high
        assert changed["valve.prefill_below_n"] > changed["ram.return_spring_n"] + changed["ram.friction_n"]


def test_every_ready_made_program_with_a_valve_is_run_on_both_kinds_and_on_each_of_its_specimens() -> None:
    assert {*false_trips.SPECIMENS, "manual_press"} == set(programs.ready_made())
    cases = {(drawn.plant(seed)[0], *false_trips.case(seed)) for seed in range(84)}
    assert cases == {
        (plant, name, one) for plant in drawn.PLANTS for name, all_of in false_trips.SPECIMENS.items() for one in all_of
    }


def test_holds_are_cut_to_an_hour_and_triggers_to_a_minute_and_nothing_else_is() -> None:
    held = programs.load("stack_pressure_hold")
    short = false_trips.cut(held)
    assert [step.get("for_ms") for step in short["steps"]] == [None, None, None, 3600_000, None, None]
    assert [{**step, "for_ms": 0} for step in short["steps"]] == [{**step, "for_ms": 0} for step in held["steps"]]
    assert false_trips.cut(programs.load("eis_pressure_sweep"))["steps"][1]["wait_trigger_ms"] == 60_000


def test_a_trip_without_a_fault_is_counted_and_named() -> None:
    good = false_trips.Outcome(1, "kbr_pellet", "nominal", "steel_blank", "", 7, ("duty",), 300.0)
    bad = false_trips.Outcome(2, "kbr_pellet", "nominal", "steel_blank", "runaway", 2, (), 30.0)
    assert false_trips.told([good, bad]) == {"clean_runs": 2, "false_trips": 1}
    assert "ended" in good.line and "duty" in good.line and "TRIPPED in step 2: runaway" in bad.line


@pytest.mark.parametrize("opens_ms", [1.0, 2.1])
def test_powder_that_takes_up_the_pulses_of_a_late_solenoid_is_no_ram_that_does_not_answer(opens_ms: float) -> None:
    late = {"valve.fill_open_ms": opens_ms}
    with SimTarget("fill_vent", "li6ps5cl_powder", late) as target, stackpress.open(target.port) as press:
        target.run_for(1)
        press.run("staged_densification")
        target.run_for(40)
        assert press.program_state().step == 2, press.tripped()


@pytest.mark.parametrize("seed, seconds, state", [(16, 3, "pressing"), (214, 3, "pressing"), (111, 90, "holding")])
def test_a_press_whose_valve_is_not_what_its_file_says_has_no_trip(seed: int, seconds: float, state: str) -> None:
    """A third of the hysteresis in an approach; a vent so slow that the step's time is over while the force still falls."""
    plant, changed = drawn.plant(seed)
    name, specimen = false_trips.case(seed)
    with SimTarget(plant, specimen, changed, seed=seed, truth=False) as target, stackpress.open(target.port) as press:
        target.run_for(2)
        press.run(name)
        target.run_for(seconds)
        assert press.state == state, press.tripped()
