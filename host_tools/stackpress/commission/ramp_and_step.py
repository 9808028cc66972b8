"""The stage that checks: a ramp and a step with the numbers that were chosen, beside what the model says of them."""

from typing import TYPE_CHECKING

import numpy as np

from ..config.schema import ParamValue, parameters
from . import identify, moves, prediction
from .result import BAD, GOOD, LEFT_OUT, Line
from .work import Work, plant_of

if TYPE_CHECKING:
    import polars as pl

FINAL = "press.toml"
STEP_PART, RATE_PARTS = 0.05, (1 / 20, 1 / 4)  # of the level: how large the step of the check is, how fast ramp and step go


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
        tuned = prediction.Tuned.of({**_defaults(), **work.chosen})
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
