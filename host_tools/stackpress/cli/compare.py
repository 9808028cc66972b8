"""`stackpress compare`: runs beside each other, step by step, and over each other in one picture."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Failure
from .log import Data
from .options import Json, single
from .output import Output

app = single()
APPS = {"compare": app}

Runs = Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Names of runs, their beginnings or ends, or samples.")]
Align = Annotated[str, typer.Option("--align", help="What lies over each other: start, 'step 3', 'step 3 end'.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Picture (.png, .svg, .pdf); <run>_and_<run>.png without it.")]


@app.command()
def compare(runs: Runs, align: Align = "start", out_file: Out = None, data: Data = None, json: Json = False) -> None:
    """Compare runs: each step's mean, smallest, largest and travel beside the others', and all of them in one picture."""
    import polars as pl

    from ..logs.comparison import beside, steps_of, zero_of
    from ..logs.overlay import overlay
    from ..logs.runs import document, find
    from ..logs.store import Store

    if len(runs) < 2:
        raise Failure("One run has nothing to be compared with.", "Name two or more.")
    out = Output(json)
    with Store(data) as store:
        found = [find(store, name) for name in runs]
    path = out_file or Path(f"{'_and_'.join(one.run_id for one in found[:2])}.png")
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise Failure(f"{path} is no picture.", "Name a .png, .svg or .pdf.")
    sides = [document(one) for one in found]
    zeros = [zero_of(side, align) for side in sides]
    steps = [steps_of(side, pl.read_parquet(one.parquet)) for one, side in zip(found, sides, strict=True)]
    both = beside(steps)
    out.table(["step", "kind", *_heads(found)], [_row(step, kind, row) for step, kind, row in both])
    overlay([(one.parquet, side) for one, side in zip(found, sides, strict=True)], path,
            zeros=zeros, since=f"each run's {align}")  # fmt: skip
    out.say(str(path))
    out.answer({"runs": [one.run_id for one in found], "aligned_s": zeros, "file": str(path),
                "steps": [{"step": step, "kind": kind, "runs": row} for step, kind, row in both]})  # fmt: skip


def _heads(found: list[Any]) -> list[str]:
    """What the runs are called: their samples where these tell them apart."""
    samples = [one.sample for one in found]
    return samples if all(samples) and len(set(samples)) == len(samples) else [one.run_id for one in found]


def _row(step: str, kind: str, row: list[dict[str, Any] | None]) -> list[str]:
    from ..view.snapshot import force_text, pressure_text, time_text

    def told(one: dict[str, Any] | None) -> str:
        if one is None or one["mean_n"] is None:
            return "-" if one is None else time_text(one["seconds"])
        mean = force_text(one["mean_n"]) if one["mean_pa"] is None else pressure_text(one["mean_pa"])
        travel = "" if one["travel_m"] is None else f", {one['travel_m'] * 1e6:+.0f} um"
        return f"{time_text(one['seconds'])}, {mean}{travel}"

    return [step, kind, *(told(one) for one in row)]
