"""The parameters that a press has, as the host sees them: the firmware's table, with checks that explain themselves.

`firmware/stackpress_core/params.py` declares each parameter once; this module only reads it. On the wire a parameter is an
integer (`raw`), in a file it is a number in the unit that its name ends in, or a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from . import ceilings
from .complaints import did_you_mean
from .numbers import number, shown
from .units import advice, nearest, unit_of, unit_words

ParamValue = float | int | str
ROUNDED_MOST = 0.005  # of a value; a count or a mask is never rounded


@dataclass(frozen=True)
class Parameter:
    """One row. `low`, `default`, `high` are in the unit of the name; for a choice they are indexes into `words`.

    A choice may leave out words at either end of the list that several parameters share: `choices` are those allowed.
    """

    name: str
    group: str
    scale: float
    words: tuple[str, ...]
    low: float
    default: float
    high: float
    help: str
    bound: float | None = None  # the weakest value without the owner's code, in the unit of the name; None where there is none

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that may be chosen; empty for a number."""
        return self.words[int(self.low) : int(self.high) + 1]

    @property
    def default_value(self) -> ParamValue:
        """The default as it would stand in a file."""
        return self.from_raw(self.default_raw)

    @property
    def default_raw(self) -> int:
        """The default as the device counts it."""
        return int(self.default) if self.words else round(self.default * self.scale)

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.words:
            return "one of " + ", ".join(f'"{word}"' for word in self.choices)
        unit = unit_words(self.name)
        return f"{number(self.low)} to {number(self.high)}{' ' + unit if unit else ''}"

    def is_weaker(self, raw: int) -> bool:
        """Whether this protects less than a configuration may without the owner's code."""
        from stackpress_core import params

        return bool(params.beyond({self.name: raw}))

    @property
    def bound_text(self) -> str:
        """The weakest value without the owner's code, in words; empty where there is no such bound."""
        if self.bound is None:
            return ""
        if self.words:
            return f'"{self.words[int(self.bound)]}"'
        return f"{'at least' if self.bound < self.default else 'at most'} {number(self.bound)}"

    def to_raw(self, value: ParamValue) -> int:
        """The integer on the wire. Raises ValueError for a value that `complaint_about` complains of."""
        if self.words:
            return self.words.index(str(value))
        return round(float(value) * self.scale)

    def from_raw(self, raw: int) -> ParamValue:
        """The value in the unit of the name. Raises ValueError for an unknown choice."""
        if self.words:
            if not 0 <= raw < len(self.words):
                raise ValueError(f"{self.name}: {raw} is none of {len(self.words)} choices")
            return self.words[raw]
        value = raw / self.scale
        return int(value) if value == int(value) else float(f"{value:.9g}")

    def complaint_about(self, value: object) -> tuple[str, str] | None:
        """(what is wrong, what would be right), or None."""
        return self._word_complaint(value) if self.words else self._number_complaint(value)

    def _word_complaint(self, value: object) -> tuple[str, str] | None:
        if isinstance(value, str) and value in self.choices:
            return None
        if isinstance(value, str):
            return f"{shown(value)} is not a choice", did_you_mean(value, self.choices, self.allowed)
        return f"{shown(value)} is not a word", self.allowed

    def _number_complaint(self, value: object) -> tuple[str, str] | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{shown(value)} is not a number", self.allowed
        if not self.low <= value <= self.high:  # a NaN is not between any two numbers
            return f"{number(value)} is out of range", self.allowed
        exact = value * self.scale
        if abs(exact - round(exact)) > (abs(exact) * ROUNDED_MOST if unit_of(self.name)[1] else 1e-9):
            return f"{number(value)} is finer than the press keeps it", f"in steps of {number(1 / self.scale)}"
        return None


def parse_rows(rows: Sequence[Sequence[Any]]) -> dict[str, Parameter]:
    """Rows `(name, group, scale, low, default, high, help)`, and perhaps the bound without the owner's code, to parameters."""
    found = {}
    for name, group, scale, low, default, high, text, *bound in rows:
        words = tuple(scale) if isinstance(scale, (tuple, list)) else ()
        found[name] = Parameter(name, group, 1.0 if words else scale, words, low, default, high, text, *bound)
    return found


@cache
def parameters() -> dict[str, Parameter]:
    """All parameters of this firmware, in the order of its table."""
    from stackpress_core import params

    return parse_rows(params.PARAMS)


@cache
def groups() -> dict[str, dict[str, Parameter]]:
    """The same by group: a group is a table in the TOML file."""
    found: dict[str, dict[str, Parameter]] = {}
    for one in parameters().values():
        found.setdefault(one.group, {})[one.name] = one
    return found


def why_unknown(key: str, value: object, group: str) -> tuple[str, str]:
    """(what is wrong, what would be right) about a key that the group does not have."""
    table = parameters()
    if key in table:
        return "stands in the wrong table", f"move it to [{table[key].group}]"
    if key in ceilings.KEYS:
        return "is no parameter", "move it to [ceilings] of the press file"
    near = nearest(key, value, groups().get(group, {})) or nearest(key, value, table)
    known = f"[{group}] knows {', '.join(groups()[group])}" if group else "outside of tables stand format, name, text, board"
    return advice(key, value, table) or ("unknown key", near or known)
