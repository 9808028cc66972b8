"""The configuration as the press keeps it, and the difference between two of them.

The press stores whole numbers in its own units, all parameters of them: a default that changes with the firmware must
not change a press that somebody has already checked.
"""

import json
from dataclasses import dataclass
from typing import Any

from .layers import Effective
from .schema import Parameter, ParamValue, groups, number, parameters
from .units import unit_words

FORMAT = 1


@dataclass(frozen=True)
class Difference:
    """One parameter that differs; None where a side does not have it."""

    name: str
    press: ParamValue | None
    file: ParamValue | None
    origin: str

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {"name": self.name, "press": self.press, "file": self.file, "origin": self.origin}


def config_document(effective: Effective) -> bytes:
    """The record that `push` sends."""
    params = {name: one.raw for name, one in effective.settings.items()}
    record = {"format": FORMAT, "name": effective.name, "params": params}
    return json.dumps(record, separators=(",", ":")).encode()


def parse_config(data: bytes) -> tuple[str, dict[str, int]]:
    """(name, raw values) of a record that a press gave back. Raises ValueError if it is none."""
    try:
        record = json.loads(data)
        params = record["params"]
        if not isinstance(params, dict) or not all(type(raw) is int for raw in params.values()):
            raise ValueError("params are not whole numbers")
        return str(record.get("name", "")), params
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a configuration record: {error}") from error


def shown(name: str, raw: int) -> ParamValue:
    """A raw value in the unit of its name; raw itself for a parameter that this host does not know."""
    known = parameters().get(name)
    try:
        return known.from_raw(raw) if known else raw
    except ValueError:
        return raw


def differences(effective: Effective, on_press: bytes | None) -> list[Difference]:
    """What a push would change, in the order of the table; everything if the press has no configuration."""
    _, have = parse_config(on_press) if on_press is not None else ("", {})
    found = []
    for name, setting in effective.settings.items():
        if have.get(name) != setting.raw:
            press = shown(name, have[name]) if name in have else None
            found.append(Difference(name, press, setting.value, setting.origin))
    for name in have:
        if name not in effective.settings:
            found.append(Difference(name, shown(name, have[name]), None, "only on the press"))
    return found


def toml_value(value: ParamValue) -> str:
    """A value as it stands in a TOML file."""
    return json.dumps(value) if isinstance(value, str) else number(value)


def to_toml(name: str, raws: dict[str, int], board: str = "") -> str:
    """A press file with these values: what `pull` writes. Defaults are written too, as comments."""
    lines = ["# Pulled from the press.", f"format = {FORMAT}", f"name = {json.dumps(name)}"]
    lines += [f"board = {json.dumps(board)}"] if board else ["# board = ...  (the press does not know its board file)"]
    for group, table in groups().items():
        lines += ["", f"[{group}]"]
        for parameter in table.values():
            lines.append(_toml_line(parameter, raws.get(parameter.name)))
    return "\n".join(lines) + "\n"


def _toml_line(parameter: Parameter, raw: int | None) -> str:
    if raw is None or raw == parameter.default_raw:
        return f"# {parameter.name} = {toml_value(parameter.default_value)}"
    return f"{parameter.name} = {toml_value(parameter.from_raw(raw))}"


def reference_markdown() -> str:
    """All parameters as a table, for the documentation."""
    lines = ["| key | default | allowed | what it is |", "| --- | --- | --- | --- |"]
    for group, table in groups().items():
        lines.append(f"| **[{group}]** | | | |")
        for one in table.values():
            lines.append(f"| `{one.name}` | {toml_value(one.default_value)} | {one.allowed} | {one.help} |")
    return "\n".join(lines) + "\n"


def describe(name: str, value: ParamValue | None) -> str:
    """`66000 newtons`, `"regulator"`, `-` for none."""
    if value is None:
        return "-"
    words = unit_words(name)
    return f"{toml_value(value)}{' ' + words if words else ''}"
