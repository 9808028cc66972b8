"""The readings of a calibration: what each cell's converter said beside the reference, series by series; from a CSV file too.

A series begins with its zero, rises, may fall again, and ends with the zero to which it returns; preloads come first. A file is
read without guessing: a number with separators, an impossible value or a series without its zero is refused with row and
column, all of them at once.

    series,step,use,reference_n,cell_1,temperature_c
    0,preload,,20010,4012345,21.4
    1,zero,,0,12001,21.4
    1,up,fit,2003.5,412733,21.4
    1,up,verify,4001.2,812054,21.4
    1,zero,,0,12010,21.5

`cell_1` to `cell_4` are codes of the converter; `indicated_n` in their place is the force that the press showed, for a press
that is verified and not adjusted.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config.calibration_file import CODE_MAX
from ..config.complaints import Complaints, did_you_mean
from ..config.numbers import number, plain, readings, shown, write_it
from ..config.toml_file import display_name
from ..config.toml_text import read_text
from .accuracy import DOWN, FIT, UP, VERIFY

PRELOAD, ZERO = "preload", "zero"
STEPS = (PRELOAD, ZERO, UP, DOWN)
CELLS = tuple(f"cell_{i}" for i in range(1, 5))
INDICATED = "indicated_n"
NEEDED = ("series", "step", "reference_n")
KNOWN = (*NEEDED, "use", "temperature_c", INDICATED, *CELLS)
FORCE_MAX_N = 1_000_000.0
BOUNDS = {
    "series": (0, 99),
    "reference_n": (0, FORCE_MAX_N),
    "temperature_c": (-20, 60),
    INDICATED: (-FORCE_MAX_N, FORCE_MAX_N),
}
SERIES_MOST = 99
MARKS = " \t,;"  # between values: a line of nothing else is an empty one


@dataclass(frozen=True)
class Reading:
    """One reading. `codes` are of the cells that carry the force together, or the one force that the press showed / N."""

    series: int
    step: str
    use: str
    reference_n: float
    codes: tuple[float, ...]
    temperature_c: float | None = None


@dataclass(frozen=True)
class Readings:
    """All of them in their order; `columns` names what `codes` are: cell_1, ... or indicated_n."""

    columns: tuple[str, ...]
    rows: tuple[Reading, ...]

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the cells, from 1; none where the press's own force was read."""
        return tuple(CELLS.index(name) + 1 for name in self.columns if name in CELLS)

    @property
    def preloads(self) -> int:
        """How often it was loaded fully before."""
        return sum(row.step == PRELOAD for row in self.rows)

    @property
    def temperatures(self) -> list[float]:
        """All that were told / degC."""
        return [row.temperature_c for row in self.rows if row.temperature_c is not None]

    def series(self) -> dict[int, list[Reading]]:
        """Number -> readings of each series, without the preloads."""
        found: dict[int, list[Reading]] = {}
        for row in self.rows:
            if row.step != PRELOAD:
                found.setdefault(row.series, []).append(row)
        return found

    def to_csv(self) -> str:
        """The file's text; numbers with a point, nothing rounded away."""
        head = ["series", "step", "use", "reference_n", *self.columns, "temperature_c"]
        rows = [[str(r.series), r.step, r.use, f"{r.reference_n:.10g}", *(f"{c:.10g}" for c in r.codes),
                 "" if r.temperature_c is None else f"{r.temperature_c:.4g}"] for r in self.rows]  # fmt: skip
        return "".join(",".join(row) + "\n" for row in [head, *rows])


def read_csv(path: Path) -> Readings:
    """Read and check a file of readings. Raises ConfigError with every complaint."""
    complaints, name = Complaints(), display_name(path)
    text, fault = read_text(path)
    if fault is not None:
        complaints.add(name, fault[0], "", *fault[1:])
    complaints.raise_if_any()
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip(MARKS) and not line.startswith("#")]
    if not lines:
        complaints.add(name, 0, "", "holds no readings", "a head of " + ", ".join(NEEDED) + " and cell_1, then a row a reading")
    complaints.raise_if_any()
    mark = next((one for one in "\t;" if one in lines[0][1]), ",")
    values = [_values(name, at, line, mark, complaints) for at, line in lines]
    complaints.raise_if_any()
    head = [word.strip() for word in values[0]]
    rows = [(at, row + [""] * (len(head) - len(row))) for (at, _), row in zip(lines, values, strict=True)]
    _check_head(name, rows[0][0], head, complaints)
    complaints.raise_if_any()
    columns = tuple(one for one in (*CELLS, INDICATED) if one in head)
    found = [_row(name, at, head, cells, columns, complaints) for at, cells in rows[1:]]
    complaints.raise_if_any()
    result = Readings(columns, tuple(one for one in found if one is not None))
    for said in series_complaints(result):
        complaints.add(name, 0, "", said)
    complaints.raise_if_any()
    return result


