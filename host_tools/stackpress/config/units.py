"""The unit that a key's name ends in: what it measures, and how to write the same value in another unit.

A key without its unit is how a press gets 50 kN where 50 N were meant; so a key in the wrong unit is not merely
unknown: the complaint says which key to use and what the number would be there.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from .numbers import number


@dataclass(frozen=True)
class Unit:
    """`value * factor + offset` is the value in the base unit of its dimension. `ours`: programs are written in it."""

    suffix: str
    words: str
    dimension: str
    factor: float
    offset: float = 0.0
    ours: bool = True


OURS = (
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
# Units that presses elsewhere are labelled in: known, so that the number in ours can be told, and not taken.
OTHERS = (
    ("gf", "grams-force", "force", 9.80665e-3),
    ("kp", "kiloponds", "force", 9.80665),
    ("t", "metric tonnes-force", "force", 9806.65),
    ("tf", "metric tonnes-force", "force", 9806.65),
    ("tonf", "metric tonnes-force; a US ton-force is 8896.44 N, a long one 9964.02 N", "force", 9806.65),
    ("ton", "metric tonnes-force; a US ton-force is 8896.44 N, a long one 9964.02 N", "force", 9806.65),
    ("tonnes", "metric tonnes-force", "force", 9806.65),
    ("kg", "kilograms-force", "force", 9.80665),
    ("g", "grams-force", "force", 9.80665e-3),
    ("lbf", "pounds-force", "force", 4.4482216152605),
    ("lb", "pounds-force", "force", 4.4482216152605),
    ("lbs", "pounds-force", "force", 4.4482216152605),
    ("klbf", "thousand pounds-force", "force", 4448.2216152605),
    ("kip", "thousand pounds-force", "force", 4448.2216152605),
    ("kips", "thousand pounds-force", "force", 4448.2216152605),
    ("ozf", "ounces-force", "force", 0.27801385095378),
    ("dyn", "dynes", "force", 1e-5),
    ("dan", "decanewtons", "force", 10.0),
    ("ksi", "thousand pounds per square inch", "pressure", 6894757.29),
    ("mbar", "millibars", "pressure", 100.0),
    ("hpa", "hectopascals", "pressure", 100.0),
    ("atm", "standard atmospheres", "pressure", 101325.0),
    ("at", "technical atmospheres", "pressure", 98066.5),
    ("torr", "torr", "pressure", 133.322368),
    ("mmhg", "millimetres of mercury", "pressure", 133.322387),
    ("sec", "seconds", "time", 1.0),
    ("seconds", "seconds", "time", 1.0),
    ("ns", "nanoseconds", "time", 1e-9),
    ("minutes", "minutes", "time", 60.0),
    ("hr", "hours", "time", 3600.0),
    ("hours", "hours", "time", 3600.0),
    ("days", "days", "time", 86400.0),
    ("weeks", "weeks", "time", 604800.0),
    ("cm", "centimetres", "length", 1e-2),
    ("in", "inches", "length", 0.0254),
    ("inch", "inches", "length", 0.0254),
    ("mil", "thousandths of an inch", "length", 2.54e-5),
    ("thou", "thousandths of an inch", "length", 2.54e-5),
    ("m2", "square metres", "area", 1.0),
    ("in2", "square inches", "area", 6.4516e-4),
    ("percent", "per cent", "ratio", 1e-2),
    ("ppb", "parts per billion", "ratio", 1e-9),
    ("k", "kelvins", "temperature", 1.0, -273.15),
    ("f", "degrees Fahrenheit", "temperature", 5 / 9, -160 / 9),
    ("degc", "degrees Celsius", "temperature", 1.0),
    ("degf", "degrees Fahrenheit", "temperature", 5 / 9, -160 / 9),
)
UNITS = {row[0]: Unit(*row) for row in OURS}
ALIENS = {row[0]: Unit(row[0], row[1], row[2], row[3], row[4] if len(row) > 4 else 0.0, ours=False) for row in OTHERS}
USES_MOST = 3  # keys that are named at once
_SAME = {"force/area": "pressure"}
_PREFIXES = {"": 1.0, "G": 1e9, "M": 1e6, "k": 1e3, "K": 1e3, "h": 1e2, "d": 0.1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_BASES = {"N": ("newtons", "force"), "Pa": ("pascals", "pressure"), "PA": ("pascals", "pressure")}


def _unit(suffix: str) -> Unit | None:
    """The unit of that suffix. With capitals it is a symbol: `MN` and `mN` are a thousand million apart."""
    for base, (words, dimension) in _BASES.items():
        factor = _PREFIXES.get(suffix.removesuffix(base)) if suffix.endswith(base) else None
        if factor is not None:
            return Unit(suffix, f"{suffix}, {number(factor)} {words}", dimension, factor, ours=False)
    small = suffix.lower()
    found = UNITS.get(suffix) or ALIENS.get(suffix) or UNITS.get(small) or ALIENS.get(small)
    if found is None or found.suffix == suffix:
        return found
    return Unit(suffix, found.words, found.dimension, found.factor, found.offset, ours=False)


def _one(words: str) -> str:
    """`second` of seconds, `inch` of inches."""
    return words.removesuffix("es") if words.endswith("ches") else words.removesuffix("s")


def unit_of(key: str) -> tuple[str, Unit | None]:
    """Split `force_limit_kn` into (`force_limit`, kilonewtons); compound units are `_kn_per_s`, `_n_per_um`."""
    head, per, below = key.rpartition("_per_")
    base = _unit(below) if per else None
    if base is not None:
        stem, above = unit_of(head)
        if above is not None:
            dimension = f"{above.dimension}/{base.dimension}"
            return stem, Unit(
                f"{above.suffix}_per_{base.suffix}",
                f"{above.words} per {_one(base.words)}",
                _SAME.get(dimension, dimension),
                above.factor / base.factor,
                ours=above.ours and base.ours,
            )
    stem, _, last = key.rpartition("_")
    found = _unit(last) if stem else None
    return (stem, found) if found else (key, None)


def converted(value: float, key: str, known: str) -> float | None:
    """The value of `key` in the unit of `known`; None if the units measure different things or one is missing."""
    have, want = unit_of(key)[1], unit_of(known)[1]
    if have is None or want is None or have.dimension != want.dimension:
        return None
    return float(f"{(value * have.factor + have.offset - want.offset) / want.factor:.9g}")


def advice(key: str, value: object, known: Iterable[str]) -> tuple[str, str] | None:
    """(what is wrong, what would be right) about a key that means one of `known`, in another unit or in none."""
    ranked = [(_nearness(key, one), one) for one in known if unit_of(one)[1] is not None]
    nearness = min([rank for rank, _ in ranked], default=_FAR)
    if nearness == _FAR:
        return None
    meant = [one for rank, one in ranked if rank == nearness]
    have = unit_of(key)[1]
    meant.sort(key=lambda one: converted(1.0, key, one) != 1.0)  # minutes mean min, not d
    use = "use " + " or ".join(f"{one} ({unit_words(one)})" for one in meant[:USES_MOST])
    if nearness == _NO_UNIT:
        return "the key lacks its unit, or a part of it", use
    if have is None or nearness == _STRANGE_UNIT:
        return f"{key.rpartition('_')[2]} is no unit that is known here", use
    same = _same(value, key, meant[0]) if nearness == _SAME_KIND else ""
    return f"wrong unit ({have.words})", f"use {meant[0]} ({unit_words(meant[0])}): {meant[0]} = {same}" if same else use


def nearest(key: str, value: object, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean x?` about a misspelt key, with its value as it would be in x's unit if that is another; or `otherwise`."""
    near = get_close_matches(key, list(known), n=1, cutoff=0.6)
    if not near:
        return otherwise
    have, want = unit_of(key)[1], unit_of(near[0])[1]
    if have is None or want is None or have.suffix == want.suffix:
        return f"did you mean {near[0]}?"
    same = _same(value, key, near[0])
    return f"did you mean {near[0]} = {same} ({want.words})?" if same else otherwise


_NO_UNIT, _SAME_KIND, _OTHER_KIND, _STRANGE_UNIT, _FAR = range(5)


def _nearness(key: str, known: str) -> int:
    stem, want = unit_of(known)
    own_stem, have = unit_of(key)
    if key == stem or known.startswith(key + "_per_"):
        return _NO_UNIT
    if have and want and stem == own_stem:
        return _SAME_KIND if have.dimension == want.dimension else _OTHER_KIND
    strange = key.startswith(stem + "_") and key[len(stem) + 1 :].isalnum()
    return _STRANGE_UNIT if strange else _FAR


def _same(value: object, key: str, known: str) -> str:
    """The same number or list of numbers in the unit of `known`, as it would be written; empty if it is none."""
    if isinstance(value, (list, tuple)):
        each = [_same(one, key, known) for one in value]
        return f"[{', '.join(each)}]" if each and all(each) else ""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return ""
    same = converted(float(value), key, known) if math.isfinite(value) else None
    return number(same) if same is not None else ""


def unit_words(key: str) -> str:
    """`newtons` for `force_limit_n`; empty for a key without a unit."""
    unit = unit_of(key)[1]
    return unit.words if unit else ""
