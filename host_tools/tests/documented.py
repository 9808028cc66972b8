"""Every command and every piece of code that a README, a help text or a hint tells its reader, as written there."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from stackpress import paths

NOT_READ = {"CHANGELOG.md"}  # it tells what was
FOLDERS = ("host_tools/stackpress", "firmware", "boards", "hil_tests")  # whose texts name commands
PROGRAMS = r"(stackpress|make|python3?|pip|mpremote|picotool|sudo|udevadm)"
COMMAND = re.compile(PROGRAMS + r"\s+\S")
MAY_TELL = re.compile(r"`[\s\"'\\n]*" + PROGRAMS)  # in the text of a program, where a string may go on in the next line
FENCE = re.compile(r"^[ \t]*```(\w*)\n(.*?)^[ \t]*```", re.S | re.M)
TICKS = re.compile(r"`([^`]+)`")


def readmes() -> Iterator[Path]:
    found = []
    for folder, below, files in os.walk(paths.ROOT):
        below[:] = [name for name in below if not name.startswith(".") and name not in ("build", "decisions")]
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    yield from (path for path in sorted(found) if str(path.relative_to(paths.ROOT)) not in NOT_READ)


def blocks(language: str) -> dict[str, str]:
    """"file:line" -> text of each fenced block in that language."""
    found = {}
    for path in readmes():
        text = path.read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            if block[1] == language:
                found[f"{path.relative_to(paths.ROOT)}:{text.count(chr(10), 0, block.start()) + 1}"] = block[2]
    return found


def commands() -> dict[str, str]:
    """Command -> the first place that tells it: lines of blocks, code between backticks, and texts of programs."""
    found: dict[str, str] = {}
    for place, block in blocks("").items():
        for line in block.splitlines():
            if COMMAND.match(line):
                found.setdefault(re.split(r"\s+# ?", line)[0].strip(), place)
    for path in readmes():
        _take(FENCE.sub("", path.read_text(encoding="utf-8")), path, found)
    for folder in FOLDERS:
        for path in sorted((paths.ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "tests" in path.relative_to(paths.ROOT).parts or path.name.startswith("test_") or not MAY_TELL.search(text):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    _take(node.value, path, found)
        for path in sorted((paths.ROOT / folder).rglob("*.toml")):
            _take(path.read_text(encoding="utf-8"), path, found)
    return found


def _take(text: str, path: Path, found: dict[str, str]) -> None:
    for code in TICKS.finditer(text):
        command = " ".join(code[1].split())
        if COMMAND.match(command):
            found.setdefault(command, str(path.relative_to(paths.ROOT)))
