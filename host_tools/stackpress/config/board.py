"""The board layer: what the electronics can do, which pin does what, which driver speaks to which part.

A press file asks for things that a board may not have (a low range, a fill/vent pair); whether it has them is data
here, so that the answer comes from `config check` and not from a press that stands still.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import hardware
from .complaints import Complaints, did_you_mean
from .numbers import number, shown
from .schema import parameters
from .toml_file import Layer
from .wiring import check_wiring

# What a board can claim to have -> what that means. The firmware asks for the same words.
CAPABILITIES = {
    "force_cells": "load-cell converter",
    "two_ranges": "a low-range load cell beside the high range",
    "regulator": "proportional pressure regulator, 0 to 10 V",
    "fill_vent": "fill and vent solenoid valves",
    "dump": "monitored dump valve",
    "permissive": "hard-wired permissive output",
    "displacement": "displacement sensor",
    "temperature": "platen temperature sensors",
    "trigger": "trigger input and output",
    "start_input": "start push-button",
    "journal": "log storage on its own flash chip",
    "panel": "display and keys",
    "faults": "faults can be injected (simulated press)",
}

IDENTITIES = {
    "simulated": "made from the seed and the state folder of the simulated press",
    "chip": "the unique number of the microcontroller",
}

TOP = ("format", "name", "text", "identity", "capabilities", "pins", "drivers", "settings", "module", "extends")


@dataclass(frozen=True)
class Board:
    """A checked board layer. `pins` maps a role to the pin's number on the chip."""

    name: str
    identity: str
    capabilities: frozenset[str]
    pins: dict[str, int] = field(default_factory=dict)
    drivers: dict[str, str] = field(default_factory=dict)
    module: hardware.Module | None = None
    settings: dict[str, int] = field(default_factory=dict)

    @property
    def converter(self) -> hardware.Part | None:
        """What the load cells are read with."""
        return hardware.part("converter", self.drivers.get("converter", ""))

    @property
    def tick_rates(self) -> list[int]:
        """Those that the converter gives with the carrier's oscillator, in Hz, slowest first; empty: any."""
        return self.converter.rates(self.settings.get("converter_clock_hz", 0)) if self.converter else []

    @property
    def sample_hz(self) -> int:
        """How many samples a second the converter gives at most, as this board has set it; 0: as many as the tick asks for."""
        return int(self.settings.get(self.converter.sample_setting, self.converter.sample_hz)) if self.converter else 0

    @property
    def slowest_hz(self) -> int:
        """Slowest tick that the permissive's one-shot outlives: one may be late by a quarter of its period."""
        one_shot_ms = self.settings.get("one_shot_ms", 0)
        return 1250 // one_shot_ms + 1 if one_shot_ms else 0

    @property
    def usable_rates(self) -> list[int]:
        """Those of `tick_rates` that a press file may ask for."""
        allowed = parameters()["tick_rate_hz"]
        return [rate for rate in self.tick_rates if max(allowed.low, self.slowest_hz) <= rate <= allowed.high]


def check_board(layer: Layer, groups: Iterable[str], complaints: Complaints) -> Board:
    """Check a board layer; parameters that it presets (tables named after a group) are left to the caller."""
    known = (*TOP, *groups)
    for key in layer.data:
        if key not in known:
            complaints.add(layer.file, layer.line(key), key, "unknown key", did_you_mean(key, known, ", ".join(TOP)))
    module = _module(layer, complaints)
    board = Board(
        name=_text(layer, "name", complaints),
        identity=_identity(layer, complaints),
        capabilities=_capabilities(layer, complaints),
        pins=_pins(layer, module, complaints),
        drivers=_drivers(layer, complaints),
        module=module,
        settings=_settings(layer, complaints),
    )
    check_wiring(layer, board.pins, board.drivers, board.capabilities, module is not None, complaints)
    _check_clock(layer, board, complaints)
    return board


def _check_clock(layer: Layer, board: Board, complaints: Complaints) -> None:
    """The converter takes the oscillator that is named, and gives at least one tick rate from it."""
    one, hz = board.converter, board.settings.get("converter_clock_hz", 0)
    if one is None or not one.clock_hz or not hz:
        return
    usual = parameters()["tick_rate_hz"].default_raw
    right = max(clock for ratio in one.ratios if (clock := 2 * ratio * usual) <= one.clock_hz[1])
    text = ""
    if not one.clock_hz[0] <= hz <= one.clock_hz[1]:
        text = f"the {one.name} takes {one.clock_hz[0]} to {one.clock_hz[1]} Hz, not {hz}"
    elif not board.usable_rates:
        gives = ", ".join(map(str, board.tick_rates)) or "no whole rate"
        text = f"from {hz} Hz the {one.name} gives {gives}: no press can have that as its tick rate"
    if text:
        line = layer.line("settings", "converter_clock_hz")
        complaints.add(layer.file, line, "settings.converter_clock_hz", text, f"{right} gives {number(usual)} Hz")


