"""The stages of a commissioning, in their order: each takes what is known, asks press and person, and adds its lines."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config.schema import ParamValue, parameters
from . import cells, inputs, machine, moves, proposal, reactions, tuning
from .against_block import against_the_block
from .ramp_and_step import check
from .result import BAD, GOOD, LEFT_OUT, TOLD, Line
from .work import Work, plant_of, rates_of


def look_at_cells(work: Work) -> list[Line]:
    """Noise, zero, rate."""
    capacities = (*work.machine.cells_n, *([work.machine.low_cell_n] if work.machine.low_cell_n else []))
    lines, found = cells.measure(work.bench.press, capacities)
    work.result.found.update(found)
    return lines


def look_at_inputs(work: Work) -> list[Line]:
    """Every switch and wire."""
    lines = []
    rows = len(inputs.INPUTS) + work.bench.press.fixed()[0] + len(inputs.BUTTONS)
    for line in inputs.all_inputs(work.bench.press, work.hands):
        lines.append(line)
        work.bench.progress(line.what, len(lines) / rows)
        if work.bench.interrupted():
            raise moves.Stopped
    return lines


def tune(work: Work) -> list[Line]:
    """What the press file shall say, and with what margin."""
    found, before = work.result.found, machine.values(work.machine)
    count = len(work.machine.cells_n)
    sees = [count] if work.machine.low_cell_n else range(count)
    noise = float(np.hypot.reduce([found.get(f"noise_{i + 1}_n", 0.0) for i in sees]))
    plant, rates = plant_of(found), rates_of(found)
    measured = proposal.Measured(work.machine, noise, plant, rates, found.get("stiffness_n_per_um", 0.0))
    chosen = proposal.propose(measured, before)
    work.result.params = {name: value for name, value in chosen.items()}
    lines = [Line(name, TOLD, f"{_shown(value)} (was {_shown(before.get(name, parameters()[name].default_value))})")
             for name, value in chosen.items() if value != before.get(name, parameters()[name].default_value)]  # fmt: skip
    if plant is not None:
        kp, ki = float(chosen["kp_permille"]) / 1000, float(chosen["ki_permille_per_s"]) / 1000
        margin = tuning.margin(plant, kp, ki)
        found.update(sensitivity=margin.sensitivity, gain_margin=margin.gain, phase_margin_deg=margin.phase_deg)
        lines.append(Line("margin", GOOD if margin.sensitivity < tuning.MOST + 0.1 else BAD,
                          f"gain {margin.gain:.1f} times, phase {margin.phase_deg:.0f} degrees, largest sensitivity "
                          f"{margin.sensitivity:.2f}"))  # fmt: skip
    elif rates is not None:
        turn = float(chosen["kv_permille_per_s"]) / 1000 * (rates.dead_s + proposal.FILTER_S)
        lines.append(Line("margin", GOOD, f"gain {np.pi / 2 / max(turn, 1e-3):.1f} times until it would swing"))
    return lines


def _shown(value: ParamValue) -> str:
    from ..config.documents import toml_value

    return toml_value(value)


def react(work: Work) -> list[Line]:
    """Emergency stop and guard under force."""
    lines: list[Line] = []
    level = work.levels[1]
    fill = work.result.found.get("fill_n_per_s", float("inf"))
    for trial in reactions.TRIALS:
        work.bench.progress(trial[0], len(lines) / len(reactions.TRIALS))
        program = moves.standing(level, work.touch_n, min(level / 10, fill / 2))
        lines.append(reactions.try_one(work.bench, work.hands, trial, program))
    return lines + [Line(name, LEFT_OUT, why) for name, why in reactions.UNSEEN]


Stage = Callable[[Work], list[Line]]
# name, what it says, what does it
STAGES: Sequence[tuple[str, str, Stage]] = (
    ("cells", "Load cells with nothing on them", look_at_cells),
    ("inputs", "Switches and wires, worked by hand", look_at_inputs),
    ("block", "Against a block at 1, 5 and 20 % of the force", against_the_block),
    ("tuning", "What the press file shall say", tune),
    ("check", "A ramp and a step with that", check),
    ("reactions", "Emergency stop and guard under force", react),
)


def as_result(work: Work) -> dict[str, Any]:
    """What --json says."""
    result = work.result
    return {"params": result.params, "found": result.found, "runs": result.runs, "ended": result.ended,
            "lines": {name: [vars(line) for line in lines] for name, lines in result.stages.items()},
            "bad": len(result.bad), "not_measured": len(result.left_out)}  # fmt: skip
