"""How long a person is at it for a week's twenty jobs, as host_tools/README.md lists them: commands, clicks, files to be typed.

A command or a click is 10 s, a typed character a third of a second; what computer or press take meanwhile is not a person's.
That each command runs is the claim of test_documented_commands.py, which runs what the list tells.
"""

import re
from dataclasses import dataclass

from stackpress import paths

ACT_S, CHARACTER_S = 10.0, 1 / 3
README = paths.ROOT / "host_tools" / "README.md"
TYPED = (README, paths.ROOT / "firmware" / "stackpress_core" / "recipe" / "PROGRAMS.md")  # where the files to be typed stand
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
WRITTEN = re.compile(r"write \*\*(\w+)\*\*")


@dataclass(frozen=True)
class Job:
    """A job as its row tells it."""

    number: int
    text: str
    commands: tuple[str, ...]
    clicks: int
    typed: tuple[str, ...]  # names of programs that are written
    told_s: float

    @property
    def seconds(self) -> float:
        """Each command of a chain counts, and so does the file's saving."""
        commands = [one for chain in self.commands for one in chain.split(" && ")]
        characters = sum(map(len, self.commands)) + sum(len(program(name)) for name in self.typed)
        return ACT_S * (len(commands) + self.clicks + len(self.typed)) + CHARACTER_S * characters


def jobs() -> list[Job]:
    """The rows of the list."""
    text = README.read_text(encoding="utf-8").partition("## A week's twenty jobs\n")[2].partition("\n## ")[0]
    found = []
    for number, what, how, told_s in ROW.findall(text):
        commands = tuple(re.findall(r"`([^`]+)`", how))
        clicks = len(re.findall(r"(?<!\*)\*[^*]+\*(?!\*)", how))
        found.append(Job(int(number), what, commands, clicks, tuple(WRITTEN.findall(how)), float(told_s)))
    return found


def program(name: str) -> str:
    """A program as a README shows it; what is behind a # nobody has to type. Raises LookupError."""
    for file in TYPED:
        for block in re.findall(r"```toml\n(.*?)```", file.read_text(encoding="utf-8"), re.S):
            if f'name = "{name}"' in block:
                return re.sub(r" *#.*", "", block).strip()
    raise LookupError(f"no README shows the program {name}")


def minutes() -> float:
    """All of them."""
    return sum(job.seconds for job in jobs()) / 60
