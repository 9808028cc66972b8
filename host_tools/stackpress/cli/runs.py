"""`stackpress runs`: the runs that are kept on this computer, in as few columns as say something."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..logs.moments import local, moment
from .log import Data
from .options import Json, single
from .output import Output, plural

if TYPE_CHECKING:
    from ..logs.runs import Run

app = single()
APPS = {"runs": app}

Sample = Annotated[str | None, typer.Option("--sample", "-s", help="Only those whose sample has this in its name.")]
Program = Annotated[str | None, typer.Option("--program", "-p", help="Only those of programs with this in their name.")]
Since = Annotated[str | None, typer.Option("--since", help="Only those begun since: 2026-11-03, '2026-11-03 14:30', 7d, 12h, 2w.")]
Tag = Annotated[str | None, typer.Option("--tag", help="Only those with this tag.")]


@app.command()
def runs(
    every: Annotated[bool, typer.Option("--all", help="Also what was logged between runs.")] = False,
    sample: Sample = None,
    program: Program = None,
    since: Since = None,
    tag: Tag = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the runs that are kept on this computer, oldest first."""
    from ..logs.runs import Wanted
    from ..logs.runs import runs as listed
    from ..logs.store import Store

    out = Output(json)
    wanted = Wanted(sample, program, None if since is None else moment(since).timestamp(), tag)
    with Store(data) as store:
        kept = [one for one in listed(store) if one.run or every]
        folder = store.folder
    found = [one for one in kept if one in wanted]
    _show(out, found)
    if not kept:
        out.progress(f"No runs in {folder}: `stackpress log pull` fetches them from a press.")
    elif not found:
        out.progress(f"None of {plural(len(kept), 'run')} is so; `stackpress runs` lists them all.")
    out.answer({"runs": [_listed(one) for one in found], "folder": str(folder)})


def _show(out: Output, found: list["Run"]) -> None:
    """A table, or two lines a run where the terminal is too narrow for it."""
    from shutil import get_terminal_size

    head, rows = _table(found)
    wide = sum(max(len(row[i]) for row in [head, *rows]) + 2 for i in range(len(head))) - 2
    if wide <= get_terminal_size(fallback=(240, 24)).columns:
        out.table(head, rows)
        return
    for run in found:
        name, when, program, sample, peak, lasted, end, lost, tags = _row(run)
        out.say(f"{when}  {name}")
        told = [program, sample, peak, lasted, end, f"{lost} records lost" if lost != "0" else "", tags]
        out.say("  " + "  ".join(part for part in told if part))


def _table(found: list["Run"]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows, without columns in which nothing stands."""
    head = ["run", "when", "program", "sample", "peak", "lasted", "end", "lost", "tags"]
    rows = [_row(one) for one in found]
    said = [i for i in range(len(head)) if i < 7 or any(row[i] not in ("", "0") for row in rows)]
    return [head[i] for i in said], [[row[i] for i in said] for row in rows]


def _row(run: "Run") -> list[str]:
    from ..view.snapshot import force_text, pressure_text, time_text

    peak = pressure_text(run.peak_pa) if run.peak_pa else force_text(run.peak_n)
    end = run.outcome + (f", {plural(run.trips, 'trip')}" if run.trips else "")
    lasted = time_text(run.duration_s)
    return [run.run_id, local(run.start_unix_s), run.program, run.sample, peak, lasted, end, str(run.missing), ", ".join(run.tags)]


def _listed(run: "Run") -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in vars(run).items()}
