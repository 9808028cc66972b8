"""Presses that nobody has tuned, run with what `stackpress commission` wrote: `python -m hil_tests.campaign.commission`.

Eight plants are drawn (dead time, hysteresis, stiffness; both kinds of valve), each is commissioned on a steel block, and each then
presses a steel blank and a pellet cell with five seeds. The figures are the plant's truth, the worst of all.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import stackpress
from stackpress.commission import hands, machine, moves, stages
from stackpress.commission.result import Result
from stackpress.commission.work import Work

from hil_tests.bench import runs
from hil_tests.campaign import summary
from hil_tests.targets.sim import SimTarget

OUT = Path("build/campaign/commission.json")
PLANTS, DRAW, SEEDS = 8, 20261128, range(1, 6)
SPECIMENS = ("steel_blank", "pellet_cell")
DEAD_MS, HYSTERESIS_PCT, STIFFNESS = (15.0, 60.0), (0.5, 3.0), (0.3, 3.0)
MACHINE = (58.63, 244.5, (22000.0,) * 3, 2000.0)  # of the reference press: bore / mm, supply / bar, cells / N, low cell / N
CONTACT_N = 200
HOLD_S = 3600
UNTUNED = ("cells", "block", "tuning", "check")  # what needs no hands
FIGURES = {"overshoot_pct": "commission_overshoot_pct", "dwell_rms_pct": "commission_rms_pct", "hold_pct": "commission_hold_pct"}
GOALS = {"commission_overshoot_pct": 1.0, "commission_rms_pct": 0.2, "commission_hold_pct": 1.5}


@dataclass(frozen=True)
class Drawn:
    """A plant that was drawn; what is hysteresis to a regulator is the ram's friction to solenoids, as in the plants' variants."""

    number: int
    kind: str
    dead_ms: float
    hysteresis_pct: float
    stiffness: float

    @property
    def plant(self) -> str:
        """The file that it alters."""
        return "nominal" if self.kind == "regulator" else "fill_vent"

    def overrides(self) -> dict[str, float]:
        """What it alters in it."""
        found = {"valve.dead_time_ms": self.dead_ms, "frame.stiffness_scale": self.stiffness}
        if self.kind == "regulator":
            return {**found, "valve.hysteresis_pct": self.hysteresis_pct}
        return {**found, "ram.friction_n": 10 * self.hysteresis_pct, "ram.friction_pct": 0.2 * self.hysteresis_pct}

    @property
    def label(self) -> str:
        return f"{self.number}: {self.kind}, {self.dead_ms:.0f} ms, {self.hysteresis_pct:.1f} %, stiffness x {self.stiffness:.2f}"


def drawn(count: int = PLANTS, seed: int = DRAW) -> list[Drawn]:
    """Dead times evenly, the others in proportion; every other plant has solenoids."""
    chance = random.Random(seed)

    def between(low: float, high: float) -> float:
        return float(low * (high / low) ** chance.random())

    return [Drawn(i + 1, ("regulator", "fill_vent")[i % 2], round(chance.uniform(*DEAD_MS), 1), round(between(*HYSTERESIS_PCT), 2),
                  round(between(*STIFFNESS), 2)) for i in range(count)]  # fmt: skip


def commissioned(plant: Drawn) -> tuple[bytes, Result]:
    """The configuration that the guide leaves on the press, and what it found."""
    with tempfile.TemporaryDirectory() as folder:
        target = SimTarget(plant=plant.plant, overrides=plant.overrides(), seed=100 + plant.number, pace="fast", wall="real")
        with target, stackpress.open(target.port) as press:
            time.sleep(0.3)
            told = machine.Machine(*MACHINE, valve_kind=plant.kind, frame_n=80000, relief_n=68000)
            bench = moves.Bench(press, "campaign", lambda: False, lambda what, part: None, Path(folder) / "data")
            work = Work(bench, hands.SimulatedHands(press), told, Result(), Path(folder), "drawn", "sim",
                               lambda document, said: press.config_push(document), hz=press.tick().rate_hz)  # fmt: skip
            for name, _, stage in stages.STAGES:
                if name in UNTUNED:
                    work.result.stages[name] = stage(work)
            document = press.document_get("config")
            assert document is not None
            return document, work.result


def pressed(plant: Drawn, specimen: str, seed: int, document: bytes) -> dict[str, Any]:
    """Overshoot, RMS of the dwell and the 5 MPa hold's worst / %, from the plant's truth; `tripped` instead, if it did."""
    case = runs.Case("press", plant.plant, "nominal", seed)
    program = runs.program(case, plant.kind == "fill_vent")
    program["steps"][0]["to_cn"] = 100 * CONTACT_N
    program["steps"][-1]["for_ms"] = 1000 * (HOLD_S + runs.SETTLE_S + 1)
    target = SimTarget(plant=plant.plant, specimen=specimen, overrides=plant.overrides(), seed=seed)
    with target, stackpress.open(target.port) as press:
        press.config_push(document)
        target.run_for(1.0)
        press.run(program)
        target.run_for(1.0)
        while press.program_state().step and press.state != "tripped":
            target.run_for(300.0)
        if press.state == "tripped":
            return {"tripped": press.tripped().reason}
        truth = pl.read_csv(target.truth_file)
    found = runs.pressed(truth)
    return {"overshoot_pct": found["overshoot_pct"], "dwell_rms_pct": found["dwell_rms_pct"], "hold_pct": held(truth)}


def held(truth: pl.DataFrame) -> float:
    """Worst control error / % of the 5 MPa, from a minute after the release on."""
    names = ("Test Time / s", "Set Force / N", "Applied Force / N", "Measuring Error / N")
    time_s, wanted, force, measuring = runs._columns(truth, *names)
    stack = runs.STACK_PA * runs.AREA_UM2 * 1e-12
    there = np.flatnonzero(np.abs(wanted - stack) < 0.02)
    there = there[there > np.argmax(wanted)]  # a slow ramp upwards comes by as well
    begin = int(np.searchsorted(time_s, time_s[there[0]] + runs.SETTLE_S))
    if time_s[there[-1]] - time_s[begin] < 0.9 * HOLD_S:
        raise RuntimeError("the truth shows no whole hold")
    return float(np.max(np.abs(wanted - force - measuring)[begin : there[-1]])) / stack * 100


def whole(plant: Drawn, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """A plant's commissioning and all its runs, a row each."""
    os.environ.setdefault("STACKPRESS_DATA", tempfile.mkdtemp())
    document, result = commissioned(plant)
    rows = []
    for specimen in SPECIMENS:
        for seed in seeds:
            rows.append({"plant": plant.label, "specimen": specimen, "seed": seed, **pressed(plant, specimen, seed, document)})
    return [{**row, "found": result.found, "params": result.params} for row in rows]


def worst(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The largest of each figure; a run that tripped has none and is counted beside them."""
    return {name: max(row[key] for row in rows if key in row) for key, name in FIGURES.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="hil_tests.campaign.commission", description=__doc__.split("\n")[0])
    parser.add_argument("--plants", type=int, default=PLANTS)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        tasks = [pool.submit(whole, plant, tuple(SEEDS)[: chosen.seeds]) for plant in drawn(chosen.plants)]
        for task in tasks:
            rows += task.result()
            told = [row for row in rows if row["plant"] == rows[-1]["plant"]]
            trips = [row["tripped"] for row in told if "tripped" in row]
            print(told[0]["plant"], worst(told) if len(trips) < len(told) else "", trips, flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1) + "\n")
    figures = worst(rows)
    tripped = sum("tripped" in row for row in rows)
    summary.write({**figures, "commission_runs": len(rows), "commission_tripped": tripped})
    return int(tripped > 0 or any(figures[name] > goal for name, goal in GOALS.items()))


if __name__ == "__main__":
    sys.exit(main())
