"""A program as a TOML file: read it with every complaint in its place, write it so that reading gives the same again.

A file is converted to the form that the press keeps and judged by the press's own code, so that what passes here passes
there. Complaints carry file, line and the key that was written, and are found all at once.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stackpress_core.documents import LENGTH_MAX
from stackpress_core.recipe import program as recipes
from stackpress_core.recipe.levels import force_cn

from stackpress import program_keys as keys
from stackpress import program_loops as loops
from stackpress.config.complaints import Complaint, did_you_mean
from stackpress.config.numbers import shown
from stackpress.config.toml_lines import key_lines
from stackpress.config.toml_text import parsed

Program = dict[str, Any]
Limits = Mapping[str, Any]
_PI = Fraction("3.14159265358979323846264338328")
AREA_MISSING = "the program must tell the cell's area"  # how the press's own complaint ends
RIGHT_AREA = "die_mm = 13, or area_mm2, above the steps"
_HEADER_WORDS = ("die_mm",)
_STEP_START = re.compile(r"^[ \t]*\[\[[ \t]*step[ \t]*(?:\.[ \t]*step[ \t]*)*\]\]", re.MULTILINE)


def area_of_die_um2(diameter_mm: Fraction | Decimal | float | int) -> int:
    """Area of a round die in um2 (13 mm: 132 732 290 um2 = 132.732 mm2)."""
    diameter = Fraction(str(diameter_mm)) if isinstance(diameter_mm, float) else Fraction(diameter_mm)
    return round(_PI * diameter * diameter / 4 * 1_000_000)


def parse(text: str, file: str = "program", limits: Limits | None = None) -> tuple[Program | None, list[Complaint]]:
    """(program, complaints) of a TOML text; the program is None as soon as there is a complaint."""
    data, fault = parsed(text, Decimal)
    if fault:
        return None, [Complaint(file, fault[0], "", *fault[1:])]
    return _read(_Reader(text, file), data, limits)


def convert(
    data: Mapping[str, Any], name: str = "program", limits: Limits | None = None
) -> tuple[Program | None, list[Complaint]]:
    """The same of what was read already, by `tomllib` or by hand; complaints then have no line."""
    return _read(_Reader("", name), _decimal(data), limits)


def with_start(program: Program, limits: Limits) -> Limits:
    """The limits with the pressure of a held cell, `start_pa`, as the force `start_cn` that it is on this program's area."""
    if "start_pa" not in limits:
        return limits
    return {**limits, "start_cn": force_cn(limits["start_pa"], program.get("area_um2") or 0)}


def _read(reader: "_Reader", data: dict[str, Any], limits: Limits | None) -> tuple[Program | None, list[Complaint]]:
    program = reader.program(data)
    found = with_start(program, limits or {})
    if "start_pa" in found and not found["start_cn"]:
        reader.complain(0, "die_mm", "the cell is held with a pressure, so " + AREA_MISSING, RIGHT_AREA)
    reader.judge(program, found)
    return (None, sorted(set(reader.complaints))) if reader.complaints else (program, [])


