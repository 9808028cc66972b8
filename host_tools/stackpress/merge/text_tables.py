"""Tables in text files of instruments: where the table begins, which decimal sign it has, and its columns as numbers.

EC-Lab's .mpt, Gamry's .DTA and CSV are one kind of file: some lines of head, a row of names (and of units), rows of numbers, with
a decimal sign that the computer's country decided. The sign is found from the file; a file that shows both is refused.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stackpress.errors import WrongInput

if TYPE_CHECKING:
    import polars as pl

_COMMA = re.compile(rb"^[-+]?\d+,\d+(?:[eE][-+]?\d+)?$")
_POINT = re.compile(rb"^[-+]?\d+\.\d+(?:[eE][-+]?\d+)?$")
NOTHING = ["", "nan", "NaN", "XXX", "--"]
_HEAD = 1 << 18  # bytes in which a table has begun, and its decimal sign is seen
_LOOK = 4000  # rows in which the decimal sign is looked for


class UnreadableFile(WrongInput):
    """A file of an instrument is not what its name promises, or more than one thing."""


@dataclass(frozen=True)
class TextTable:
    """One table of a file: its columns as they are called there, their units if a row tells them, what the head says."""

    frame: "pl.DataFrame"
    units: dict[str, str] = field(default_factory=dict)
    head: dict[str, str] = field(default_factory=dict)
    title: str = ""


def decimal_sign(path: Path, rows: list[bytes], separator: bytes) -> str:
    """`.` or `,`, from the numbers of a table. Raises UnreadableFile if both are there."""
    if separator == b",":  # what parts columns parts no decimals
        return "."
    cells = [cell.strip().strip(b'"') for row in rows[:_LOOK] for cell in row.split(separator)]
    commas, points = (sum(bool(shape.match(cell)) for cell in cells) for shape in (_COMMA, _POINT))
    if commas and points:
        raise UnreadableFile(
            f"{path}: {commas} numbers have a decimal comma and {points} a point",
            "Export it with one of them; a comma that parts thousands has to go.",
        )
    return "," if commas else "."


def frame(path: Path, source: "Path | bytes", skip: int, names: list[str], separator: bytes, sample: list[bytes]) -> "pl.DataFrame":
    """The table of `source` behind `skip` lines as columns; one that holds more than numbers stays text. Raises UnreadableFile."""
    import polars as pl

    comma = decimal_sign(path, sample, separator) == ","

    def rows(encoding: "Literal['utf8', 'utf8-lossy']") -> "pl.DataFrame":
        return pl.read_csv(
            source, has_header=False, skip_rows=skip, new_columns=names, separator=separator.decode(), decimal_comma=comma,
            extra_columns="ignore", encoding=encoding, truncate_ragged_lines=True,
            infer_schema_length=_LOOK, null_values=NOTHING,
        )  # fmt: skip

    try:
        try:
            found = rows("utf8")
        except pl.exceptions.ComputeError:  # letters of another encoding; looking for them costs a fifth more
            found = rows("utf8-lossy")
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise UnreadableFile(
            f"{path}: {' '.join(str(error).split())[:160]}", "Its rows do not fit its row of names."
        ) from error
    return found.filter(~pl.all_horizontal(pl.all().is_null())) if any(not row.strip() for row in sample) else found


def unique(names: list[str]) -> list[str]:
    """Names of columns with each once: a second "I/mA" is "I/mA 2", an empty one is its place."""
    seen: dict[str, int] = {}
    out = []
    for place, name in enumerate(names, 1):
        name = name.strip().strip('"') or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return out


@dataclass(frozen=True)
class TextFile:
    """A text file's bytes (or where they are), the lines at its beginning and those at its end."""

    source: "Path | bytes"
    begin: list[bytes]
    end: list[bytes]


