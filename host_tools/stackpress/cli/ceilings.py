"""`stackpress config ceilings`: what frame, load cells and relief valve bear, written in the service state only."""

from .config_files import ceilings_on, load_files, read_back
from .options import Json, Port, PressFile, Yes, group
from .output import Output

app = group("The absolute limits of frame, cells and relief valve, behind the owner's code.")


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
    port: Port = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Write the press file's ceilings: the press must be safe; asks for the owner's code."""
    from .connect import opened
    from .exits import Failure
    from .owner import in_service

    out = Output(json)
    effective = load_files(file, None)
    if effective.ceilings is None:
        raise Failure("The press file has no [ceilings].", "frame_rating_n, relief_setting_n, cell_capacity_n")
    with opened(port, contact=True) as press:
        for line in effective.ceilings.lines():
            out.progress(line)
        out.confirm(f"Write these ceilings to {press.identity}?", yes)
        data = effective.ceilings.document()
        with in_service(press, out, "ceilings"):
            press.document_put("ceilings", data)
            read_back(press, "ceilings", data)
    out.say("Ceilings written and read back.")
    out.answer({"ceilings": effective.ceilings.as_dict()})
