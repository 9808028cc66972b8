"""What a press holds: pressures and dies of the field for a day at 4 kHz, on a breathing cell, judged on the plant's truth.

    python -m hil_tests.bench.holds_table [--press NAME] [--mpa 0.1,2] [--die 10,13] [--plant NAME,...] [--days 1] [--workers 2]

Each hold that ends is kept (a file in build/holds), so that a table of many hours can be made in pieces; with `--write` the
press file's `holds_` file, which `program check` reads, is made of all that were kept. The room swings by 2 K within the day, the
error counts from 60 s after the set-point was reached, and is of the true force: control, drift, creep, temperature and
nonlinearity together. What the reference of a calibration is uncertain by comes on top.
"""

import argparse
import json
import math
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import stackpress
from stackpress import held, paths
from stackpress.config import config_document, load
from stackpress.whole_file import write_whole

from hil_tests import variants
from hil_tests.targets.sim import SimTarget

KEPT = Path("build/holds")
MPA = (0.1, 0.5, 2.0, 5.0, 50.0, 370.0)
DIES_MM = (10.0, 13.0)
SEAT_MPA = 25.0  # lithium is pressed on with this, then the force is released to what is held
SEATED_BELOW_MPA = 5.0
SWING_K = 2.0
SETTLE_S = 60
TOUCH_CN = 5000
PLANTS = {"press": "nominal", "press_fill_vent": "fill_vent"}  # press file -> its plant
CONDITIONS = "4 kHz, breathing cell, room ± 2 K within the day"
FIGURES = {"hold_2mpa_pct": (2.0, 10.0, True), "hold_0p1mpa_n": (0.1, 13.0, False)}  # MPa, mm, as a part of the force
LONGEST_MS = 7 * 24 * 3600 * 1000  # of one step


@dataclass(frozen=True)
class Case:
    """One hold."""

    press: str
    mpa: float
    die_mm: float
    variant: str
    hours: float

    @property
    def force_n(self) -> float:
        return self.mpa * area_um2(self.die_mm) * 1e-6

    @property
    def key(self) -> str:
        plant = self.variant.replace(" / 2", " halved")  # a file is called so
        return f"{self.press}, {self.mpa:g} MPa, {self.die_mm:g} mm, {plant}, {self.hours:g} h"


def area_um2(die_mm: float) -> int:
    return round(math.pi / 4 * die_mm**2 * 1e6)


def program(case: Case, solenoids: bool) -> dict[str, Any]:
    """Touch, press, release where less is held, hold."""
    seated = case.mpa <= SEATED_BELOW_MPA
    rate = 200_000 if solenoids else 1_000_000 if seated else 10_000_000
    steps: list[dict[str, Any]] = [
        {"do": "contact", "to_cn": TOUCH_CN, "speed_um_per_s": 500},
        {"do": "ramp", "to_pa": round(1e6 * (SEAT_MPA if seated else case.mpa)), "rate_pa_per_s": rate},
    ]
    if seated:
        steps += [{"do": "hold", "for_ms": 60_000}, {"do": "release", "to_pa": round(1e6 * case.mpa), "rate_pa_per_s": rate}]
    left = round(1000 * (3600 * case.hours + SETTLE_S + 1))
    while left > 0:
        steps.append({"do": "hold", "for_ms": min(left, LONGEST_MS)})
        left -= LONGEST_MS
    return {"format": 1, "name": "bench", "area_um2": area_um2(case.die_mm), "host_loss": "carry_on", "steps": steps}


def run(case: Case) -> tuple[dict[str, float], str]:
    """Hold; the worst errors / N and the moves an hour, and the print of the truth. RuntimeError if the press trips."""
    plant = PLANTS[case.press]
    press_file = paths.BOARDS / "sim" / f"{case.press}.toml"
    overrides = {**variants.overrides(plant, case.variant), "temperature.swing_k": SWING_K}
    config = config_document(load(press_file))
    with tempfile.TemporaryDirectory() as state:
        target = SimTarget(
            plant=plant, specimen="breathing_cell", overrides=overrides, state_dir=Path(state), documents={"config": config}
        )
        with target, stackpress.open(target.port) as press:
            target.run_for(1.0)
            press.run(program(case, plant == "fill_vent"))
            target.run_for(1.0)
            while press.program_state().step and press.state != "tripped":
                target.run_for(1800.0)
            if press.state == "tripped":
                raise RuntimeError(f"{case.key}: the press tripped: {press.tripped()}")
            names = ("Test Time / s", "Set Force / N", "Applied Force / N", "Measuring Error / N", "Valve Moves / 1")
            truth = pl.read_csv(target.truth_file, columns=list(names))
            printed = variants.print_of(target.truth_file.read_bytes())
    return errors(*(truth[name].to_numpy().astype(float) for name in names), case.force_n, case.hours), printed


