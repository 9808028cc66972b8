"""The keys of a program file: the device's fields in the units that people write, converted exactly.

The device keeps whole numbers (`to_pa = 370000000`); a file says `to_mpa = 370`. Any unit of the same quantity is
taken: stem and quantity find the field, so nothing is listed twice. Numbers are decimals here, never binary floats.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stackpress_core.recipe import fields, kinds

from stackpress.config.numbers import shown
from stackpress.config.units import UNITS, advice, nearest, unit_of

Row = tuple[Any, ...]


class Foreign(str):
    """The name of a loop's list whose numbers are in another unit than the key that they were given to."""


LISTED = {  # device unit -> the units that are written, the preferred one first
    "cN": ("n",),
    "Pa": ("mpa", "kpa"),
    "cN/s": ("n_per_s",),
    "Pa/s": ("mpa_per_s", "kpa_per_s"),
    "ms": ("d", "h", "min", "s"),
    "nm": ("mm", "um"),
    "um/s": ("um_per_s",),
    "nm/min": ("um_per_min", "nm_per_s"),
    "cN/min": ("n_per_min", "n_per_s"),
    "ppm": ("pct",),
    "cc": ("c",),
    "um2": ("mm2",),
}
_SHOWN = {"n": "N", "mpa": "MPa", "kpa": "kPa", "pct": "%", "c": "degC"}  # others are printed as they are
_LEAST_WRITTEN = Fraction(1, 100)  # a coarser unit is not written below this


def unit_shown(suffix: str) -> str:
    """A unit as printed: `MPa/s` for `mpa_per_s`."""
    return "/".join(_SHOWN.get(part, part) for part in suffix.split("_per_"))


@dataclass(frozen=True)
class Spelling:
    """One way to write a field: `value * factor` is the device's number."""

    row: Row
    key: str
    suffix: str
    factor: Fraction

    @property
    def unit(self) -> str:
        """As printed: `MPa/s`."""
        return unit_shown(self.suffix)


def header_rows() -> tuple[Row, ...]:
    """The rows of the program itself."""
    return tuple(fields.HEADER)


def step_rows(kind: str) -> tuple[Row, ...]:
    """The rows that a step of this kind may have."""
    return tuple(kinds.rows_of(kinds.OF[kind]))


def device_unit(row: Row) -> str:
    """`Pa` for a number or a list of numbers; empty for a text, a choice, a count or a yes."""
    unit = row[1].removesuffix(" list") if isinstance(row[1], str) else ""
    return unit if unit in LISTED else ""


def _factor(suffix: str) -> Fraction:
    above, _, below = suffix.partition("_per_")
    factor = Fraction(str(UNITS[above].factor))
    return factor / Fraction(str(UNITS[below].factor)) if below else factor


def spelled(row: Row, suffix: str) -> Spelling:
    """The field written in the unit `suffix`; a field without unit is written as it is."""
    if not device_unit(row):
        return Spelling(row, row[0], "", Fraction(1))
    stem, unit = unit_of(row[0])
    assert unit is not None, row[0]
    return Spelling(row, f"{stem}_{suffix}", suffix, _factor(suffix) / _factor(unit.suffix))


def find_key(key: str, rows: Iterable[Row]) -> Spelling | None:
    """The field that `key` means, in whatever unit of its quantity."""
    stem, unit = unit_of(key)
    for row in rows:
        if not device_unit(row):
            if row[0] == key:
                return spelled(row, "")
            continue
        field_stem, field_unit = unit_of(row[0])
        if unit and unit.ours and field_unit and stem == field_stem and unit.dimension == field_unit.dimension:
            return spelled(row, unit.suffix)
    return None


def listed_keys(row: Row) -> list[str]:
    """The documented keys of a field."""
    unit = device_unit(row)
    return [spelled(row, suffix).key for suffix in LISTED[unit]] if unit else [row[0]]


