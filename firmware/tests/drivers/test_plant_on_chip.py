"""The plant as a converter: what its driver decides, without a chip. The physics has tests of its own in hil_tests/plant."""

import itertools
import sys
import types
from pathlib import Path

import pytest
from stackpress_core.tick import blackboard
from stackpress_plant import faults, load, plant, state

ROOT = Path(__file__).resolve().parents[3]


class Machine:
    """A PIO state machine that notes what it was given."""

    def __init__(self, number, program, freq):
        self.freq, self.given, self.on = freq, [], False

    def put(self, word):
        self.given.append(word)

    def exec(self, instruction):
        self.given.append(instruction)

    def irq(self, handler, hard=False):
        self.handler = handler

    def active(self, on):
        self.on = bool(on)


class Pin:
    OUT = 1

    def __init__(self, *_, **__):
        self.level = 0

    def __call__(self, level):
        self.level = level


@pytest.fixture
def board(monkeypatch):
    fixed = [0] * 16
    stubs = {
        "machine": {"Pin": Pin},
        "rp2": {"asm_pio": lambda **_: lambda program: program, "StateMachine": Machine},
        "stackpress_plant": {}, "stackpress_plant.faults": {"FAULTS": faults.FAULTS},
        "stackpress_plant.plant": {"Plant": plant.Plant, "words_of": plant.words_of},
        "plant_spec": {"own": lambda: load.plant()},
        "drivers": {}, "drivers.memory": {"words": lambda: fixed, "PERIOD_US": 4, "PLANT": 14, "address_of": id},
    }  # fmt: skip
    for name, contents in stubs.items():
        module = types.ModuleType(name)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    sys.modules["drivers"].memory = sys.modules["drivers.memory"]
    driver = types.ModuleType("plant_on_chip")
    text = (ROOT / "firmware/drivers/plant_on_chip.py").read_text()
    exec(compile(text, "plant_on_chip", "exec"), driver.__dict__)
    clock = itertools.count()
    driver.time = types.SimpleNamespace(ticks_ms=lambda: next(clock), ticks_diff=lambda a, b: a - b)
    made = types.SimpleNamespace(flash=types.SimpleNamespace(stuck=False), words=fixed, driver=driver, clock=clock)
    converter = driver.make(made)
    converter.begin(types.SimpleNamespace(documents=types.SimpleNamespace(get=lambda name: None)))
    converter.set_up(1000)
    return made


@pytest.mark.parametrize(("hz", "period_us"), [(50, 20000), (1000, 1000), (4000, 250), (8000, 250)])
def test_ticks_as_asked_and_no_faster_than_the_chip_can(board, hz, period_us):
    converter = board.simulation
    converter.set_up(hz)
    converter.prepare(hz, print)
    converter.start()
    assert converter._sm.given == [period_us - 3, "pull()"] and converter._sm.on
    assert board.words[4] == period_us
    assert converter.plant.hz == hz  # press time is what was asked for, whatever the wall's clock says


def test_faults_of_plant_and_board_are_set_listed_and_mended(board):
    press = board.simulation
    press.fault("guard", 1)
    press.fault("overrun", 1)
    press.fault("flash_busy", 1)
    assert press.faults() == {"guard": 1, "overrun": 1, "flash_busy": 1}
    assert press.plant.P[board.driver._OVERRUN] == 1000 and board.flash.stuck
    press.clear_fault("flash_busy")
    assert not board.flash.stuck
    press.clear_fault(None)
    assert press.faults() == {} and press.plant.P[board.driver._OVERRUN] == 0
    with pytest.raises(KeyError):
        press.fault("gaurd", 1)
    assert {name for name, _ in press.known_faults()} >= {"guard", "crash", "foreground"}


def test_faults_outlive_a_change_of_rate_and_of_specimen(board):
    press = board.simulation
    press.fault("cell_open", 2)
    press.fault("overrun", 700)
    press.set_up(2000)
    press.new_plant(load.plant("fill_vent", "pellet_cell"))
    assert press.faults() == {"cell_open": 2, "overrun": 700}
    assert press.plant.P[state.MODE + 1] == 1 and press.plant.P[board.driver._OVERRUN] == 700


def test_plant_that_can_not_be_made_leaves_the_one_there_is(board):
    press = board.simulation
    before = press.plant
    with pytest.raises(KeyError):
        press.new_plant({"specimen": {}})
    assert press.plant is before
    press.set_up(500)
    assert press.plant.hz == 500


def test_two_arrays_take_turns_as_the_plants_state(board):
    press, hz = board.simulation, board.driver.MOST_HZ
    press.set_up(hz)
    first = press.plant.P
    press.new_plant(load.plant("dead_time_x2"))
    second = press.plant.P
    second[state.FORCE] = 5
    assert second is not first and len(second) == board.driver.STATE_WORDS
    press.new_plant(load.plant())
    assert press.plant.P is first
    press.new_plant(load.plant())
    assert press.plant.P is second and list(second) == list(plant.Plant(load.plant(), hz, 1, plant.words_of(blackboard.AT), second).P)
    press.new_plant(load.plant(overrides={"valve.dead_time_ms": 100}))
    assert len(press.plant.P) == state.RING + hz // 10


def test_crash_and_hang_happen_in_the_foreground_and_once(board):
    press = board.simulation
    press.fault("foreground", 20)
    press.service(0)
    assert press.faults() == {} and next(board.clock) > 20
    press.fault("crash", 1)
    with pytest.raises(board.driver.InjectedCrash):
        press.service(0)


def test_word_of_the_overrun_is_nobody_elses(board):
    taken = {value for name, value in vars(state).items() if name.isupper() and isinstance(value, int)}
    assert board.driver._OVERRUN not in taken
    assert state.T_SET_ON + 2 <= board.driver._OVERRUN < state.SQRT
