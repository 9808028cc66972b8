"""A contact on the simulated press: what the specimen truly feels, with zeros that are off and bridges that are open."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import stackpress
from stackpress import contacts as reckoned
from stackpress import paths
from stackpress.config import load

from hil_tests.bench import contacts
from hil_tests.campaign import drawn
from hil_tests.targets.sim import SimTarget

KINDS = ("nominal", "fill_vent")
FILES = {"nominal": "press.toml", "fill_vent": "press_fill_vent.toml"}
QUIET_BRIDGE = -1000  # permille of its sensitivity: the converter reads the zero and its noise
AREA_UM2, STACK_PA, STACK_N = 132_732_290, 5_000_000, 663.66
OPENED_N, GAP_M = 2000, 2e-3
FELT_N = 200  # beyond the contact force, whatever one sensor says


@contextmanager
def pressing(plant: str) -> Iterator[tuple[SimTarget, stackpress.Press]]:
    with SimTarget(plant=plant) as target, stackpress.open(target.port) as press:
        target.run_for(1.0)
        yield target, press


@pytest.mark.parametrize("plant", KINDS)
def test_contact_reaches_no_more_than_the_checker_says(plant: str) -> None:
    effective = load(paths.BOARDS / "sim" / FILES[plant])
    with pressing(plant) as (target, press):
        for specimen, to_n, speed_um_s in (
            ("steel_blank", 50, 3000),
            ("pellet_cell", 50, 500),
            ("breathing_cell", 5, 3000),
        ):
            what = contacts.program(speed_um_s, to_n)
            (told,) = reckoned.contacts(what, effective)
            most_n = contacts.most_n(target, press, specimen, what)
            assert to_n <= most_n + 0.5 and most_n <= min(told.reach_n, to_n + 25), (specimen, to_n, most_n, told)


@pytest.mark.parametrize(("plant", "sign"), [("nominal", 1), ("fill_vent", -1)])
def test_zero_that_is_off_is_neither_felt_as_a_contact_nor_held(plant: str, sign: int) -> None:
    ramp = {"do": "ramp", "to_pa": STACK_PA, "rate_cn_per_s": 20_000}
    hold = {"do": "hold", "for_ms": 10_000}
    with pressing(plant) as (target, press):
        contacts.offset(target, (0, 0, 0, sign * 38))
        assert contacts.most_n(target, press, "blank_set_close", contacts.program(500)) < 75
        target.specimen("blank_set_close")
        press.run({"format": 1, "name": "stack", "area_um2": AREA_UM2, "host_loss": "carry_on",
                   "steps": [{"do": "contact", "to_cn": 5000}, ramp, hold]})  # fmt: skip
        target.run_for(1.0)
        while press.program_state().kind != "hold":
            target.run_for(0.5)
        target.run_for(8.0)
        assert target.truth()["force_n"] == pytest.approx(STACK_N, rel=0.01)


@pytest.mark.parametrize("sign", [1, -1])
def test_zeros_by_which_the_ranges_disagree_are_refused_before_anything_moves(sign: int) -> None:
    with pressing("nominal") as (target, press):
        contacts.offset(target, (sign * 60, sign * 60, sign * 60, sign * 38))
        with pytest.raises(stackpress.PressRefused, match="the load cells disagree: take the zero again"):
            press.run(contacts.program(500))
        assert press.state == "safe" and target.truth()["force_n"] == 0


@pytest.mark.parametrize("seed", [2016, 2022])
def test_ram_that_lets_go_of_its_friction_in_a_slow_approach_is_not_too_fast(seed: int) -> None:
    """Two of the presses that the campaign draws: little oil in the way, much more friction at rest than on the way."""
    plant, changed = drawn.plant(seed)
    with SimTarget(plant, "lithium_foil", changed, seed=seed) as target, stackpress.open(target.port) as press:
        target.run_until(2.0)
        assert contacts.most_n(target, press, "lithium_foil", contacts.program(100)) < contacts.TO_N + 25


def test_powder_that_takes_up_pulse_after_pulse_of_a_slow_valve_is_touched_all_the_same() -> None:
    """A drawn press whose fill valve opens late and gives less: at 22 N, a newton takes sixty that were asked for."""
    plant, changed = drawn.plant(4431)
    with SimTarget(plant, "li6ps5cl_powder", changed, seed=4431) as target, stackpress.open(target.port) as press:
        target.run_until(2.0)
        assert 100 < contacts.most_n(target, press, "li6ps5cl_powder", contacts.program(1000, 100)) < 125


@pytest.mark.parametrize("seed", [610, 652])
@pytest.mark.parametrize("lost_s", [-0.5, 0.3])
def test_ram_that_no_scale_sees_moves_slowly_through_the_hysteresis_that_its_valve_may_not_have(
    seed: int, lost_s: float
) -> None:
    """Two drawn presses whose valve moves the ram early; the scale is gone before the contact begins, or on its way."""
    plant, changed = drawn.plant(seed)
    with SimTarget(plant, "steel_blank", changed, seed=seed) as target, stackpress.open(target.port) as press:
        target.run_until(2.0)
        if lost_s < 0:
            target.fault("scale_gone")
            target.run_for(-lost_s)
        press.run(contacts.program(3000))
        target.run_for(abs(lost_s))
        target.fault("scale_gone")
        while press.state in ("pressing", "holding", "releasing"):
            target.run_for(0.5)
        assert press.state == "safe" and target.truth()["most_force_n"] < contacts.TO_N + 75


def test_zero_that_drifts_out_of_its_band_after_arming_starts_nothing() -> None:
    with pressing("nominal") as (target, press):
        press.document_put("program/touch", json.dumps(contacts.program(500)).encode())
        press.arm()
        target.run_for(0.1)
        contacts.offset(target, (0, 0, 0, 60))
        with pytest.raises(stackpress.PressRefused, match="the force is not zero"):
            press.start("touch")
        assert press.state == "safe"  # a start that is refused disarms


@pytest.mark.parametrize(("plant", "to_n"), [("nominal", 50), ("nominal", 200), ("fill_vent", 50)])
def test_valve_that_opens_fully_on_the_way_presses_less_than_two_kilonewtons(plant: str, to_n: int) -> None:
    with pressing(plant) as (target, press):
        for left_um in (20, 400):
            target.clear_fault()
            target.specimen("steel_blank")
            target.run_for(0.5)
            press.run(contacts.program(3000, to_n))
            way_m = 1.0
            while way_m > 0:  # with what the ram can close in that time at most
                target.run_for(max(0.002, way_m / 2e-3 if way_m < 1 else 0.5))
                way_m = GAP_M - left_um * 1e-6 - target.supervisor.request(do="truth")["truth"]["displacement_m"]
            target.fault("stuck_open", 1)
            target.run_for(2.0)
            assert target.supervisor.request(do="truth")["truth"]["peak_force_n"] < to_n + OPENED_N
            if press.state == "tripped":
                assert press.tripped().reason in ("overspeed", "runaway", "not_vented")
            else:
                press.abort()
            target.clear_fault()
            target.run_for(8.0)
            if press.state == "tripped":
                press.reset()
                target.run_for(0.1)


@pytest.mark.parametrize("plant", KINDS)
@pytest.mark.parametrize("cells", [(4,), (1, 2, 3, 4)])
def test_bridge_that_is_open_and_reads_zero_lets_the_ram_press_little_and_is_named(
    plant: str, cells: tuple[int, ...]
) -> None:
    with pressing(plant) as (target, press):
        for cell in cells:
            target.fault(f"gain_{cell}", QUIET_BRIDGE)
        target.specimen("blank_set_close")
        press.run(contacts.program(3000))
        for _ in range(60):
            target.run_for(0.5)
            if press.state == "tripped":
                break
        assert press.tripped().reason in ("no_answer", "imbalance")
        assert target.truth()["most_force_n"] <= contacts.TO_N + FELT_N
