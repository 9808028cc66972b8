"""Programs against a block at 1, 5 and 20 % of the force, run under every interlock of the press and at limits of their own.

Each goes there and back slowly and quickly: the difference of the two ways is hysteresis, that of the two rates is delay. A trip
ends the commissioning with its reason and what to check.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PressError, PressRefused
from ..states import DRIVEN, HOLDING, SAFE, TRIPPED

if TYPE_CHECKING:
    import polars as pl

    from ..press import Press
    from ..recorded_runs import RecordedRun

LEVELS = (0.01, 0.05, 0.2)  # of the working limit
SLOW, QUICK = 1 / 20, 1 / 8  # of the level, a second
CONTACT_PART = 1 / 250  # of the working limit, and no less than twice the force that counts as contact
TEST_LIMIT = 0.25  # of the working limit: what the press is told while it is commissioned
REST_S, LOCKED_S = 3.0, 10.0
STANDS_S = 3600  # longer than anybody takes; a host that goes away meanwhile ends it by its lease
NAME = "commission"
SLUGGISH = "The force did not get there in time: look at the supply, and whether bore and cells are as they were told."
Step = dict[str, Any]


class Stopped(Exception):
    """Somebody pressed Ctrl-C; the press was stopped."""


class Unfinished(PressError):
    """A program ended before its last step; nothing had tripped."""


@dataclass(frozen=True)
class Bench:
    """A press, who works at it, and whether they still want to; `data` is where runs are kept, None the user's own folder."""

    press: "Press"
    operator: str
    interrupted: Callable[[], bool]
    progress: Callable[[str, float], None]
    data: Path | None = None


def contact_n(limit_n: float, contact_force_n: float) -> float:
    """Where a contact ends."""
    return max(2 * contact_force_n, limit_n * CONTACT_PART)


def there_and_back(level_n: float, touch_n: float, locked: bool, fastest: Sequence[float] = (math.inf, math.inf)) -> dict[str, Any]:
    """Up and down slowly, up and down quickly, up and down no faster than `fastest` / N/s; `locked`: then with the valve locked."""
    low_n = max(level_n / 2, touch_n)
    steps: list[Step] = [{"do": "contact", "to_n": touch_n}]
    for part in (SLOW, QUICK):
        for to_n, most in zip((level_n, low_n), fastest, strict=True):
            rate = min(level_n * part, most * part / QUICK)
            steps += [{"do": "ramp", "to_n": round(to_n, 2), "rate_n_per_s": round(rate, 2), "at_timeout": "vent"},
                      {"do": "hold", "for_s": REST_S}]  # fmt: skip
    steps += [{"do": "relax", "for_s": LOCKED_S}] if locked else []
    return {"name": NAME, "host_loss": "ramp_down", "step": [*steps, {"do": "vent"}]}


def standing(level_n: float, touch_n: float, rate_n_per_s: float) -> dict[str, Any]:
    """Up to a force that stands there until somebody ends it: what emergency stop and guard are tried on."""
    return {"name": NAME, "host_loss": "ramp_down", "step": [
        {"do": "contact", "to_n": touch_n}, {"do": "ramp", "to_n": round(level_n, 2), "rate_n_per_s": round(rate_n_per_s, 2)},
        {"do": "hold", "for_s": STANDS_S}, {"do": "vent"}]}  # fmt: skip


def check_step(level_n: float, touch_n: float, rate_n_per_s: float, step_n: float, step_rate_n_per_s: float) -> dict[str, Any]:
    """A ramp, a dwell, a step upwards, a dwell, and back: what a prediction is held against."""
    return {"name": NAME, "host_loss": "ramp_down", "step": [
        {"do": "contact", "to_n": touch_n}, {"do": "ramp", "to_n": round(level_n, 2), "rate_n_per_s": round(rate_n_per_s, 2)},
        {"do": "hold", "for_s": 10},
        {"do": "ramp", "to_n": round(level_n + step_n, 2), "rate_n_per_s": round(step_rate_n_per_s, 2)},
        {"do": "hold", "for_s": 5},
        {"do": "release", "to_n": round(max(level_n / 2, touch_n), 2), "rate_n_per_s": round(rate_n_per_s, 2)},
        {"do": "hold", "for_s": 10}, {"do": "vent"}]}  # fmt: skip


def start(bench: Bench, program: dict[str, Any]) -> None:
    """Arm and start. Raises PressRefused with everything that keeps the press from it."""
    try:
        bench.press.run(program, sample="commissioning", operator=bench.operator)
    except PressRefused as error:
        checks = bench.press.checks() if bench.press.state == SAFE else []
        told = "; ".join(f"{one.text} ({one.code})" for one in checks)
        raise PressRefused(error.errors, f"{error.command}; {told}" if told else error.command) from error


def play(bench: Bench, program: dict[str, Any], what: str) -> "RecordedRun":
    """Run a program to its end; the run that it was. Raises PressTripped, Stopped, LinkLost."""
    start(bench, program)
    steps = max(1, len(program["step"]))
    while follow(bench):
        bench.progress(what, bench.press.program_state().step / steps)
    run = newest(bench)
    if run.run.outcome != "done":
        ended = [one["outcome"] for one in run.sidecar["steps"] if one["phase"] == "ends"]
        raise Unfinished(f"{what} ended by itself: {ended[-1] if ended else run.run.outcome}", SLUGGISH)
    return run


def follow(bench: Bench, period_s: float = 0.1) -> bool:
    """One look: whether the program still runs. Stops it where somebody wants that."""
    press = bench.press
    if bench.interrupted():
        stop(press)
        raise Stopped
    press.lease()
    state = press.state
    if state == TRIPPED:
        raise press.tripped()
    runs = state in DRIVEN or press.program_state().step > 0
    if runs:
        time.sleep(period_s)
    return runs


def stop(press: "Press", patience_s: float = 20.0) -> None:
    """Release at the bounded rate; vent what has not ended in time."""
    if press.state == SAFE:
        return
    if press.state in DRIVEN:
        press.stop("controlled")
    until = time.monotonic() + patience_s
    while press.state in DRIVEN and time.monotonic() < until:
        time.sleep(0.1)
    if press.state in DRIVEN:
        press.abort()
    elif press.state not in (SAFE, TRIPPED):
        press.disarm()


def until_holding(bench: Bench, step: int) -> None:
    """Until a program's step holds its force. Raises Unfinished where it ended before, PressTripped, Stopped, LinkLost."""
    while follow(bench):
        if bench.press.program_state().step == step and bench.press.state == HOLDING:
            return
    raise Unfinished("the program ended before its force stood", SLUGGISH)


def newest(bench: Bench) -> "RecordedRun":
    """The run that has just ended, pulled."""
    return bench.press.pull(bench.data)[-1]


def rows(run: "RecordedRun") -> "pl.DataFrame":
    """Its samples within ramps, holds and locked times."""
    import polars as pl

    return run.table().filter(pl.col("Step Type").is_in(["ramp", "release", "hold", "relax"]))
