"""Programs on the host: find a recipe, load it for a press, tell in words and in time what it will do.

Files are read by `program_file`, units are the business of `program_keys`, the reference is printed by `program_doc`.
The command line and the Python API use this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stackpress_core.recipe import program as recipes

from stackpress import program_keys as keys
from stackpress.config.complaints import Complaint, ConfigError, did_you_mean
from stackpress.config.toml_file import display_name
from stackpress.config.toml_text import read_text
from stackpress.errors import WrongInput
from stackpress.program_file import Limits, Program, area_of_die_um2, convert, parse, to_json, to_toml, with_start

__all__ = (
    "Limits",
    "Program",
    "StepLine",
    "area_of_die_um2",
    "check",
    "convert",
    "describe",
    "document",
    "find_file",
    "load",
    "near",
    "parse",
    "ready_made",
    "start_cn",
    "to_json",
    "to_toml",
    "totals",
)

READY_MADE = Path(__file__).resolve().parent / "ready_made"


def ready_made() -> dict[str, Path]:
    """Name -> file of the programs that ship with the project."""
    return {path.stem: path for path in sorted(READY_MADE.glob("*.toml"))}


def find_file(name: str) -> Path:
    """The file that `name` means: a path, else a ready-made program. ConfigError if there is neither."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return path
    known = ready_made()
    if name in known:
        return known[name]
    raise ConfigError([Complaint(name, 0, "", "is no file and no ready-made program", did_you_mean(name, known))])


def load(path: str | Path, limits: Limits | None = None) -> Program:
    """The program in the press's form; ConfigError with every complaint if it is not right within `limits`."""
    file = find_file(path) if isinstance(path, str) else path
    shown = display_name(file)
    text, fault = read_text(file)
    if fault:
        raise ConfigError([Complaint(shown, fault[0], "", *fault[1:])])
    program, complaints = parse(text, shown, limits)
    if program is None:
        raise ConfigError(complaints)
    return program


def document(program: str | Path | Program, limits: Limits | None = None) -> Program:
    """The press's form of a file, a ready-made program, or a dict as `tomllib` reads it; a dict in that form stays as it is.

    ConfigError with every complaint.
    """
    if isinstance(program, str | Path):
        return load(program, limits)
    if not isinstance(program, dict):
        raise WrongInput(f"{program!r} is no program", "A file, the name of a ready-made one, or a dict as tomllib reads it.")
    if "steps" in program:
        return program
    made, complaints = convert(program, limits=limits)
    if made is None:
        raise ConfigError(complaints)
    return made


def near(name: str, there: Sequence[str] = ()) -> str:
    """What may have been meant by a name that is neither on the press nor ready-made."""
    from difflib import get_close_matches

    known = [*there, *ready_made()]
    found = get_close_matches(name, known, n=1)
    return f"Did you mean {found[0]}?" if found else f"Known: {', '.join(known)}."


def check(program: Program, limits: Limits | None = None) -> list[str]:
    """Complaints about a program in the press's form."""
    return list(recipes.validate(program, limits or {}))


@dataclass(frozen=True)
class StepLine:
    """One step for people: what it does, and for how long."""

    number: int
    kind: str
    text: str
    expected_s: float
    longest_s: float


def describe(program: Program, limits: Limits | None = None) -> list[StepLine]:
    """The steps of a valid program in words, with their times in seconds; `limits` as of `totals`."""
    lines = []
    for number, (step, times) in enumerate(zip(program["steps"], totals(program, limits).times, strict=True)):
        words = []
        for row in keys.step_rows(step["do"]):
            if row[0] in step:
                spelling, text = keys.from_device(row, step[row[0]])
                name = spelling.key.removesuffix("_" + spelling.suffix).replace("_", " ")
                words.append(f"{name} {text} {spelling.unit}".rstrip())
        lines.append(StepLine(number + 1, step["do"], ", ".join(words), times[0] / 1000, times[1] / 1000))
    return lines


def totals(program: Program, limits: Limits | None = None) -> recipes.Totals:
    """What a valid program will do, as the press itself reckons it: highest force, times of the steps, how it ends.

    `limits` say how long the press rounds a corner, and the force of a held cell from which it goes on.
    """
    return recipes.Totals(program, with_start(program, limits or {}))


def start_cn(program: Program, limits: Limits) -> int:
    """The force of the held cell from which it goes on; 0 if it begins with nothing pressed."""
    return int(with_start(program, limits).get("start_cn", 0))
