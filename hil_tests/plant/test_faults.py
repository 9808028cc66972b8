"""Every row of the fault table does what it says, can be taken back, and gives the interlocks something to see."""

from array import array

import pytest
from stackpress_core.tick import states
from stackpress_plant import faults, load
from stackpress_plant.plant import Plant
from stackpress_plant.step import step

from hil_tests.plant.traces import CLOSED, FILL

HZ = 1000
CODE, VALVE, RAW, STATUS, INPUTS, TEMPERATURE = 0, 1, 2, 6, 7, 8
RAIL = 8388607


class PressedSteel:
    """A plant that presses steel with about 10 kN, and the words that a press would read."""

    def __init__(self, plant="nominal", specimen="steel_blank", code=10000, seconds=2.0, overrides=None):
        self.S = array("i", [code, FILL if plant == "fill_vent" else CLOSED] + [0] * 9)
        self.plant = Plant(load.plant(plant, specimen, overrides), HZ)
        self.plant.spec["specimen"]["gap_nm"] = 10000
        self.plant.load_specimen(self.plant.spec["specimen"])
        self.run(seconds)
        self.S[VALVE] = CLOSED
        self.run(0.1)

    def run(self, seconds):
        for _ in range(int(seconds * HZ)):
            step(self.S, self.plant.P)
        return self

    @property
    def force_n(self):
        return self.plant.truth()["force_cn"] / 100


@pytest.fixture
def steel():
    return PressedSteel()


@pytest.mark.parametrize("name", [row[0] for row in faults.FAULTS if row[1] in ("open", "press")])
def test_inputs_show_the_fault_and_recover(steel, name):
    kind, bits = faults.ROWS[name][1], faults.inputs_of(name)
    steel.plant.fault(name)
    steel.run(0.002)
    assert steel.S[INPUTS] == (states.IN_HEALTHY & ~bits if kind == "open" else states.IN_HEALTHY | bits)
    steel.plant.clear(name)
    steel.run(0.002)
    assert steel.S[INPUTS] == states.IN_HEALTHY


@pytest.mark.parametrize("name", ["estop", "estop_a", "estop_b", "guard", "guard_a", "guard_b"])
def test_the_wired_relay_dumps_whatever_the_firmware_does(steel, name):
    steel.plant.fault(name)
    assert steel.run(0.6).force_n < 10


def test_a_dead_relay_does_not_dump(steel):
    before = steel.force_n
    steel.plant.fault("relay_dead")
    steel.plant.fault("estop")
    assert steel.run(0.6).force_n == pytest.approx(before, rel=0.01)


@pytest.mark.parametrize("valve", [0, CLOSED & ~4, CLOSED & ~8])
def test_dump_and_permissive_each_empty_the_press(steel, valve):
    steel.S[VALVE] = valve
    assert steel.run(0.15).plant.truth()["pressure_cn"] < 1000_00
    assert steel.run(0.5).force_n < 10


def test_a_dump_valve_that_sticks_keeps_the_force_without_power(steel):
    before = steel.force_n
    steel.plant.fault("stuck_valve")
    steel.plant.fault("dump_stuck")
    steel.S[VALVE] = 0
    assert steel.run(0.6).force_n == pytest.approx(before, rel=0.01)
    steel.plant.clear("dump_stuck")
    assert steel.run(0.6).force_n < 10


def test_a_permissive_that_blinks_for_a_millisecond_keeps_the_relay(steel):
    before = steel.force_n
    steel.S[VALVE] = CLOSED & ~8
    steel.run(0.001)
    steel.S[VALVE] = CLOSED
    assert steel.run(0.2).force_n == pytest.approx(before, rel=0.01)


@pytest.mark.parametrize(("name", "code"), [("cell_open", RAIL), ("cell_short", 0)])
@pytest.mark.parametrize("cell", [1, 2, 3, 4])
def test_open_and_shorted_cells_read_rail_and_nothing(steel, name, code, cell):
    steel.plant.fault(name, cell)
    assert steel.run(0.01).S[RAW + cell - 1] == code
    steel.plant.clear(name)
    assert steel.run(0.01).S[RAW + cell - 1] not in (code, 0)


def test_a_frozen_cell_repeats_its_code(steel):
    steel.plant.fault("cell_frozen", 3)
    codes = {steel.run(0.001).S[RAW + 2] for _ in range(50)}
    others = {steel.run(0.001).S[RAW + 1] for _ in range(50)}
    assert len(codes) == 1 and len(others) > 30


@pytest.mark.parametrize(("name", "status"), [("converter_dead", 0), ("crc", 3), ("chip_reset", 5)])
def test_status_tells_what_the_converter_did(steel, name, status):
    assert steel.S[STATUS] == 1
    steel.plant.fault(name)
    assert steel.run(0.002).S[STATUS] == status
    steel.plant.clear(name)
    assert steel.run(0.002).S[STATUS] == 1


def test_a_dead_converter_leaves_the_codes_alone(steel):
    steel.plant.fault("converter_dead")
    before = list(steel.S[RAW : RAW + 4])
    assert list(steel.run(0.05).S[RAW : RAW + 4]) == before


