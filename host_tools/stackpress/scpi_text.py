"""The press's language as text: strings and lists of an answer, the error queue, and what of a line may be told."""

import re

_PASSWORD = re.compile(r"PASS(word)?:|SERV(ice)?:UNL", re.I)  # what follows may hold a code


def errors_in(line: bytes) -> list[tuple[int, str]]:
    """`-113,"text",-108,"text"` -> pairs; empty when the queue said 0."""
    text = line.decode("utf-8", "replace")
    if text.startswith('"'):
        text = text.partition(";")[2]
    parts = split_answer(text, ",")
    pairs = [(int(parts[i]), unquoted(parts[i + 1])) for i in range(0, len(parts) - 1, 2) if _is_int(parts[i])]
    return [pair for pair in pairs if pair[0] != 0]


def _is_int(text: str) -> bool:
    return text.lstrip("+-").isdigit()


def split_answer(text: str, separator: str = ",") -> list[str]:
    """Split an answer where the separator is not inside a string; doubled quotes are understood."""
    parts, start, inside = [], 0, False
    for i, char in enumerate(text):
        if char == '"':
            inside = not inside
        elif char == separator and not inside:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return parts


def unquoted(text: str) -> str:
    """A SCPI string's text; anything else as it is."""
    text = text.strip()
    return text[1:-1].replace('""', '"') if len(text) >= 2 and text[0] == text[-1] == '"' else text


def quoted(text: str) -> str:
    """A SCPI string. Raises ValueError on control characters, which no line may hold."""
    if any(char < " " or char == "\x7f" for char in text):
        raise ValueError(f"control characters can't be sent: {text!r}")
    return '"' + text.replace('"', '""') + '"'


def without_code(text: str) -> str:
    """A line as it may be told: of one that carries the owner's code only its beginning."""
    found = _PASSWORD.search(text)
    return text[: found.end()] + " ..." if found else text