def errors(time_s: Any, wanted: Any, force: Any, measuring: Any, moves: Any, held_n: float, hours: float) -> dict[str, float]:
    """Worst control, measuring and total error / N, and valve moves an hour, of the last rest at the force that is held."""
    away = np.flatnonzero(np.abs(wanted - held_n) >= 0.02)
    at = np.flatnonzero(np.abs(wanted - held_n) < 0.02)
    if not len(at):
        raise RuntimeError(f"the truth shows no hold at {held_n:.2f} N")
    before = away[away < at[-1]]
    begin = int(np.searchsorted(time_s, time_s[before[-1] + 1 if len(before) else at[0]] + SETTLE_S))
    span = slice(begin, int(at[-1]))
    lasted_h = (time_s[span][-1] - time_s[span][0]) / 3600
    if lasted_h < 0.995 * hours:
        raise RuntimeError(f"the truth shows a hold of {lasted_h:.1f} h only")
    return {
        "control_n": float(np.max(np.abs(wanted - force - measuring)[span])),
        "measuring_n": float(np.max(np.abs(measuring)[span])),
        "total_n": float(np.max(np.abs(wanted - force)[span])),
        "moves_per_h": float((moves[span][-1] - moves[span][0]) / lasted_h),
    }


def worst(rows: list[tuple[Case, dict[str, float]]]) -> list[held.Held]:
    """One row a press's force and length: the worst of every plant."""
    groups: dict[tuple[float, float, float], list[tuple[Case, dict[str, float]]]] = {}
    for case, found in rows:
        groups.setdefault((case.hours, case.die_mm, case.mpa), []).append((case, found))
    out = []
    for (hours, die_mm, mpa), members in sorted(groups.items()):
        most = {key: round(max(found[key] for _, found in members), 2) for key in members[0][1]}
        names = tuple(name for name in variants.FILES if name in {case.variant for case, _ in members})
        out.append(held.Held(mpa, die_mm, round(members[0][0].force_n, 2), hours, names, **most))
    return out


def kept() -> dict[str, dict[str, Any]]:
    """What was measured before, by case."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(KEPT.glob("*.json"))}


def keep(case: Case, found: dict[str, float], printed: str) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    write_whole(KEPT / f"{case.key}.json", json.dumps({"case": asdict(case), "found": found, "truth": printed}, indent=1) + "\n")


def write(press: str) -> Path:
    """The press file's table, of all that was kept. Raises NoVariant if a variant's truth is the nominal plant's."""
    rows = [(Case(**one["case"]), one["found"], one["truth"]) for one in kept().values() if one["case"]["press"] == press]
    variants.differ({((c.press, c.mpa, c.die_mm, c.hours), c.variant): printed for c, _, printed in rows})
    press_file = paths.BOARDS / "sim" / f"{press}.toml"
    effective = load(press_file)
    path = held.beside(press_file)
    table = worst([(case, found) for case, found, _ in rows])
    write_whole(path, held.text(effective.name, CONDITIONS, held.parameters(effective), table))
    return path


def figure(name: str) -> float:
    """A figure of FIGURES, measured anew: the worst total error of a day on every plant."""
    mpa, die_mm, part = FIGURES[name]
    todo = [Case("press", mpa, die_mm, variant, 24.0) for variant in variants.FILES]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = dict(zip(todo, pool.map(run, todo), strict=True))
    variants.differ({(name, case.variant): printed for case, (_, printed) in found.items()})
    most = max(errors_n["total_n"] for errors_n, _ in found.values())
    return 100 * most / todo[0].force_n if part else most


def measured(todo: list[Case], workers: int) -> dict[Case, dict[str, float]]:
    """Each case's errors; those that were not kept are run."""
    before = kept()
    found = {case: before[case.key]["found"] for case in todo if case.key in before}
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        waiting = {pool.submit(run, case): case for case in todo if case not in found}
        for done in as_completed(waiting):
            case = waiting[done]
            errors_n, printed = done.result()
            keep(case, errors_n, printed)
            found[case] = errors_n
            print(case.key, {key: round(value, 2) for key, value in errors_n.items()}, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--press", default="press", choices=sorted(PLANTS))
    parser.add_argument("--mpa", default=",".join(f"{one:g}" for one in MPA))
    parser.add_argument("--die", default=",".join(f"{one:g}" for one in DIES_MM))
    parser.add_argument("--plant", default=",".join(variants.FILES))
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="make the press file's holds_ file of what was kept")
    chosen = parser.parse_args()
    levels, dies = ([float(one) for one in text.split(",")] for text in (chosen.mpa, chosen.die))
    todo = [Case(chosen.press, mpa, die, plant, 24 * chosen.days)
            for plant, mpa, die in product(chosen.plant.split(","), levels, dies)]  # fmt: skip
    measured(todo, chosen.workers)
    if chosen.write:
        print(write(chosen.press))
    return 0


if __name__ == "__main__":
    sys.exit(main())
