"""The questions of a guided calibration: unload, apply a force and enter it, accept or abort.

Questions go to stderr and answers come from stdin, so that a script can give them; nothing is accepted by silence.
"""

import re
import sys
from typing import TYPE_CHECKING

from .exits import DONE, WRONG_INPUT, Failure
from .output import Output

if TYPE_CHECKING:
    from ..calibration import Fit, Reading, Session
    from ..press import Press

SAMPLES = 64
SAMPLE_EVERY_S = 0.02
_FORCE = re.compile(r"(.*?)([A-Za-z]*)")
_SCALES = {"": 1.0, "n": 1.0, "kn": 1000.0}
_THOUSANDS = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+")  # three digits behind a point are thousands in half of Europe


def asked(prompt: str) -> str:
    """One line from the person (or a script); Failure when the input ends: nothing is accepted by silence."""
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise Failure("The input ended; nothing was changed.", "", WRONG_INPUT)
    if line.strip().lower() in ("abort", "quit", "q"):
        raise Failure("Aborted; nothing was changed.", "", DONE)
    return line.strip()


def read_cell(press: "Press", cell: int) -> "Reading":
    import time

    from ..calibration import Reading

    codes = []
    for _ in range(SAMPLES):
        codes.append(press.cell_code(cell))
        time.sleep(SAMPLE_EVERY_S)
    return Reading(tuple(codes))


def take_zero(press: "Press", session: "Session", cell: int) -> None:
    from ..calibration import CalibrationRefused

    while True:
        asked(f"Unload cell {cell} completely, then press Enter ('abort' ends): ")
        try:
            session.zero(read_cell(press, cell))
            return
        except CalibrationRefused as error:
            print(f"  refused: {error}", file=sys.stderr)


def take_loads(press: "Press", session: "Session", cell: int) -> None:
    from ..calibration import CalibrationRefused
    from ..view.snapshot import force_text

    print("Apply a reference force, wait until it is steady, and enter it: 500, 500 N, 2.5 kN.", file=sys.stderr)
    while True:
        word = asked(f"  load {session.loads + 1} (empty: done, 'drop': forget the last, 'abort'): ")
        if not word and session.loads:
            return
        if word == "drop":
            session.drop_last()
            continue
        try:
            force_n = parse_force(word)
            session.point(force_n, read_cell(press, cell))
            print(f"    taken: {force_text(force_n)}", file=sys.stderr)
        except (CalibrationRefused, ValueError) as error:
            print(f"    refused: {error}", file=sys.stderr)


def parse_force(text: str) -> float:
    """A force / N from `500`, `500 N`, `2.5 kN`. Raises ValueError that says what is understood; nothing is guessed."""
    from ..config.numbers import plain, readings, shown, write_it
    from ..config.units import advice

    found = _FORCE.fullmatch(text.strip())
    body, unit = (found[1].strip(), found[2]) if found else (text, "")
    scale = _SCALES.get(unit.lower())
    value = plain(body)
    if scale is None and value is not None:
        told = advice(f"force_{unit}", value, ("force_n",))
        right = told[1].rpartition("= ")[2] + " N" if told and "= " in told[1] else "500, 500 N or 2.5 kN"
        raise ValueError(f"{shown(text)} is not in newtons: write {right}")
    if value is None and readings(body):
        raise ValueError(f"{shown(text)} has a separator: {write_it(body, f' {unit}' if unit else '')}")
    if value is None or scale is None:
        raise ValueError(f"{shown(text)} is not a force: write 500, 500 N or 2.5 kN")
    if _THOUSANDS.fullmatch(body) and scale == 1.0:
        raise ValueError(f"{shown(text)} may be {body.replace('.', '')} N or {value:g} N: write one of them")
    return value * scale


def show_fit(out: Output, fit: "Fit") -> None:
    from ..config.numbers import number

    rows = [(number(force), f"{left:+.2f}") for force, left in fit.residuals_n]
    lines = ["  reference / N   deviation / N", *(f"  {force:>13}   {left:>13}" for force, left in rows)]
    lines.append(
        f"  {fit.counts_per_n:.2f} counts/N, worst deviation {fit.worst_permille:.2f} permille of the largest load"
    )
    for line in lines:
        out.progress(line)


def accepted() -> None:
    while True:
        word = asked("Accept and put in force? [y/N] ").lower()
        if word in ("y", "yes"):
            return
        if word in ("", "n", "no"):
            raise Failure("Not accepted; nothing was changed.", "", DONE)
