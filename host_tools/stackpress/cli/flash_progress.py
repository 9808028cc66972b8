"""What `stackpress flash` shows: the board that was found, a progress bar, and what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from .exits import REFUSED
from .output import Output

if TYPE_CHECKING:
    from ..flashing.flasher import Flashed, Watch
    from ..flashing.targets import Target


def introduce(out: Output, target: "Target") -> None:
    """Which board, where, what it runs, and how that is known."""
    where = target.port or (target.drive.path if target.drive else "")
    runs = f", runs {target.running.version} {target.running.hash or '(content unknown)'}" if target.running else ", boot drive"
    out.say(f"board {target.board} on {where}{runs}: {target.why}")


def finished(out: Output, about: dict[str, Any], done: "Flashed", erased: bool = False) -> None:
    """Say what came of it; documents that were to be `erased` are no loss."""
    from ..flashing import flasher

    lost = () if erased else done.lost
    out.say(f"{done.identity} runs {done.firmware}; {done.documents} documents are there")
    out.answer({**about, "dry_run": False, "written": True, "after": flasher.told(done)}, ok=not lost)
    if done.store_told:
        out.say(f"Its store of documents: {done.store_told}.")
    if lost:
        out.say(f"Documents are not as they were: {', '.join(lost)}. `stackpress doctor` says what to do.")
        raise typer.Exit(REFUSED)


@contextmanager
def shown(out: Output) -> Iterator["Watch"]:
    """A progress bar on a terminal, lines elsewhere, nothing with --json."""
    import sys

    from ..flashing.flasher import Watch

    if out.as_json or not sys.stderr.isatty():
        yield Watch(out.progress)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out.console(stderr=True), transient=True) as bar:
        task = bar.add_task("flashing", total=None)
        yield Watch(
            lambda text: bar.update(task, description=text),
            lambda done, total: bar.update(task, completed=done, total=total),
        )
