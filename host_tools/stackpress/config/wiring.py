"""Whether drivers, pins and capabilities of a board fit together: one rule a function, each complaint at the key to change.

The tables are boards/parts.toml and boards/chips.toml. What the hardware of an RP2040 or RP2350 can do at a pin is here: SPI (GPIO
modulo 4: 0 data in, 2 clock, 3 data out; a bus changes every 8), I2C (even data, odd clock; a bus changes every 2).
"""

from collections.abc import Iterator, Mapping, Set

from . import hardware
from .complaints import Complaints, did_you_mean
from .hardware import Part
from .toml_file import Layer

# (table, key, what is wrong, what would be right)
Finding = tuple[str, str, str, str]
OF_THE_BOARD = ("program_steps",)  # settings that no part wants but the firmware itself
SPI_PLACES = {"clock": 2, "data_in": 3, "data_out": 0}  # by the ends of the roles: what the chip on the bus calls it


def check_wiring(layer: Layer, pins: Mapping[str, int], drivers: Mapping[str, str], capabilities: Set[str], real: bool,
                 complaints: Complaints) -> None:  # fmt: skip
    """Complain of every part that lacks a pin, pins that do not reach their hardware, and claims without a part."""
    fitted = [one for role, name in drivers.items() if (one := hardware.part(role, name))]
    settings = layer.data.get("settings", {})
    found = [*_unknown_roles(pins), *_settings(fitted, settings if isinstance(settings, dict) else {})]
    for one in fitted:
        found += [*_lacks(one, pins, drivers), *_neighbours(one, pins), *_spi(one, pins), *_i2c(one, pins)]
    if real:
        found += [*_claims(fitted, pins, capabilities)]
    for table, key, text, right in found:
        line = layer.line(table, key) if key else layer.line(table)
        complaints.add(layer.file, line, f"{table}.{key}" if key else table, text, right)


def _unknown_roles(pins: Mapping[str, int]) -> Iterator[Finding]:
    for role in pins:
        if role not in hardware.roles():
            yield "pins", role, "no driver has such a pin", did_you_mean(role, hardware.roles(), "see boards/parts.toml")


def _settings(fitted: list[Part], settings: Mapping[str, object]) -> Iterator[Finding]:
    wanted = {name: one for one in fitted for name in one.settings}
    for name, one in wanted.items():
        if name not in settings:
            yield "drivers", one.role, f'"{one.name}" wants to know {name}', f"[settings] with {name} = ..."
    for name in settings:
        if name not in wanted and name not in OF_THE_BOARD:
            right = did_you_mean(name, wanted, ", ".join(wanted) or "leave it out")
            yield "settings", name, "no driver of this board has such a setting", right


def _lacks(one: Part, pins: Mapping[str, int], drivers: Mapping[str, str]) -> Iterator[Finding]:
    missing = [role for role in one.pins if role not in pins]
    if missing:
        right = f"[pins] with {', '.join(f'{role} = ...' for role in missing)}"
        yield "drivers", one.role, f'"{one.name}" needs a pin for {", ".join(missing)}', right
    if one.beside and drivers.get(one.beside[0]) != one.beside[1]:
        role, name = one.beside
        yield "drivers", one.role, f'"{one.name}" needs the {role} "{name}"', f'{role} = "{name}"'


def _neighbours(one: Part, pins: Mapping[str, int]) -> Iterator[Finding]:
    for row in one.neighbours:
        there = [role for role in row if role in pins]
        for before, role in zip(there, there[1:], strict=False):
            wanted = pins[before] + row.index(role) - row.index(before)
            if pins[role] != wanted:
                yield "pins", role, f"{pins[role]} must follow {before} = {pins[before]}", f"{role} = {wanted}"


def _spi(one: Part, pins: Mapping[str, int]) -> Iterator[Finding]:
    roles = [role for role in one.spi if role in pins]
    if not roles:
        return
    bus = pins[roles[0]] >> 3 & 1
    for role in roles:
        place = next(number for end, number in SPI_PLACES.items() if role.endswith(end))
        if pins[role] % 4 != place or pins[role] >> 3 & 1 != bus:
            fit = [n for n in range(30) if n % 4 == place and n >> 3 & 1 == bus]
            yield "pins", role, f"GPIO {pins[role]} is not this line of SPI{bus}", f"one of {_words(fit)}"


def _i2c(one: Part, pins: Mapping[str, int]) -> Iterator[Finding]:
    if not one.i2c or not all(role in pins for role in one.i2c):
        return
    data, clock = one.i2c
    bus = pins[data] >> 1 & 1
    if pins[data] % 2:
        yield "pins", data, f"GPIO {pins[data]} is no data line of an I2C", "an even GPIO"
    elif pins[clock] % 2 == 0 or pins[clock] >> 1 & 1 != bus:
        fit = [n for n in range(30) if n % 2 and n >> 1 & 1 == bus]
        yield "pins", clock, f"GPIO {pins[clock]} is not the clock of I2C{bus}", f"one of {_words(fit)}"


def _claims(fitted: list[Part], pins: Mapping[str, int], capabilities: Set[str]) -> Iterator[Finding]:
    gives = {word for one in fitted for word in one.gives}
    gives |= {word for word, roles in hardware.by_pins().items() if all(role in pins for role in roles)}
    known = {word for table in hardware.parts().values() for one in table.values() for word in one.gives}
    for word in sorted(capabilities & (known | set(hardware.by_pins()))):
        if word not in gives:
            yield "capabilities", "", f'nothing on this board gives "{word}"', _givers(word)


def _givers(word: str) -> str:
    found = [f'{one.role} = "{one.name}"' for table in hardware.parts().values() for one in table.values() if word in one.gives]
    found += [f"pins {' and '.join(hardware.by_pins()[word])}"] if word in hardware.by_pins() else []
    return " or ".join(found)


def _words(numbers: list[int]) -> str:
    return ", ".join(str(n) for n in numbers)
