"""`stackpress sim`: run a simulated press on a serial device, and lay a hand on it.

Without a word it starts one and stays until Ctrl-C; `sim fault`, `sim specimen` and their like speak to one that runs.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..config.numbers import shown
from .exits import NO_PRESS, REFUSED, Failure
from .options import NEGATIVE, Json, finite, group
from .output import Output, plural

if TYPE_CHECKING:
    from stackpress.simulator.supervisor import Supervisor

app = group("Start a simulated press on a serial device; the subcommands act on one that runs.")
app.info.no_args_is_help = False
APPS = {"sim": app}
SLOWEST, FASTEST = 0.01, 1000.0  # press seconds for a second

Which = Annotated[str, typer.Option("--name", help="Which simulated press, if several run.")]


def _must_run_here() -> None:
    """Failure where no simulated press can run."""
    from stackpress.simulator import missing

    if missing():
        raise Failure(
            f"No simulated press can run here: {missing()}.", "The host tool itself runs here; attach a press.", REFUSED
        )


def _plain(name: str) -> str:
    """It names files, and stands in the answer to `*IDN?`, whose fields are parted by commas."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,24}", name):
        raise typer.BadParameter(f"{shown(name)} is no name: 1 to 24 letters, digits, _ and -")
    return name


@app.callback(invoke_without_command=True)
def sim(
    ctx: typer.Context,
    plant: Annotated[str, typer.Option("--plant", help="Plant file, by path or by name.")] = "nominal",
    specimen: Annotated[str, typer.Option("--specimen", help="Specimen, by path or by name.")] = "steel_blank",
    seed: Annotated[int, typer.Option("--seed", help="Seed of noise and scatter.")] = 1,
    name: Annotated[str, typer.Option("--name", callback=_plain, help="Name; part of the board's identity.")] = "sim",
    state: Annotated[
        Path | None, typer.Option("--state", help="Folder of its flash and documents; kept between starts.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=SLOWEST, max=FASTEST, callback=finite, help="Press seconds for a second.")
    ] = 1.0,
    bare: Annotated[bool, typer.Option("--bare", help="As it leaves the workshop: no configuration at all.")] = False,
    json: Json = False,
) -> None:
    """Start a simulated press on a serial device; the subcommands act on one that runs."""
    if ctx.invoked_subcommand is not None:
        return
    _must_run_here()
    from stackpress.simulator import registry
    from stackpress.simulator.supervisor import Settings, SimError, Supervisor

    out = Output(json)
    name = registry.free(name)  # with flash and documents of its own
    folder = state or _state_folder(name)
    settings = Settings(name=name, state_dir=folder, plant=plant, specimen=specimen, seed=seed, speed=speed)
    try:
        supervisor = Supervisor(settings)
        if not bare:
            _commission(supervisor)
        with supervisor:
            supervisor.request(30, do="hello")
            told = {"name": name, "port": supervisor.port, "state": str(folder), "specimen": specimen}
            _serve(supervisor, out, told)
    except (SimError, ValueError, OSError) as error:
        raise Failure(f"The simulated press: {error}", "", REFUSED) from error


def _serve(supervisor: "Supervisor", out: Output, told: dict[str, str]) -> None:
    """Say where it is, and stay until Ctrl-C, SIGTERM, or a firmware that will not start."""
    import contextlib
    import signal

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    with contextlib.suppress(KeyboardInterrupt):
        out.say(f"Simulated press {told['name']} on {told['port']} ({told['specimen']}). Ctrl-C ends it.")
        out.say(f"Its flash, documents and truth.csv are in {told['state']}.")
        out.answer(told)
        supervisor.wait()
    if supervisor.failed:
        raise Failure(f"The simulated press: {supervisor.failed}", "", REFUSED)


def _state_folder(name: str) -> Path:
    from stackpress.simulator import registry

    return registry.folder() / "state" / name


def _commission(supervisor: "Supervisor") -> None:
    """A new simulated press gets the reference configuration, so that it can be tried at once."""
    if supervisor.fresh:
        from stackpress.simulator import provision

        provision.write(supervisor.state_dir, provision.commissioned(supervisor.spec, supervisor.identity))


def _ask(which: str, /, **message: Any) -> dict[str, Any]:
    _must_run_here()
    from stackpress.simulator import registry, side_channel_client
    from stackpress.simulator.supervisor import SimError

    running = registry.running()
    found = [one for one in running if which in ("", one["name"])]
    if len(found) != 1:
        names = ", ".join(one["name"] for one in running) or "none"
        text = "No simulated press runs." if not running else "Which simulated press?"
        raise Failure(text, f"Running: {names}. Start one with `stackpress sim`.", NO_PRESS)
    try:
        return side_channel_client.ask(found[0]["side_channel"], **message)
    except SimError as error:
        hint = "`stackpress sim faults` lists what can be broken." if message["do"] == "fault" else ""
        raise Failure(str(error), hint, REFUSED) from error


def _known_faults() -> list[tuple[str, str]]:
    """(name, what it is) of all that can be broken: at the plant, and at the board."""
    from stackpress_plant.fault_table import FAULTS
    from stackpress_sim.fault_table import FAULTS as BOARD_FAULTS

    return [(row[0], row[-1]) for row in (*FAULTS, *BOARD_FAULTS)]


def _checked_fault(name: str) -> None:
    """Raises Failure for a word that is no fault."""
    from difflib import get_close_matches

    known = [one for one, _ in _known_faults()]
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise Failure(f"There is no fault {name}.", f"{hint}`stackpress sim faults` lists what can be broken.")


@app.command()
def ls(json: Json = False) -> None:
    """List the simulated presses that run."""
    _must_run_here()
    from stackpress.simulator import registry

    out = Output(json)
    running = registry.running()
    out.table(("name", "port", "pid"), [(one["name"], one["port"], str(one["pid"])) for one in running])
    out.answer({"running": running})


@app.command(context_settings=NEGATIVE)
def fault(
    fault_name: Annotated[str, typer.Argument(metavar="FAULT", help="See `stackpress sim faults`.")],
    value: Annotated[int | None, typer.Argument(help="How much, where the fault takes a value; may be negative.")] = None,
    name: Which = "",
    json: Json = False,
) -> None:
    """Break something: every reason that stops a press can be provoked."""
    out = Output(json)
    _checked_fault(fault_name)
    _ask(name, do="fault", name=fault_name, value=value)
    out.say(f"{fault_name}: injected")
    out.answer({"fault": fault_name, "value": value})


@app.command()
def clear(
    fault_name: Annotated[str | None, typer.Argument(metavar="[FAULT]", help="One fault; without it, all.")] = None,
    name: Which = "",
    json: Json = False,
) -> None:
    """Mend what was broken."""
    out = Output(json)
    if fault_name is not None:
        _checked_fault(fault_name)
    _ask(name, do="clear", name=fault_name)
    out.say(f"{fault_name or 'all faults'}: cleared")
    out.answer({"cleared": fault_name})


@app.command()
def faults(json: Json = False) -> None:
    """List what can be broken."""
    out = Output(json)
    known = _known_faults()
    out.table(("fault", "what it is"), known)
    out.answer({"faults": [{"name": name, "help": text} for name, text in known]})


@app.command()
def specimen(
    which: Annotated[str, typer.Argument(metavar="SPECIMEN", help="A specimen, by path or by name.")],
    name: Which = "",
    json: Json = False,
) -> None:
    """Put another specimen between the platens."""
    out = Output(json)
    there = Path(which).resolve() if which.endswith(".toml") else which  # the press runs in another folder
    _ask(name, do="specimen", specimen=str(there))
    out.say(f"{which}: between the platens")
    out.answer({"specimen": which})


def _speed(speed: float) -> float:
    """Slower than that it would answer nobody, not even whoever wants it faster again."""
    if speed and not SLOWEST <= speed <= FASTEST:
        raise typer.BadParameter(f"{speed:g} is no speed: 0, or {SLOWEST:g} to {FASTEST:g}")
    return finite(speed) or 0.0


@app.command()
def pace(
    speed: Annotated[float, typer.Argument(callback=_speed, help="Press seconds for a second; 0: as fast as it can.")],
    name: Which = "",
    json: Json = False,
) -> None:
    """Let press time run faster or slower."""
    out = Output(json)
    _ask(name, do="pace", mode="real" if speed else "fast", speed=speed or 1.0)
    out.say(f"press time runs at {speed:g} times" if speed else "press time runs as fast as it can")
    out.answer({"speed": speed})


@app.command()
def restart(name: Which = "", json: Json = False) -> None:
    """Pull the plug and put it back: the specimen stays, what was broken is mended."""
    out = Output(json)
    _ask(name, do="restart")
    out.say("restarted")
    out.answer({"restarted": True})


@app.command()
def bootsel(
    held: Annotated[bool, typer.Option("--hold/--release", help="Hold the button, or let it go.")] = True,
    name: Which = "",
    json: Json = False,
) -> None:
    """Lay a finger on the board's BOOTSEL button, as whoever has lost the owner's code does."""
    out = Output(json)
    _ask(name, do="bootsel", held=held)
    out.say("BOOTSEL is held" if held else "BOOTSEL is let go")
    out.answer({"held": held})


@app.command()
def truth(name: Which = "", json: Json = False) -> None:
    """Say what the press truly does, whatever its firmware believes."""
    out = Output(json)
    answer = _ask(name, do="truth")
    for key, value in answer["truth"].items():
        shown = value if isinstance(value, list) else [value]
        out.say(f"{key:<24} {'  '.join(f'{one:g}' for one in shown)}")
    out.progress(plural(len(answer["truth"]), "value"))
    out.answer({"truth": answer["truth"], "t_s": answer.get("t_s")})
