"""`stackpress arm`, `disarm`, `stop`, `reset`: the short commands that change the press's state."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..states import HOLDING, READY, RELEASING, SAFE, TRIPPED
from .options import Json, Port, single
from .output import Output

if TYPE_CHECKING:
    from ..press import Press

APPS = {name: single() for name in ("arm", "disarm", "stop", "reset")}

Hold = Annotated[bool, typer.Option("--hold", help="Keep the cell compressed: freeze the force where it is.")]
Vent = Annotated[bool, typer.Option("--vent", help="Let all pressure out at once.")]


def _state(press: "Press", out: Output, wanted: tuple[str, ...], said: str) -> None:
    """Wait a moment until the press has adopted the state, then say so."""
    import time

    for _ in range(20):
        if press.state in wanted:
            break
        time.sleep(0.05)
    state = press.state
    out.say(f"{said}: the press is {state}.")
    out.answer({"state": state})


@APPS["arm"].command()
def arm(port: Port = None, json: Json = False) -> None:
    """Check everything and make the press ready; lists all that is not right, not only the first."""
    from .connect import opened
    from .exits import REFUSED, Failure

    out = Output(json)
    with opened(port, contact=True) as press:
        if press.state == READY:
            out.say("The press is ready already.")
            out.answer({"state": READY})
            return
        checks = press.checks()
        if checks:
            for check in checks:
                out.progress(f"  {check.code}: {check.text}")
            text = f"The press can't be armed: {len(checks)} check{'s fail' if len(checks) > 1 else ' fails'}."
            listed = [{"code": check.code, "text": check.text} for check in checks]
            raise Failure(text, "Put these right, then arm again.", REFUSED, listed)
        press.arm()
        _state(press, out, (READY,), "Armed")


@APPS["disarm"].command()
def disarm(port: Port = None, json: Json = False) -> None:
    """Make the press safe. Refused while the cell is pressed: stop first."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        press.disarm()
        _state(press, out, (SAFE,), "Disarmed")


@APPS["stop"].command()
def stop(port: Port = None, hold: Hold = False, vent: Vent = False, json: Json = False) -> None:
    """End a run in a controlled way: the force is released at a bounded rate, then vented."""
    from ..errors import LinkLost
    from ..press import vent_unheard
    from .connect import opened
    from .exits import Failure

    if hold and vent:
        raise Failure("--hold and --vent exclude each other.")
    out = Output(json)
    kind = "hold" if hold else "vent" if vent else "controlled"
    try:
        with opened(port, alone=False) as press:
            press.stop(kind)
            words = {"hold": "Stopped, the force is held", "vent": "Stopped, venting", "controlled": "Stopping, releasing"}
            wanted = (HOLDING,) if hold else (SAFE, READY, TRIPPED) if vent else (RELEASING, READY, SAFE)
            _state(press, out, wanted, words[kind])
    except LinkLost:
        if vent:
            where = vent_unheard(port)
            out.progress(f"{where} does not answer: a break and the stop byte were sent, and a press that hears one of them vents.")
        raise


@APPS["reset"].command()
def reset(port: Port = None, json: Json = False) -> None:
    """Acknowledge a trip whose condition is gone. Nothing moves; the press must be armed again."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        reason = press.snapshot().trip_reason
        press.reset()
        _state(press, out, (SAFE,), f"Acknowledged {reason or 'warnings'}")
