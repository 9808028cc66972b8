"""Measure every figure, write build/bench.json, print the table; exit 1 if a goal is missed.

    python -m hil_tests.bench [--plant FILE] [--seeds N] [--only NAME,...]

What the service, its page (Chromium, minutes of their own), a merge and days at small forces need is measured only where named.
Speeds are measured first, while the machine is otherwise idle; then the runs go two at a time.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hil_tests import variants
from hil_tests.bench import holds_table, host, merging, runs, serve, speeds
from hil_tests.bench.figures import BY_NAME, FIGURES
from hil_tests.bench.runs import Case

OUT = Path("build/bench.json")
SPEEDS = {"press": {"sim_speed", "sim_rss_mb"}, "hold": {"hold_4khz_speed"}}  # what a measure of speeds.py gives
CONTROL = ("overshoot_pct", "dwell_rms_pct", "ramp_worst_pct")
CONTACT = ("contact_excess_n",)
MERGE = {"merge_ratio", "merge_cpu_ratio", "merge_process_ratio", "merge_rss_ratio"}
NAMED_ONLY = MERGE.union(holds_table.FIGURES, *(figures for figures, _ in serve.MEASURES.values()))
HOLD = ("hold_worst_pct", "hold_measuring_pct", "hold_total_pct", "hold_moves_per_h")


def cases(plant: str, seeds: int, wanted: set[str]) -> list[Case]:
    """Every run that the wanted figures need, the long ones first."""
    found = []
    if wanted & set(HOLD):
        for variant in variants.FILES:
            found.append(Case("hold", "fill_vent", variant, 1))
            found.append(Case("hold", plant, variant, 1))
    if wanted & set(CONTACT):
        kinds = dict.fromkeys((plant, "fill_vent"))
        found += [Case("contact", kind, variant, 1) for kind in kinds for variant in variants.FILES]
    if wanted & set(CONTROL):
        found += [Case("press", plant, variant, seed) for variant in variants.FILES for seed in range(1, seeds + 1)]
    return found


def figures_of(results: Iterable[tuple[Case, dict[str, float]]]) -> dict[str, float]:
    """The worst of each figure over the runs that show it; moves are those of the solenoids."""
    worst: dict[str, float] = {}
    for case, result in results:
        for name in (*CONTROL, *HOLD, *CONTACT):
            if name not in result or (name == "hold_moves_per_h" and case.plant != "fill_vent"):
                continue
            worst[name] = max(worst.get(name, 0.0), result[name])
    return worst


def measure(
    plant: str, seeds: int, wanted: set[str], console: Console
) -> tuple[dict[str, float], list[dict[str, object]]]:
    """All wanted figures, and each run with what it gave."""
    values: dict[str, float] = {}
    for name in sorted(wanted & set(host.FIGURES)):
        console.print(f"measuring {name} ...")
        values[name] = host.FIGURES[name]()
    for name, figures in SPEEDS.items():
        if wanted & figures:
            console.print(f"measuring {', '.join(sorted(wanted & figures))} ...")
            values.update({key: value for key, value in speeds.measured(name).items() if key in wanted})
    for name, (figures, _) in serve.MEASURES.items():
        if wanted & figures:
            console.print(f"measuring {', '.join(sorted(wanted & figures))} ...")
            values.update({key: value for key, value in serve.measured(name).items() if key in wanted})
    if wanted & MERGE:
        console.print(f"measuring {', '.join(sorted(wanted & MERGE))} ...")
        values.update({key: value for key, value in merging.measured().items() if key in wanted})
    for name in sorted(wanted & set(holds_table.FIGURES)):
        console.print(f"measuring {name} ...")
        values[name] = holds_table.figure(name)
    results = run_all(cases(plant, seeds, wanted), console)
    variants.differ({((case.kind, case.plant, case.seed), case.variant): printed for case, (_, printed) in results})
    values.update(figures_of((case, found) for case, (found, _) in results))
    told = [{"run": case.label, "tick_rate_hz": case.hz, "truth": printed, **found} for case, (found, printed) in results]
    return values, sorted(told, key=lambda row: str(row["run"]))


def run_all(todo: list[Case], console: Console) -> list[tuple[Case, tuple[dict[str, float], str]]]:
    """Every case with what its run gave, two at a time."""
    results: list[tuple[Case, tuple[dict[str, float], str]]] = []
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    workers = ProcessPoolExecutor(min(2, os.cpu_count() or 1), get_context("spawn"))  # a fork would inherit Polars' locks
    with Progress(*columns, console=console) as progress, workers as pool:
        task = progress.add_task("runs", total=len(todo))
        waiting = {pool.submit(runs.run, case): case for case in todo}
        for done in as_completed(waiting):
            results.append((waiting[done], done.result()))
            progress.update(task, advance=1, description=waiting[done].label)
    return results


def show(values: dict[str, float], console: Console) -> bool:
    """Print the table; True if no goal is missed."""
    table = Table(title="figures", title_justify="left")
    for heading in ("figure", "goal", "reached", "", "what"):
        table.add_column(heading, justify="right" if heading in ("goal", "reached") else "left")
    for figure in FIGURES:
        if figure.name in values:
            met = figure.met(values[figure.name])
            side = "<=" if figure.better == "low" else ">="
            sign = "" if figure.goal is None else f"{side} {figure.goal:g} {figure.unit}"
            mark = {True: "met", False: "MISSED", None: "told"}[met]
            table.add_row(figure.name, sign, f"{values[figure.name]:.4g} {figure.unit}", mark, figure.what)
    console.print(table)
    return all(BY_NAME[name].met(value) is not False for name, value in values.items())


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.split("\n")[0])
    parser.add_argument("--plant", default="nominal", help="a plant's file, or its name")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of each control run")
    parser.add_argument("--only", default="", help="figures to measure, or how their names begin, separated by commas")
    chosen = parser.parse_args()
    words = chosen.only.split(",") if chosen.only else [name for name in BY_NAME if name not in NAMED_ONLY]
    of_word = {word: {name for name in BY_NAME if name == word or name.startswith(f"{word}_")} for word in words}
    unknown = sorted(word for word, names in of_word.items() if not names)
    if unknown:
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    wanted = set().union(*of_word.values())
    console = Console(stderr=True)
    begin = time.perf_counter()
    try:
        values, told = measure(chosen.plant, chosen.seeds, wanted, console)
    except variants.NoVariant as wrong:
        console.print(f"FAILED: {wrong}")
        return 1
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({**values, "runs": told, "wall_s": time.perf_counter() - begin}, indent=1) + "\n")
    met = show(values, Console())
    console.print(f"written to {OUT} after {(time.perf_counter() - begin) / 60:.1f} min")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
