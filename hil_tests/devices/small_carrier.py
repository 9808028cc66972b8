"""The twenty-dollar press: one HX711, a proportional valve on PWM, buttons at pins, and the plant behind them.

Its one load cell carries the whole force: it is the plant's fourth, which is in series with the others. The plant takes a step at
each tick's time; the converter looks at it when it converts.
"""

from array import array
from typing import Any

from stackpress_plant import plant as physics

from hil_tests.devices.carrier import OneShot
from hil_tests.devices.hx711 import Hx711
from hil_tests.devices.pwm_valve import PwmValve
from hil_tests.devices.recorder import EDGES, TRUTH_HZ, Recorder
from hil_tests.devices.wire_bits import HEALTHY, IN, PERMISSIVE, valve_bits
from hil_tests.devices.wires import Wires
from hil_tests.targets import compilation

CELL = 3
# 90 nV rms at 80 SPS and gain 128 (HX711, key electrical characteristics) of 6.2 mV (2 mV/V at 3.1 V), ahead of a filter that
# leaves 0.625 of it; the same at each rate of the plant
NOISE = {"noise_ppb": 23_200, "noise_reference_hz": 1}
INPUTS = ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok", "supply_ok", "start", "stop", "reset", "select")
NORMALLY_CLOSED = {"stop"}  # the contact opens when it is pressed


class SmallCarrier:
    """`dac` is what stands in for one: the valve's set-point as its duty."""

    flash = None
    panel = None
    scale = None

    def __init__(self, chip: Any, pins: dict[str, int], spec: Any, at: dict[str, int], hz: int, seed: int,
                 settings: dict[str, int], plant: Any = None) -> None:
        """`plant` goes on with a press that is there already, as after a power cut."""
        self.wires, self.pins, self.at, self.hz = Wires(chip, pins, EDGES), pins, at, hz
        self.recorder = Recorder(self.wires, pins)
        self.blackboard = array("i", [0] * (max(at[name] for name in at) + 1))
        module: Any = physics
        self.plant = plant or module.Plant({**spec, **NOISE}, hz, seed, module.words_of(at))
        self.steps, self._plant_step = 0, compilation.plant_step()
        self.one_shot = OneShot(self.wires, pins["permissive"], settings["one_shot_ms"])
        self.dac = PwmValve(self.wires, pins["valve_pwm"])
        self.held: set[str] = set()
        self.trigger_in = 0
        self._switches(HEALTHY)
        self.converter = Hx711(self.wires, pins["hx711_clock"], pins["hx711_data"], self._code, settings["hx711_sps"])
        self._step = self.wires.alarm(self._stepped)
        self._step.schedule(1e9 / hz)

    def _stepped(self) -> None:
        self._step.schedule(1e9 / self.hz)
        S, at = self.blackboard, self.at
        bits = valve_bits(self.wires, self.pins, self.one_shot.alive)
        S[at["CODE"]] = self.dac.code if bits & PERMISSIVE else 0  # without the permissive the valve has no supply
        S[at["VALVE"]] = bits
        self._plant_step(S, self.plant.P)
        self.steps += 1
        self._switches(S[at["INPUTS"]])
        if self.steps % max(1, self.hz // TRUTH_HZ) == 0:
            self.recorder.look(self.plant.truth())

    def _code(self) -> int:
        return int(self.blackboard[self.at["RAW"] + CELL])

    def _switches(self, bits: int) -> None:
        for name in INPUTS:
            level = bool(bits & IN[name]) or name in self.held
            self.wires.drive(self.pins[name], int(level != (name in NORMALLY_CLOSED)))
        self.wires.drive(self.pins["trigger_in"], self.trigger_in)