def why_unknown(key: str, value: Any, rows: Iterable[Row], others: Iterable[str]) -> tuple[str, str]:
    """(what is wrong, what would be right) about a key that is none of these rows' nor one of `others`."""
    listed = [one for row in rows for one in listed_keys(row)]
    known = [*listed, *others]
    told = advice(key, value, known)
    if told:
        return f"{key}: {told[0]}", told[1]
    if "radius" in key and "die_mm" in known:
        return f"{key}: a die is told by its diameter", "die_mm, twice the radius"
    return f"{key} is not known here", nearest(key, value, known, "one of " + ", ".join(known[:12]))


def main_key(row: Row) -> str:
    """The key that a person is told: `to_mpa`, `for_s`."""
    return spelled(row, "s").key if device_unit(row) == "ms" else listed_keys(row)[0]


def to_device(spelling: Spelling, value: Any) -> tuple[Any, str]:
    """(the device's value, complaint): numbers converted and rounded to the device's step, all else as it is."""
    if isinstance(value, Foreign):
        return None, f"is in {spelling.unit}, and the list {value} is in another unit"
    if not device_unit(spelling.row):
        return (int(value), "") if isinstance(value, Decimal) and value == int_or_zero(value) else (value, "")
    if isinstance(spelling.row[1], str) and spelling.row[1].endswith(" list"):
        if not isinstance(value, list):
            return None, "is a list of numbers, such as [5, 10, 5]"
        pairs = [_number(spelling, one) for one in value]
        return [pair[0] for pair in pairs], next((pair[1] for pair in pairs if pair[1]), "")
    return _number(spelling, value)


def int_or_zero(value: Decimal) -> int:
    """The whole number that a decimal is, or 0 if it is not finite."""
    return int(value) if value.is_finite() and abs(value) < 10**30 else 0


def _number(spelling: Spelling, value: Any) -> tuple[int | None, str]:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None, f"is a number of {spelling.unit}, not {shown(value)}"
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > 30) and value != 0:
        return None, "is no number that a press could use"
    exact = Fraction(value) * spelling.factor
    whole = round(exact)
    if abs(exact - whole) * 200 > abs(exact):
        return None, f"is finer than the press keeps it ({decimal_text(1 / spelling.factor)} {spelling.unit})"
    least, most = spelling.row[2], spelling.row[3]
    if not least <= whole <= most:
        low, high = (decimal_text(Fraction(one) / spelling.factor) for one in (least, most))
        return None, f"= {shown(value)} lies outside {low} .. {high} {spelling.unit}"
    return whole, ""


def from_device(row: Row, value: Any) -> tuple[Spelling, str]:
    """(spelling, TOML literal): the coarsest listed unit in which the number stays short and exact."""
    unit = device_unit(row)
    if not unit:
        return spelled(row, ""), toml_literal(value)
    many = value if isinstance(value, (list, tuple)) else [value]
    ways = [spelled(row, suffix) for suffix in LISTED[unit]]
    best = next((way for way in ways if all(_fits(way, unit, one) for one in many)), ways[-1])
    if any(_decimals(Fraction(one) / best.factor) is None for one in many):
        best = next(way for way in ways if all(_decimals(Fraction(one) / way.factor) is not None for one in many))
    texts = [decimal_text(Fraction(one) / best.factor) for one in many]
    return best, "[" + ", ".join(texts) + "]" if isinstance(value, (list, tuple)) else texts[0]


def _fits(way: Spelling, unit: str, value: int) -> bool:
    number = Fraction(value) / way.factor
    if unit == "ms":
        return value != 0 and number.denominator == 1 and (way.suffix != "min" or value >= 120_000)
    return value == 0 or (abs(number) >= _LEAST_WRITTEN and _decimals(number) is not None)


def _decimals(number: Fraction) -> int | None:
    """Decimal places of an exactly written number, None if it has no end."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def decimal_text(number: Fraction) -> str:
    """`370`, `0.05`; a number without end is cut after six places."""
    places = _decimals(number)
    if places is None:
        return f"{float(number):.6g}"
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    whole, rest = (digits[:-places], digits[-places:]) if places else (digits, "")
    return ("-" if number < 0 else "") + whole + ("." + rest if rest else "")


def toml_literal(value: Any) -> str:
    """A text, whole number or yes as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " and char != "\x7f" else f"\\u{ord(char):04X}" for char in text) + '"'
