"""`stackpress uniformity`: where the load was in each hold, and a map of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .exits import Failure
from .log import Data, RunName
from .options import Json, single
from .output import Output

APPS = {"uniformity": single()}

Against = Annotated[Path | None, typer.Option("--press", help="Press file with [positions]; else what was pushed, or press.toml.")]
Map = Annotated[Path | None, typer.Option("--out", "-o", help="Picture (.png, .svg, .pdf) of the load's centre.")]


@APPS["uniformity"].command()
def uniformity(run: RunName = "", press: Against = None, out_file: Map = None, data: Data = None, json: Json = False) -> None:
    """Say where the load was in each hold, how even the cells carried it, and draw a map."""
    import polars as pl

    from ..config import load
    from ..logs.runs import document, find
    from ..logs.store import Store
    from ..logs.uniformity import HEAD, draw, kept, spreads, texts

    out = Output(json)
    with Store(data) as store:
        found, folder = find(store, run), store.folder
    side, table = document(found), pl.read_parquet(found.parquet)
    positions = load(press).positions if press else kept(folder, found.board)
    if not positions and press is None and Path("press.toml").is_file():
        positions = load(Path("press.toml")).positions
    if not positions:
        hint = "[positions] in the press file: cell_mm = [[0, 40], [-34.6, -20], ...]"
        raise Failure("Nobody has said where the cells stand.", hint)
    if out_file is not None and out_file.suffix not in (".png", ".svg", ".pdf"):
        raise Failure(f"{out_file} is no picture.", "Name a .png, .svg or .pdf.")
    rows = spreads(side, table, positions)
    out.table(HEAD, texts(rows))
    if not rows:
        out.progress("No step of this run holds a force that the cells of the high range can tell the place of.")
    if out_file is not None:
        draw(side, table, positions).savefig(out_file, dpi=140, facecolor="white")
        out.say(str(out_file))
    out.answer({"run": found.run_id, "cell_mm": positions, "holds": [{**asdict(one), "off_mm": one.off_mm} for one in rows],
                "file": str(out_file) if out_file else None})  # fmt: skip
