"""`stackpress log`, `runs` and `report`: fetch what the press has logged, list the runs, write them as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json, Port, group, single
from .output import Output, plural

if TYPE_CHECKING:
    from ..logs.pull import PullResult
    from ..logs.runs import Run

app = group("List, pull, export and plot what the press has logged.")
runs_app, report_app = single(), single()
APPS = {"log": app, "runs": runs_app, "report": report_app}

RunName = Annotated[
    str, typer.Argument(metavar="[RUN]", help="A run's name, its beginning or end; without it, the newest run.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STACKPRESS_DATA", help="Where runs are kept; the user's own data folder."),
]
Name = Annotated[str, typer.Option("--name", help="Name of the files; the run's own without it.")]
Formats = Annotated[
    list[str] | None, typer.Option("--format", help="csv, parquet, json, flight; repeat it. All without.")
]
Folder = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
FileOut = Annotated[Path | None, typer.Option("--out", "-o", help="File to write; <run>.png or .html here without it.")]


@app.command()
def ls(port: Port = None, json: Json = False) -> None:
    """Say what the press's journal holds, and what has not been pulled yet."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        state = press.log_state()
        identity = press.identity
    waiting = max(0, state.next - max(state.first, state.pulled + 1))
    out.say(f"{identity}: {plural(state.next - state.first, 'record')}, numbers {state.first} to {state.next - 1}")
    out.say(f"not pulled yet: {waiting}")
    if state.overwritten or state.dropped:
        out.say(f"lost: {state.overwritten} overwritten before they were pulled, {state.dropped} dropped")
    out.answer({"identity": identity, "waiting": waiting, **vars(state)})


@app.command()
def pull(port: Port = None, data: Data = None, json: Json = False) -> None:
    """Fetch what is new, verify it, say how many records are missing, bring the list of runs up to date."""
    from ..logs.pull import pull_press
    from ..logs.store import Store
    from .connect import opened

    out = Output(json)
    with opened(port, contact=True) as press, Store(data) as store:
        console = out.console(stderr=True)
        result, changed = pull_press(press, store, shown=not json and console.is_terminal, console=console)
        folder = store.runs_folder
    out.say(_pulled(result))
    for name in changed:
        out.say(f"  run {name}")
    out.say(f"kept in {folder}")
    out.answer({"pull": result.as_dict(), "runs": changed, "folder": str(folder)})


def _pulled(result: "PullResult") -> str:
    lost = []
    if result.overwritten_unpulled:
        lost.append(f"{result.overwritten_unpulled} overwritten by the press before they were pulled")
    if result.dropped:
        lost.append(f"{result.dropped} dropped by the press")
    if result.bad_bytes:
        lost.append(f"{result.bad_bytes} bytes of the raw file are no record that can be read, and stay in it")
    return "; ".join([str(result), *lost])


def _run(data: Path | None, name: str) -> "Run":
    from ..logs.runs import find
    from ..logs.store import Store

    with Store(data) as store:
        return find(store, name)


@app.command()
def export(
    run: RunName = "",
    out_folder: Folder = Path("."),
    name: Name = "",
    formats: Formats = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write a run as CSV, Parquet, JSON sidecar, and the flight recorder's windows of its trips."""
    from ..logs.export import FORMATS
    from ..logs.export import export as write
    from .exits import Failure

    out = Output(json)
    found = _run(data, run)
    unknown = [one for one in formats or () if one not in FORMATS]
    if unknown:
        raise Failure(f"There is no format {unknown[0]}.", f"One of {', '.join(FORMATS)}.")
    files = write(found, out_folder, name, tuple(formats or FORMATS))
    for file in files:
        out.say(str(file))
    out.answer({"run": found.run_id, "files": [str(file) for file in files]})


@app.command()
def plot(run: RunName = "", out_file: FileOut = None, data: Data = None, json: Json = False) -> None:
    """Draw a run: pressure against set-point, deviation in the holds, travel, how the cells share the force."""
    from ..logs.plot import plot as draw
    from ..logs.runs import document
    from .exits import Failure

    out = Output(json)
    found = _run(data, run)
    path = out_file or Path(f"{found.run_id}.png")
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise Failure(f"{path} is no picture.", "Name a .png, .svg or .pdf.")
    draw(found.parquet, document(found), path)
    out.say(str(path))
    out.answer({"run": found.run_id, "file": str(path)})


@report_app.command()
def report(run: RunName = "", out_file: FileOut = None, data: Data = None, json: Json = False) -> None:
    """Write a run's report as one HTML file that needs nothing else."""
    from ..logs.report import report as write

    out = Output(json)
    found = _run(data, run)
    path = write(found, out_file or Path(f"{found.run_id}.html"))
    out.say(str(path))
    out.answer({"run": found.run_id, "file": str(path)})


@runs_app.command()
def runs(
    every: Annotated[bool, typer.Option("--all", help="Also what was logged between runs.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the runs that are kept on this computer, oldest first."""
    from ..logs.runs import runs as listed
    from ..logs.store import Store

    out = Output(json)
    with Store(data) as store:
        found = [one for one in listed(store) if one.run or every]
        folder = store.folder
    head = ("run", "when", "program", "sample", "peak", "lasted", "end", "lost")
    out.table(head, [_row(one) for one in found])
    if not found:
        out.progress(f"No runs in {folder}: `stackpress log pull` fetches them from a press.")
    out.answer({"runs": [_listed(one) for one in found], "folder": str(folder)})


def _row(run: "Run") -> tuple[str, ...]:
    import time

    from ..view.snapshot import force_text, pressure_text, time_text

    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.start_unix_s)) if run.start_unix_s else "?"
    peak = pressure_text(run.peak_pa) if run.peak_pa else force_text(run.peak_n)
    end = run.outcome + (f", {plural(run.trips, 'trip')}" if run.trips else "")
    return run.run_id, when, run.program, run.sample, peak, time_text(run.duration_s), end, str(run.missing)


def _listed(run: "Run") -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in vars(run).items()}