def opened(path: Path) -> TextFile:
    """A text file, however it ends its lines and marks its beginning. Raises UnreadableFile, OSError."""
    with path.open("rb") as file:
        begin = file.read(_HEAD)
        size = file.seek(0, 2)
        file.seek(max(0, size - 8192))
        end = file.read()
    if begin[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\r" in begin.replace(b"\r\n", b""):
        text = path.read_bytes()
        text = text.decode("utf-16").encode() if begin[:2] in (b"\xff\xfe", b"\xfe\xff") else text
        text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return TextFile(text, text[:_HEAD].splitlines(), text[-8192:].splitlines()[1:])
    if b"\x00" in begin:
        raise UnreadableFile(
            f"{path} is no text", "Export it from the instrument's program, or give the file by its own suffix."
        )
    return TextFile(path, begin.removeprefix(b"\xef\xbb\xbf").splitlines(), end.splitlines()[1:])


def mpt(path: Path) -> list[TextTable]:
    """EC-Lab's text file. Raises UnreadableFile."""
    text = opened(path)
    lines = text.begin
    counted = re.search(rb"Nb header lines\s*:\s*(\d+)", lines[1]) if len(lines) > 1 else None
    if not counted or not lines[0].startswith((b"EC-Lab ASCII FILE", b"BT-Lab ASCII FILE")):
        raise UnreadableFile(
            f"{path} does not begin as EC-Lab's text files do", "Export it with EC-Lab: Export as Text, with headers."
        )
    count = int(counted[1])
    if not 2 < count < len(lines):
        raise UnreadableFile(f"{path} says that it has {count} lines of head, and is shorter", "It was cut short.")
    head = [line.decode("latin-1").strip() for line in lines[2 : count - 1]]
    told = {key.strip(): value.strip() for key, mark, value in (line.partition(" : ") for line in head) if mark}
    names = unique(lines[count - 1].decode("latin-1").rstrip("\t").split("\t"))
    title = next((line for line in head if line), "")
    return [TextTable(frame(path, text.source, count, names, b"\t", lines[count:-1]), {}, told, title)]


def dta(path: Path) -> list[TextTable]:
    """Gamry's text file: a table a curve, each with its row of names and its row of units. Raises UnreadableFile."""
    text = opened(path)
    if not text.begin or text.begin[0].strip() != b"EXPLAIN":
        raise UnreadableFile(f"{path} does not begin as Gamry's files do", "Its first line is EXPLAIN.")
    lines = (text.source if isinstance(text.source, bytes) else path.read_bytes()).splitlines()
    head: dict[str, str] = {}
    tables = []
    at = 0
    while at < len(lines):
        words = lines[at].decode("latin-1").split("\t")
        at += 1
        if len(words) > 1 and words[1] == "TABLE":
            rows = []
            start = at
            while at < len(lines) and lines[at].startswith((b"\t", b"  ")):
                rows.append(lines[at])
                at += 1
            if "CURVE" in words[0] and len(rows) > 2:
                tables.append(_curve(path, words[0], rows, head))
            at = max(at, start)
        elif len(words) > 2:
            head.setdefault(words[0], words[2].strip())
        elif len(words) == 2:
            head.setdefault(words[0], words[1].strip())
    return tables


def _curve(path: Path, title: str, rows: list[bytes], head: dict[str, str]) -> TextTable:
    names = unique([word.decode("latin-1") for word in rows[0].strip(b"\t ").split(b"\t")])
    told = [word.decode("latin-1").strip() for word in rows[1].strip(b"\t ").split(b"\t")]
    body = [row.strip(b"\t ") for row in rows[2:]]
    whole = [row for row in body if row.count(b"\t") == len(names) - 1]  # a line that an abort has torn is not one
    units = {name: unit.partition(" ")[0] for name, unit in zip(names, told, strict=False) if unit}
    return TextTable(frame(path, b"\n".join(whole), 0, names, b"\t", whole), units, head, title)


def csv(path: Path, separator: str = "") -> list[TextTable]:
    """A CSV with one row of names; rows above it are its head. Raises UnreadableFile."""
    text = opened(path)
    parted = separator.encode() or max((b"\t", b";", b","), key=lambda one: _even(text.end or text.begin, one))
    begin = next((n for n in range(min(200, len(text.begin))) if _names(text.begin, n, parted)), None)
    if begin is None:
        raise UnreadableFile(
            f"{path} has no row of names over rows of numbers", "Say how its columns are parted with --separator."
        )
    names = unique([word.decode("utf-8", "replace") for word in text.begin[begin].split(parted)])
    return [TextTable(frame(path, text.source, begin + 1, names, parted, text.begin[begin + 1 : -1] or text.begin[begin + 1 :]))]


def _even(lines: list[bytes], separator: bytes) -> int:
    """How many columns the last rows would have, if they all have as many."""
    counts = {line.count(separator) for line in lines[-20:] if line.strip()}
    return counts.pop() if len(counts) == 1 else 0


def _names(lines: list[bytes], n: int, separator: bytes) -> bool:
    """Whether a line is a row of names: as many cells as the rows under it, none of them a number."""
    cells = [cell.strip().strip(b'"') for cell in lines[n].split(separator)]
    under = lines[n + 1].count(separator) if n + 1 < len(lines) else -1
    return len(cells) > 1 and len(cells) == under + 1 and not any(re.match(rb"^[-+]?\d", cell) for cell in cells)