def _decimal(value: Any) -> Any:
    """The same with each float as the decimal that it is written as, and NumPy's numbers and arrays as Python's."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _decimal(one) for key, one in value.items()}
    return [_decimal(one) for one in value] if isinstance(value, list | tuple) else value


class _Reader:
    """Converts one file and keeps what was written where."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.complaints: list[Complaint] = []
        starts = [0] + [found.start() for found in _STEP_START.finditer(text)] + [len(text)]
        pieces = [(text.count("\n", 0, a), text[a:b]) for a, b in zip(starts, starts[1:], strict=False)]
        self.lines = [{path[-1]: before + line for path, line in key_lines(piece).items()} for before, piece in pieces]
        self.tables = [0]  # per place: which table of the file says it, from 1
        self.prefixes = [""]  # per place: how a complaint names the step, with the values of its loops
        self._said: set[tuple[int, str, str]] = set()
        self.written: list[dict[str, str]] = []  # per place: field -> key
        self.lost: set[tuple[int, str]] = set()  # (place, field) of a value that was complained about already

    def complain(self, place: int, key: str, text: str, right: str = "") -> None:
        """A mistake in a loop is told of the first round in which it shows."""
        said = self.tables[place], key, text
        if said not in self._said:
            self._said.add(said)
            self._complain(self.tables[place], key, self.prefixes[place] + text, right)

    def _complain(self, table: int, key: str, text: str, right: str = "") -> None:
        lines = self.lines[table] if table < len(self.lines) else {}
        line = lines.get(key, lines.get("step", 0))
        self.complaints.append(Complaint(self.file, line, key, text, right))

    def program(self, data: dict[str, Any]) -> Program:
        steps = data.get("step", [])
        header = {key: value for key, value in data.items() if key != "step"}
        program: Program = {"format": 1}
        program.update(self.record(0, header, keys.header_rows(), _HEADER_WORDS))
        self.die(header, program)
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            self.complain(0, "step", "steps are written as [[step]] tables")
            self.lost.add((0, "steps"))
            steps = []
        before = len(self.complaints)
        placed = loops.expanded(steps, self._complain)
        if len(self.complaints) > before:
            self.lost.add((0, "steps"))
        if sum(map(loops.tables_in, steps)) != len(self.lines) - 1:
            del self.lines[1:]  # not written as tables: no line can be told
        program["steps"] = [self.step(number, one) for number, one in enumerate(placed, 1)]
        return program

    def step(self, place: int, placed: loops.Placed) -> dict[str, Any]:
        step = placed.step
        kind = step.get("do")
        values = f" for {loops.told(placed.values)}" if placed.values else ""
        known = f" ({kind})" if isinstance(kind, str) and kind in recipes.NAMES else ""
        self.tables.append(placed.table)
        self.prefixes.append(f"step {place}{known}{values}: ")
        if not isinstance(kind, str) or kind not in recipes.NAMES:
            self.written.append({})
            right = did_you_mean(str(kind), recipes.NAMES, "do = one of " + ", ".join(recipes.NAMES))
            what = f"{shown(kind)} is no step" if "do" in step else "does not say what to do"
            self.complain(place, "do", what, right)
            self.lost.add((place, "do"))
            return {}
        fields = {key: value for key, value in step.items() if key != "do"}
        return {"do": kind} | self.record(place, fields, keys.step_rows(kind), ())

    def record(
        self, place: int, fields: dict[str, Any], rows: tuple[keys.Row, ...], words: tuple[str, ...]
    ) -> dict[str, Any]:
        made: dict[str, Any] = {}
        self.written.append({"do": "do"})
        for key, value in fields.items():
            if key in words:
                continue
            spelling = keys.find_key(key, rows)
            if spelling is None:
                text, right = keys.why_unknown(key, value, rows, words)
                self.complain(place, key, text, right)
                self.lost.add((place, ""))  # so that nobody asks for what is only misspelled
                continue
            field = spelling.row[0]
            device_value, fault = keys.to_device(spelling, value)
            if field in made:
                fault = f"says the same as {self.written[place][field]}"
            if fault:
                self.complain(place, key, f"{key} {fault}")
                self.lost.add((place, field))
            made[field] = None if fault else device_value
            self.written[place][field] = key
        return made

    def die(self, header: dict[str, Any], program: Program) -> None:
        """`die_mm`, the diameter, is another way to tell the area."""
        if "die_mm" not in header:
            return
        value = header["die_mm"]
        whole = isinstance(value, int) and not isinstance(value, bool)
        good = (whole or isinstance(value, Decimal) and value.is_finite()) and 1 <= value <= 70
        if "area_um2" in program:
            self.complain(0, "die_mm", f"die_mm and {self.written[0]['area_um2']} exclude each other")
        elif not good:
            self.complain(0, "die_mm", f"die_mm is a diameter of 1 to 70 mm, not {shown(value)}")
            self.lost.add((0, "area_um2"))
        program["area_um2"] = area_of_die_um2(value) if good else None
        self.written[0]["area_um2"] = "die_mm"

    def judge(self, program: Program, limits: Limits) -> None:
        """What the press itself would say, with the reader's own keys and lines."""

        def spell(place: int, field: str) -> str:
            rows = keys.step_rows(program["steps"][place - 1]["do"]) if place else keys.header_rows()
            row = next((row for row in rows if row[0] == field), None)
            return self.written[place].get(field) or (keys.main_key(row) if row else field)

        for place, field, text in recipes.find(program, limits, spell):
            if (place, field) not in self.lost:
                right = RIGHT_AREA if text.endswith(AREA_MISSING) else ""
                self.complain(place, spell(place, field) if field else "", text, right)
        size = 0 if self.complaints else len(to_json(program))
        if size > LENGTH_MAX:
            fewer = 'fewer steps, or note = "" in those of a loop; or two programs, the second `--from-held`'
            self.complain(0, "", f"it comes to {size} bytes in the press's form, which keeps {LENGTH_MAX} of a program", fewer)


def to_json(program: Program) -> bytes:
    """The document that goes to the press: compact, the same bytes for the same program."""
    return json.dumps(program, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()


def to_toml(program: Program) -> str:
    """A valid program as a file for people; reading it gives the same program again."""
    lines = []
    for row in keys.header_rows():
        if row[0] not in program or row[0] == "format":
            continue
        diameter = _diameter_mm(program["area_um2"]) if row[0] == "area_um2" else ""
        spelling, text = keys.from_device(row, program[row[0]])
        lines.append(f"die_mm = {diameter}" if diameter else f"{spelling.key} = {text}")
    for step in program["steps"]:
        lines += ["", "[[step]]", f'do = "{step["do"]}"']
        for row in keys.step_rows(step["do"]):
            if row[0] in step:
                spelling, text = keys.from_device(row, step[row[0]])
                lines.append(f"{spelling.key} = {text}")
    return "\n".join(lines) + "\n"


def _diameter_mm(area_um2: int) -> str:
    """The diameter, if a die of so many hundredths of a millimetre has just this area."""
    hundredths = round((4 * area_um2 / float(_PI)) ** 0.5 / 10)
    diameter = Fraction(hundredths, 100)
    return keys.decimal_text(diameter) if 1 <= diameter <= 70 and area_of_die_um2(diameter) == area_um2 else ""
