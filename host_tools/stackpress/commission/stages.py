"""The stages of a commissioning, in their order: each takes what is known, asks press and person, and adds its lines."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..config.documents import config_document
from ..config.layers import load as load_files
from ..config.schema import ParamValue, parameters
from . import cells, identify, inputs, machine, moves, plant_model, prediction, proposal, reactions, solenoids, tuning
from .hands import Hands
from .result import BAD, GOOD, LEFT_OUT, TOLD, Line, Result

if TYPE_CHECKING:
    import polars as pl

# While it is measured: gains that no plant of this kind swings with, limits a quarter of its own, patience where nothing is tuned
PATIENT = {"no_fall_ms": 5000, "no_response_ms": 5000, "ramp_deviation_ms": 2000, "no_answer_ms": 3000, "corner_ms": 300,
           "sample_dense_ms": 20, "drive_permille": 60, "drive_ms": 5000}  # fmt: skip
GENTLE: dict[str, dict[str, ParamValue]] = {
    "regulator": {"kp_permille": 100, "ki_permille_per_s": 3000, "ki_hold_permille_per_s": 1500, "valve_lead_ms": 40,
                  "valve_hysteresis_permille": 5},
    "fill_vent": {"kv_permille_per_s": 2000, "schedule_low_permille": 1000, "schedule_high_permille": 1000, "deadband_permille": 8},
}  # fmt: skip
RATES = ("fill_rate_n_per_s", "vent_rate_n_per_s")
STEP_PART, RATE_PARTS = 0.05, (1 / 20, 1 / 4)  # of the level: how large the step of the check is, how fast ramp and step go
DRAFT, FINAL = "draft.toml", "press.toml"


@dataclass
class Work:
    """What a stage has to work with."""

    bench: moves.Bench
    hands: Hands
    machine: machine.Machine
    result: Result
    folder: Path
    name: str
    board: str
    send: Callable[[bytes, str], None]  # a configuration, and in words what it is for
    tables: "list[pl.DataFrame]" = field(default_factory=list)
    hz: int = 4000

    @property
    def levels(self) -> list[float]:
        """The three forces / N."""
        return [part * self.machine.limit_n for part in moves.LEVELS]

    @property
    def touch_n(self) -> float:
        """Where a contact ends."""
        return moves.contact_n(self.machine.limit_n, float(self.chosen["contact_force_n"]))

    @property
    def chosen(self) -> dict[str, ParamValue]:
        """What the press file says so far."""
        return {**machine.values(self.machine), **self.result.params}

    def push(self, chosen: dict[str, ParamValue], file: str, said: str) -> None:
        """Write a press file, check it as any other, send it."""
        path = self.folder / file
        path.write_text(machine.press_file(self.name, self.board, self.machine, chosen, said), encoding="utf-8")
        press = self.bench.press
        document = config_document(load_files(path), press.parameters(), press.document_get("config"))
        self.send(document, said)
        self.hz = press.tick().rate_hz


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


def against_the_block(work: Work) -> list[Line]:
    """There and back at each level, with gentle gains and at a quarter of the limits; then what the plant is."""
    kind = work.machine.valve_kind
    limit = work.machine.limit_n
    gentle = {**work.chosen, **PATIENT, **GENTLE[kind], "force_limit_n": machine.rounded(moves.TEST_LIMIT * limit)}
    gentle["approach_force_n"] = min(float(gentle["approach_force_n"]), moves.TEST_LIMIT * limit / 2)
    work.push(gentle, DRAFT, "While it is measured: gentle gains, a quarter of the limits")
    work.tables = []
    for part, level in zip(moves.LEVELS, work.levels, strict=True):
        if work.tables and kind == "fill_vent":
            work.push(_guessed_again(work, gentle, level), DRAFT, "The valves' rates, as the level below has shown them")
        fastest = tuple(float(gentle[name]) / 2 for name in RATES) if kind == "fill_vent" else (math.inf, math.inf)
        program = moves.there_and_back(max(level, 2 * work.touch_n), work.touch_n, part == moves.LEVELS[-1], fastest)
        run = moves.play(work.bench, program, f"{100 * part:g} % of force, {level:.0f} N")
        work.result.runs.append(run.run.run_id)
        work.tables.append(moves.rows(run))
    work.result.curves["block"] = _loop(work)
    found, lines = identify.common(work.tables)
    work.result.found.update(found)
    lines += identify.ramp_lines(work.levels, work.tables)
    return lines + (_regulator(work) if kind == "regulator" else _solenoids(work, gentle))


def _guessed_again(work: Work, gentle: dict[str, ParamValue], level_n: float) -> dict[str, ParamValue]:
    """`gentle` with the solenoids' rates for the next level, from the one just run; a vent's go with the root of the force."""
    rates, _ = solenoids.measure(work.tables[-1:], _guess(gentle))
    vent = rates.vent_n_per_s * (max(level_n, 1.0) * 0.7 / max(rates.vent_at_n, 1.0)) ** 0.5
    for name, value in zip(RATES, (rates.fill_n_per_s, vent), strict=True):
        gentle[name] = machine.fitting(name, machine.rounded(value))
    return gentle


def _guess(told: dict[str, ParamValue]) -> solenoids.Guess:
    fill, vent = (float(told[name]) for name in RATES)
    return solenoids.Guess(fill, vent, float(told["kv_permille_per_s"]) / 1000)


def _loop(work: Work) -> dict[str, list[float]]:
    """The highest level as it was driven and as it answered; a picture needs no more than a few hundred points."""
    table = work.tables[-1]
    part = table[:: max(1, len(table) // 600)]
    full = float(work.chosen["valve_full_scale_n"])
    drive = (identify.column(part, "Valve / 1") * full).tolist()
    at, force, wanted = (identify.column(part, name).tolist() for name in ("Test Time / s", "Applied Force / N", "Set Force / N"))
    return {"time_s": at, "measured_n": force, "set_n": wanted, "drive_n": drive}


def _regulator(work: Work) -> list[Line]:
    plant, lines = identify.of_regulator(work.tables, float(work.chosen["valve_full_scale_n"]), work.hz)
    work.result.found.update(gain=plant.gain, offset_n=plant.offset_n, play_n=plant.play_n, dead_s=plant.dead_s, lag_s=plant.lag_s,
                             fit_rms_n=plant.rms_n)  # fmt: skip
    return lines


def _solenoids(work: Work, told: dict[str, ParamValue]) -> list[Line]:
    rates, lines = solenoids.measure(work.tables[-1:], _guess(told))
    work.result.found.update(vars(rates))
    return lines


def plant_of(found: dict[str, float]) -> plant_model.Plant | None:
    """The regulator's model, as it was kept."""
    names = ("gain", "offset_n", "play_n", "dead_s", "lag_s", "fit_rms_n")
    return plant_model.Plant(*(found[name] for name in names)) if "gain" in found else None


