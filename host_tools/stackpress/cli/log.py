"""`stackpress log` and `report`: fetch what the press has logged, write it as files, say something about it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Json, Port, finite, group, single
from .output import Output, plural

if TYPE_CHECKING:
    from ..logs.pull import PullResult
    from ..logs.runs import Run
    from ..logs.store import Store

app = group("List, pull, import, export, plot and comment what the press has logged.")
report_app = single()
APPS = {"log": app, "report": report_app}

RUN_HELP = "A run's name, its beginning or end, or its sample (then the newest); without it, the newest run."
RunName = Annotated[str, typer.Argument(metavar="[RUN]", help=RUN_HELP)]
RunNames = Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help=RUN_HELP + " Several are drawn over each other.")]
NamedRun = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, its beginning or end, or its sample.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STACKPRESS_DATA", help="Where runs are kept; the user's own data folder."),
]
Name = Annotated[str, typer.Option("--name", help="Name of the files; the run's own without it.")]
Formats = Annotated[
    list[str] | None, typer.Option("--format", help="csv, parquet, json, levels, flight, xlsx; repeat it. All but xlsx without.")
]
Folder = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
FileOut = Annotated[Path | None, typer.Option("--out", "-o", help="File to write (.png, .svg, .pdf); <run>.png here without it.")]
ReportOut = Annotated[Path | None, typer.Option("--out", "-o", help="File to write (.html or .pdf); <run>.html here without it.")]
Units = Annotated[
    list[str] | None, typer.Option("--unit", help="CSV and xlsx in MPa, kPa, bar, kN, tf, mm, um, min, h; repeat it.")
]
Every = Annotated[float, typer.Option("--every", callback=finite, help="CSV and xlsx in rows of so many seconds.")]
Iso = Annotated[str, typer.Option("--iso", metavar="ZONE", help="CSV and xlsx with local time as well, in Europe/Berlin or UTC.")]
Comma = Annotated[bool, typer.Option("--decimal-comma", help="CSV with decimal commas, parted by semicolons.")]
Institution = Annotated[
    str,
    typer.Option("--institution", envvar="STACKPRESS_INSTITUTION",
                 help="Name the files as BDF wants it: INSTITUTION__SAMPLE__YYYYMMDD_XXX."),
]  # fmt: skip


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


@app.command()
def changes(port: Port = None, data: Data = None, json: Json = False) -> None:
    """Say what was changed on the press, when, from which value to which; and who was let into service, or was not."""
    from ..logs.changes import changes as found
    from ..logs.pull import pull_press
    from ..logs.store import Store
    from .connect import opened

    out = Output(json)
    with opened(port, contact=True) as press, Store(data) as store:
        told = found(pull_press(press, store)[0].log)
    out.table(("boot", "press time / s", "what"), [(str(one.boot), f"{one.press_s:.1f}", one.text) for one in told])
    if not told:
        out.say("Nothing was changed, as far as the log goes back.")
    out.answer({"changes": [vars(one) for one in told]})


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
    institution: Institution = "",
    unit: Units = None,
    every: Every = 0.0,
    iso: Iso = "",
    decimal_comma: Comma = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write a run as CSV, Parquet, JSON sidecar, levels of its sweeps, and the flight recorder's windows of its trips."""
    from ..logs.export import ASKED_ONLY, FORMATS, bdf_name
    from ..logs.export import export as write
    from ..logs.runs import find, runs
    from ..logs.store import Store
    from ..logs.tailored import Tailoring
    from .exits import Failure

    out = Output(json)
    wanted = Tailoring(tuple(unit or ()), every, iso, decimal_comma).checked()
    with Store(data) as store:
        found, kept = find(store, run), runs(store)
    named_by_bdf = bool(institution) and not name
    if named_by_bdf:
        try:
            name = bdf_name(found, institution, kept)
        except ValueError as error:
            raise Failure(f"{error}.", "Give the files a name with --name.") from error
    unknown = [one for one in formats or () if one not in FORMATS + ASKED_ONLY]
    if unknown:
        raise Failure(f"There is no format {unknown[0]}.", f"One of {', '.join(FORMATS + ASKED_ONLY)}.")
    parquet = ".parquet" if named_by_bdf else ".press.parquet"
    files = write(found, out_folder, name, tuple(formats or FORMATS), parquet, wanted)
    for file in files:
        out.say(str(file))
    out.answer({"run": found.run_id, "files": [str(file) for file in files]})


@app.command("import")
def import_raw(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Raw files (.spj) of any press, or folders of them.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Take in raw files that another computer has pulled; their runs are then listed like one's own."""
    from ..logs.importing import take_in
    from ..logs.store import Store

    out = Output(json)
    answers = []
    with Store(data) as store:
        for one in take_in(store, files):
            out.say(f"{one.source}: {one}")
            for name in one.runs:
                out.say(f"  run {name}")
            answers.append(one.as_dict())
    out.answer({"files": answers})


@app.command()
def tag(
    run: NamedRun,
    names: Annotated[list[str], typer.Argument(metavar="TAG...", help="Words to find it by, as `good`.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags away.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tag a run, also long after it: `runs --tag` finds it, sidecar and report show it."""
    from ..logs import annotations

    _annotated(data, run, json, lambda store, found: (annotations.untag if remove else annotations.tag)(store, found, names))


@app.command()
def comment(
    run: NamedRun,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be said about it.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Comment a run, also long after it: sidecar and report show it with its time."""
    from ..logs import annotations
    from .exits import Failure

    if not text.strip():
        raise Failure("The comment says nothing.", "Put it in quotes behind the run.")
    _annotated(data, run, json, lambda store, found: annotations.comment(store, found, text))


def _annotated(data: Path | None, name: str, json: bool, change: Callable[["Store", "Run"], None]) -> None:
    from ..logs.runs import annotated, find
    from ..logs.store import Store

    out = Output(json)
    with Store(data) as store:
        found = find(store, name)
        change(store, found)
        said = annotated(store, found.run_id)
    tags, count = ", ".join(said["tags"]) or "no tag", len(said["comments"])
    out.say(f"{found.run_id}{f' ({found.sample})' if found.sample else ''}: {tags}; {plural(count, 'comment')}")
    out.answer({"run": found.run_id, **said})


@app.command()
def plot(runs: RunNames = None, out_file: FileOut = None, data: Data = None, json: Json = False) -> None:
    """Draw a run: pressure against set-point, deviation in the holds, travel, how the cells share the force.

    Several runs are drawn over each other, each from its own start.
    """
    from ..logs.overlay import overlay
    from ..logs.plot import plot as draw
    from ..logs.runs import document
    from .exits import Failure

    out = Output(json)
    found = [_run(data, name) for name in runs or [""]]
    path = out_file or Path(f"{'_and_'.join(one.run_id for one in found[:2])}.png")
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise Failure(f"{path} is no picture.", "Name a .png, .svg or .pdf.")
    if len(found) == 1:
        draw(found[0].parquet, document(found[0]), path)
    else:
        overlay([(one.parquet, document(one)) for one in found], path)
    out.say(str(path))
    out.answer({"run": found[0].run_id, "runs": [one.run_id for one in found], "file": str(path)})


@report_app.command()
def report(run: RunName = "", out_file: ReportOut = None, data: Data = None, json: Json = False) -> None:
    """Write a run's report as one HTML or PDF file that needs nothing else."""
    from ..logs.report import report as write

    out = Output(json)
    found = _run(data, run)
    path = write(found, out_file or Path(f"{found.run_id}.html"))
    out.say(str(path))
    out.answer({"run": found.run_id, "file": str(path)})
