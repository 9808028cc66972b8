"""The matrix of firmware/SAFETY.md: every requirement with the tests that show it (`make safety`); it fails on a gap.

The manual says what must be so, firmware/tests/requirements.txt which tests show it. A gap is a requirement without a test, a test
that is not there under that name, an id that the manual does not know, or an interlock row that is no requirement.
"""

import ast
import re
import sys
from pathlib import Path

from stackpress_core.tick import interlock

ROOT = Path(__file__).resolve().parents[1]
MANUAL, TABLE = ROOT / "firmware" / "SAFETY.md", ROOT / "firmware" / "tests" / "requirements.txt"
SCENARIOS = ROOT / "hil_tests" / "scenarios"
ROW = re.compile(r"\| (R-\d+) \| ([H\d ]+) \| (.+) \|")


def manual(file: Path = MANUAL) -> dict[str, str]:
    """Requirement by id."""
    found = [ROW.fullmatch(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {one[1]: f"{one[3]} ({one[2]})" for one in found if one}


def shown(file: Path = TABLE) -> dict[str, list[tuple[str, str]]]:
    """(file or `scenario`, name) of each test, by requirement."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        number, _, rest = line.partition(" ")
        for part in rest.split(";"):
            place, _, names = part.partition(":")
            found.setdefault(number, []).extend((place.strip(), name.strip()) for name in names.split(",") if name.strip())
    return found


def tests() -> set[tuple[str, str]]:
    """All that there are, in the form of the table."""
    found = {("scenario", file.stem) for file in SCENARIOS.glob("*.toml")}
    for folder in ("firmware/tests", "hil_tests", "host_tools/tests"):
        for file in (ROOT / folder).rglob("test_*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
            found |= {(file.stem, name[len("test_") :]) for name in names if name.startswith("test_")}
    return found


def gaps(wanted: dict[str, str], by: dict[str, list[tuple[str, str]]], there: set[tuple[str, str]]) -> list[str]:
    """What is wrong, a line each; empty if the matrix is whole."""
    found = [f"{number} has no test: {text}" for number, text in wanted.items() if not by.get(number)]
    found += [f"{number} is in the table of tests and not in SAFETY.md" for number in by if number not in wanted]
    for number, names in by.items():
        found += [f"{number}: there is no test {name} in {place}" for place, name in names if (place, name) not in there]
    rows = " ".join(wanted.values())
    found += [f"the interlock row {name} is no requirement" for name in interlock.NAMES if not re.search(rf"\brow {name}\b", rows)]
    return found


def main() -> int:
    wanted, by = manual(), shown()
    for number, text in wanted.items():
        print(f"{number}  {text}")
        for place, name in by.get(number, []):
            print(f"       {place}: {name.replace('_', ' ')}")
    wrong = gaps(wanted, by, tests())
    for line in wrong:
        print(f"gap: {line}", file=sys.stderr)
    print(f"{len(wanted)} requirements, {len({one for names in by.values() for one in names})} tests, {len(wrong)} gaps")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
