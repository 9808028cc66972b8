"""`stackpress tag`: what lay in the die, beside the run that pressed it."""

from typing import Annotated

import typer

from .log import Data, NamedRun
from .options import Json, single
from .output import Output

APPS = {"tag": single()}


@APPS["tag"].command()
def tag(
    run: NamedRun,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="As mass_mg=201.4 lot=B-17; KEY= removes")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Say what the specimen was: mass, thickness, lot, die, composition, any key; sidecar and report show it."""
    from ..logs.runs import annotated, find
    from ..logs.specimen import describe
    from ..logs.store import Store

    out = Output(json)
    with Store(data) as store:
        found = find(store, run)
        if words:
            describe(store, found, words)
        specimen = annotated(store, found.run_id)["specimen"]
    for key, value in specimen.items():
        out.say(f"{key}: {value:g}" if isinstance(value, float) else f"{key}: {value}")
    out.say(f"{found.run_id}{f' ({found.sample})' if found.sample else ''}: {len(specimen)} said of the specimen")
    out.answer({"run": found.run_id, "specimen": specimen})
