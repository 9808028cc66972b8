"""Contacts on the simulated press, and how far the specimen's true force went beyond what was asked for.

Gap after gap is closed at several speeds, on a steel blank, a powder and a cell, with the cells' zeros where they should be and off
by up to their band. What the contact's force does for a second after it, with the valve locked, belongs to it.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import stackpress

from hil_tests import variants
from hil_tests.targets.sim import SimTarget

TO_N = 50
SPECIMENS = ("steel_blank", "pellet_cell", "breathing_cell")
SPEEDS_UM_S = (100, 500, 3000)
CODES_PER_N = (203.4, 203.4, 203.4, 2237.0)  # of the reference press's cells: 5 mV of 9.375
# The low cell by its band, nearly; the high ones by as much as the two ranges may disagree by: more, and the press does not arm.
ZEROS_N = ((0, 0, 0, 0), (45, 45, 45, 38), (-45, -45, -45, -38))
LONGEST_S = 120


def program(speed_um_s: int, to_n: float = TO_N) -> dict[str, Any]:
    """A contact, a second in which nothing is ordered, a vent."""
    contact = {
        "do": "contact",
        "to_cn": round(to_n * 100),
        "speed_um_per_s": speed_um_s,
        "timeout_ms": LONGEST_S * 1000,
    }
    steps = [contact, {"do": "relax", "for_ms": 1000}, {"do": "vent"}]
    return {"format": 1, "name": "touch", "host_loss": "carry_on", "steps": steps}


def offset(target: SimTarget, zeros_n: tuple[float, ...]) -> None:
    """Move the zeros of the cells, and let the press see that nothing is pressed."""
    for cell, zero_n in enumerate(zeros_n):
        target.fault(f"zero_{cell + 1}", round(zero_n * CODES_PER_N[cell]))
    target.run_for(1.5)


def most_n(target: SimTarget, press: stackpress.Press, specimen: str, what: dict[str, Any]) -> float:
    """The largest true force of a program on a new specimen / N. RuntimeError if the press trips or does not end."""
    target.specimen(specimen)
    target.run_for(0.5)
    begin_s = target.time_s()
    press.run(what)
    target.run_for(1.0)
    while press.program_state().step or press.state != "safe":
        if press.state == "tripped" or target.time_s() - begin_s > 2 * LONGEST_S:
            raise RuntimeError(f"{specimen}: the press is {press.state}: {press.tripped()}")
        target.run_for(1.0)
    target.run_for(2.0)
    truth = pl.read_csv(target.truth_file).filter(pl.col("Test Time / s") >= begin_s)
    return float(truth["Applied Force / N"].to_numpy().max())


def excesses(plant: str, variant: str) -> Iterator[tuple[float, str]]:
    """(true force beyond TO_N / N, print of the truth up to then) of each contact."""
    for zeros_n in ZEROS_N:
        with tempfile.TemporaryDirectory() as state:
            target = SimTarget(plant=plant, overrides=variants.overrides(plant, variant), state_dir=Path(state))
            with target, stackpress.open(target.port) as press:
                target.run_for(1.0)
                offset(target, zeros_n)
                for specimen in SPECIMENS:
                    for speed_um_s in SPEEDS_UM_S:
                        most = most_n(target, press, specimen, program(speed_um_s))
                        yield most - TO_N, variants.print_of(target.truth_file.read_bytes())


def worst(plant: str, variant: str) -> tuple[dict[str, float], str]:
    """The figure of one plant, and the print of its truth."""
    found = list(excesses(plant, variant))
    return {"contact_excess_n": max(excess for excess, _ in found)}, found[-1][1]
