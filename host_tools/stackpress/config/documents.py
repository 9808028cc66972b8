"""The configuration as the press keeps it, and the difference between two of them.

The press stores whole numbers in its own units, all parameters of them: a default that changes with the firmware must
not change a press that somebody has already checked.

A press may be of another release than this host. `known` are the parameters that the press says it has: what it does not know is
not sent, and what this host does not know stays as it is on the press.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .layers import Effective
from .numbers import number
from .schema import Parameter, ParamValue, groups, parameters
from .units import unit_words

FORMAT = 1
KEPT = "kept: this host does not know it"


@dataclass(frozen=True)
class Difference:
    """One parameter that differs; None where a side does not have it."""

    name: str
    press: ParamValue | None
    file: ParamValue | None
    origin: str

    @property
    def kept(self) -> bool:
        """Whether a push leaves it as it is on the press."""
        return self.origin == KEPT

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {"name": self.name, "press": self.press, "file": self.file, "origin": self.origin}


def config_document(effective: Effective, known: Collection[str] | None = None, on_press: bytes | None = None) -> bytes:
    """The record that `push` sends to a press that knows these parameters and has this record; None: it knows ours."""
    params = {name: one.raw for name, one in effective.settings.items() if known is None or name in known}
    params.update((name, raw) for name, raw in _raws(on_press).items() if _kept(name, effective, known))
    record = {"format": FORMAT, "name": effective.name, "params": params}
    return json.dumps(record, separators=(",", ":")).encode()


def left_out(effective: Effective, known: Collection[str]) -> list[str]:
    """What the files say and the press does not know, each as a line of a file with where it stands."""
    return [f"{name} = {toml_value(one.value)} ({one.origin})" for name, one in effective.settings.items() if name not in known]


def _raws(on_press: bytes | None) -> dict[str, int]:
    return parse_config(on_press)[1] if on_press is not None else {}


def _kept(name: str, effective: Effective, known: Collection[str] | None) -> bool:
    """Whether a parameter is the press's alone; one that the press has in its record and does not know itself is a leftover."""
    return known is not None and name in known and name not in effective.settings


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


def differences(effective: Effective, on_press: bytes | None, known: Collection[str] | None = None) -> list[Difference]:
    """How a press differs, in the order of the table; everything if it has no configuration. What is `kept` a push leaves."""
    have = _raws(on_press)
    found = []
    for name, setting in effective.settings.items():
        if have.get(name) != setting.raw and (known is None or name in known):
            press = shown(name, have[name]) if name in have else None
            found.append(Difference(name, press, setting.value, setting.origin))
    for name in have:
        if name not in effective.settings:
            origin = KEPT if _kept(name, effective, known) else "only on the press"
            found.append(Difference(name, shown(name, have[name]), None, origin))
    return found


OF_CELLS = ("cell_count", "high_range_mask", "low_range_mask")  # belong to a calibration that is in force


def weaker(effective: Effective, on_press: bytes | None = None, calibrated: bool = False) -> list[str]:
    """What of these files only the owner can send, in words: values beyond their bounds, and a calibrated press's other cells."""
    known, found = parameters(), []
    for name, setting in effective.settings.items():
        if known[name].is_weaker(setting.raw):
            found.append(f"{name} = {toml_value(setting.value)} ({known[name].bound_text} without it)")
    have = _raws(on_press)
    if calibrated and not found:
        for name in OF_CELLS:
            if effective.settings[name].raw != have.get(name, known[name].default_raw):
                found.append(f"{name} = {toml_value(effective.settings[name].value)} (the calibration is for other cells)")
    return found


def toml_value(value: ParamValue) -> str:
    """A value as it stands in a TOML file."""
    return json.dumps(value) if isinstance(value, str) else number(value)


def to_toml(name: str, raws: dict[str, int], board: str = "") -> str:
    """A press file with these values: what `pull` writes. Defaults are comments, and so is what this host does not know."""
    lines = ["# Pulled from the press.", f"format = {FORMAT}", f"name = {json.dumps(name)}"]
    lines += [f"board = {json.dumps(board)}"] if board else ["# board = ...  (the press does not know its board file)"]
    for group, table in groups().items():
        lines += ["", f"[{group}]"]
        for parameter in table.values():
            lines.append(_toml_line(parameter, raws.get(parameter.name)))
    foreign = [f"# {key} = {raw}" for key, raw in raws.items() if key not in parameters()]
    if foreign:
        lines += ["", "# What this host does not know, as the press's whole numbers; a push leaves it as it is there.", *foreign]
    return "\n".join(lines) + "\n"


def _toml_line(parameter: Parameter, raw: int | None) -> str:
    if raw is None or raw == parameter.default_raw:
        return f"# {parameter.name} = {toml_value(parameter.default_value)}"
    value = shown(parameter.name, raw)
    comment = "# not a value that this host knows: " if parameter.words and not isinstance(value, str) else ""
    return f"{comment}{parameter.name} = {toml_value(value)}"


def reference_markdown() -> str:
    """All parameters as a table, for the documentation."""
    lines = ["| key | default | allowed | without the owner's code | what it is |", "| --- | --- | --- | --- | --- |"]
    for group, table in groups().items():
        lines.append(f"| **[{group}]** | | | | |")
        for one in table.values():
            lines.append(f"| `{one.name}` | {toml_value(one.default_value)} | {one.allowed} | {one.bound_text} | {one.help} |")
    return "\n".join(lines) + "\n"


def describe(name: str, value: ParamValue | None) -> str:
    """`66000 newtons`, `"regulator"`, `-` for none."""
    if value is None:
        return "-"
    words = unit_words(name)
    return f"{toml_value(value)}{' ' + words if words else ''}"
