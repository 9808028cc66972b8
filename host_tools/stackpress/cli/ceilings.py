"""`stackpress config ceilings`: what frame, load cells and relief valve bear, written in the service state only."""

from typing import Annotated

import typer

from .config_files import ceilings_on, load_files, read_back
from .options import Json, Port, PressFile, Yes, group
from .output import Output

app = group("The absolute limits of frame, cells and relief valve, behind an unlock code.")

Code = Annotated[
    str | None, typer.Option("--unlock", envvar="STACKPRESS_UNLOCK", help="Unlock code of the service state.")
]


@app.command("show")
def ceilings_show(file: PressFile = None, port: Port = None, json: Json = False) -> None:
    """Say what the press has, beside what the press file says."""
    from .connect import opened

    out = Output(json)
    wanted = load_files(file, None).ceilings if file is not None else None
    with opened(port) as press:
        have = ceilings_on(press)
    out.answer({"press": have.as_dict() if have else None, "file": wanted.as_dict() if wanted else None})
    if have is None:
        out.say("The press has no ceilings: it can't be armed.")
        return
    for line in have.lines():
        out.say(line)
    if wanted is not None and wanted.document() != have.document():
        out.say(f"The file says otherwise: {', '.join(wanted.lines())}")


@app.command("write")
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
    effective = load_files(file, None)
    if effective.ceilings is None:
        raise Failure("The press file has no [ceilings].", "frame_rating_n, relief_setting_n, cell_capacity_n")
    with opened(port) as press:
        for line in effective.ceilings.lines():
            out.progress(line)
        out.confirm(f"Write these ceilings to {press.identity}?", yes)
        code = wire_text("unlock code", unlock if unlock is not None else _ask_code(out), 64)
        data = effective.ceilings.document()
        press.service_unlock(code)
        try:
            press.document_put("ceilings", data)
            read_back(press, "ceilings", data)
        finally:
            press.service_lock()
    out.say("Ceilings written and read back.")
    out.answer({"ceilings": effective.ceilings.as_dict()})


def _ask_code(out: Output) -> str:
    import getpass
    import sys

    from .exits import Failure

    if out.as_json or not sys.stdin.isatty():
        hint = "It is the board's identity, as `stackpress status` shows it: give --unlock IDENTITY or STACKPRESS_UNLOCK."
        raise Failure("The unlock code is missing.", hint)
    return getpass.getpass("Unlock code (the board's identity): ", sys.stderr)
