"""Numbers and values as people write them: read without guessing, and shown in a line however large or odd they are.

`1,500` is a thousand and a half to one reader and one and a half to the next. Whoever guesses is wrong by a thousand for one of
them, so a number with separators is refused, and both readings are told.
"""

import json
import math
import re
from decimal import Decimal

SHOWN_MOST = 40  # characters of a text that is quoted back
WHOLE_MOST = 10**15  # larger whole numbers are described, not printed
DIGITS_MOST = 18  # of a whole number in a file: more is no quantity of a press
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_SEPARATED = re.compile(r"([+-]?)([0-9]+(?:[.,'’_·\u0020\u00a0\u2009\u202f][0-9]+)+)")


def number(value: float) -> str:
    """A number as a person writes it: no `.0`, no exponent below a thousand million, no binary noise."""
    if isinstance(value, int) and abs(value) >= WHOLE_MOST:
        return f"a number of {digits(value)} digits"
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    text = f"{value:.9g}"
    if "e" in text and abs(value) < WHOLE_MOST:
        text = f"{value:.12f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.0f}"
    return text


def digits(value: int) -> int:
    """How many decimal digits a whole number has, also one that Python refuses to print; of many nines one more."""
    return int(math.log10(abs(value))) + 1 if value else 1


def shown(value: object) -> str:
    """Any value of a file in a few characters of one line, as it would be written there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, Decimal):
        return number(float(value))
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    text = value if isinstance(value, str) else str(value)
    short = text if len(text) <= SHOWN_MOST else text[: SHOWN_MOST - 3] + "..."
    return json.dumps(short, ensure_ascii=False) if isinstance(value, str) else short


def plain(text: str) -> float | None:
    """The number that a text is, written with a point or an exponent and nothing else; None if it is none, or is not finite."""
    value = float(text) if _PLAIN.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def readings(text: str) -> list[float]:
    """What a number with separators may mean, as thousands and as a decimal; empty if it is none."""
    found = _SEPARATED.fullmatch(text.strip())
    if not found:
        return []
    sign, body = found.groups()
    pieces = re.split(r"[^0-9]", body)
    marks = re.findall(r"[^0-9]", body)
    means = []
    if all(len(piece) == 3 for piece in pieces[1:]) and len(pieces[0]) <= 3 and len(set(marks)) == 1:
        means.append("".join(pieces))
    if marks[-1] in ".,'" and marks[-1] not in marks[:-1]:
        means.append("".join(pieces[:-1]) + "." + pieces[-1])
    if not means and not set(marks) & set(".,"):
        means.append("".join(pieces))
    return [float(sign + one) for one in means]


def write_it(text: str, unit: str = "") -> str:
    """What to write instead of a number with separators: `write 10000 or 10`; empty if it is none."""
    told = [number(one) + unit for one in readings(text)]
    return f"write {' or '.join(told)}" if told else ""
