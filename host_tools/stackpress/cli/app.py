"""The tree of commands as a table, and the way from what was typed to an exit code.

The table's help lines make `stackpress --help` without importing one command. Every error that a user can cause ends
here as one line with a hint and a documented exit code; a traceback means a defect of this program.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("TYPER_USE_RICH", "0")  # before typer is imported: plain help starts in half the time

import typer
from typer.core import TyperGroup

from .exits import EXIT_TEXT, WRONG_INPUT, explain

# name, module, what it does
COMMANDS = (
    ("demo", "demo", "Press, hold and log a pellet on the simulated press, from start to report."),
    ("sim", "sim", "Start a simulated press on a serial device."),
    ("status", "status", "Say what the press is doing, and what keeps it from being armed."),
    ("monitor", "status", "Watch force, set-point and warnings live."),
    ("arm", "motion", "Check everything and make the press ready."),
    ("disarm", "motion", "Make the press safe."),
    ("run", "run", "Start a program; --follow watches it to its end."),
    ("stop", "motion", "End a run: controlled, or --hold, or --vent."),
    ("reset", "motion", "Acknowledge a trip."),
    ("config", "config", "Check, push, pull and compare the configuration; write the ceilings."),
    ("calibrate", "calibrate", "Zero, tare and calibrate the load cells, guided."),
    ("program", "program", "Check, push, list, show and remove programs (recipes)."),
    ("log", "log", "List, pull, export and plot what the press has logged."),
    ("runs", "log", "List the runs that are kept on this computer."),
    ("report", "log", "Write a run's report as one HTML file."),
    ("flash", "flash", "Put firmware on a board, checked before and after; --rollback goes back."),
    ("selftest", "health", "Let the press test itself."),
    ("doctor", "health", "Look for what is wrong with this computer, the port and the press."),
)
_MODULE_OF = {name: module for name, module, _ in COMMANDS}

EPILOG = "Exit codes: " + "; ".join(f"{code} {text}" for code, text in EXIT_TEXT.items()) + "."


class LazyGroup(TyperGroup):
    """Knows every command's name and help line; imports its module when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the module, build its command; None for an unknown name."""
        module = _MODULE_OF.get(cmd_name)
        if module is None:
            return None
        if cmd_name not in self.commands:
            from importlib import import_module

            app: typer.Typer = import_module(f"{__package__}.{module}").APPS[cmd_name]
            self.commands[cmd_name] = typer.main.get_command(app)
            self.commands[cmd_name].name = cmd_name
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table, without loading what it stands for."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, _, text in COMMANDS])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As usual, with a suggestion out of the table for a word that is no command."""
        if args and args[0] not in _MODULE_OF and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], list(_MODULE_OF), n=1)
            ctx.fail(f"there is no command '{args[0]}'" + (f"; did you mean '{near[0]}'?" if near else "."))
        return super().resolve_command(ctx, args)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError
        from importlib.metadata import version as installed

        try:
            typer.echo(f"stackpress {installed('stackpress')}")
        except PackageNotFoundError:
            typer.echo("stackpress (run from its folder, not installed)")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Operate a laboratory press for solid-state battery cells.

    The only press attached is found by itself, else --port (or STACKPRESS_PORT). --json makes the output one JSON
    document; NO_COLOR is respected. `stackpress COMMAND --help` says more.
    """


def make_app() -> Any:
    """The whole tree, nothing loaded yet."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
    app = typer.Typer(
        name="stackpress",
        cls=LazyGroup,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings=settings,
        epilog=EPILOG,
    )
    app.callback()(_root)
    return typer.main.get_command(app)


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
        code = make_app().main(args=words, prog_name="stackpress", standalone_mode=False)
        return int(code or 0)
    except typer.TyperException as error:
        if as_json:
            return explain(error.format_message(), "", WRONG_INPUT, True)
        error.show() if hasattr(error, "show") else print(f"Error: {error}", file=sys.stderr)
        return WRONG_INPUT if words else 0
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - nobody reads; keeps the interpreter from complaining at exit
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return explain("interrupted", "nothing that runs on the press was changed", WRONG_INPUT, as_json)
    except Exception as error:
        from .exits import failure_of

        known = failure_of(error)
        if known is None:
            raise
        return explain(known.text, known.hint, known.code, as_json, known.details)
