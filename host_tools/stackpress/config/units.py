"""The unit that a key's name ends in: what it measures, and how to write the same value in another unit.

A key without its unit is how a press gets 50 kN where 50 N were meant; so a key in the wrong unit is not merely
unknown: the complaint says which key to use and what the number would be there.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """`factor` turns a value in this unit into the base unit of its dimension."""

    suffix: str
    words: str
    dimension: str
    factor: float


UNITS = {
    row[0]: Unit(*row)
    for row in (
        ("n", "newtons", "force", 1.0),
        ("cn", "hundredths of a newton", "force", 0.01),
        ("mn", "millinewtons", "force", 0.001),
        ("kn", "kilonewtons", "force", 1000.0),
        ("kgf", "kilograms-force", "force", 9.80665),
        ("pa", "pascals", "pressure", 1.0),
        ("kpa", "kilopascals", "pressure", 1e3),
        ("mpa", "megapascals", "pressure", 1e6),
        ("gpa", "gigapascals", "pressure", 1e9),
        ("bar", "bars", "pressure", 1e5),
        ("psi", "pounds per square inch", "pressure", 6894.757),
        ("s", "seconds", "time", 1.0),
        ("ms", "milliseconds", "time", 1e-3),
        ("us", "microseconds", "time", 1e-6),
        ("min", "minutes", "time", 60.0),
        ("h", "hours", "time", 3600.0),
        ("d", "days", "time", 86400.0),
        ("m", "metres", "length", 1.0),
        ("mm", "millimetres", "length", 1e-3),
        ("um", "micrometres", "length", 1e-6),
        ("nm", "nanometres", "length", 1e-9),
        ("mm2", "square millimetres", "area", 1e-6),
        ("cm2", "square centimetres", "area", 1e-4),
        ("um2", "square micrometres", "area", 1e-12),
        ("pct", "per cent", "ratio", 1e-2),
        ("permille", "per mille", "ratio", 1e-3),
        ("ppm", "parts per million", "ratio", 1e-6),
        ("c", "degrees Celsius", "temperature", 1.0),
        ("cc", "hundredths of a degree Celsius", "temperature", 0.01),
        ("v", "volts", "voltage", 1.0),
        ("mv", "millivolts", "voltage", 1e-3),
        ("hz", "hertz", "frequency", 1.0),
        ("khz", "kilohertz", "frequency", 1e3),
        ("mhz", "megahertz", "frequency", 1e6),
        ("ticks", "ticks", "ticks", 1.0),
    )
}


def unit_of(key: str) -> tuple[str, Unit | None]:
    """Split `force_limit_kn` into (`force_limit`, kilonewtons); compound units are `_kn_per_s`, `_n_per_um`."""
    head, per, below = key.rpartition("_per_")
    if per and below in UNITS:
        stem, above = unit_of(head)
        if above is not None:
            unit, base = above, UNITS[below]
            return stem, Unit(
                f"{unit.suffix}_per_{base.suffix}",
                f"{unit.words} per {base.words.removesuffix('s')}",
                f"{unit.dimension}/{base.dimension}",
                unit.factor / base.factor,
            )
    stem, _, last = key.rpartition("_")
    if stem and last in UNITS:
        return stem, UNITS[last]
    return key, None


def same_quantity(key: str, known: str) -> bool:
    """Whether both keys name one thing, in whatever unit."""
    return key != known and unit_of(key)[0] == unit_of(known)[0]


def converted(value: float, key: str, known: str) -> float | None:
    """The value of `key` in the unit of `known`; None if the units measure different things or one is missing."""
    have, want = unit_of(key)[1], unit_of(known)[1]
    if have is None or want is None or have.dimension != want.dimension:
        return None
    return float(f"{value * have.factor / want.factor:.9g}")


def unit_words(key: str) -> str:
    """`newtons` for `force_limit_n`; empty for a key without a unit."""
    unit = unit_of(key)[1]
    return unit.words if unit else ""
