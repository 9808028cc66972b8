"""Loops of a program file: a step, or several, for each value of a list; a press has only the steps that come of it.

    [[step]]
    for = {fabrication_mpa = [100, 200, 300], stack_mpa = [5, 20]}   # every combination, the last list fastest

    [[step.step]]
    do = "ramp"
    to_mpa = "fabrication_mpa"
    rate_mpa_per_s = 10

The steps are converted and judged one by one as if each had been written by hand, so levels are reckoned by the press's checker
alone. What a round stands for is kept as the note of its steps: so the log, the report and the panel tell where a run is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from stackpress_core.recipe.fields import COMMON, STEPS_MAX

from stackpress import program_keys as keys
from stackpress.config.numbers import shown
from stackpress.config.units import unit_of

Complain = Callable[[int, str, str], None]  # table, key, text
Values = dict[str, Any]
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NOTE_MOST = next(row[3] for row in COMMON if row[0] == "note")
MENTIONED = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Placed:
    """A step as it runs: the table of the file that it was written in (from 1), and the values of the loops round it."""

    step: dict[str, Any]
    table: int
    values: Values


def expanded(steps: list[dict[str, Any]], complain: Complain) -> list[Placed]:
    """The steps in the order in which they run; no more than tell that there are too many."""
    made = []
    for one in _Loops(complain).of(steps, 1, {}):
        made.append(one)
        if len(made) > STEPS_MAX:
            complain(0, "step", f"with its loops it has more than {STEPS_MAX} steps: make two programs, the second `--from-held`")
            break
    return made


def tables_in(step: dict[str, Any]) -> int:
    """How many tables of steps a step is written as."""
    inner = step.get("step")
    return 1 + sum(tables_in(one) for one in inner if isinstance(one, dict)) if isinstance(inner, list) else 1


def told(values: Values) -> str:
    """`fabrication_mpa = 100, stack_mpa = 5`, for a complaint."""
    return ", ".join(f"{name} = {_plain(value)}" for name, value in values.items())


class _Loops:
    def __init__(self, complain: Complain) -> None:
        self._complain = complain

    def of(self, steps: list[dict[str, Any]], table: int, round_it: Values) -> Iterator[Placed]:
        for step in steps:
            yield from self._step(step, table, round_it)
            table += tables_in(step)

    def _step(self, step: dict[str, Any], table: int, round_it: Values) -> Iterator[Placed]:
        inner = step.get("step")
        if "for" not in step and inner is None:
            yield Placed(_with(step, round_it, {}), table, round_it) if round_it else Placed(step, table, {})
            return
        lists = self._lists(step, table, round_it)
        if lists is None:
            return
        own = {key: value for key, value in step.items() if key not in ("for", "step")}
        if inner is None:
            free = [name for name in lists if not _used(own, name)]
            for values in _rounds(lists, round_it):
                yield Placed(_with(own, values, {name: values[name] for name in free}), table, values)
        elif self._right(own, inner, lists, table):
            for values in _rounds(lists, round_it):
                yield from self.of(inner, table + 1, values)

    def _right(self, own: dict[str, Any], inner: Any, lists: dict[str, list[Any]], table: int) -> bool:
        if own:
            key = next(iter(own))
            self._complain(table, key, f"{key} can't stand beside the loop's own steps: it belongs into one of its [[step.step]]")
        elif not isinstance(inner, list) or not inner or not all(isinstance(one, dict) for one in inner):
            self._complain(table, "step", "the steps of a loop are written as [[step.step]] tables")
        else:
            unused = [name for name in lists if not any(_used(one, name) for one in inner)]
            for name in unused:
                self._complain(table, "for", f'no step of the loop uses {name}: as in to_mpa = "{name}", or {{{name}}} in a note')
            return not unused
        return False

    def _lists(self, step: dict[str, Any], table: int, round_it: Values) -> dict[str, list[Any]] | None:
        found = step.get("for")
        text = ""
        if found is None:
            text = "a step that has steps of its own needs a for, as in for = {stack_mpa = [5, 20]}"
        elif not isinstance(found, dict) or not found:
            text = f"for names its lists, as in for = {{stack_mpa = [5, 20]}}, not {shown(found)}"
        else:
            for name, values in found.items():
                text = text or _wrong(name, values, round_it)
        if text:
            self._complain(table, "for", text)
            return None
        return found


def _wrong(name: str, values: Any, round_it: Values) -> str:
    if not NAME.fullmatch(name) or name in ("do", "note", "for", "step"):
        return f"{shown(name)} is no name of a list"
    if name in round_it:
        return f"{name} is a list of a loop round this one already"
    if not isinstance(values, list) or not values:
        return f"{name} is a list of values, such as [5, 10, 5], not {shown(values)}"
    wrong = [one for one in values if isinstance(one, bool) or not isinstance(one, int | Decimal | str)]
    return f"{name} is a list of numbers or texts, and {shown(wrong[0])} is neither" if wrong else ""


def _rounds(lists: dict[str, list[Any]], round_it: Values) -> Iterator[Values]:
    for values in product(*lists.values()):
        yield {**round_it, **dict(zip(lists, values, strict=True))}


def _used(step: dict[str, Any], name: str) -> bool:
    """Whether a step, or one within it, says `name` as a value, or {name} in a text."""
    for key, value in step.items():
        if key == "step" and isinstance(value, list):
            if any(_used(one, name) for one in value if isinstance(one, dict)):
                return True
        elif isinstance(value, str) and key != "do" and (key != "note" and value == name or f"{{{name}}}" in value):
            return True
    return False


def _with(step: dict[str, Any], values: Values, more: Values) -> dict[str, Any]:
    """The step with the values in their places, `more` as keys of its own, and a note of the place unless it has one."""
    made = {key: value if key == "do" else _filled(key, value, values) for key, value in step.items()} | more
    if "note" not in made and made.get("do") != "pause":
        made["note"] = place(values)
    elif made.get("note") == "":
        del made["note"]
    return made


def _filled(key: str, value: Any, values: Values) -> Any:
    if not isinstance(value, str):
        return value
    if key != "note" and value in values:
        theirs, ours = unit_of(value)[1], unit_of(key)[1]
        if theirs and ours and theirs.suffix != ours.suffix:
            return keys.Foreign(value)
        return values[value]
    return MENTIONED.sub(lambda found: _plain(values[found[1]]) if found[1] in values else found[0], value)


def place(values: Values) -> str:
    """`fabrication 100 MPa, stack 5 MPa`, as short as a note has to be."""
    said = [_said(name, value) for name, value in values.items()]
    whole = ", ".join(" ".join(one) for one in said)
    return whole if len(whole) <= NOTE_MOST else ", ".join(one[1] for one in said)[:NOTE_MOST]


def _said(name: str, value: Any) -> tuple[str, str]:
    stem, unit = unit_of(name)
    if unit is None:
        return name.replace("_", " "), _plain(value)
    return stem.replace("_", " "), f"{_plain(value)} {keys.unit_shown(name[len(stem) + 1:])}"


def _plain(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