def _values(name: str, at: int, line: str, mark: str, complaints: Complaints) -> list[str]:
    """Of a line, which stands for itself; spreadsheets write the empty columns beside a table too, at its end."""
    try:
        (row,) = csv.reader([line], delimiter=mark, strict=True)
    except csv.Error as error:
        complaints.add(name, at, "", f"cannot be read: {error}", "a value in quotes ends with one")
        return []
    while row and not row[-1].strip():
        row = row[:-1]
    return row


def _check_head(name: str, line: int, head: Sequence[str], complaints: Complaints) -> None:
    for word in NEEDED:
        if word not in head:
            complaints.add(name, line, word, "the head lacks this column", ", ".join(NEEDED))
    for word in head:
        if word not in KNOWN:
            complaints.add(name, line, word, "unknown column", did_you_mean(word, KNOWN, ", ".join(KNOWN)))
        elif head.count(word) > 1:
            complaints.add(name, line, word, "stands twice")
    if bool(set(head) & set(CELLS)) == (INDICATED in head):
        complaints.add(name, line, "", f"wants cell_1 .. cell_4 (codes), or {INDICATED}", "one or the other")


def _row(name: str, line: int, head: Sequence[str], cells: Sequence[str], columns: Sequence[str],
         complaints: Complaints) -> Reading | None:  # fmt: skip
    if len(cells) != len(head):
        complaints.add(name, line, "", f"has {len(cells)} values where the head has {len(head)}",
                       "decimals with a point: 1500.5; or semicolons between the values")  # fmt: skip
        return None
    told = {word: cell.strip() for word, cell in zip(head, cells, strict=True)}
    before = len(complaints.found)
    values = {word: _number(name, line, word, told[word], complaints) for word in ("series", "reference_n", *columns)}
    warm = _number(name, line, "temperature_c", told["temperature_c"], complaints) if told.get("temperature_c") else None
    step, use = told["step"], told.get("use", "")
    if step not in STEPS:
        complaints.add(name, line, "step", f"{shown(step)} is none", ", ".join(STEPS))
    if use not in ("", FIT, VERIFY):
        complaints.add(name, line, "use", f"{shown(use)} is none", f"{FIT}, {VERIFY}, or nothing ({VERIFY})")
    if len(complaints.found) > before:
        return None
    series, force = int(values["series"]), values["reference_n"]
    if step == ZERO and force != 0:
        complaints.add(name, line, "reference_n", f"a zero at {force:g} N", "0: nothing rests on the cells")
    if step in (UP, DOWN) and force == 0:
        complaints.add(name, line, "reference_n", "a load of 0 N", f"step {ZERO}")
    if step in (UP, DOWN) and series == 0:
        complaints.add(name, line, "series", "0 is of the preloads", "from 1")
    loaded = step in (UP, DOWN)
    return Reading(series, step, (use or VERIFY) if loaded else "", force, tuple(values[one] for one in columns), warm)


def _number(name: str, line: int, word: str, text: str, complaints: Complaints) -> float:
    value = plain(text)
    low, high = BOUNDS.get(word, (-CODE_MAX, CODE_MAX))
    right = f"from {number(low)} to {number(high)}"
    if value is None and readings(text):
        complaints.add(name, line, word, f"{shown(text)} has a separator", write_it(text))
    elif value is None:
        complaints.add(name, line, word, f"{shown(text)} is no number" if text else "is empty", right)
    elif not low <= value <= high or (word == "series" and value != int(value)):
        complaints.add(name, line, word, f"{shown(value)} is impossible", right)
    return 0.0 if value is None else value


def series_complaints(found: Readings) -> list[str]:
    """What is wrong with the order: a series wants its zero first, forces that rise, then fall, and its zero again."""
    if not found.series():
        return ["holds no series: a zero, forces that rise, a zero"]
    said = []
    for at, rows in found.series().items():
        steps = [row.step for row in rows]
        if steps[0] != ZERO:
            said.append(f"series {at} does not begin with its zero")
        if steps[-1] != ZERO or steps.count(ZERO) < 2:
            said.append(f"series {at} does not end with the zero to which it returned")
        ups, downs = ([row.reference_n for row in rows if row.step == way] for way in (UP, DOWN))
        if UP in steps and DOWN in steps and steps.index(DOWN) < len(steps) - 1 - steps[::-1].index(UP):
            said.append(f"series {at} rises again behind its fall: that is another series")
        if any(b <= a for a, b in zip(ups, ups[1:], strict=False)):
            said.append(f"the forces of series {at} do not rise")
        if any(b >= a for a, b in zip(downs, downs[1:], strict=False)):
            said.append(f"the falling forces of series {at} do not fall")
        if not ups:
            said.append(f"series {at} has no rising force")
    return said
