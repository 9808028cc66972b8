"""Emergency stop and guard under force: how long until the press has let go, from the flight recorder's every tick."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..states import SAFE, TRIPPED
from . import moves
from .hands import Hands, comes_true
from .result import BAD, GOOD, LEFT_OUT, Line

if TYPE_CHECKING:
    from ..recorded_runs import RecordedRun

ASKED_S = 110.0
LET_GO = 0.1  # of the force at the trip
TRIALS = (
    ("emergency stop under force", "estop", "Press the emergency stop", "Turn it out, and reset the safety relay"),
    ("guard under force", "guard", "Open the guard", "Close it, and reset the safety relay"),
)
UNSEEN = (
    ("safety relay by itself", "wire and processor act together here: pull the processor's plug under force and watch the gauge"),
    ("permissive by itself", "pull the USB cable and the processor from its socket under force: the gauge goes to zero each time"),
    ("dump valve's second way", "no sensor tells which of two ways let the force go"),
    ("relief valve", "it is set and sealed by who is entitled to, with a gauge of their own"),
)


def try_one(bench: moves.Bench, hands: Hands, trial: tuple[str, str, str, str], program: dict[str, Any]) -> Line:
    """One switch under force. Raises what a move raises, if something else trips the press."""
    name, fault, do, undo = trial
    moves.start(bench, program)
    moves.until_holding(bench, 3)
    press = bench.press
    press.lease(ASKED_S)  # nobody renews it while a person reads the question
    if not hands.do(do, fault, None):
        moves.stop(press)
        return Line(name, LEFT_OUT, "left out by who was there")
    tripped = comes_true(lambda: press.state == TRIPPED)
    gone = comes_true(lambda: abs(press.force_n()) < 100 or press.state != TRIPPED)
    hands.undo(undo, fault)
    if not tripped:
        moves.stop(press)
        return Line(name, BAD, "the press did not stop", "Do not press anything. Look at this switch's wires and relay.")
    reason = press.tripped().reason
    comes_true(lambda: _reset(bench))
    return judged(name, fault, reason, let_go_ms(moves.newest(bench)), gone)


def judged(name: str, fault: str, reason: str, after_ms: float | None, gone: bool) -> Line:
    """The line of one trial."""
    if reason != fault:
        return Line(name, BAD, f"the press stopped by {reason} instead", "Look at `stackpress why`, then try again.")
    if after_ms is None:
        todo = "" if gone else "Shut the supply off by hand; have the dump valve looked at."
        return Line(name, LEFT_OUT if gone else BAD, "the press stopped; the force fell too slowly for the flight recorder", todo)
    return Line(name, GOOD, f"below a tenth of the force {after_ms:.0f} ms after the press saw it")


def _reset(bench: moves.Bench) -> bool:
    from ..errors import PressRefused

    try:
        if bench.press.state == TRIPPED:
            bench.press.reset()
    except PressRefused:
        return False
    return bench.press.state == SAFE


def let_go_ms(run: "RecordedRun") -> float | None:
    """From the trip until a tenth of its force is left; None if the window does not show that."""
    import polars as pl

    windows = [one["flight"] for one in run.sidecar["trips"]]
    if not windows or not windows[-1]:
        return None
    table = pl.read_parquet(Path(run.run.parquet).parent / str(windows[-1]))
    at, force = table["Trip Time / s"].to_numpy(), table["Applied Force / N"].to_numpy()
    before = float(np.median(force[(at < 0) & (at > -0.05)])) if (at < 0).any() else 0.0
    low = np.flatnonzero((at >= 0) & (force < LET_GO * before))
    return float(at[low[0]]) * 1000 if before > 0 and len(low) else None
