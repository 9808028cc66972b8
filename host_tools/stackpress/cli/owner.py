"""The owner's code on the command line: `stackpress service`, and what asks for the code before service work.

It is read without echo from the terminal, or from STACKPRESS_CODE for a script, and from nowhere else: a word of a command line
stands in the shell's history and in the list of processes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .options import Json, Port, Yes, group
from .output import Output

if TYPE_CHECKING:
    from ..press import Press

app = group("The owner's code, which ceilings, calibration and weaker parameters need: set it, say whether it is set, forget it.")
APPS = {"service": app}
CODE, NEW_CODE = "STACKPRESS_CODE", "STACKPRESS_NEW_CODE"
HOW_TO_SET = "Its owner sets one with `stackpress service set`; until then nobody can do service work."
OLD = "Bring it a newer firmware first: `stackpress flash`."
HOLD = "Hold BOOTSEL on the board, then say `stackpress service forget`: only a hand on the board can do it."


@contextmanager
def in_service(press: "Press", out: Output, what: str) -> Iterator[None]:
    """Service with the owner's code while the block runs. Raises Failure, PressRefused."""
    from .exits import REFUSED, Failure

    owned = press.has_code()
    if owned is None:
        raise Failure(f"This is service work: {what}. The press's firmware knows no owner's code.", OLD, REFUSED)
    if not owned:
        raise Failure(f"This is service work: {what}. The press has no owner's code.", HOW_TO_SET, REFUSED)
    out.progress(f"This is service work: {what}.")
    press.service_enter(ask(out, "Owner's code", CODE))
    try:
        yield
    finally:
        press.service_leave()


def enter_if_owned(press: "Press", out: Output) -> None:
    """What takes a press over (a new image) needs the code of one that has an owner. Raises Failure, PressRefused."""
    if press.has_code():
        press.service_enter(ask(out, "Owner's code", CODE))


def ask(out: Output, what: str, variable: str) -> str:
    """A code, without echo. Raises Failure where nobody can be asked."""
    import getpass
    import sys

    from .exits import Failure, wire_text

    given = os.environ.get(variable)
    if given is None:
        if out.as_json or not sys.stdin.isatty():
            raise Failure(f"{what}: nobody is there to be asked.", f"A script gives it in {variable}.")
        given = getpass.getpass(f"{what}: ", sys.stderr)
    return wire_text("code", given, 64)


@app.command("set")
def set_(port: Port = None, json: Json = False) -> None:
    """Set the owner's code: the first one, or another one with the one before."""
    from .connect import opened
    from .exits import Failure

    out = Output(json)
    with opened(port, contact=True) as press:
        owned = press.has_code() is not False
        before = ask(out, "The code as it is now", CODE) if owned else ""
        code = ask(out, "New code (8 to 64 characters)", NEW_CODE)
        if NEW_CODE not in os.environ and ask(out, "The same again", NEW_CODE) != code:
            raise Failure("That was not the same; nothing was changed.")
        press.service_set(before, code)
        identity = press.identity
    out.say(f"{identity} has {'another' if owned else 'its'} owner's code now. It can't be read back: keep it somewhere safe.")
    out.answer({"identity": identity, "set": True})


@app.command()
def state(port: Port = None, json: Json = False) -> None:
    """Say whether the owner has set a code."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        owned = press.has_code() is not False
    out.say("The owner has set a code." if owned else f"No code is set. {HOW_TO_SET}")
    out.answer({"set": owned})


@app.command()
def forget(port: Port = None, yes: Yes = False, json: Json = False) -> None:
    """Forget a code that was lost: while a hand holds BOOTSEL on the board."""
    from ..errors import PressRefused
    from .connect import opened
    from .exits import REFUSED, Failure

    out = Output(json)
    with opened(port, contact=True) as press:
        out.confirm("Do you hold BOOTSEL on the board?", yes)
        try:
            press.service_forget()
        except PressRefused as error:
            raise Failure(str(error), HOLD, REFUSED) from error
    out.say("The code is forgotten; limits, documents and log are as they were.")
    out.answer({"set": False})
