"""`stackpress program`: check, push, list, show and remove programs (recipes)."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json, Port, Yes, group
from .output import Output, plural

if TYPE_CHECKING:
    from ..press import Press

app = group("Check, push, list, show and remove programs (recipes).")
APPS = {"program": app}

NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")  # what the press accepts as a name

Files = Annotated[list[str], typer.Argument(metavar="PROGRAM...", help="TOML files, or names of ready-made programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A program on the press.")]
Against = Annotated[
    Path | None,
    typer.Option("--press", help="Check against this press file's limits; without it, against ./press.toml."),
]


Held = Annotated[
    str, typer.Option("--from-held", metavar="AMOUNT", help="As a program that goes on from a cell held with this: 5MPa, '400 N'.")
]


def summary(program: dict[str, Any], limits: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a valid program will do, as the press itself reckons it; the pressure is None where no area is known."""
    from .. import programs

    totals = programs.totals(program, limits)
    return {
        "name": program["name"],
        "steps": totals.steps,
        "expected_s": sum(expected for expected, _ in totals.times) / 1000,
        "longest_s": sum(longest for _, longest in totals.times) / 1000,
        "highest_force_n": totals.highest_cn / 100,
        "highest_pressure_pa": totals.highest_kpa * 1000 or None,
        "holds_on": totals.holds_on,
    }


def _print(out: Output, program: dict[str, Any], limits: dict[str, Any]) -> None:
    from .. import programs
    from ..view.snapshot import force_text, pressure_text, time_text

    told = summary(program, limits)
    highest = force_text(told["highest_force_n"])
    if told["highest_pressure_pa"]:
        highest += f" = {pressure_text(told['highest_pressure_pa'])}"
    out.say(
        f"{told['name']}: {plural(told['steps'], 'step')}, about {time_text(told['expected_s'])}, up to {highest}"
        + ", then holds on" * told["holds_on"]
    )
    rows = [(str(one.number), one.kind, one.text, time_text(one.expected_s)) for one in programs.describe(program, limits)]
    out.table(("", "step", "what", "about"), rows, right=(0, 3))


def _start(from_held: str) -> dict[str, Any]:
    """What a program is judged by besides that goes on from a held cell. Raises WrongInput."""
    from ..steering import amount

    if not from_held:
        return {}
    held = amount(from_held, "pressure", "force")
    return {"start_pa": round(held.value)} if held.dimension == "pressure" else {"start_cn": round(held.value * 100)}


@app.command()
def check(files: Files, press: Against = None, from_held: Held = "", json: Json = False) -> None:
    """Check whole programs against a press's limits; nothing is sent."""
    from .. import contacts, held, program_limits, programs, step_limits
    from ..config import load
    from ..config.complaints import Complaint, ConfigError

    out = Output(json)
    path = press or (Path("press.toml") if Path("press.toml").is_file() else None)
    effective = load(path) if path is not None else None
    limits = program_limits.of(effective) if effective is not None else None
    against = {**(limits or {}), **_start(from_held)}
    found: list[Complaint] = []
    good = []
    for file in files:
        try:
            good.append(programs.load(file, against))
        except ConfigError as error:
            found += error.complaints
    starts = [programs.start_cn(program, against) for program in good]
    begins = list(zip(good, starts, strict=True))
    trips = [step_limits.of(program, effective, start) if effective is not None else [] for program, start in begins]
    if found:
        raise ConfigError(found)
    measured, why_not = held.read(path, effective) if path is not None and effective is not None else ([], "")
    told = []
    for (program, start), orders in zip(begins, trips, strict=True):
        closes = contacts.contacts(program, effective) if effective is not None else []
        holds = held.expected(measured, orders)
        _print(out, program, against)
        blows = contacts.untouched(program, start)
        lists: dict[str, list[Any]] = {"untouched": blows, "contacts": closes, "limits": orders, "holds": holds}
        for line in [one.text for found in lists.values() for one in found]:
            out.say(line)
        told.append({**summary(program, against), **{key: [asdict(one) for one in found] for key, found in lists.items()}})
    if why_not:
        out.progress(why_not)
    if limits is None:
        out.progress("Not checked against a press's limits: name one with --press PRESS.toml.")
    out.answer({"programs": told, "against": str(path) if path else None})


@app.command()
def push(files: Files, port: Port = None, yes: Yes = False, json: Json = False) -> None:
    """Check against the press's own limits, then send; the press checks again."""
    from .. import program_limits, programs
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        limits = program_limits.on(press)
        ready = [programs.load(file, limits) for file in files]
        there = set(press.programs())
        again = [one["name"] for one in ready if one["name"] in there]
        if again:
            out.confirm(f"Replace {', '.join(again)} on {press.identity}?", yes)
        for program in ready:
            press.document_put(f"program/{program['name']}", programs.to_json(program))
            out.say(f"{program['name']}: on the press, {plural(len(program['steps']), 'step')}")
    out.answer({"programs": [summary(program, limits) for program in ready]})


@app.command()
def ls(
    port: Port = None,
    ready_made: Annotated[bool, typer.Option("--ready-made", help="The programs that ship with stackpress.")] = False,
    json: Json = False,
) -> None:
    """List the programs on the press, or those that ship with stackpress."""
    from .. import programs
    from .connect import opened

    out = Output(json)
    if ready_made:
        known = [programs.load(path) for path in programs.ready_made().values()]
        out.table(("name", "what it is for"), [(one["name"], one.get("about", "")) for one in known])
        out.answer({"ready_made": [{"about": one.get("about", ""), **summary(one)} for one in known]})
        return
    with opened(port) as press:
        names = press.programs()
    for name in names:
        out.say(name)
    if not names:
        out.progress("The press has no programs: `stackpress program push NAME` sends one (see --ready-made).")
    out.answer({"programs": names})


def fetch(press: "Press", name: str) -> dict[str, Any]:
    """A program from the press. Failure if it has none of that name."""
    import json
    from difflib import get_close_matches

    from .exits import Failure

    data = press.document_get(f"program/{name}") if NAME.fullmatch(name) else None
    if data is not None:
        found: dict[str, Any] = json.loads(data)
        return found
    names = press.programs()
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(names) or 'none'}."
    raise Failure(f"The press has no program {name}.", hint)


@app.command()
def show(name: Name, port: Port = None, json: Json = False) -> None:
    """Show a program of the press (or a ready-made one) as a file."""
    from .. import programs
    from .connect import opened

    out = Output(json)
    if name in programs.ready_made() or name.endswith(".toml"):
        program = programs.load(name)
    else:
        with opened(port) as press:
            program = fetch(press, name)
    out.say(programs.to_toml(program).rstrip("\n"))
    out.answer({"program": program})


@app.command()
def rm(name: Name, port: Port = None, yes: Yes = False, json: Json = False) -> None:
    """Remove a program from the press."""
    from .connect import opened

    out = Output(json)
    with opened(port) as press:
        fetch(press, name)
        out.confirm(f"Remove {name} from {press.identity}?", yes)
        press.document_delete(f"program/{name}")
    out.say(f"{name}: removed")
    out.answer({"removed": name})
