"""`stackpress config`: check the files, push them, pull what the press has, compare, and write the ceilings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .files import press_file, site_file
from .options import Json, Port, PressFile, SiteFile, Yes, group
from .output import Output, plural

if TYPE_CHECKING:
    from ..config import Ceilings, Difference, Effective

app = group("Check, push, pull and compare the configuration; write the ceilings.")
ceilings_app = group(
    "The absolute limits of frame, cells and relief valve: a record of their own, behind an unlock code."
)
app.add_typer(ceilings_app, name="ceilings")
APPS = {"config": app}

All = Annotated[bool, typer.Option("--all", help="Every parameter, also those at their default.")]
CalibrationFile = Annotated[Path | None, typer.Option("--calibration", help="Check a calibration file as well.")]
Code = Annotated[
    str | None, typer.Option("--unlock", envvar="STACKPRESS_UNLOCK", help="Unlock code of the service state.")
]
Target = Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file instead of the terminal.")]


def _load(file: Path | None, site: Path | None, calibration: Path | None = None) -> "Effective":
    from ..config import load

    path = press_file(file)
    return load(path, site_file(site, path), calibration)


@app.command()
def check(
    file: PressFile = None,
    site: SiteFile = None,
    calibration: CalibrationFile = None,
    all_: All = False,
    json: Json = False,
) -> None:
    """Check the files; say what is wrong with file, key and line, or where each value comes from."""
    from ..config.documents import describe

    out = Output(json)
    effective = _load(file, site, calibration)
    shown = [one for one in effective.settings.values() if all_ or one.layer != "default"]
    rows = [(one.parameter.name, describe(one.parameter.name, one.value), one.origin) for one in shown]
    out.table(("parameter", "value", "from"), rows)
    if effective.ceilings is not None:
        told = ", ".join(f"{key} = {value}" for key, value in effective.ceilings.as_dict().items())
        out.say(f"ceilings: {told}")
    if effective.calibration is not None:
        cells = [f"{i} {cell.serial}" for i, cell in enumerate(effective.calibration.cells, 1) if cell]
        out.say(f"calibration of board {effective.calibration.board_identity}: cells {', '.join(cells) or 'none'}")
    out.say(f"{effective.name}: valid ({', '.join(effective.files)})")
    values = {
        name: {"value": one.value, "raw": one.raw, "layer": one.layer, "file": one.file, "line": one.line}
        for name, one in effective.settings.items()
    }
    ceilings = effective.ceilings.as_dict() if effective.ceilings else None
    answer = {"name": effective.name, "files": effective.files, "params": values, "ceilings": ceilings}
    out.answer(answer)


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


@app.command()
def diff(file: PressFile = None, site: SiteFile = None, port: Port = None, json: Json = False) -> None:
    """Compare the files with what the press has."""
    from ..config import differences
    from .connect import opened

    out = Output(json)
    effective = _load(file, site)
    with opened(port) as press:
        have = press.document_get("config")
        found = differences(effective, have)
        _show(out, found if have is not None else [])
        if have is None:
            out.say("The press has no configuration.")
        elif not found:
            out.say("No difference.")
        drift = _ceilings_drift(press, effective)
        if drift:
            out.say(drift)
        listed = [one.as_dict() for one in found]
        out.answer({"configured": have is not None, "differences": listed, "ceilings": drift})


@app.command()
def push(
    file: PressFile = None, site: SiteFile = None, port: Port = None, yes: Yes = False, json: Json = False
) -> None:
    """Show the difference, ask, send everything or nothing, read it back."""
    from ..config import config_document, differences
    from .connect import opened

    out = Output(json)
    effective = _load(file, site)
    with opened(port) as press:
        have = press.document_get("config")
        found = differences(effective, have)
        _within_ceilings(press, effective)
        if not found:
            out.say("The press has this configuration already.")
            out.answer({"changed": []})
            return
        if have is None:
            out.progress(f"The press has no configuration; {plural(len(found), 'parameter')} will be set.")
        else:
            _show(out, found)
        out.confirm(f"Send {plural(len(found), 'change')} to {press.identity}?", yes)
        data = config_document(effective)
        press.document_put("config", data)
        _read_back(press, "config", data)
        missing = _ceilings_drift(press, effective)
        out.say(f"Sent and read back: {effective.name}, {plural(len(found), 'change')}.")
        if missing:
            out.say(missing)
        out.answer({"changed": [one.as_dict() for one in found], "ceilings": missing})


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
        _write(out_file, text)
        out.say(f"Written to {out_file}.")
    else:
        out.say(text.rstrip("\n"))
    out.answer({"name": name, "params": raws, "file": str(out_file) if out_file else None})


def _write(path: Path, text: str) -> None:
    from .exits import Failure

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}") from error


def _read_back(press: Any, name: str, sent: bytes) -> None:
    import json

    from .exits import REFUSED, Failure

    got = press.document_get(name)
    if got is None or json.loads(got) != json.loads(sent):
        raise Failure(f"What was read back from the press is not the {name} that was sent.", "Send it again.", REFUSED)


def _on_press(press: Any) -> "Ceilings | None":
    from ..config.ceilings import from_document

    data = press.document_get("ceilings")
    return from_document(data) if data is not None else None


def _ceilings_drift(press: Any, effective: "Effective") -> str:
    """One sentence when the press's ceilings are not those of the file; empty when they are, or the file has none."""
    have = _on_press(press)
    if have is None:
        return "The press has no ceilings: it can't be armed until `stackpress config ceilings write`."
    if effective.ceilings is not None and have.document() != effective.ceilings.document():
        return "The press's ceilings differ from the file's: see `stackpress config ceilings show`."
    return ""


