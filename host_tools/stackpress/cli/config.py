"""`stackpress config`: check the files, push them, pull what the press has, compare, and write the ceilings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import ceilings
from .config_files import ceilings_drift, load_files, read_back, within_ceilings, write_file
from .options import Json, Port, PressFile, SiteFile, Yes, group
from .output import Output, plural

if TYPE_CHECKING:
    from ..config import Difference, Effective
    from ..config.board import Board

app = group("Check, push, pull and compare the configuration; write the ceilings.")
app.add_typer(ceilings.app, name="ceilings")
APPS = {"config": app}

All = Annotated[bool, typer.Option("--all", help="Every parameter, also those at their default.")]
CalibrationFile = Annotated[Path | None, typer.Option("--calibration", help="Check a calibration file as well.")]
Target = Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file instead of the terminal.")]


@app.command()
def check(
    file: PressFile = None,
    site: SiteFile = None,
    calibration: CalibrationFile = None,
    all_: All = False,
    json: Json = False,
) -> None:
    """Check the files; say what is wrong with file, key and line, or where each value comes from."""
    from ..config.documents import describe, weaker
    from ..config.fit import warnings
    from ..config.pin_budget import as_dict

    out = Output(json)
    effective = load_files(file, site, calibration)
    shown = [one for one in effective.settings.values() if all_ or one.layer != "default"]
    rows = [(one.parameter.name, describe(one.parameter.name, one.value), one.origin) for one in shown]
    out.table(("parameter", "value", "from"), rows)
    if effective.ceilings is not None:
        out.say(f"ceilings: {', '.join(effective.ceilings.lines())}")
    if effective.calibration is not None:
        cells = [f"{i} {cell.serial}" for i, cell in enumerate(effective.calibration.cells, 1) if cell]
        out.say(f"calibration of board {effective.calibration.board_identity}: cells {', '.join(cells) or 'none'}")
    guarded = weaker(effective)
    if guarded:
        out.say(f"needs the owner's code when it is pushed: {'; '.join(guarded)}")
    unfit = warnings(effective)
    for one in unfit:
        out.say(f"does not fit: {one}")
    _pins(out, effective.board)
    out.say(f"{effective.name}: valid ({', '.join(effective.files)})")
    values = {
        name: {"value": one.value, "raw": one.raw, "layer": one.layer, "file": one.file, "line": one.line}
        for name, one in effective.settings.items()
    }
    limits = effective.ceilings.as_dict() if effective.ceilings else None
    board = as_dict(effective.board)
    out.answer({"name": effective.name, "files": effective.files, "params": values, "ceilings": limits, "board": board,
                "needs_code": guarded, "does_not_fit": [vars(one) for one in unfit]})  # fmt: skip


def _pins(out: Output, board: "Board") -> None:
    """Which part takes which pins; nothing for a board that has none."""
    from ..config.pin_budget import rates, sentence, taken

    if board.module is not None:
        out.table(("part", "driver", "GPIO"), taken(board))
        out.say(sentence(board))
        if board.usable_rates:
            out.say(rates(board))


@app.command("board")
def board_(name: Annotated[str, typer.Argument(metavar="BOARD", help="A board's name, or a board.toml.")],
           json: Json = False) -> None:  # fmt: skip
    """Check a board by itself: its pin budget, and every electrical rule over its carrier; exit code 1 if one is broken."""
    from ..config.board_file import load_board
    from ..config.pin_budget import as_dict
    from ..electrical import circuit_of, judge
    from .exits import REFUSED

    out = Output(json)
    found = load_board(name)
    _pins(out, found)
    out.say(f"{found.name}: {', '.join(sorted(found.capabilities))}")
    circuit = circuit_of(name)
    verdicts = judge(circuit) if circuit else []
    rows = [(one.rule.name, one.rule.checks, "good" if one.good else "BROKEN") for one in verdicts]
    out.table(("electrical rule", "what it checks", ""), rows)
    broken = [one for one in verdicts if not one.good]
    for one in broken:
        for text in one.found:
            out.say(f"{one.rule.name}: {text}")
    count = f"{len(verdicts)} electrical rules, {len(broken)} broken"
    out.say(count if circuit else f"{found.name}: its circuit is not written down")
    out.answer({"board": as_dict(found), "rules": [one.as_dict() for one in verdicts]}, ok=not broken)
    if broken:
        raise typer.Exit(REFUSED)


@app.command()
def params(
    word: Annotated[str, typer.Argument(metavar="[WORD]", help="Part of a name or group; without it, all.")] = "",
    json: Json = False,
) -> None:
    """Explain the parameters: default, what is allowed, what it is."""
    from ..config.documents import toml_value
    from ..config.schema import parameters
    from .exits import Failure

    out = Output(json)
    found = [one for one in parameters().values() if word in one.name or word == one.group]
    if not found:
        raise Failure(f"No parameter has {word!r} in its name.", "`stackpress config params` lists them all.")
    rows = [(one.name, one.group, toml_value(one.default_value), one.allowed, one.help) for one in found]
    out.table(("key", "table", "default", "allowed", "what it is"), rows)
    keys = ("name", "group", "default", "allowed", "help")
    out.answer({"params": [dict(zip(keys, row, strict=True)) for row in rows]})


def _show(out: Output, found: list["Difference"]) -> None:
    from ..config.documents import describe

    rows = [(one.name, describe(one.name, one.press), describe(one.name, one.file), one.origin) for one in found]
    out.table(("parameter", "on the press", "in the files", "from"), rows)


def _say_left_out(out: Output, effective: "Effective", known: list[str]) -> list[str]:
    """Which parameters of the files this press does not know."""
    from ..config.documents import left_out

    unknown = left_out(effective, known)
    if unknown:
        out.say(f"Left out, because the firmware of this press does not know it: {'; '.join(unknown)}.")
    return unknown


@app.command()
def diff(file: PressFile = None, site: SiteFile = None, port: Port = None, json: Json = False) -> None:
    """Compare the files with what the press has."""
    from ..config import differences
    from .connect import opened

    out = Output(json)
    effective = load_files(file, site)
    with opened(port) as press:
        have, known = press.document_get("config"), press.parameters()
        found = differences(effective, have, known)
        _show(out, found if have is not None else [])
        if have is None:
            out.say("The press has no configuration.")
        elif not found:
            out.say("No difference.")
        drift = ceilings_drift(press, effective)
        if drift:
            out.say(drift)
        unknown = _say_left_out(out, effective, known)
        listed = [one.as_dict() for one in found]
        out.answer({"configured": have is not None, "differences": listed, "ceilings": drift, "left_out": unknown})


@app.command()
def push(
    file: PressFile = None, site: SiteFile = None, port: Port = None, yes: Yes = False, json: Json = False
) -> None:
    """Show the difference, ask, send everything or nothing, read it back."""
    from contextlib import nullcontext

    from ..config import config_document, differences
    from ..config.documents import weaker
    from ..logs import uniformity
    from ..paths import data_folder
    from .connect import opened
    from .owner import in_service

    out = Output(json)
    effective = load_files(file, site)
    with opened(port) as press:
        if effective.positions:
            uniformity.keep(data_folder(), press.identity, effective.positions)
        have, known = press.document_get("config"), press.parameters()
        found = [one for one in differences(effective, have, known) if not one.kept]
        within_ceilings(press, effective)
        unknown = _say_left_out(out, effective, known)
        if not found:
            out.say("The press has this configuration already.")
            out.answer({"changed": [], "left_out": unknown})
            return
        if have is None:
            out.progress(f"The press has no configuration; {plural(len(found), 'parameter')} will be set.")
        else:
            _show(out, found)
        out.confirm(f"Send {plural(len(found), 'change')} to {press.identity}?", yes)
        data = config_document(effective, known, have)
        guarded = weaker(effective, have, press.document_get("calibration") is not None)
        with in_service(press, out, "; ".join(guarded)) if guarded else nullcontext():
            press.document_put("config", data)
            read_back(press, "config", data)
        missing = ceilings_drift(press, effective)
        out.say(f"Sent and read back: {effective.name}, {plural(len(found), 'change')}.")
        if missing:
            out.say(missing)
        out.answer({"changed": [one.as_dict() for one in found], "ceilings": missing, "left_out": unknown})


@app.command()
def pull(out_file: Target = None, port: Port = None, json: Json = False) -> None:
    """Write what the press has as a press file."""
    from ..config.documents import parse_config, to_toml
    from .connect import opened
    from .exits import REFUSED, Failure

    out = Output(json)
    with opened(port) as press:
        data = press.document_get("config")
        if data is None:
            raise Failure("The press has no configuration.", "Send one with `stackpress config push`.", REFUSED)
        name, raws = parse_config(data)
        text = to_toml(name, raws, press.board_name)
    if out_file is not None:
        write_file(out_file, text)
        out.say(f"Written to {out_file}.")
    else:
        out.say(text.rstrip("\n"))
    out.answer({"name": name, "params": raws, "file": str(out_file) if out_file else None})
