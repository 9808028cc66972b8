"""The tables of what boards are made of: boards/chips.toml (chips and modules) and boards/parts.toml (drivers).

The builder of images and `config check` read the same two files, so a board that passes the check can be built.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import paths

NONE = "none"


@dataclass(frozen=True)
class Part:
    """One driver. Roles are names of pins; see the head of boards/parts.toml."""

    role: str
    name: str
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    neighbours: tuple[tuple[str, ...], ...] = ()
    spi: tuple[str, ...] = ()
    i2c: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    gives: frozenset[str] = frozenset()
    channels: int = 0
    sample_hz: int = 0
    sample_setting: str = ""
    ratios: tuple[int, ...] = ()
    clock_hz: tuple[int, ...] = ()

    def rates(self, clock_hz: int) -> list[int]:
        """Whole tick rates that a converter with `ratios` gives from this oscillator, slowest first."""
        half = clock_hz // 2
        return [half // ratio for ratio in sorted(self.ratios, reverse=True) if not half % ratio]


@dataclass(frozen=True)
class Module:
    """A processor board, and the chip on it. `pins` are the GPIO that it brings out."""

    name: str
    text: str
    chip_name: str
    chip: dict[str, Any]
    flash_kb: int
    pins: tuple[int, ...]


@cache
def _file(name: str) -> dict[str, Any]:
    with (paths.BOARDS / name).open("rb") as file:
        return tomllib.load(file)


@cache
def parts() -> dict[str, dict[str, Part]]:
    """Role -> driver -> what it is."""
    tables = {role: table for role, table in _file("parts.toml").items() if role != "by_pins"}
    return {role: {name: _part(role, name, facts) for name, facts in table.items()} for role, table in tables.items()}


def _part(role: str, name: str, facts: dict[str, Any]) -> Part:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    given["neighbours"] = tuple(tuple(row) for row in facts.get("neighbours", ()))
    given["gives"] = frozenset(facts.get("gives", ()))
    return Part(role, name, **given)


def part(role: str, name: str) -> Part | None:
    """What [drivers] means with `role = name`; None for `none` and for what is not known."""
    return parts().get(role, {}).get(name)


def by_pins() -> dict[str, tuple[str, ...]]:
    """Capability -> the roles that are all it needs."""
    return {name: tuple(roles) for name, roles in _file("parts.toml")["by_pins"].items()}


def roles() -> list[str]:
    """Every role that a pin can have."""
    known = {pin: None for table in parts().values() for one in table.values() for pin in (*one.pins, *one.optional)}
    return list(known)


@cache
def modules() -> dict[str, Module]:
    """Name -> processor board."""
    tables = _file("chips.toml")
    return {
        name: Module(name, row["text"], row["chip"], tables["chips"][row["chip"]], row["flash_kb"], tuple(row["pins"]))
        for name, row in tables["modules"].items()
    }
