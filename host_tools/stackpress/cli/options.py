"""Options that many commands share, declared once so that they are spelled and explained the same everywhere."""

import math
from pathlib import Path
from typing import Annotated

import typer

NEGATIVE = {"ignore_unknown_options": True}  # of a command that takes an amount: or -5 would be taken for an option


def finite(value: float | None) -> float | None:
    """For every option that takes a number: no bounds keep NaN out."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number to work with")
    return value


Port = Annotated[
    str | None,
    typer.Option("--port", envvar="STACKPRESS_PORT", help="Serial port; without it the only press attached is used."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
PressFile = Annotated[
    Path | None,
    typer.Argument(metavar="[PRESS.toml]", help="The press file; without it ./press.toml, then the user's own."),
]
SiteFile = Annotated[
    Path | None,
    typer.Option("--site", help="Site overrides; without it site.toml beside the press file, if there is one."),
]


def group(text: str, **settings: object) -> typer.Typer:
    """A Typer application that looks like the rest."""
    return typer.Typer(
        help=text,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


def single() -> typer.Typer:
    """A Typer application of one command."""
    app = group("")
    app.info.no_args_is_help = False
    return app
