"""What is wrong with a file, said so that it can be put right: file, line, key, and what would be right.

Complaints are gathered and reported all at once, because whoever edits a configuration should not have to run `check`
once per mistake.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Complaint:
    """One thing that is wrong. `line` is 1-based; 0 means the file as a whole."""

    file: str
    line: int
    key: str
    text: str
    right: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        right = f" -> {self.right}" if self.right else ""
        return _one_line(f"{place}:{key} {self.text}{right}")

    def as_dict(self) -> dict[str, str | int]:
        """The same for `--json`."""
        return {"file": self.file, "line": self.line, "key": self.key, "text": self.text, "right": self.right}


def _one_line(text: str) -> str:
    """A key may hold any character, a line feed too; a complaint is one line."""
    return "".join(char if char.isprintable() else "?" for char in text)


class ConfigError(ValueError):
    """The files do not make a valid configuration; `complaints` says why, all of it."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(sorted(set(complaints)))
        super().__init__("\n".join(str(one) for one in self.complaints))


@dataclass
class Complaints:
    """Collects complaints; `raise_if_any` ends the check."""

    found: list[Complaint] = field(default_factory=list)

    def add(self, file: str, line: int, key: str, text: str, right: str = "") -> None:
        """Note one complaint."""
        self.found.append(Complaint(file, line, key, text, right))

    def raise_if_any(self) -> None:
        """Raise ConfigError when anything was noted."""
        if self.found:
            raise ConfigError(self.found)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean x?` for the nearest known word, or `otherwise`."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else otherwise
