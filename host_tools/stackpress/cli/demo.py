"""`stackpress demo`: the whole way on the simulated press, from a bare board to a report."""

from pathlib import Path
from typing import Annotated

import typer

from .exits import REFUSED, Failure
from .options import Json, single
from .output import Output

APPS = {"demo": single()}

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]


@APPS["demo"].command()
def demo(out: Out = Path("build/demo"), json: Json = False) -> None:
    """Press, hold and log a pellet on the simulated press, and leave log, plot and report in a folder."""
    import contextlib
    import sys
    from json import loads

    from .. import demo as whole

    try:
        with contextlib.redirect_stdout(sys.stderr) if json else contextlib.nullcontext():
            code = whole.demo(out)
    except whole.DemoFailed as error:
        raise Failure(f"The demonstration failed: {error}", "", REFUSED) from error
    Output(json).answer({"folder": str(out), "summary": loads((out / "summary.json").read_text())}, ok=not code)
    if code:
        raise typer.Exit(code)
