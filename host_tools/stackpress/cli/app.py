"""The commands as a table, and the way from what was typed to an exit code.

The table makes `stackpress --help` without importing one command, or the library that reads a command's options. Every error
that a user can cause ends here as one line with a hint and a documented exit code; a traceback means a defect of this program.
"""

import os
import sys
from collections.abc import Sequence

from .exits import DONE, EXIT_TEXT, WRONG_INPUT, Failure, explain, failure_of

# name, module, what it does
COMMANDS = (
    ("demo", "demo", "Press, hold and log a pellet on the simulated press, whole way."),
    ("sim", "sim", "Start a simulated press on a serial device."),
    ("status", "status", "Say what the press is doing, and what keeps it from being armed."),
    ("monitor", "status", "Watch force, set-point and warnings live."),
    ("arm", "motion", "Check everything and make the press ready."),
    ("disarm", "motion", "Make the press safe."),
    ("run", "run", "Start a program; --follow watches it to its end."),
    ("follow", "run", "Watch the program that runs to its end; its exit code is the run's."),
    ("setpoint", "steer", "Another pressure or force for what runs, or for a cell left held."),
    ("pause", "steer", "Stop the program's clock; the force stays."),
    ("continue", "steer", "Go on after a pause."),
    ("next", "steer", "End this step and begin the next."),
    ("extend", "steer", "Let a hold last an hour longer, or so."),
    ("note", "steer", "Keep a remark with its time in the press's log."),
    ("why", "why", "Say what stopped the press, and what to check first."),
    ("stop", "motion", "End a run: controlled, or --hold, or --vent."),
    ("reset", "motion", "Acknowledge a trip."),
    ("config", "config", "Check, push, pull and compare the configuration; the ceilings."),
    ("calibrate", "calibrate", "Zero, tare and calibrate the load cells, guided."),
    ("commission", "commission", "The first day on the bench: measure, tune, write the press file and a protocol."),
    ("service", "owner", "Set the owner's code, which service work needs, or forget a lost one."),
    ("program", "program", "Check, push, list, show and remove programs (recipes)."),
    ("log", "log", "List, pull, import, export, plot and comment what was logged."),
    ("runs", "runs", "List the runs that are kept on this computer."),
    ("tag", "tag", "Say what a run's specimen was: mass, thickness, lot, any key."),
    ("reference", "reference", "Keep what die and frame give way by, from runs on a rigid blank."),
    ("thickness", "reference", "Thickness, density, porosity and stiffness of a run's specimen, step by step."),
    ("uniformity", "uniformity", "Where the load was in each hold, how even the cells carried it, as a map."),
    ("compare", "compare", "Compare runs step by step, and over each other."),
    ("merge", "merge", "Join a run with a cycler's or potentiostat's files of the same cell."),
    ("report", "log", "Write a run's report as one HTML or PDF file."),
    ("serve", "serve", "Own the presses' ports for many clients: page, API, SCPI over TCP, messages."),
    ("flash", "flash", "Put firmware on a board, checked; --rollback goes back."),
    ("selftest", "health", "Let the press test itself."),
    ("doctor", "health", "Say what is wrong with this computer, the port and the press."),
)
MODULE_OF = {name: module for name, module, _ in COMMANDS}

HELP = """\
Usage: stackpress COMMAND [OPTIONS] [ARGS]...

  Operate a laboratory press for solid-state battery cells.

  The only press attached is found by itself, else --port (or
  STACKPRESS_PORT). --json makes the output one JSON document; NO_COLOR is
  respected. `stackpress COMMAND --help` says more.

Options:
  --version   Print the version.
  -h, --help  Show this message and exit.

Commands:
"""


def page() -> str:
    """What `stackpress --help` prints."""
    rows = [f"  {name:<10} {text}\n" for name, _, text in COMMANDS]
    codes = [f"  {code}  {text}\n" for code, text in EXIT_TEXT.items()]
    return "".join((HELP, *rows, "\nExit codes:\n", *codes))


def version() -> str:
    """The installed version, in words."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return f"stackpress {installed('stackpress')}"
    except PackageNotFoundError:
        return "stackpress (run from its folder, not installed)"


def in_front(argv: Sequence[str]) -> list[str]:
    """Move `--json` and `--port X` that stand before the command behind it: both orders are typed."""
    words, moved = list(argv), []
    while words and words[0] in ("--json", "--port"):
        moved.append(words.pop(0))
        if moved[-1] == "--port" and words:
            moved.append(words.pop(0))
    return words + moved if words else moved


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line; gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a letter shows "?", it does not end the command
    words = in_front(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        return _obey(words, as_json)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - nobody reads; keeps the interpreter from complaining at exit
        return DONE
    except KeyboardInterrupt:
        return explain("interrupted", "nothing that runs on the press was changed", WRONG_INPUT, as_json)
    except Exception as error:
        known = failure_of(error)
        if known is None:
            raise
        return explain(known.text, known.hint, known.code, as_json, known.details)


def _obey(words: list[str], as_json: bool) -> int:
    first = words[0] if words else "--help"
    if first in ("-h", "--help"):
        sys.stdout.write(page())
        return DONE
    if first == "--version":
        print(version())
        return DONE
    if first not in MODULE_OF:
        raise _unknown(first)
    return _command(first, words[1:], as_json)


def _unknown(word: str) -> Failure:
    if word.startswith("-"):
        return Failure(f"No such option: {word}", "`stackpress --help` lists options and commands.")
    from difflib import get_close_matches

    near = get_close_matches(word, list(MODULE_OF), n=1)
    meant = f"; did you mean '{near[0]}'?" if near else "."
    return Failure(f"there is no command '{word}'{meant}", "`stackpress --help` lists them.")


def _command(name: str, words: list[str], as_json: bool) -> int:
    """Import the command's module, let typer read its words, do it."""
    os.environ.setdefault("TYPER_USE_RICH", "0")  # before typer is imported: plain help starts in half the time
    from importlib import import_module

    import typer

    command = typer.main.get_command(import_module(f"{__package__}.{MODULE_OF[name]}").APPS[name])
    try:
        return int(command.main(args=words, prog_name=f"stackpress {name}", standalone_mode=False) or DONE)
    except typer.TyperException as error:
        if as_json:
            return explain(error.format_message(), "", WRONG_INPUT, True)
        error.show() if hasattr(error, "show") else print(f"Error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except typer.Abort as error:
        raise KeyboardInterrupt from error
