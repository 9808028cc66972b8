"""From a file that somebody has written to the values in it: whatever is wrong with it is one complaint with its line.

Editors leave a byte order mark, save UTF-16, or save nothing; people paste numbers of thousands of digits. The standard library's
reader meets some of these with errors of other kinds than its own, and some it accepts for others to fail on.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .numbers import DIGITS_MOST, digits, number, plain, readings, write_it
from .toml_lines import key_lines, nearest
from .units import converted

BYTES_MOST = 256_000
RIGHT = "key = value"
# line (0: the file as a whole), what is wrong, what would be right
Fault = tuple[int, str, str]

_AT_LINE = re.compile(r"(.*) \(at line (\d+), column \d+\)$")
_LONG = re.compile(r"[0-9](?:_?[0-9]){4000}")  # Python reads at most 4300 digits
_VALUE = re.compile(r"[^=]*=\s*(?![\"'\[{])([^#\"]*?[0-9])\s*(?:#.*)?$")
_NUMBER = re.compile(r"[^=]*=\s*([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(?:\s*([^\s#;/\"'\[{0-9.,_'][^#]*?))?\s*(?:#.*)?$")
_REMARK = re.compile(r"[^=\"']*=[^\"']*?\s*(//|;)[^\"']*$")
_TWICE = re.compile(r"Cannot (?:overwrite a value|declare \((.*?),?\) twice)")
_OUTSIDE = re.compile(r"\"[^\"]*\"|'[^']*'|#.*")  # strings and comments
_BOM, _UTF16 = "\ufeff", (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> tuple[str, Fault | None]:
    """The text of a file, without the mark that some editors begin it with."""
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MOST + 1)
    except FileNotFoundError:
        return "", (0, "there is no such file", "")
    except (OSError, ValueError) as error:
        return "", (0, f"cannot be read: {getattr(error, 'strerror', None) or error}", "a TOML file in UTF-8")
    if len(raw) > BYTES_MOST:
        return "", (0, f"is longer than {BYTES_MOST // 1000} kB", "a TOML file in UTF-8")
    if raw.startswith(_UTF16) or raw[:4].count(0) == 2 and 0 in raw[:2]:  # with its mark, or without
        return "", (0, "is text in UTF-16", "save it as UTF-8")
    if b"\r" in raw and b"\n" not in raw:
        return "", (0, "ends its lines with CR alone", "save it with LF or CR LF")
    try:
        return raw.decode("utf-8").removeprefix(_BOM), None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return "", (line, f"byte {raw[error.start]:#04x} is not UTF-8", "save it as UTF-8")


def parsed(text: str, parse_float: Callable[[str], Any] = float) -> tuple[dict[str, Any], Fault | None]:
    """The values of a TOML text; none of them if anything is wrong with it."""
    text = text.removeprefix(_BOM)
    try:
        data = tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        return {}, _not_toml(text, str(error))
    except RecursionError:
        return {}, (0, "not TOML: lists or tables are nested too deeply", RIGHT)
    except (ValueError, ArithmeticError):  # of `int` for too many digits, of `parse_float` for an exponent without end
        found = _LONG.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 0
        return {}, (line, "a number is far too long to be one of a press", f"at most {DIGITS_MOST} digits")
    for path, value in _numbers(data):
        if abs(value) >= 10**DIGITS_MOST:
            what = f"{'.'.join(path)} has {digits(value)} digits: no number that a press could use"
            return {}, (nearest(key_lines(text), path), what, f"at most {DIGITS_MOST} digits")
    return data, None


def _not_toml(text: str, told: str) -> Fault:
    found = _AT_LINE.match(told)
    what, line = (
        (found[1], int(found[2])) if found else (told.removesuffix(" (at end of document)"), text.count("\n") + 1)
    )
    there = text.splitlines()[line - 1 : line]
    value = _VALUE.match(there[0]) if there else None
    if value and readings(value[1]):
        return line, f"{value[1].strip()} is a number with separators", write_it(value[1])
    foreign = _foreign(there[0]) if there else ""
    if foreign:
        name = f"{unicodedata.name(foreign, 'CONTROL CHARACTER')} (U+{ord(foreign):04X})"
        return line, f"not TOML: it holds a {name}, as other programs put into what is copied from them", "type the line anew"
    if there and (wrong := _wrong_line(there[0], what)):
        return line, *wrong
    return line, f"not TOML: {what}", RIGHT


def _wrong_line(line: str, what: str) -> tuple[str, str] | None:
    """What people write that TOML does not have, and what it has instead."""
    if twice := _TWICE.match(what):
        name = ".".join(re.findall(r"'([^']*)'", twice[1] or ""))
        return (f"[{name}]" if name else line.partition("=")[0].strip()) + " stands here once more", "once"
    found = _NUMBER.match(line)
    value = plain(found[1]) if found else None
    if found and value is not None:
        if not found[2]:
            return f"{found[1]} is no number", f"write {number(value)}"
        key = line.partition("=")[0].strip()
        same = converted(value, "x_" + found[2].replace("/", "_per_"), key)
        right = "the number alone, in the unit that the key ends in" if same is None else f"{key} = {number(same)}"
        return f"{found[1]} {found[2]} is no number", right
    if _REMARK.match(line):
        return "a remark begins with #", "key = value    # remark"
    return None


def _foreign(line: str) -> str:
    """The first character outside strings and comments that no line of TOML has there: a no-break space looks like a space."""
    found = _OUTSIDE.sub("", line)
    return next((char for char in found if not (" " <= char <= "~" or char == "\t")), "")


def _numbers(data: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every whole number in the values, with the keys that lead to it; without recursion, for the depth is the file's."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*path, key), one) for key, one in value.items()]
        elif isinstance(value, list):
            waiting += [(path, one) for one in value]
        elif isinstance(value, int):
            yield path, value
