"""Run the ready-made programs on presses drawn at random that have no fault, and count those that trip.

    python -m hil_tests.campaign.false_trips [--runs N] [--first SEED] [--at-once N]

A hold of more than an hour is cut to one, and nobody answers a trigger: the wait for it is cut to a minute. `manual_press` has no
valve and is left out. A run that fails because the drawn valve can't do what is asked counts as well. Writes clean_runs and
false_trips of build/campaign/summary.json; exit 1 if a run did not come to its end.
"""

import argparse
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import stackpress
from stackpress import programs

from hil_tests.campaign import drawn, summary
from hil_tests.targets.sim import SimTarget

HOLD_MS, TRIGGER_MS = 3600_000, 60_000
UNFINISHED = "the run failed, and the cell is held"
AT_ONCE_S = 30.0  # press time between two looks
SPECIMENS = {
    "constant_gap": ("breathing_cell", "pellet_cell"),
    "eis_pressure_sweep": ("breathing_cell", "steel_blank", "pellet_cell"),
    "kbr_pellet": ("li6ps5cl_powder", "steel_blank"),
    "li6ps5cl_pellet": ("li6ps5cl_powder", "pellet_cell", "steel_blank"),
    "lithium_contact": ("lithium_foil", "breathing_cell"),
    "stack_pressure_hold": ("breathing_cell", "steel_blank", "lithium_foil"),
    "staged_densification": ("li6ps5cl_powder", "steel_blank"),
    "xrf_pellet": ("li6ps5cl_powder", "steel_blank"),
}


@dataclass(frozen=True)
class Outcome:
    """One run: what ran, and in which step and why it did not come to its end; "" if it did."""

    seed: int
    program: str
    plant: str
    specimen: str
    reason: str
    step: int
    warnings: tuple[str, ...]
    seconds: float

    @property
    def line(self) -> str:
        word = "UNFINISHED" if self.reason == UNFINISHED else "TRIPPED"
        ended = f"{word} in step {self.step}: {self.reason}" if self.reason else "ended"
        warned = f"; warned: {', '.join(self.warnings)}" if self.warnings else ""
        return f"{self.seed}: {self.program} on {self.specimen}, {self.plant}: {ended} at {self.seconds:.0f} s{warned}"


def cut(program: dict[str, Any]) -> dict[str, Any]:
    """A program whose holds last an hour at most, and whose triggers are waited for a minute."""
    most = {"for_ms": HOLD_MS, "wait_trigger_ms": TRIGGER_MS}
    steps = [{key: min(value, most[key]) if key in most else value for key, value in step.items()} for step in program["steps"]]
    return {**program, "steps": steps}


def case(seed: int) -> tuple[str, str]:
    """Program and specimen of a seed: both kinds of valve get every program, and each its specimens in turn."""
    turn = seed // len(drawn.PLANTS)
    name = tuple(SPECIMENS)[turn % len(SPECIMENS)]
    there = SPECIMENS[name]
    return name, there[turn // len(SPECIMENS) % len(there)]


def run(seed: int) -> Outcome:
    """One drawn press, from boot to the end of its program or its trip."""
    name, specimen = case(seed)
    plant, changed = drawn.plant(seed)
    with SimTarget(plant, specimen, changed, seed=seed, truth=False) as target, stackpress.open(target.port) as press:
        target.run_until(2.0)
        press.run(cut(programs.load(programs.ready_made()[name])))
        target.run_for(0.1)
        step, over = 1, False
        while press.state not in ("safe", "tripped") and not over:
            now = press.program_state().step
            step, over = now or step, not now
            target.run_for(AT_ONCE_S)
        reason = press.tripped().reason if press.state == "tripped" else ""
        if press.state not in ("safe", "tripped"):  # the valve can't do what was asked: the run failed, and the cell is held
            reason = UNFINISHED
        return Outcome(seed, name, plant, specimen, reason, step, tuple(press.warnings()), target.time_s())


def told(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """The two figures of the runs."""
    found = list(outcomes)
    return {"clean_runs": len(found), "false_trips": sum(1 for one in found if one.reason)}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="false_trips", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first plant")
    parser.add_argument("--at-once", type=int, default=2, help="presses at a time")
    chosen = parser.parse_args(arguments)
    outcomes = []
    with ProcessPoolExecutor(chosen.at_once) as pool:
        for one in pool.map(run, range(chosen.first, chosen.first + chosen.runs)):
            outcomes.append(one)
            print(one.line, flush=True)
    figures = told(outcomes)
    summary.write(dict(figures))
    return int(figures["false_trips"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
