"""One broken wire on the simulated press: at rest, in an approach, at the touch, in a hold, in a ramp; judged by the plant's truth.

A run is the real firmware behind its port. Four presses stand for the boards: each valve with four cells and a scale, and with one
cell and none. The presses of one cell sample at each tick here; what an HX711 is late by comes on top.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
import stackpress
from stackpress import paths
from stackpress.simulator.provision import PRESS_FILES, commissioned
from stackpress_core.tick import states
from stackpress_plant import load

from hil_tests.campaign.wire_table import Effect
from hil_tests.targets.sim import SimTarget

CONTACT_N, HELD_N, RAMPED_N, NOTHING_N, OPEN_N = 50, 664, 8000, 30, 2000
MOMENTS = ("rest", "approach", "touch", "hold", "ramp")
CLOSING = {"early": 0.75, "approach": 0.5, "close": 0.1, "closer": 0.03}  # of the time until the touch, so much is left
OF_A_VALVE = ("rest", *CLOSING, "touch", "hold", "ramp")  # one that opens gains speed on whatever way is left
IN_APPROACH = ("rest", *CLOSING, "touch")
LOOKS_S = (0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # after the fault: the slowest reaction takes a minute
# of three in parallel one is read: 20 kN. Valve, pump and relief valve are those of a press of that size
ONE_CELL = {"cells.high_rated_n": 6667, "cells.off_centre_permille": [0, 0], "valve.full_scale_n": 20000, "valve.supply_n": 40000,
            "valve.fill_flow_um_s": 110, "dump.relief_n": 18000, "dump.overpressure_switch_n": 17000,
            "ram.approach_limit_mm_s": 1}  # fmt: skip  # by its throttle: nobody sees the ram
IDENTITY = "SIM-bench"


def program(moment: str) -> dict[str, Any]:
    contact = {"do": "contact", "to_cn": CONTACT_N * 100, "speed_um_per_s": 3000, "timeout_ms": 120000}
    top_n = RAMPED_N if moment == "ramp" else HELD_N
    ramp = {"do": "ramp", "to_cn": top_n * 100, "rate_cn_per_s": 100000}
    steps = [contact, ramp, {"do": "hold", "for_ms": 600000}, {"do": "vent"}]
    return {"format": 1, "name": "wire", "host_loss": "carry_on", "stop_rate_cn_per_s": 100000, "steps": steps}


@dataclass(frozen=True)
class Outcome:
    """What came of one fault: who told, how far the true force went beyond what was asked, when the press was safe."""

    press: str
    moment: str
    told: tuple[str, ...]
    excess_n: float
    safe_s: float | None

    def miss(self, effect: Effect) -> str:
        """What is not as the table has it; empty if nothing is."""
        wanted = effect.then if self.moment == "demand" else effect.must
        if not self.told and effect.may_be_quiet(self.moment):
            wanted = []
        if wanted and not set(wanted) & set(self.told):
            return f"told {', '.join(self.told) or 'nothing'}, not {' or '.join(wanted)}"
        if self.excess_n > (OPEN_N if effect.own else effect.excess_n) and not (effect.own and self.moment == "ramp"):
            return f"{self.excess_n:.0f} N above what was asked"
        if self.safe_s is not None and self.safe_s > effect.safe_s:
            return f"safe after {self.safe_s:.1f} s"
        return ""


class Bench:
    """A press that is used again as long as it is well."""

    def __init__(self, name: str, specimen: str = "steel_blank") -> None:
        self.name, self._specimen = name, specimen
        self.solenoids, self.small = "solenoids" in name, name.startswith("small")
        self._target: SimTarget | None = None
        self._begun: dict[str, float] = {}

    @cached_property
    def _spec(self) -> Any:
        return load.plant("fill_vent" if self.solenoids else "nominal", "steel_blank", ONE_CELL if self.small else None)

    def _open(self) -> None:
        self.close()
        documents = None
        if self.small:
            documents = commissioned(self._spec, IDENTITY, paths.BOARDS / "pico_hx711" / PRESS_FILES[self._spec["valve_kind"]])
            calibration = json.loads(documents["calibration"])
            calibration["cells"][0]["points"][1][1] *= 3
            documents["calibration"] = json.dumps(calibration).encode()
        plant = "fill_vent" if self.solenoids else "nominal"
        self._target = SimTarget(plant=plant, overrides=ONE_CELL if self.small else None, documents=documents, board="bench")
        self._press = stackpress.open(self._target.port)

    def close(self) -> None:
        if self._target:
            self._press.close()
            self._target.close()
            self._target = None

    def _ready(self) -> None:
        """A press that is safe, with nothing broken, and a specimen that was never pressed."""
        if self._target:
            self._target.clear_fault()
            for _ in range(10):  # what the ranges disagreed by fades
                self._target.run_for(2.0)
                if abs(self._press.force_n()) < 5:
                    break
            if self._press.state == states.NAMES[states.TRIPPED]:
                with suppress(stackpress.PressRefused):  # then a fresh one is taken
                    self._press.reset()
                self._target.run_for(0.1)
        if not self._target or self._press.state != states.NAMES[states.SAFE] or not self._well():
            self._open()
        assert self._target
        if self.small:
            self._target.fault("scale_gone")
        self._target.specimen(self._specimen)
        self._target.run_for(1.5)

    def _well(self) -> bool:
        assert self._target
        self._target.run_for(1.0)
        return not self._press.checks() and not self._press.warnings()

    # -- when is what --------------------------------------------------------------------------------------------------

    def _moment_s(self, moment: str) -> float:
        """From a start to the moment, found once on a fresh press with nothing broken."""
        if moment in CLOSING:
            return round(self._moment_s("touch") * (1 - CLOSING[moment]), 3)
        if moment not in self._begun:
            self._begun[moment] = self._found(moment)
        return self._begun[moment]

    def _found(self, moment: str) -> float:
        self.close()  # a press that has pressed knows its stack, and is quicker or slower than a fresh one
        self._ready()
        assert self._target
        begin_s = self._target.time_s()
        self._press.run(program(moment))
        for _ in range(600):
            self._target.run_for(0.05)
            force_n, since_s = self._now()["force_n"], self._target.time_s() - begin_s
            if moment == "touch" and force_n > 5:
                return since_s
            if moment == "hold" and self._press.state == "holding" and force_n > HELD_N / 2:
                return since_s + 2
            if moment == "ramp" and force_n > 3000:
                return since_s
        raise RuntimeError(f"{self.name} never comes to {moment}")

    # -- a run ---------------------------------------------------------------------------------------------------------

    def _put(self, faults: dict[str, Any]) -> None:
        assert self._target
        for name, value in faults.items():
            whole = -self._spec["zero_code"][int(name[-1]) - 1] if value == "zero" else value
            self._target.fault(name, whole)

    def _demanded(self, demand: dict[str, Any]) -> None:
        if "stop" in demand:
            self._press.stop()
        elif "vent" in demand:
            self._press.stop("vent")
        else:
            self._put(demand)

    def _is_at(self, at: str) -> bool:
        force_n, driven = self._now()["force_n"], bool(self._press.program_state().step)
        if at == "hold":
            return self._press.state == "holding" and force_n > HELD_N / 2
        if at == "ramp":
            return driven and force_n > 2 * HELD_N
        return driven and force_n < (HELD_N if at == "touch" else CONTACT_N)

    def run(self, effect: Effect, moment: str, again: int = 3) -> Outcome:
        """Break it at that moment, and see what the press does. `demand`: in a hold, and then what is asked of it."""
        at = "hold" if moment == "demand" else moment
        after_s = 0.0 if at == "rest" else self._moment_s(at)
        self._ready()
        target = self._target
        assert target
        begin_s = target.time_s()
        try:
            if at == "rest":
                self._put(effect.faults)
                target.run_for(1.0)
            told = self._started(program(at))
            if told:
                return Outcome(self.name, moment, told, self._excess_n(begin_s), 0.0)
            target.run_until(begin_s + after_s)
            if at != "rest":
                if not self._is_at(at):
                    self.close()  # an approach that is late, or was given up: the moment would be another one
                    if again < 1:
                        raise RuntimeError(f"{self.name}: no run comes to {moment} when the first one did")
                    return self.run(effect, moment, again - 1)
                self._put(effect.faults)
            if moment == "demand":
                target.run_for(1.0)
                self._demanded(effect.demand)
            fault_s = target.time_s()
            for look_s in LOOKS_S:
                target.run_for(look_s)
                told = self._told()
                if told and self._now()["force_n"] < NOTHING_N:
                    break
            target.run_for(1.2)  # a row of the truth is a second away at most
            return Outcome(self.name, moment, told, self._excess_n(begin_s), self._safe_s(fault_s))
        except stackpress.PressError:
            self.close()
            raise

    def _started(self, what: dict[str, Any]) -> tuple[str, ...]:
        """Why the press did not start; nothing if it did."""
        failing = tuple(one.code for one in self._press.checks())
        if self._press.state == states.NAMES[states.TRIPPED]:
            return self._told()
        try:
            self._press.run(what)
        except stackpress.PressRefused as refused:
            return failing or (str(refused),)
        return ()

    def _told(self) -> tuple[str, ...]:
        if self._press.state == states.NAMES[states.TRIPPED]:
            return (self._press.tripped().reason,)
        if not self._press.program_state().step or self._press.state == "releasing":
            return ("stopped", *self._warned())
        return self._warned()

    def _warned(self) -> tuple[str, ...]:
        return tuple(row for row in self._press.warnings() if row != "log_full")  # so many runs fill any log

    def _now(self) -> dict[str, Any]:
        """Without a look into the file of all that was."""
        assert self._target
        return dict(self._target.supervisor.request(do="truth")["truth"])

    def _truth(self, begin_s: float) -> pl.DataFrame:
        assert self._target
        return pl.read_csv(self._target.truth_file).filter(pl.col("Test Time / s") >= begin_s)

    def _excess_n(self, begin_s: float) -> float:
        assert self._target
        truth = self._truth(begin_s)
        ordered = truth.filter(pl.col("State / 1").is_in(list(states.DRIVEN)))["Set Force / N"].to_list()
        asked_n = max([float(CONTACT_N), *map(float, ordered)])
        return max(0.0, float(self._now()["peak_force_n"]) - asked_n)

    def _safe_s(self, fault_s: float) -> float | None:
        """Until the dump is open for good and the force has gone; None if the press goes on."""
        truth = self._truth(fault_s)
        pressing = (pl.col("Applied Force / N") >= NOTHING_N) | (pl.col("Dump Closed / 1") == 1)
        pressed = truth.filter(pressing)["Test Time / s"].to_list()
        if pressed and pressed[-1] == truth["Test Time / s"][-1]:
            return None
        return max(0.0, float(pressed[-1]) - fault_s) if pressed else 0.0


def outcomes(effect: Effect, bench: Bench, moments: tuple[str, ...] = ()) -> Iterator[Outcome]:
    """Every moment at which the effect may come, on one press; nothing where the press has no such valve."""
    valve = effect.data.get("valve")
    if valve and valve != ("fill_vent" if bench.solenoids else "regulator"):
        return
    if effect.faults:
        for moment in moments or (OF_A_VALVE if effect.own else MOMENTS):
            yield bench.run(effect, moment)
    if effect.demand:
        yield bench.run(effect, "demand")
