"""`stackpress why`: what stopped the press, what it did, what came later, and what to check first."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .log import RUN_HELP, Data
from .options import Json, Port, single
from .output import Output

if TYPE_CHECKING:
    from ..why import Account

app = single()
APPS = {"why": app}
WINDOW_S = 2.0  # what a press takes at most to write the flight recorder's window into its log

RUN_OR_PRESS = RUN_HELP.partition(";")[0] + "; without it, the press that is attached."
Named = Annotated[str, typer.Argument(metavar="[RUN]", help=RUN_OR_PRESS)]
Picture = Annotated[
    Path | None, typer.Option("--out", "-o", help="Picture of the flight recorder's window (.png); why.png here without it.")
]


@app.command()
def why(run: Named = "", port: Port = None, out_file: Picture = None, data: Data = None, json: Json = False) -> None:
    """Say what stopped the press, or ended a run that was pulled: first reason, reaction, what came later, what to check."""
    from ..why import draw, of_run

    out = Output(json)
    if run:
        from ..logs.runs import find
        from ..logs.store import Store

        with Store(data) as store:
            account = of_run(store, find(store, run))
    else:
        account = _of_press(port, data)
    picture = draw(account, out_file or Path("why.png")) if account.flight else None
    _say(out, account, picture)
    out.answer({**account.as_dict(), "picture": str(picture) if picture else None})


def _of_press(port: str | None, data: Path | None) -> "Account":
    """Pulls the log, and once more if the window of the trip was still being written."""
    import time

    from ..logs.pull import pull_press
    from ..logs.store import Store
    from ..why import of_press
    from .connect import opened

    with opened(port, contact=True) as press, Store(data) as store:
        account = of_press(press, pull_press(press, store)[0].log)
        until = time.monotonic() + WINDOW_S
        while account.reason and not account.whole and time.monotonic() < until:
            time.sleep(WINDOW_S / 4)
            account = of_press(press, pull_press(press, store)[0].log)
    return account


def _say(out: Output, account: "Account", picture: Path | None) -> None:
    out.say(account.sentence)
    parts = (("What the press did", account.did), ("What came later", account.later), ("What to check first", account.checks))
    for title, lines in parts:
        if lines:
            out.say(f"\n{title}:")
        for line in lines:
            out.say(f"  {line}")
    if picture:
        out.say(f"\nThe flight recorder's window: {picture}")
