"""`setpoint`, `pause`, `continue`, `next`, `extend`, `note`: change what runs, without ending it."""

from typing import TYPE_CHECKING, Annotated

import typer

from .options import NEGATIVE, Json, Port, single
from .output import Output

if TYPE_CHECKING:
    from ..press import Press

APPS = {name: single() for name in ("setpoint", "pause", "continue", "next", "extend", "note")}

To = Annotated[str, typer.Argument(metavar="AMOUNT", help="A pressure or a force: 5MPa, '400 N'.")]
Rate = Annotated[str, typer.Option("--rate", help="How fast: 0.1MPa/s, '5 N/min'; without it, as the last movement.")]
Longer = Annotated[str, typer.Argument(metavar="[TIME]", help="How much longer: 1h, '90 min'.")]
Words = Annotated[str, typer.Argument(metavar="TEXT", help="What is to be kept, in quotes.")]


def _said(press: "Press", out: Output, text: str) -> None:
    now = press.snapshot()
    where = f"step {now.step} of {now.steps}, {now.step_kind}" if now.running else "no program runs"
    out.say(f"{text} ({where}; the press is {now.state}).")
    out.answer({**now.as_dict()})


@APPS["setpoint"].command(context_settings=NEGATIVE)
def setpoint(to: To, rate: Rate = "", port: Port = None, json: Json = False) -> None:
    """Bring a step that holds or ramps, or a cell that was left held, to another pressure or force.

    What goes beyond the press's limits, or the program's own highest (most_mpa in its head), is refused, and nothing moves.
    """
    from ..steering import amount
    from .connect import opened

    wanted = amount(to, "pressure", "force")
    speed = amount(rate, "pressure", "force", each=True) if rate else None
    given = {("force_n" if wanted.dimension == "force" else "pressure_pa"): float(wanted.value)}
    if speed is not None:
        given["rate_n_per_s" if speed.dimension == "force" else "rate_pa_per_s"] = float(speed.value)
    out = Output(json)
    with opened(port) as press:
        press.set_point(**given)
        _said(press, out, f"The set-point goes to {to}")


@APPS["pause"].command()
def pause(port: Port = None, json: Json = False) -> None:
    """Stop the step's clock; the force stays as it is, watched as before, until `stackpress continue`."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        press.pause()
        _said(press, out, "Paused: the force stays")


@APPS["continue"].command()
def go_on(port: Port = None, json: Json = False) -> None:
    """Go on where the pause came."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        press.go_on()
        _said(press, out, "It goes on")


@APPS["next"].command()
def next_step(port: Port = None, json: Json = False) -> None:
    """End this step before its time, with the set-point where it is, and begin the next."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        step = press.program_state().step
        press.next_step()
        _said(press, out, f"Step {step} is over")


@APPS["extend"].command(context_settings=NEGATIVE)
def extend(by: Longer = "1h", port: Port = None, json: Json = False) -> None:
    """Let the step that holds or waits do so for longer: an hour, or what is said."""
    from ..steering import amount
    from .connect import opened

    seconds = float(amount(by, "time").value)
    out = Output(json)
    with opened(port) as press:
        press.extend(seconds)
        _said(press, out, f"The step lasts {by} longer")


@APPS["note"].command()
def note(text: Words, port: Port = None, json: Json = False) -> None:
    """Keep a remark with its time in the press's log; `log comment` adds one to a run afterwards."""
    from .connect import opened
    from .exits import wire_text

    out = Output(json)
    with opened(port, contact=True) as press:
        press.remark(wire_text("note", text, 64))
        out.say(f"Kept in the press's log: {text}")
        out.answer({"note": text})
