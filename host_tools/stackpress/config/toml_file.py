"""One TOML file as a layer of a configuration: its values, and where each stands in it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .complaints import Complaints
from .numbers import shown
from .toml_lines import KeyPath, key_lines, nearest
from .toml_text import parsed, read_text


@dataclass(frozen=True)
class Layer:
    """One file: its values and where they stand. `name` is what `config check` prints as the origin of a value.

    `read` is false for a file that gave a complaint instead of values: what it lacks is then not complained of as well.
    """

    name: str
    file: str
    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    read: bool = True

    def line(self, *path: str) -> int:
        """The line of the key, else of the nearest table round it, else 0."""
        return nearest(self.lines, path)


def read_layer(name: str, path: Path, complaints: Complaints) -> Layer:
    """Read one file. One that cannot be read, is not TOML, or sets nothing gives a complaint and a layer that is not `read`."""
    shown = display_name(path)
    text, fault = read_text(path)
    data: dict[str, Any] = {}
    if fault is None:
        data, fault = parsed(text)
    if fault is None and not data:
        fault = (0, "sets nothing", f"a file of a {name} begins with format = 1")
    if fault is not None:
        complaints.add(shown, fault[0], "", *fault[1:])
        return Layer(name, shown, {}, read=False)
    return Layer(name, shown, data, key_lines(text))


def check_format(layer: Layer, known: int, complaints: Complaints) -> None:
    """Complain unless the layer says that it has the format that is `known` here: a whole number, and no yes."""
    given = layer.data.get("format")
    if type(given) is not int or given != known:
        written = f"{given!r}" if isinstance(given, float) else shown(given)  # 1.0 is no whole number
        text = "is missing" if given is None else f"{written} is not known here"
        complaints.add(layer.file, layer.line("format"), "format", text, f"format = {known}")


def display_name(path: Path) -> str:
    """The path as the user would type it: relative to where they are, if it is below."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)
