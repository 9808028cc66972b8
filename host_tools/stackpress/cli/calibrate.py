"""`stackpress calibrate`: zero, tare, and the guided span of a load cell.

Two zeros that must not be mixed up: `tare` only sets what is displayed; `zero` is the commissioning zero that the
safety bands are judged against, and is refused when a cell is far off its calibrated zero.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..states import SAFE, SERVICE
from .calibration_questions import accepted, show_fit, take_loads, take_zero
from .calibration_sent import keep, send
from .calibration_series import history, series
from .calibration_temperature import temperature
from .exits import REFUSED, Failure, wire_text
from .options import Json, Port, Yes, group
from .output import Output
from .owner import in_service

if TYPE_CHECKING:
    from ..calibration import Fit
    from ..config import Calibration
    from ..press import Press

app = group("Zero, tare and calibrate the load cells, guided.")
APPS = {"calibrate": app}
app.command()(series)
app.command()(history)
app.command()(temperature)

Cell = Annotated[int, typer.Argument(min=1, max=4, metavar="CELL", help="The cell's channel, from 1.")]
Serial = Annotated[str, typer.Option("--serial", help="Serial number that is written on the cell.")]
Target = Annotated[Path | None, typer.Option("--out", help="Keep the file here instead of the user's folder.")]
File = Annotated[Path, typer.Argument(metavar="CALIBRATION.toml", help="A file that `calibrate` has written.")]
OtherBoard = Annotated[
    bool, typer.Option("--other-board", help="Yes, it was measured on another board, and shall be used here.")
]


@app.command()
def tare(port: Port = None, json: Json = False) -> None:
    """Set the displayed force to zero. The safety bands do not move."""
    from .connect import opened

    out = Output(json)
    with opened(port, contact=True) as press:
        press.calibration_tare()
    out.say("The display is tared; safety bands keep the commissioning zero.")
    out.answer({"tared": True})


@app.command()
def zero(port: Port = None, yes: Yes = False, json: Json = False) -> None:
    """Take the commissioning zero of every cell: nothing may rest on them."""
    from .connect import opened

    out = Output(json)
    with opened(port, contact=True) as press:
        out.confirm("Is the press open, and does nothing rest on the cells?", yes)
        press.calibration_zero()
    out.say("The commissioning zero is taken: the safety bands count from here.")
    out.answer({"zeroed": True})


@app.command()
def cell(cell: Cell, serial: Serial, out_file: Target = None, port: Port = None, json: Json = False) -> None:
    """Calibrate one cell: unload it, then apply reference forces. Nothing is sent before you accept."""
    from ..calibration import Session
    from ..config.calibration_file import CODE_MAX
    from .connect import opened

    out = Output(json)
    serial = wire_text("serial number", serial, 32)
    with opened(port, contact=True) as press:
        if press.state not in (SAFE, SERVICE):
            raise Failure(f"The press is {press.state}.", "Calibration needs the safe state.", REFUSED)
        parameter = press.parameter("rail_counts").value
        rail = int(parameter) if isinstance(parameter, (int, float)) else CODE_MAX
        session = Session(serial, rail, _capacity_n(press, cell))
        take_zero(press, session, cell)
        take_loads(press, session, cell)
        fit = session.fit()
        show_fit(out, fit)
        accepted()
        calibration = _with(press, cell, fit)
        with in_service(press, out, "the calibration"):
            send(press, calibration, False)
        path = keep(calibration, out_file)
    out.say(f"Cell {cell} ({serial}) is calibrated; kept in {path}.")
    out.answer({"cell": cell, "serial": serial, "points": fit.cell.points, "worst_permille": fit.worst_permille})


def _capacity_n(press: "Press", cell: int) -> float:
    """What the cell bears by the press's ceilings; 0 where it has none."""
    from .config_files import ceilings_on

    have = ceilings_on(press)
    return have.cell_n[cell - 1] if have is not None and cell <= len(have.cell_n) else 0.0


def _on_press(press: "Press") -> "Calibration | None":
    from ..config.calibration_file import from_document

    data = press.document_get("calibration")
    return from_document(data) if data is not None else None


def _with(press: "Press", cell: int, fit: "Fit") -> "Calibration":
    """The press's calibration with one cell replaced; cells that another board has measured are left out."""
    from ..config import Calibration

    have = _on_press(press)
    if have is None or have.board_identity != press.identity:
        have = Calibration(press.identity, (None,) * 4)
    return have.with_cell(cell - 1, fit.cell)


@app.command()
def show(port: Port = None, json: Json = False) -> None:
    """Show the calibration that is in force."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        calibration = _on_press(press)
        identity = press.identity
    if calibration is None:
        out.say("The press has no calibration: it can't be armed.")
        out.answer({"calibration": None})
        return
    out.say(calibration.to_toml().rstrip("\n"))
    if calibration.board_identity != identity:
        out.say(f"# It belongs to board {calibration.board_identity}; this is {identity}, which does not use it.")
    cells = [vars(one) if one else None for one in calibration.cells]
    out.answer({"board": calibration.board_identity, "cells": cells})


@app.command()
def pull(out_file: Target = None, port: Port = None, json: Json = False) -> None:
    """Keep the calibration that is in force as a file."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        calibration = _on_press(press)
    if calibration is None:
        raise Failure("The press has no calibration.", "", REFUSED)
    path = keep(calibration, out_file)
    out.say(f"Kept in {path}.")
    out.answer({"file": str(path)})


@app.command()
def push(file: File, other_board: OtherBoard = False, port: Port = None, yes: Yes = False, json: Json = False) -> None:
    """Put a kept calibration in force again. One of another board is refused unless --other-board."""
    from ..config.calibration_file import read_calibration
    from ..config.complaints import Complaints
    from .connect import opened

    out = Output(json)
    complaints = Complaints()
    calibration = read_calibration(file, complaints)
    complaints.raise_if_any()
    if calibration is None:
        raise Failure(f"{file} holds no calibration.")
    with opened(port, contact=True) as press:
        other = calibration.board_identity != press.identity
        if other and not other_board:
            text = f"This was measured on board {calibration.board_identity}; here is {press.identity}."
            raise Failure(text, "Calibrate here, or say --other-board if you know that it fits.", REFUSED)
        out.confirm(f"Put {file} in force on {press.identity}?", yes)
        with in_service(press, out, "the calibration"):
            send(press, calibration, other)
    out.say(f"In force: {file}.")
    answer: dict[str, Any] = {"file": str(file), "from_board": calibration.board_identity}
    out.answer(answer)