@pytest.mark.parametrize("cell", [1, 2, 3, 4])
def test_gain_and_zero_errors_move_one_cell_only(steel, cell):
    before = [steel.plant.signed(124 + i) for i in range(4)]
    for name in (f"gain_{cell}", f"zero_{cell}"):
        steel.plant.fault(name, 50)
        steel.run(0.03)
        after = [steel.plant.signed(124 + i) for i in range(4)]
        moved = [abs(a - b) > 30 for a, b in zip(after, before, strict=True)]
        assert moved == [i == cell - 1 for i in range(4)]
        steel.plant.clear(name)
        steel.run(0.03)


def test_an_off_centre_load_changes_the_shares_and_not_the_sum(steel):
    before = steel.plant.truth()
    steel.plant.fault("off_centre", 300)
    steel.run(0.01)
    after = steel.plant.truth()
    assert after["cell_cn"][0] > before["cell_cn"][0] * 1.4
    assert sum(after["cell_cn"][:3]) == pytest.approx(sum(before["cell_cn"][:3]), abs=3)
    assert after["error_high_cn"] == pytest.approx(before["error_high_cn"], abs=400)


def test_a_noise_burst_is_louder(steel):
    steel.plant.fault("noise_burst", 20)
    loud = [steel.run(0.001).S[RAW] for _ in range(100)]
    steel.plant.clear("noise_burst")
    quiet = [steel.run(0.001).S[RAW] for _ in range(100)]
    assert max(loud) - min(loud) > 8 * (max(quiet) - min(quiet))


@pytest.mark.parametrize(("plant", "command"), [("nominal", (20000, CLOSED)), ("fill_vent", (0, FILL))])
@pytest.mark.parametrize("name", ["stuck_valve", "no_air"])
def test_a_dead_valve_makes_command_without_force(plant, command, name):
    steel = PressedSteel(plant)
    before = steel.force_n
    steel.plant.fault(name)
    steel.S[CODE], steel.S[VALVE] = command
    assert steel.run(0.5).force_n == pytest.approx(before, abs=20)
    steel.plant.clear(name)
    assert steel.run(0.5).force_n > before + 300


@pytest.mark.parametrize("plant", ["nominal", "fill_vent"])
def test_a_valve_stuck_open_makes_force_without_command(plant):
    steel = PressedSteel(plant)
    before = steel.force_n
    steel.plant.fault("stuck_open")
    assert steel.run(0.5).force_n > before + 500


def test_weak_air_gives_less_force(steel):
    steel.plant.fault("weak_air", 500)
    assert steel.run(0.5).force_n < 6000


def test_a_leak_lets_the_force_sink():
    steel = PressedSteel("fill_vent")
    before = steel.force_n
    steel.run(1)
    assert steel.force_n > before - 2
    steel.plant.fault("leak", 3000)
    assert steel.run(2).force_n < before - 30


@pytest.mark.parametrize("plant", ["nominal", "fill_vent"])
def test_fracture_now_drops_the_force_within_one_tick(plant):
    steel = PressedSteel(plant)
    before = steel.force_n
    steel.plant.fault("fracture", 400)
    assert steel.run(0.001).force_n == pytest.approx(before * 0.6, rel=0.1)


def test_a_brittle_pellet_breaks_by_itself_once():
    steel = PressedSteel("fill_vent", "brittle_pellet", seconds=0.1)
    steel.S[VALVE] = FILL
    forces = [steel.run(0.001).force_n for _ in range(6000)]
    drops = [a - b for a, b in zip(forces, forces[1:], strict=False) if b < a - 500]
    assert len(drops) == 1
    assert max(forces) > 8000 and drops[0] == pytest.approx(3200, rel=0.1)


@pytest.mark.parametrize("sensor", [1, 2])
@pytest.mark.parametrize("value", [12345, -4000, -(1 << 30)])
def test_a_temperature_reads_what_it_is_told(steel, sensor, value):
    steel.plant.fault(f"temperature_{sensor}", value)
    assert steel.run(0.05).S[TEMPERATURE + sensor - 1] == value
    steel.plant.clear(f"temperature_{sensor}")
    assert 2000 < steel.run(0.05).S[TEMPERATURE + sensor - 1] < 3000


def test_an_empty_die_reaches_the_travel_switch_without_force():
    steel = PressedSteel()
    steel.plant.load_specimen(load.load_specimen("empty_die"))
    steel.S[CODE] = 3000
    while steel.S[INPUTS] & states.IN["travel_ok"]:
        steel.run(0.05)
        assert steel.force_n == 0 or not steel.S[INPUTS] & states.IN["travel_ok"]
    assert steel.plant.truth()["displacement_nm"] > 7_000_000


def test_over_pressure_opens_its_switch_without_a_fault():
    steel = PressedSteel(overrides={"dump.overpressure_switch_n": 5000})
    assert not steel.S[INPUTS] & states.IN["pressure_ok"]


def test_unknown_faults_and_cells_are_refused_and_change_nothing(steel):
    with pytest.raises(KeyError):
        steel.plant.fault("gremlin")
    with pytest.raises(ValueError, match="1..4"):
        steel.plant.fault("cell_open", 7)
    assert steel.plant.active == {}


def test_clear_takes_everything_back(steel):
    reference = bytes(steel.plant.P)[: 4 * 60]
    for name in faults.ROWS:
        if name != "fracture":
            steel.plant.fault(name, 1)
    steel.plant.clear()
    assert bytes(steel.plant.P)[: 4 * 60] == reference
    assert steel.run(0.002).S[STATUS] == 1 and steel.S[INPUTS] == states.IN_HEALTHY
