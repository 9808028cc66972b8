"""Runs on the simulated press, and what the plant's truth says of them.

Every run is the real firmware on MicroPython behind its serial device, driven by the host package.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import stackpress

from hil_tests import variants
from hil_tests.bench import contacts
from hil_tests.targets.sim import SimTarget

AREA_UM2 = 132_732_290  # 13 mm die
TARGET_PA, STACK_PA, RATE_PA_S = 370_000_000, 5_000_000, 10_000_000
SOLENOID_RATE_PA_S = 200_000  # what a vent valve can follow at 5 MPa on a soft stack
HOLD_S = 24 * 3600
SETTLE_S = 60
DWELL_MS = 60_000


@dataclass(frozen=True)
class Case:
    """One run: kind "press" (ramp, dwell, release), "hold" (24 h) or "contact", a plant, one of its variants, a seed."""

    kind: str
    plant: str
    variant: str
    seed: int
    hz: int = 4000

    @property
    def label(self) -> str:
        return f"{self.kind}, {Path(self.plant).stem}, {self.variant}, seed {self.seed}"


def program(case: Case, solenoids: bool) -> dict[str, Any]:
    """The program of a case, in device units."""
    rate = SOLENOID_RATE_PA_S if solenoids else RATE_PA_S
    top = TARGET_PA if case.kind == "press" else 5 * STACK_PA
    hold_ms = 1000 * (HOLD_S + SETTLE_S + 1) if case.kind == "hold" else 1000
    return {
        "format": 1, "name": "bench", "area_um2": AREA_UM2, "host_loss": "carry_on",
        "steps": [
            {"do": "contact", "to_cn": 5000, "speed_um_per_s": 500},
            {"do": "ramp", "to_pa": top, "rate_pa_per_s": rate},
            {"do": "hold", "for_ms": DWELL_MS},
            {"do": "release", "to_pa": STACK_PA, "rate_pa_per_s": rate},
            {"do": "hold", "for_ms": hold_ms},
        ],
    }  # fmt: skip


def run(case: Case) -> tuple[dict[str, float], str]:
    """Run a case to its end; its figures with press and wall seconds of the program, and the print of its truth."""
    if case.kind == "contact":
        return contacts.worst(case.plant, case.variant)
    specimen = "pellet_cell" if case.kind == "press" else "breathing_cell"
    with tempfile.TemporaryDirectory() as state:
        target = SimTarget(
            plant=case.plant, specimen=specimen, overrides=variants.overrides(case.plant, case.variant), seed=case.seed,
            state_dir=Path(state),
        )  # fmt: skip
        with target, stackpress.open(target.port) as press:
            solenoids = press.parameter("valve_kind").value == "fill_vent"
            configuration = press.config_pull() or {}
            configuration["params"]["tick_rate_hz"] = case.hz
            press.config_push(configuration)
            target.run_for(1.0)
            press.run(program(case, solenoids))
            begin_s, begin_wall = target.time_s(), time.perf_counter()
            target.run_for(1.0)
            while press.program_state().step and press.state != "tripped":
                target.run_for(60.0 if case.kind == "press" else 3600.0)
            wall_s = time.perf_counter() - begin_wall
            if press.state == "tripped":
                raise RuntimeError(f"{case.label}: the press tripped: {press.tripped()}")
            seconds = {"press_s": target.time_s() - begin_s, "wall_s": wall_s}
            printed, truth = variants.print_of(target.truth_file.read_bytes()), pl.read_csv(target.truth_file)
    return {**(pressed(truth) if case.kind == "press" else held(truth)), **seconds}, printed


def _columns(truth: pl.DataFrame, *names: str) -> tuple[np.ndarray[Any, np.dtype[np.float64]], ...]:
    return tuple(truth[name].to_numpy().astype(float) for name in names)


def pressed(truth: pl.DataFrame) -> dict[str, float]:
    """Overshoot, RMS in the dwell and worst ramp deviation / % from the truth of a ramp, dwell and release."""
    time_s, wanted, force = _columns(truth, "Test Time / s", "Set Force / N", "Applied Force / N")
    target = TARGET_PA * AREA_UM2 * 1e-12
    dwell = np.flatnonzero(np.abs(wanted - target) < 1)
    begin, end = dwell[0], dwell[-1]
    if time_s[end] - time_s[begin] < 0.9 * DWELL_MS / 1000:
        raise RuntimeError("the truth shows no whole dwell")
    weights = np.diff(time_s[begin : end + 1])
    error = (force - wanted)[begin:end]
    ramping = np.flatnonzero(wanted > 0)
    ramping = ramping[(ramping < begin) | (ramping > end)]
    after = slice(begin, np.searchsorted(time_s, time_s[begin] + 10))
    return {
        "overshoot_pct": max(0.0, float(np.max(force[after]) - target)) / target * 100,
        "dwell_rms_pct": float(np.sqrt(np.average(error**2, weights=weights))) / target * 100,
        "ramp_worst_pct": float(np.max(np.abs(force - wanted)[ramping])) / target * 100,
    }


def held(truth: pl.DataFrame) -> dict[str, float]:
    """Worst control, measuring and total error / % and valve moves an hour, from 60 s after the release on."""
    names = ("Test Time / s", "Set Force / N", "Applied Force / N", "Measuring Error / N", "Valve Moves / 1")
    time_s, wanted, force, measuring, moves = _columns(truth, *names)
    stack = STACK_PA * AREA_UM2 * 1e-12
    behind = int(np.flatnonzero(wanted == wanted.max())[-1])  # on its way up the set-point may be seen there as well
    at_stack = behind + np.flatnonzero(np.abs(wanted - stack)[behind:] < 0.02)
    begin = int(np.searchsorted(time_s, time_s[at_stack[0]] + SETTLE_S))
    end = int(np.searchsorted(time_s, time_s[begin] + HOLD_S))
    hold = slice(begin, min(end, at_stack[-1]))
    hours = (time_s[hold][-1] - time_s[hold][0]) / 3600
    if hours < 23.9:
        raise RuntimeError(f"the truth shows a hold of {hours:.1f} h only")
    return {
        "hold_worst_pct": float(np.max(np.abs(wanted - force - measuring)[hold])) / stack * 100,
        "hold_measuring_pct": float(np.max(np.abs(measuring)[hold])) / stack * 100,
        "hold_total_pct": float(np.max(np.abs(wanted - force)[hold])) / stack * 100,
        "hold_moves_per_h": float(moves[hold][-1] - moves[hold][0]) / hours,
    }
