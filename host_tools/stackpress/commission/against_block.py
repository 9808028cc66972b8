"""The stage against a block of steel: there and back at each level, and what valve and plant are by that."""

import math

from ..config.schema import ParamValue
from . import identify, machine, moves, solenoids
from .result import Line
from .work import Work

DRAFT = "draft.toml"
# While it is measured: gains that no plant of this kind swings with, limits a quarter of its own, patience where nothing is tuned
PATIENT = {"no_fall_ms": 5000, "no_response_ms": 5000, "ramp_deviation_ms": 2000, "no_answer_ms": 3000, "corner_ms": 300,
           "sample_dense_ms": 20, "drive_permille": 60, "drive_ms": 5000}  # fmt: skip
GENTLE: dict[str, dict[str, ParamValue]] = {
    "regulator": {"kp_permille": 100, "ki_permille_per_s": 3000, "ki_hold_permille_per_s": 1500, "valve_lead_ms": 40,
                  "valve_hysteresis_permille": 5},
    "fill_vent": {"kv_permille_per_s": 2000, "schedule_low_permille": 1000, "schedule_high_permille": 1000, "deadband_permille": 8},
}  # fmt: skip
RATES = ("fill_rate_n_per_s", "vent_rate_n_per_s")


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