def _text(layer: Layer, key: str, complaints: Complaints) -> str:
    value = layer.data.get(key)
    if isinstance(value, str) and value.strip():
        return value
    text = "is missing" if value is None else f"{shown(value)} is not a text"
    if layer.read:
        complaints.add(layer.file, layer.line(key), key, text, f'{key} = "..."')
    return ""


def _identity(layer: Layer, complaints: Complaints) -> str:
    value = _text(layer, "identity", complaints)
    if value and value not in IDENTITIES:
        near = did_you_mean(value, IDENTITIES, " or ".join(IDENTITIES))
        complaints.add(layer.file, layer.line("identity"), "identity", f"{shown(value)} is no kind of identity", near)
    return value


def _capabilities(layer: Layer, complaints: Complaints) -> frozenset[str]:
    value = layer.data.get("capabilities", [])
    line = layer.line("capabilities")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        complaints.add(layer.file, line, "capabilities", "is not a list of words", ", ".join(CAPABILITIES))
        return frozenset()
    for one in value:
        if one not in CAPABILITIES:
            near = did_you_mean(one, CAPABILITIES, ", ".join(CAPABILITIES))
            complaints.add(layer.file, line, "capabilities", f"{shown(one)} is unknown", near)
    return frozenset(value)


def _settings(layer: Layer, complaints: Complaints) -> dict[str, int]:
    """Whole numbers that a driver wants to know of the part: they become constants of the image."""
    table = layer.data.get("settings", {})
    rows = table.items() if isinstance(table, dict) else ()
    for name, value in rows:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            text = f"{shown(value)} is not a whole number above 0"
            complaints.add(layer.file, layer.line("settings", name), f"settings.{name}", text, "")
    return {name: value for name, value in rows if isinstance(value, int) and value > 0}


def _module(layer: Layer, complaints: Complaints) -> hardware.Module | None:
    name, known = layer.data.get("module"), hardware.modules()
    if name is None:
        return None
    if not isinstance(name, str) or name not in known:
        near = did_you_mean(str(name), known, "one of " + ", ".join(known))
        complaints.add(layer.file, layer.line("module"), "module", f"{shown(name)} is not in boards/chips.toml", near)
        return None
    return known[name]


def _pins(layer: Layer, module: hardware.Module | None, complaints: Complaints) -> dict[str, int]:
    table = layer.data.get("pins", {})
    if not isinstance(table, dict):
        complaints.add(layer.file, layer.line("pins"), "pins", "is not a table", "[pins] with role = number")
        return {}
    there = module.pins if module else tuple(range(30))
    taken: dict[int, str] = {}
    for role, pin in table.items():
        line, right = layer.line("pins", role), ranges(sorted(set(there) - set(taken)))
        if isinstance(pin, bool) or not isinstance(pin, int):
            complaints.add(layer.file, line, f"pins.{role}", f"{shown(pin)} is not a pin number", right)
        elif pin not in there:
            whose = f"a {module.text} brings out no GPIO {pin}" if module else f"the chip has no pin {pin}"
            complaints.add(layer.file, line, f"pins.{role}", whose, right)
        elif pin in taken:
            other = f"{taken[pin]} in line {layer.line('pins', taken[pin])}"
            complaints.add(layer.file, line, f"pins.{role}", f"pin {pin} is already {other}", f"one pin, one role; free: {right}")
        else:
            taken[pin] = role
    return {role: pin for pin, role in taken.items()}


def ranges(numbers: list[int]) -> str:
    """`0 to 22, 26 to 28`."""
    text: list[str] = []
    for first in (n for n in numbers if n - 1 not in numbers):
        last = first
        while last + 1 in numbers:
            last += 1
        text.append(f"{first} to {last}" if last > first else str(first))
    return ", ".join(text) or "none"


def _drivers(layer: Layer, complaints: Complaints) -> dict[str, str]:
    table = layer.data.get("drivers", {})
    if not isinstance(table, dict):
        complaints.add(layer.file, layer.line("drivers"), "drivers", "is not a table", "[drivers] with role = name")
        return {}
    known = hardware.parts()
    for role, driver in table.items():
        line, words = layer.line("drivers", role), (*known.get(role, ()), hardware.NONE)
        if role not in known:
            near = did_you_mean(role, known, ", ".join(known))
            complaints.add(layer.file, line, f"drivers.{role}", "unknown role", near)
        elif driver not in words:
            near = did_you_mean(str(driver), words, "one of " + ", ".join(words))
            complaints.add(layer.file, line, f"drivers.{role}", f"{shown(driver)} is not a driver for it", near)
    return {role: str(driver) for role, driver in table.items()}
