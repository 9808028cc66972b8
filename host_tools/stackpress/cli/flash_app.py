"""The part of `stackpress flash` that deals with app sets on a stock MicroPython."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .flash_shown import finished, introduce, shown
from .output import Output

if TYPE_CHECKING:
    from ..flashing.app_sets import OnBoard
    from ..flashing.targets import Target, Wanted


def send(out: Output, folder: Path, wanted: "Wanted", wait_s: float, dry_run: bool, yes: bool) -> None:
    """Send a set into the folder that is not in use, and switch to it."""
    from ..flashing import app_sets

    app = app_sets.read_set(folder)
    target = _target(wanted, app.board)
    introduce(out, target)
    about: dict[str, Any] = {"board": target.board, "identity": target.identity, "why": target.why, "app": app.about()}
    app_sets.check_board(app, target)
    with _at_prompt(target) as board:
        app_sets.check(app, target, board)
        letter = app_sets.OTHER.get(board.now, "a")
        steps = [f"send {len(app.says['files'])} files into folder {letter} (now: {board.now or 'none'}) and verify their hashes",
                 f"switch to set {letter} and restart", f"wait for the board, which must then say hash {app.hash}"]  # fmt: skip
        if dry_run:
            for step in steps:
                out.say(f"would {step}")
            out.answer({**about, "dry_run": True, "steps": steps})
            app_sets.restart(target)
            return
        out.confirm(f"Send this set to {target.identity or target.board}?", yes)
        with shown(out) as watch:
            app_sets.send(app, str(target.port), board, watch)
            done = app_sets.switch(letter, app.hash, target, wanted, watch, wait_s)
    finished(out, about, done)


def back(out: Output, target: "Target", wanted: "Wanted", wait_s: float, dry_run: bool, yes: bool) -> None:
    """Switch to the set that was kept."""
    from ..flashing import app_sets

    about: dict[str, Any] = {"board": target.board, "identity": target.identity, "why": target.why}
    with _at_prompt(target) as board:
        letter, content = app_sets.other_set(str(target.port), board)
        about["app"] = {"letter": letter, "hash": content}
        steps = [f"switch to set {letter} (content {content}) and restart"]
        if dry_run:
            out.say(f"would {steps[0]}")
            out.answer({**about, "dry_run": True, "steps": steps})
            app_sets.restart(target)
            return
        out.confirm(f"Go back to set {letter}, content {content}?", yes)
        with shown(out) as watch:
            done = app_sets.switch(letter, content, target, wanted, watch, wait_s)
    finished(out, about, done)


def _target(wanted: "Wanted", board: str) -> "Target":
    """The board that answers, or one that is at the prompt of a MicroPython without our firmware."""
    from ..errors import LinkLost
    from ..flashing.targets import Target, only_port, running

    port = only_port(wanted.port)
    try:
        return running(port, wanted)
    except LinkLost as error:
        if "MicroPython prompt" not in str(error):
            raise
    return Target(wanted.board or board, "", "it is at the MicroPython prompt, and the set says so", port)


@contextmanager
def _at_prompt(target: "Target") -> Iterator["OnBoard"]:
    """What is on the board, which waits at its prompt meanwhile; whatever ends this before the switch restarts it."""
    import contextlib

    from ..errors import FlashBroken
    from ..flashing import app_sets

    board = app_sets.look(str(target.port))
    try:
        yield board
    except BaseException:
        with contextlib.suppress(FlashBroken):
            app_sets.restart(target)
        raise