def _within_ceilings(press: Any, effective: "Effective") -> None:
    """The press's own ceilings rule, whatever the file says. Raises ConfigError."""
    from ..config.complaints import Complaint, ConfigError
    from ..config.rules import CEILING_RULES, Facts

    have = _on_press(press)
    if have is None:
        return
    facts = Facts({name: one.value for name, one in effective.settings.items()}, effective.board, have)
    found = []
    for key, text, right in (finding for rule in CEILING_RULES for finding in rule(facts)):
        one = effective.settings[key]
        found.append(Complaint(one.file or "default", one.line, key, f"{text} (ceilings of the press)", right))
    if found:
        raise ConfigError(found)


@ceilings_app.command("show")
def ceilings_show(file: PressFile = None, port: Port = None, json: Json = False) -> None:
    """Say what the press has, beside what the press file says."""
    from ..config.schema import number
    from .connect import opened

    out = Output(json)
    wanted = _load(file, None).ceilings if file is not None else None
    with opened(port) as press:
        have = _on_press(press)
    out.answer({"press": have.as_dict() if have else None, "file": wanted.as_dict() if wanted else None})
    if have is None:
        out.say("The press has no ceilings: it can't be armed.")
        return
    for key, value in have.as_dict().items():
        shown = ", ".join(number(one) for one in value) if isinstance(value, list) else number(value)
        out.say(f"{key:<18} {shown}")
    if wanted is not None and wanted.document() != have.document():
        out.say("The file says otherwise: " + ", ".join(f"{k} = {v}" for k, v in wanted.as_dict().items()))


@ceilings_app.command("write")
def ceilings_write(
    file: PressFile = None,
    unlock: Code = None,
    port: Port = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Write the press file's ceilings: the press must be safe; asks for the unlock code."""
    from .connect import opened
    from .exits import Failure, wire_text

    out = Output(json)
    effective = _load(file, None)
    if effective.ceilings is None:
        raise Failure("The press file has no [ceilings].", "frame_rating_n, relief_setting_n, cell_capacity_n")
    with opened(port) as press:
        for key, value in effective.ceilings.as_dict().items():
            out.progress(f"{key} = {value}")
        out.confirm(f"Write these ceilings to {press.identity}?", yes)
        code = wire_text("unlock code", unlock if unlock is not None else _ask_code(out), 64)
        data = effective.ceilings.document()
        press.service_unlock(code)
        try:
            press.document_put("ceilings", data)
            _read_back(press, "ceilings", data)
        finally:
            press.service_lock()
    out.say("Ceilings written and read back.")
    out.answer({"ceilings": effective.ceilings.as_dict()})


def _ask_code(out: Output) -> str:
    import getpass
    import sys

    from .exits import Failure

    if out.as_json or not sys.stdin.isatty():
        raise Failure("The unlock code is missing.", "Give --unlock CODE or STACKPRESS_UNLOCK.")
    return getpass.getpass("Unlock code: ", sys.stderr)
