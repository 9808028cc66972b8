"""What a commissioning found: lines of a protocol, numbers for the press file, and how far it got."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

GOOD, BAD, TOLD, LEFT_OUT = "good", "bad", "told", "not measured"


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. `todo` says what to do about a bad one."""

    what: str
    verdict: str
    text: str
    todo: str = ""


@dataclass
class Result:
    """All of it; saved after each stage, so that a day that was broken off goes on where it was."""

    press: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    by: str = ""
    hands: str = ""
    begun_unix_s: float = 0.0
    ended_unix_s: float = 0.0
    stages: dict[str, list[Line]] = field(default_factory=dict)
    found: dict[str, float] = field(default_factory=dict)  # of the plant, by name with unit
    params: dict[str, Any] = field(default_factory=dict)  # for the press file
    runs: list[str] = field(default_factory=list)
    curves: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # what is drawn
    ended: str = ""  # why it ended early; empty if it did not

    @property
    def bad(self) -> list[Line]:
        """What must be mended."""
        return [line for lines in self.stages.values() for line in lines if line.verdict == BAD]

    @property
    def left_out(self) -> list[Line]:
        """What nobody has measured."""
        return [line for lines in self.stages.values() for line in lines if line.verdict == LEFT_OUT]

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        partial = path.with_name(path.name + ".part")
        partial.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        partial.replace(path)


def load(path: Path) -> Result:
    """What was saved. Raises OSError, ValueError."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        stages = {name: [Line(**one) for one in lines] for name, lines in kept.pop("stages").items()}
        return Result(**kept, stages=stages)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no commissioning of this release") from error
