"""`stackpress status` and `stackpress monitor`: what the press does, once or live."""

from typing import Annotated

import typer

from ..states import TRIPPED
from .options import Json, Port, finite, single
from .output import Output

status_app, monitor_app = single(), single()
APPS = {"status": status_app, "monitor": monitor_app}

Manual = Annotated[
    bool, typer.Option("--manual", help="A manual press: enter the monitor state, and leave it at the end.")
]
Seconds = Annotated[float | None, typer.Option("--for", min=0.1, callback=finite, help="End after so many seconds.")]


@status_app.command()
def status(port: Port = None, json: Json = False) -> None:
    """Say what the press is doing, and what keeps it from being armed. Exit code 1 if it has tripped."""
    from ..snapshots import Hints
    from ..view import plain
    from .connect import opened
    from .exits import REFUSED

    out = Output(json)
    with opened(port) as press:
        snapshot = Hints(press).added(press.snapshot())
        who = press.who()
    out.say(f"{who.serial} on {snapshot.port} ({who.board}, firmware {who.firmware})")
    for line in plain.page(snapshot):
        out.say(line)
    tripped = snapshot.state == TRIPPED
    release = who.release
    about = {"board": who.board, "identity": who.serial, "firmware": who.version, "git": release.git, "hash": release.hash}
    out.answer({**about, **snapshot.as_dict()}, ok=not tripped)
    if tripped:
        raise typer.Exit(REFUSED)


@monitor_app.command()
def monitor(port: Port = None, seconds: Seconds = None, manual: Manual = False, json: Json = False) -> None:
    """Watch force, set-point and warnings live, until the run that is seen is over. Ctrl-C ends watching; the press goes on.

    With --json each moment is a line with one document; that of the last has its `end`: done, tripped, left or lost.
    """
    from .connect import is_link_error, opened
    from .exits import NO_PRESS, REFUSED
    from .follow import Follower, RunOver

    out = Output(json)
    with opened(port, contact=True) as press:
        if manual:
            press.monitor(True)
        follower = Follower(press, out, f"{press.identity} · {press.port}", RunOver(), is_link_error, only_looks=True)
        try:
            end = follower.follow(seconds)
        finally:
            if manual and follower.linked:
                press.monitor(False)
    out.answer({"end": end.how, **end.last.as_dict()}, ok=end.how != "lost")
    if end.how == "lost":
        raise typer.Exit(NO_PRESS)
    if end.last.state == TRIPPED:
        raise typer.Exit(REFUSED)
