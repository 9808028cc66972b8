"""The line of every key in a TOML text.

The standard library's reader checks the grammar and gives the values but forgets the lines. This one walks the same
text once more and notes where each table and key begins; it may trust the grammar, because `tomllib` has accepted it.
"""

import re

KeyPath = tuple[str, ...]
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")


def nearest(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, else of the nearest table round it, else 0."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 0)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line of every table and key of a valid TOML text (keys inside inline tables have their parent's line)."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    at = 0
    while at < len(text):
        at = _skip_blank(text, at)
        if at >= len(text):
            break
        line = text.count("\n", 0, at) + 1
        if text[at] == "[":
            at += 2 if text.startswith("[[", at) else 1
            table, at = _dotted(text, at)
            _note(lines, table, line)
            at = _end_of_line(text, at)
        else:
            keys, at = _dotted(text, at)
            _note(lines, table + keys, line)
            at = _end_of_value(text, at + 1)
    return lines


def _note(lines: dict[KeyPath, int], path: KeyPath, line: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], line)


def _skip_blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n#":
        at = _end_of_line(text, at) if text[at] == "#" else at + 1
    return at


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _dotted(text: str, at: int) -> tuple[KeyPath, int]:
    """Read `a."b c".d`; stops at the character after it. Always moves on, so that no text can hang the walk."""
    keys: list[str] = []
    while found := _KEY.match(text, at):
        keys.append(next(part for part in found.groups() if part is not None))
        at = found.end()
        if not text.startswith(".", at):
            return tuple(keys), at
        at += 1
    return tuple(keys), at + 1


def _end_of_value(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        char = text[at]
        if char in "\"'":
            at = _end_of_string(text, at)
            continue
        if char == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
            continue
        if char == "\n" and depth == 0:
            return at + 1
        depth += (char in "[{") - (char in "]}")
        at += 1
    return at


def _end_of_string(text: str, at: int) -> int:
    quote = text[at]
    mark = quote * 3 if text.startswith(quote * 3, at) else quote
    at += len(mark)
    while at < len(text):
        if quote == '"' and text[at] == "\\":
            at += 2
        elif text.startswith(mark, at):
            at += len(mark)
            while len(mark) == 3 and text.startswith(quote, at):  # up to two quotes may stand before the closing three
                at += 1
            return at
        else:
            at += 1
    return at
