"""Where a command says what: results to stdout, progress and questions to stderr; with --json one document, no chat.

A script that reads stdout must get the answer and nothing else, whatever the command had to say on the way.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .exits import DONE, WRONG_INPUT, Failure

if TYPE_CHECKING:
    from rich.console import Console


def colour_wanted() -> bool:
    """NO_COLOR (any value) and a terminal that is no terminal turn colour off."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Output:
    """One command's output."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    @property
    def live(self) -> bool:
        """Whether a moving picture may be drawn on stdout."""
        return not self.as_json and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    def console(self, stderr: bool = False) -> "Console":
        """A rich console; without colour where none is wanted."""
        from rich.console import Console

        return Console(stderr=stderr, no_color=not colour_wanted(), highlight=False)

    def say(self, text: str) -> None:
        """A line of the result for a person; nothing with --json."""
        if not self.as_json:
            print(text, flush=True)

    def progress(self, text: str) -> None:
        """A line on the way; stderr, nothing with --json."""
        if not self.as_json:
            print(text, file=sys.stderr, flush=True)

    def answer(self, document: dict[str, Any], ok: bool = True) -> None:
        """The JSON document; nothing without --json."""
        if self.as_json:
            print(json.dumps({"ok": ok, **document}, default=str), flush=True)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
        """Columns, as wide as they need to be; `right` names the columns that hold numbers."""
        if self.as_json or not rows:
            return
        cells = [list(head), *[list(row) for row in rows]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        for row in cells:
            shown = [
                text.rjust(w) if i in right else text.ljust(w)
                for i, (text, w) in enumerate(zip(row, widths, strict=True))
            ]
            print("  ".join(shown).rstrip())

    def confirm(self, question: str, yes: bool, what: str = "--yes") -> None:
        """Ask on the terminal; Failure if the answer is no, or if there is nobody to ask."""
        if yes:
            return
        if self.as_json or not sys.stdin.isatty():
            raise Failure(
                f"{question} Nobody is there to answer.", f"Say {what} if that is what you want.", WRONG_INPUT
            )
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Failure("Not confirmed; nothing was changed.", "", DONE)


def _sized(row: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[int, tuple[str, int]]]:
    return enumerate(zip(row, widths, strict=True))


def plural(count: int, word: str) -> str:
    """`1 record`, `2 records`."""
    return f"{count} {word}{'' if count == 1 else 's'}"
