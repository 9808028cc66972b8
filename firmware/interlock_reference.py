"""Writes stackpress_core/tick/INTERLOCKS.md from the interlock table and the arming checks; a test compares the two."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "tests" / "shim")]

from stackpress_core import arming  # noqa: E402
from stackpress_core.tick import interlock, states  # noqa: E402

TARGET = HERE / "stackpress_core/tick/INTERLOCKS.md"

COLUMNS = ("reason", "limit", "debounce", "reaction", "in states", "acknowledged", "what to do")
ENDS = {interlock.GONE: "once it is gone", interlock.STOPPED: "at any time"}


def named(mask):
    return " ".join(name for i, name in enumerate(states.NAMES) if mask >> i & 1)


def limit_of(row):
    limit = row[interlock.LIMIT]
    return "ceiling" if isinstance(limit, tuple) else limit if isinstance(limit, str) else "> %d" % limit


def told_reaction(reaction):
    if isinstance(reaction, tuple):
        return "%s, %s for a hold" % (reaction[0], states.REACTIONS[reaction[1]])
    return reaction if isinstance(reaction, str) else states.REACTIONS[reaction]


def text():
    lines = [
        "# Interlocks: why the ram may not move", "",
        "Made from `interlock.py`. A row trips when its signal exceeds the limit for longer than the debounce, "
        "in one of its states.",
        "Names of limits, debounces and reactions are parameters; plain debounces are milliseconds.",
        "", "| " + " | ".join(COLUMNS) + " |", "| --- " * len(COLUMNS) + "|",
    ]  # fmt: skip
    for row in interlock.ROWS:
        reaction = row[interlock.REACTION]
        told = (row[interlock.NAME], limit_of(row), row[interlock.DEBOUNCE],
                told_reaction(reaction), named(row[interlock.STATES]),
                ENDS[row[interlock.ENDS]], row[interlock.HINT])  # fmt: skip
        lines.append("| %s |" % " | ".join(str(cell) for cell in told))
    lines += ["", "## Arming checks", "", "All that fail are told at once.", "", "| code | refuses when |", "| --- | --- |"]
    for code, _, _, says in arming.CHECKS:
        lines.append("| %s | %s |" % (code, says or "said with its figures"))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if not TARGET.exists() or TARGET.read_text() != text():
        TARGET.write_text(text())
        print("wrote", TARGET.name)
