"""What the plant's true force comes to when valve, cells or dump fail, and the reason that is told: on both kinds of valve.

Each is judged by the truth of the plant; the press may believe what it likes. The figures are those of a press that vents in time.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import stackpress
from stackpress import paths, step_limits
from stackpress.config import load
from stackpress.press import Press
from stackpress.simulator import provision
from stackpress_plant import load as load_plant

from hil_tests.campaign import drawn
from hil_tests.targets.sim import SimTarget

FILES = {"nominal": "press.toml", "fill_vent": "press_fill_vent.toml"}
VALVES = tuple(FILES)
CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 2000, "timeout_ms": 60000}
FULL_SCALE_N = 66000


def program(force_n: int, how: str = "hold", **header: Any) -> dict[str, Any]:
    up = {"do": "ramp", "to_cn": force_n * 100, "rate_cn_per_s": 100000}
    steps = [CONTACT, up, {"do": how, "for_ms": 600000}, {"do": "vent"}]
    return {"format": 1, "name": "pressed", "stop_rate_cn_per_s": 10000, "steps": steps, **header}


@contextmanager
def held(
    force_n: int, plant: str = "nominal", how: str = "hold", documents: Any = None, until: int = 3, overrides: Any = None,
    specimen: str = "steel_blank", **header: Any,
) -> Iterator[tuple[SimTarget, Press]]:
    """A press that has held, or locked, so much force on steel for some seconds, or has begun step `until`."""
    kept = {**(documents or {}), "program/pressed": json.dumps(program(force_n, how, **header)).encode()}
    made = SimTarget(plant=plant, specimen=specimen, overrides=overrides, documents=kept)
    with made as target, stackpress.open(target.port) as press:
        target.run_until(0.2)
        press.arm()
        target.run_for(0.01)
        press.start("pressed")
        for _ in range(200):
            if press.program_state().step == until or press.state == "tripped":
                break
            target.run_for(0.5)
        target.run_for(6 if until == 3 else 1)
        yield target, press


def most_n(target: SimTarget) -> float:
    """The highest true force of the next 0.3 s, looked at every 5 ms, for truth.csv has a row in 20: no dump is that quick."""
    most = 0.0
    for _ in range(60):
        target.run_for(0.005)
        most = max(most, target.truth()["force_n"])
    return most


@pytest.mark.parametrize("plant", VALVES)
@pytest.mark.parametrize("how", ["vent", "abort"])
def test_valve_that_opens_after_a_vent_has_begun_presses_nothing(plant: str, how: str) -> None:
    with held(664, plant) as (target, press):
        press.abort() if how == "abort" else press.stop("vent")
        target.run_for(0.05)
        target.fault("stuck_open", 1)
        target.run_for(5)
        truth = target.truth()
        assert truth["most_force_n"] < 680 and truth["dump_open"] == 1
        # full flow into an open dump leaves some force: then it is no safe press
        assert (press.state, press.tripped().reason) == (
            ("tripped", "not_vented") if plant == "fill_vent" else ("safe", "")
        )


@pytest.mark.parametrize("plant", VALVES)
@pytest.mark.parametrize("force_n", [664, 20000])
def test_stuck_valve_and_stuck_dump_are_never_called_safe(plant: str, force_n: int) -> None:
    with held(force_n, plant) as (target, press):
        target.fault("stuck_valve")
        target.fault("dump_stuck")
        press.stop("vent")
        target.run_for(12)
        assert (
            press.state == "tripped"
            and press.tripped().reason == "not_vented"
            and target.truth()["force_n"] > 0.9 * force_n
        )


@pytest.mark.parametrize("plant", VALVES)
@pytest.mark.parametrize("force_n", [157, 664, 20000])
def test_stuck_valve_at_a_stop_is_dumped_with_its_reason(plant: str, force_n: int) -> None:
    with held(force_n, plant, stop_rate_cn_per_s=200000) as (target, press):
        target.fault("stuck_valve")
        press.stop()
        target.run_for(5)
        assert press.tripped().reason == "no_fall" and target.truth()["force_n"] < 30


@pytest.mark.parametrize("plant", VALVES)
@pytest.mark.parametrize("force_n", [157, 664, 20000])
def test_valve_that_opens_fully_in_a_hold_adds_less_than_three_percent_of_full_scale(plant: str, force_n: int) -> None:
    with held(force_n, plant) as (target, press):
        target.fault("stuck_open", 1)
        assert most_n(target) < force_n + 0.03 * FULL_SCALE_N
        assert press.tripped().reason == "runaway"


@pytest.mark.parametrize("plant", VALVES)
@pytest.mark.parametrize("force_n", [157, 664, 20000])
def test_program_check_tells_what_a_valve_that_opens_fully_comes_to(plant: str, force_n: int) -> None:
    (told,) = [
        one for one in step_limits.of(program(force_n), load(paths.BOARDS / "sim" / FILES[plant])) if one.kind == "hold"
    ]
    with held(force_n, plant) as (target, press):
        target.fault("stuck_open", 1)
        most = most_n(target)
        assert press.tripped().reason == "runaway"
        assert told.above_n - 30 < most < told.open_n + 30 and told.open_n - force_n < 3 * (most - force_n) + 30


@pytest.mark.parametrize("how", ["hold", "relax"])
def test_three_times_the_set_point_is_never_held(how: str) -> None:
    with held(664, how=how) as (target, press):
        target.fault("stuck_open", 3 * 664)
        target.run_for(1)
        assert (
            press.tripped().reason == "runaway" and target.truth()["dump_open"] == 1 and target.truth()["force_n"] < 30
        )


def test_force_that_stays_above_its_band_is_taken_off() -> None:
    with held(664) as (target, press):
        target.fault("stuck_valve")
        target.fault("zero_4", 200000)  # the low range sees 87 N more than there is: less than a runaway
        target.run_for(13)
        assert press.tripped().reason == "held_above"
        target.run_for(8)
        assert target.truth()["dump_open"] == 1 and target.truth()["force_n"] < 30


@pytest.mark.parametrize("fault, value", [("stuck_valve", 1), ("no_air", 1)])
def test_two_mpa_on_ten_millimetres_that_is_no_longer_held_is_told(fault: str, value: int) -> None:
    with held(157) as (target, press):
        target.fault(fault, value)
        target.specimen("empty_die")  # the force goes
        target.run_for(14)
        assert press.state == "tripped" and press.tripped().reason in ("hold_band", "no_response", "force_drop")


def test_ramp_that_solenoids_can_not_follow_is_waited_for_and_one_that_does_not_rise_trips() -> None:
    fast = {"do": "ramp", "to_cn": 2000000, "rate_cn_per_s": 500000}
    with held(1000, "fill_vent", steps=[CONTACT, fast, {"do": "hold", "for_ms": 60000}, {"do": "vent"}]) as (target, press):
        assert press.state == "holding" and target.truth()["most_force_n"] < 20100
    with held(1000, "fill_vent", steps=[CONTACT, fast, {"do": "vent"}], until=2) as (target, press):
        target.fault("no_air")
        target.run_for(4)
        assert press.tripped().reason == "no_response" and target.truth()["force_n"] < 30


@pytest.mark.parametrize(
    "plant, factors, reason, above_n",
    [("nominal", (0.85,) * 4, "drive_mismatch", 20000)] + [(plant, (0.7, 1, 1, 1), "imbalance", 1750) for plant in VALVES],
)
def test_cells_that_read_low_are_found_out_by_the_drive_and_one_by_the_other_range(
    plant: str, factors: tuple[float, ...], reason: str, above_n: float
) -> None:
    spec = load_plant.plant(plant, "steel_blank", {})
    documents = {name: json.loads(text) for name, text in provision.commissioned(spec, "SIM-bench").items()}
    for cell, factor in zip(documents["calibration"]["cells"], factors, strict=True):
        cell["points"] = [[code, int(force * factor)] for code, force in cell["points"]]
    lying = {name: json.dumps(document).encode() for name, document in documents.items()}
    with held(49000, plant, documents=lying) as (target, press):
        assert press.tripped().reason == reason and target.truth()["most_force_n"] < above_n


def test_low_range_that_reads_a_quarter_low_is_told_before_five_megapascal_are_held() -> None:
    documents = {name: json.loads(text) for name, text in provision.commissioned(load_plant.plant("nominal"), "SIM-bench").items()}
    low = documents["calibration"]["cells"][3]
    low["points"] = [[code, int(force * 0.76)] for code, force in low["points"]]
    with held(664, documents={name: json.dumps(document).encode() for name, document in documents.items()}) as (target, press):
        assert press.tripped().reason == "imbalance" and target.truth()["most_force_n"] < 878


@pytest.mark.parametrize("plant", VALVES)
def test_a_cell_that_jumps_alone_in_a_hold_is_told(plant: str) -> None:
    with held(664, plant) as (target, press):
        assert "sensor" not in press.warnings()
        target.fault("zero_2", 16000)  # 70 N of the high range's 664, which is not in use
        target.run_for(2)
        assert press.state == "holding" and "sensor" in press.warnings()


def keeps_its_codes(target: SimTarget, force_n: float, part: float) -> None:
    """The converter goes on with what it last read, times `part`, and noise: in small steps, for a jump would be seen."""
    spec = load_plant.plant("nominal")
    for step in range(1, 41):
        for i in range(4):
            felt_n = force_n * spec["share_ppm"][i] / 1e6 if i < 3 else min(force_n, spec["low_rated_cn"] / 100)
            rated_n = (spec["high_rated_cn"] if i < 3 else spec["low_rated_cn"]) / 100
            target.fault(f"gain_{i + 1}", -25 * step)
            target.fault(f"zero_{i + 1}", int(spec["rated_code"] * felt_n / rated_n * part * step / 40))
        target.run_for(0.002)


@pytest.mark.parametrize("force_n, part", [(664, 0.985), (664, 1.015), (20000, 0.985)])
def test_constant_reading_in_a_hold_of_solenoids_is_found_out_by_travel_and_valve(force_n: int, part: float) -> None:
    with held(force_n, "fill_vent") as (target, press):
        keeps_its_codes(target, force_n, part)
        target.run_for(10)
        assert press.state == "tripped" and press.tripped().reason == "drive_mismatch"
        assert target.truth()["most_force_n"] < force_n + 0.01 * FULL_SCALE_N


def test_solenoid_that_sticks_on_a_cell_that_gives_way_is_no_reading_that_is_kept() -> None:
    with held(664, "fill_vent", specimen="lithium_foil") as (target, press):
        target.fault("stuck_valve")
        target.run_for(8)
        assert press.tripped().reason == "hold_band" and target.truth()["dump_open"] == 0  # the cell is kept


def test_ram_that_sticks_is_told_and_left_alone() -> None:
    sticks = {"ram.friction_n": 30, "ram.friction_pct": 0.6}  # at twice the nominal friction it comes to rest by itself
    with held(664, overrides=sticks) as (target, press):
        target.run_for(200)
        forces = []
        for _ in range(60):
            target.run_for(1)
            forces.append(target.truth()["force_n"])
        assert "limit_cycle" in press.warnings() and press.state == "holding"
        assert max(forces) - min(forces) < 1 and abs(forces[0] - 664) < 0.01 * 664


@pytest.mark.parametrize("force_n, fault, value, reason", [
    (664, "cell_short", 4, "frozen"), (20000, "cell_short", 1, "frozen"), (20000, "weak_air", 700, "no_response"),
    (664, "weak_air", 300, "no_response"), (20000, "fracture", 400, "force_drop"),
])  # fmt: skip
def test_force_that_drops_for_another_reason_than_a_crack_is_told_by_that(
    force_n: int, fault: str, value: int, reason: str
) -> None:
    with held(force_n) as (target, press):
        target.fault(fault, value)
        target.run_for(0.2)
        told = [press.tripped().reason, *press.query("CYCL:TRIP:LAT?").replace('"', "").split(",")]
        assert told[0] == reason and "force_drop" in told


def test_fill_valve_that_opens_while_the_press_is_only_armed_is_told() -> None:
    """The dump is open, and the ram comes on all the same."""
    with SimTarget(plant="fill_vent", overrides={"dump.tau_ms": 100}) as target, stackpress.open(target.port) as press:
        target.run_until(0.2)
        press.arm()
        target.run_for(1)
        assert press.state == "ready"
        target.fault("stuck_open", 1)
        target.run_for(10)
        assert press.tripped().reason == "runaway"
        assert target.truth()["force_n"] > 30 and "not_vented" in press.query("CYCL:TRIP:LAT?")


@pytest.mark.parametrize("fault", ["converter_dead", "crc", "cell_open"])
def test_valve_that_opens_after_a_trip_that_blinds_the_press_is_not_called_vented(fault: str) -> None:
    with held(664, "fill_vent") as (target, press):
        target.fault(fault, 4)
        target.run_for(0.5)
        target.fault("stuck_open", 1)
        target.run_for(6)
        assert target.truth()["force_n"] > 30
        assert "not_vented" in press.query("CYCL:TRIP:LAT?")


def test_valve_that_opens_on_a_locked_cell_is_told_by_how_fast_it_presses() -> None:
    _, changed = drawn.plant(84)  # an open dump and a valve that are twice as slow
    with held(664, how="relax", overrides=changed) as (target, press):
        target.fault("stuck_open", 1)
        assert most_n(target) - 664 < 0.04 * FULL_SCALE_N and press.tripped().reason == "runaway"


SLOW = drawn.plant(237)[1]  # a dump that takes half a second: what goes through it is no drop


def test_locked_cell_whose_force_goes_slowly_is_told() -> None:
    with held(157, "fill_vent", how="relax", overrides=SLOW, specimen="lithium_foil") as (target, press):
        target.fault("no_power")
        target.run_for(13)
        assert press.tripped().reason == "hold_band" and target.truth()["force_n"] < 1


def test_locked_cell_whose_foil_creeps_away_from_half_of_its_force_is_left_to_creep() -> None:
    with held(664, "fill_vent", how="relax", overrides=SLOW, specimen="lithium_foil") as (target, press):
        target.run_for(400)
        assert press.state == "holding" and not press.warnings() and 50 < target.truth()["force_n"] < 0.3 * 664


def test_valve_that_opens_while_a_trip_lets_go_adds_less_than_three_percent_of_full_scale() -> None:
    with held(664) as (target, press):
        target.fault("temperature_1", 13000)
        target.run_for(0.415)
        assert press.tripped().reason == "temperature" and target.truth()["dump_open"] == 0
        target.fault("stuck_open", 1)
        assert most_n(target) < 664 + 0.03 * FULL_SCALE_N and target.truth()["dump_open"] == 1
        assert "runaway" in press.query("CYCL:TRIP:LAT?")


def test_valve_that_opens_just_after_a_hold_was_locked_adds_less_than_three_percent_of_full_scale() -> None:
    with held(664, host_loss="hold") as (target, press):
        press.stop("hold")
        target.run_for(0.01)
        target.fault("stuck_open", 1)
        assert most_n(target) < 664 + 0.03 * FULL_SCALE_N and press.tripped().reason == "runaway"


@pytest.mark.parametrize("plant", VALVES)
def test_low_range_that_jumps_out_of_its_own_reach_is_told(plant: str) -> None:
    with held(664, plant) as (target, press):
        target.fault("zero_4", 3_300_000)  # 1300 N more than the high range feels: it hands over to that
        target.run_for(1)
        assert "imbalance" in (press.tripped().reason, *press.query("CYCL:TRIP:LAT?").replace('"', "").split(","))
    with held(5000, plant) as (target, press):
        assert press.state == "holding" and not press.warnings()  # at its stop it reads less than there is


def test_scale_that_stands_in_an_approach_is_told_as_the_cause_of_the_force_that_comes() -> None:
    steps = [{"do": "contact", "to_cn": 10000, "speed_um_per_s": 3000}, {"do": "hold", "for_ms": 60000}, {"do": "vent"}]
    kept = {"program/pressed": json.dumps(program(100, steps=steps)).encode()}
    with (
        SimTarget(plant="nominal", specimen="steel_blank", overrides=drawn.plant(244)[1], documents=kept) as target,
        stackpress.open(target.port) as press,
    ):
        target.run_until(0.2)
        press.arm()
        target.run_for(0.01)
        press.start("pressed")
        target.run_for(0.45)
        target.fault("scale_stands")
        target.run_for(4)
        assert press.tripped().reason == "sensor" and "runaway" in press.query("CYCL:TRIP:LAT?")


def test_dump_that_shuts_in_a_vent_is_told_as_the_cause_of_the_force_that_comes_back() -> None:
    with held(49000, overrides=drawn.plant(52)[1]) as (target, press):
        press.stop("vent")
        target.run_for(0.025)
        target.fault("dump_stuck")
        target.run_for(0.3)
        assert press.tripped().reason == "not_vented" and "runaway" in press.query("CYCL:TRIP:LAT?")


@pytest.mark.parametrize("how", ["hold", "relax"])
def test_half_of_a_small_force_that_is_lost_at_once_is_told(how: str) -> None:
    with held(157, "fill_vent", how=how) as (target, press):
        target.fault("fracture", 500)
        target.run_for(0.5)
        assert press.tripped().reason == "force_drop"


@pytest.mark.parametrize("plant", VALVES)
@pytest.mark.parametrize("permille", [-1000, -220])
def test_force_that_all_cells_lose_while_the_ram_stands_is_no_crack(plant: str, permille: int) -> None:
    with held(5000, plant) as (target, press):
        for cell in (1, 2, 3, 4):
            target.fault(f"gain_{cell}", permille)
        target.run_for(0.5)
        told = press.tripped()
        assert told.reason == "drive_mismatch" and target.truth()["dump_open"] == 1 and target.truth()["most_force_n"] < 5100
