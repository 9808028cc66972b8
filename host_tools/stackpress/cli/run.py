"""`stackpress run`: start a program, and with --follow watch it to its end; `stackpress follow` watches one that runs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..states import DRIVEN, READY, TRIPPED
from .exits import DONE, NO_PRESS, REFUSED, Failure, wire_text
from .options import Json, Port, single
from .output import Output

if TYPE_CHECKING:
    from ..press import Press
    from ..view.snapshot import Snapshot
    from .follow import End

app, follow_app = single(), single()
APPS = {"run": app, "follow": follow_app}

Program = Annotated[str, typer.Argument(metavar="PROGRAM", help="On the press, a TOML file, or a ready-made program.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Watch it to its end; Ctrl-C asks what to do.")]
Sample = Annotated[str, typer.Option("--sample", "-s", help="What is pressed; kept in the log.")]
Operator = Annotated[str, typer.Option("--operator", "-o", help="Who presses it; kept in the log.")]
FromHeld = Annotated[
    bool, typer.Option("--from-held", help="Go on from the cell that the last program has left held; its force stays.")
]
NoArm = Annotated[bool, typer.Option("--no-arm", help="Do not arm the press; refuse if it is not ready.")]


@app.command()
def run(
    program: Program,
    follow: Follow = False,
    sample: Sample = "",
    operator: Operator = "",
    no_arm: NoArm = False,
    from_held: FromHeld = False,
    port: Port = None,
    json: Json = False,
) -> None:
    """Start a program. A file is checked and sent first; the press is armed if it is safe.

    It runs to its end on the press with or without this computer; what happens when the host is lost is the
    program's own host_loss policy. With --from-held nothing is vented or armed: the program begins with the force that is
    there, for the same cell, and both runs know each other; if it is refused the cell stays held.
    """
    from .connect import opened

    out = Output(json)
    sample, operator = wire_text("sample", sample, 32), wire_text("operator", operator, 24)
    with opened(port, contact=True) as press:
        _not_tripped(press)
        name = _on_press(press, program, out)
        if not from_held:
            _armed(press, no_arm)
        number = press.start(name, sample, operator, from_held)
        if not follow:
            what = "goes on from the held cell" if from_held else "started"
            out.say(f"{name}: {what}, run {number}. `stackpress monitor` watches it, `stackpress stop` ends it.")
            out.answer({"program": name, "run": number, "state": press.state})
            return
        _followed(press, out, name, number)


@follow_app.command()
def follow(port: Port = None, json: Json = False) -> None:
    """Watch the program that runs to its end, as `run --follow` does: its exit code is the run's, Ctrl-C asks what to do.

    Of a press on which none runs it tells at once how the last one ended.
    """
    from .connect import opened

    out = Output(json)
    with opened(port, contact=True) as press:
        program = press.program_state()
        if not program.run:
            raise Failure("No program has run since the press was started.", "`stackpress runs` lists what is kept.", REFUSED)
        _followed(press, out, program.name, program.run)


def _not_tripped(press: "Press") -> None:
    """Raises Failure with reason and hint: nothing can be sent to a press that has tripped, nor started."""
    if press.state == TRIPPED:
        from ..view.snapshot import then_reset

        trip = press.tripped()
        raise Failure(f"The press is tripped by {trip.reason}.", then_reset(trip.hint), REFUSED)


def _on_press(press: "Press", program: str, out: Output) -> str:
    """The name of the program on the press; sends it first if it is a file, or ready-made and not there yet."""
    name, sent = press.program_ready(program)
    if sent:
        out.progress(f"{name}: checked and sent")
    return name


def _armed(press: "Press", no_arm: bool) -> None:
    state = press.state
    if state == READY:
        return
    if state in DRIVEN:
        if press.program_state().step:
            raise Failure(f"A program is running; the press is {state}.", "`stackpress monitor` shows it.", REFUSED)
        hint = "`--from-held` goes on from it; `stackpress stop` lets it go."
        raise Failure(f"A cell is held; the press is {state}.", hint, REFUSED)
    if no_arm:
        raise Failure(f"The press is {state}, not armed.", "Arm it with `stackpress arm`.", REFUSED)
    failing = press.checks()
    if failing:
        listed = [{"code": one.code, "text": one.text} for one in failing]
        told = "; ".join(one.text for one in failing)
        raise Failure(f"The press can't be armed: {told}", "`stackpress status` lists every check.", REFUSED, listed)
    press.arm()
    _wait_for(press, READY)


def _wait_for(press: "Press", state: str) -> None:
    import time

    for _ in range(40):
        if press.state == state:
            return
        time.sleep(0.05)
    raise Failure(f"The press did not become {state}; it is {press.state}.", "See `stackpress status`.", REFUSED)


def _followed(press: "Press", out: Output, name: str, number: int) -> None:
    from .connect import is_link_error
    from .follow import Follower, RunOver

    ran = RunOver()
    ran.seen = True  # it was started, or found

    def over(snapshot: "Snapshot") -> bool:
        """Another run number means that the press has restarted: whatever runs now is not this run."""
        return ran(snapshot) or snapshot.run != number

    end = Follower(press, out, f"{press.identity} · {press.port}", over, is_link_error).follow()
    how = _outcome(end, number)
    answer: dict[str, Any] = {**end.last.as_dict(), "program": name, "run": number, "end": how, "why": end.why}
    code = {"tripped": REFUSED, "failed": REFUSED, "cut off": REFUSED, "lost": NO_PRESS}.get(how, DONE)
    out.answer(answer, ok=code == DONE)
    out.say(f"{name}, run {number}: {_told(how, end)}")
    if code:
        raise typer.Exit(code)


def _outcome(end: "End", number: int) -> str:
    """done, stopped, failed, tripped, cut off (the press restarted), left (still running) or lost (no link)."""
    if end.how not in ("done", "stopped"):
        return end.how
    if end.last.run != number:
        return "cut off"
    return end.last.run_state if end.last.run_state in ("stopped", "failed") else end.how


def _told(how: str, end: "End") -> str:
    """How it ended, in a sentence."""
    from ..view.snapshot import force_text

    last = end.last
    why = f" ({last.run_why})" if last.run_why not in ("", how) else ""
    held = f", still held at {force_text(last.force_n)}" if last.pressed else ""
    words = {
        "done": f"done; the press is {last.state}{held}.",
        "stopped": f"stopped{why}; the press is {last.state}{held}.",
        "failed": f"ended early{why}; the press is {last.state}{held}.",
        "tripped": f"tripped by {last.trip_reason}. {last.trip_told}",
        "cut off": f"cut off: the press has restarted; it is {last.state}.",
        "lost": f"the link is lost; the press goes on by the program's host-loss policy. {end.why}",
    }
    left = f"left running at {force_text(last.force_n)} ({end.why}). `stackpress stop` ends it."
    return words.get(how, left)