def rates_of(found: dict[str, float]) -> solenoids.Rates | None:
    """The solenoids' rates, as they were kept."""
    names = ("fill_n_per_s", "fill_at_n", "vent_n_per_s", "vent_at_n", "dead_s")
    return solenoids.Rates(*(found[name] for name in names)) if "fill_n_per_s" in found else None


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


def check(work: Work) -> list[Line]:
    """A ramp and a step with the new numbers, beside what the model says of them."""
    work.push(work.chosen, FINAL, "Written by `stackpress commission`: what is not named here has its default")
    level = work.levels[-1]
    fill = work.result.found.get("fill_n_per_s", float("inf"))
    rates = [min(level * part, fill / 2, float(work.chosen["rate_limit_n_per_s"])) for part in RATE_PARTS]
    program = moves.check_step(level, work.touch_n, rates[0], STEP_PART * level, rates[1])
    run = moves.play(work.bench, program, "ramp and step, tuned")
    work.result.runs.append(run.run.run_id)
    table = run.table()
    lines = [_of_ramp(table, level), _of_dwell(table, level)]
    return lines + _of_step(work, table, level * (1 + STEP_PART))


def _of_ramp(table: "pl.DataFrame", level: float) -> Line:
    ramp = table.filter(table["Step ID"] == 2)
    off = identify.column(ramp, "Applied Force / N") - identify.column(ramp, "Set Force / N")
    over = max(0.0, float(np.nanmax(identify.column(table.filter(table["Step ID"] == 3), "Force Max / N"))) - level)
    return Line("ramp", GOOD if over < 0.02 * level else BAD,
                f"worst {100 * np.nanmax(np.abs(off)) / level:.2f} % of {level:.0f} N, "
                f"overshoot {100 * over / level:.2f} %")  # fmt: skip


def _of_dwell(table: "pl.DataFrame", level: float) -> Line:
    dwell = table.filter(table["Step ID"] == 3)
    at = identify.column(dwell, "Test Time / s")
    off = (identify.column(dwell, "Applied Force / N") - identify.column(dwell, "Set Force / N"))[at > at[0] + 3.0]
    rms = float(np.sqrt(np.nanmean(off**2))) if len(off) else float("nan")
    return Line("dwell", GOOD if rms < 0.005 * level else BAD, f"{100 * rms / level:.3f} % rms of {level:.0f} N")


def _of_step(work: Work, table: "pl.DataFrame", top: float) -> list[Line]:
    """Predicted and measured; only of a regulator there is a model to predict with."""
    part = table.filter((table["Step ID"] == 4) | (table["Step ID"] == 5))
    at, force, wanted = (identify.column(part, name) for name in ("Test Time / s", "Applied Force / N", "Set Force / N"))
    begin = wanted - wanted[0] > 0.02 * np.ptp(wanted)
    at = at - at[int(np.argmax(begin))]
    over = max(0.0, float(np.nanmax(force)) - top) / top * 100
    curve = {"time_s": at.tolist(), "set_n": wanted.tolist(), "measured_n": force.tolist()}
    plant = plant_of(work.result.found)
    lines: list[Line] = []
    if plant is not None:
        tuned = prediction.Tuned.of({**_defaults(), **work.chosen}, float(work.chosen["valve_full_scale_n"]))
        model = prediction.predicted(plant, tuned, at, wanted)
        curve["predicted_n"] = model.tolist()
        said = max(0.0, float(np.max(model)) - top) / top * 100
        apart = float(np.sqrt(np.mean((model - force) ** 2))) / top * 100
        lines.append(Line("step", GOOD if apart < 1.0 else BAD, f"overshoot predicted {said:.2f} %, measured {over:.2f} %; "
                          f"the two are {apart:.2f} % rms apart"))  # fmt: skip
    else:
        lines.append(Line("step", GOOD if over < 2 else BAD, f"overshoot measured {over:.2f} %"))
        lines.append(Line("step, predicted", LEFT_OUT, "there is no model of pulses to predict with"))
    work.result.curves["step"] = curve
    return lines


def _defaults() -> dict[str, ParamValue]:
    return {name: one.default_value for name, one in parameters().items()}


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
