"""`stackpress demo`: the whole way on the simulated press, from a bare board to a report."""

from pathlib import Path
from typing import Annotated

import typer

from .exits import REFUSED, Failure
from .options import single

APPS = {"demo": single()}

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]


@APPS["demo"].command()
def demo(out: Out = Path("build/demo")) -> None:
    """Press, hold and log a pellet on the simulated press, and leave log, plot and report in a folder."""
    from .. import demo as whole

    try:
        code = whole.demo(out)
    except whole.DemoFailed as error:
        raise Failure(f"The demonstration failed: {error}", "", REFUSED) from error
    if code:
        raise typer.Exit(code)
