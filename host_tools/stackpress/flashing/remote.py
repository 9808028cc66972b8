"""mpremote as a process: what it said, or why it failed. What a board does in between, it does on its own."""

import subprocess
import sys
from collections.abc import Callable, Sequence

from ..errors import FlashBroken

UNPLUGGED = "Plug the board in anew: it starts the set that it had. Then the same command again."


def run(port: str, words: Sequence[str], line: Callable[[str], None] = lambda text: None) -> str:
    """`mpremote connect PORT ...`; `line` gets each line as it comes. Raises FlashBroken."""
    command = [sys.executable, "-u", "-m", "mpremote", "connect", port, *words]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise FlashBroken(f"mpremote can't be started: {error}", "python -m pip install mpremote") from error
    said = []
    assert process.stdout is not None
    with process:
        for text in process.stdout:
            said.append(text)
            line(text.rstrip())
    if process.returncode:
        last = next((text.strip() for text in reversed(said) if text.strip()), f"exit code {process.returncode}")
        raise FlashBroken(f"mpremote on {port} failed: {last}", UNPLUGGED)
    return "".join(said)


def execute(port: str, code: str) -> str:
    """Run Python on the board; what it printed. Raises FlashBroken."""
    return run(port, ["exec", code]).strip()


def copy_all(port: str, pairs: Sequence[tuple[str, str]], copied: Callable[[int], None]) -> None:
    """Copy files, (from, to on the board); `copied` counts them. Raises FlashBroken."""
    words: list[str] = []
    for source, target in pairs:
        words += ["+", "fs", "cp", source, f":{target}"]
    count = 0

    def line(text: str) -> None:
        nonlocal count
        if text.startswith("cp "):
            count += 1
            copied(count)

    run(port, words[1:], line)
