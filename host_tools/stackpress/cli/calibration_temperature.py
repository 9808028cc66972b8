"""What temperature does to a cell, from a run's log: the command that fits and keeps it."""

from typing import TYPE_CHECKING, Annotated

import typer

from .exits import Failure
from .log import Data, RunName
from .options import Json, finite
from .output import Output

if TYPE_CHECKING:
    from ..config.calibration_file import Calibration

Channel = Annotated[int, typer.Argument(min=1, max=4, metavar="CELL", help="The cell's channel, from 1.")]
Serial = Annotated[str, typer.Option("--serial", help="Of the cell, where this computer has not seen the run's calibration.")]
Load = Annotated[
    float,
    typer.Option("--load-n", callback=finite, min=0, max=1e6, help="What rests on it by itself in part of the run; for the span."),
]
Thermometer = Annotated[int, typer.Option("--thermometer", min=1, max=2, help="Which of the log's is at the cell.")]


def temperature(
    cell: Channel,
    run: RunName,
    serial: Serial = "",
    load_n: Load = 0.0,
    thermometer: Thermometer = 1,
    data: Data = None,
    json: Json = False,
) -> None:
    """Fit how a cell's zero, and with a dead load its span, go with temperature; keep it beside the cell's certificates."""
    import polars as pl

    from ..logs.runs import document, find
    from ..logs.store import Store
    from ..metrology import history
    from ..metrology.temperature import fitted, keep

    out = Output(json)
    with Store(data) as store:
        found, folder = find(store, run), store.folder
    hashes = document(found).get("hashes") or {}
    named = serial or _serial(history.calibration_of(hashes.get("calibration", ""), folder), cell)
    if not named:
        raise Failure(f"This computer has not seen the calibration of {found.run_id}.", "Name the cell: --serial C-101")
    one = fitted(pl.read_parquet(found.parquet), cell, named, found.run_id, load_n, thermometer)
    path = keep(one, folder)
    out.say(one.told)
    out.say(str(path))
    out.answer({**vars(one), "file": str(path)})


def _serial(have: "Calibration | None", cell: int) -> str:
    kept = have.cells[cell - 1] if have is not None and cell <= len(have.cells) else None
    return kept.serial if kept is not None else ""
