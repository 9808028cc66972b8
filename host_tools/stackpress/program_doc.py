"""Print the reference of programs from the one table of steps, so that it cannot say anything else than the press does.

`python -m stackpress.program_doc > firmware/stackpress_core/recipe/PROGRAMS.md` renews the file; a test compares the two.
"""

import tomllib
from pathlib import Path

from stackpress_core.recipe import fields, kinds

from stackpress import program_keys as keys
from stackpress.programs import ready_made

Groups = tuple[tuple[int | str, ...], ...]
_INTRO = """\
# Programs

A program (recipe) is a TOML file: a few words about the run, then one `[[step]]` after the other.
`stackpress program check FILE` says everything that is wrong with it, with file and line; the press checks it again, as
a whole and against its own limits, before the first move.

Units are in the keys, and each value may be written in any unit of its quantity: `to_mpa`, `to_kpa`, `to_bar`;
`for_s`, `for_min`, `for_h`, `for_d`; `rate_n_per_s`, `rate_kn_per_min`. The tables name one of them. A pressure is a
force over the cell's area, which the program tells.

```toml
name = "first_pellet"
die_mm = 13               # or area_mm2

[[step]]
do = "contact"
to_n = 50

[[step]]
do = "ramp"
to_mpa = 370
rate_mpa_per_s = 10

[[step]]
do = "hold"
for_min = 5
```

After the last step the force is released at the stop rate and the press is vented, unless `at_end = "hold"`.

A step, or several, may stand for many: `for` names lists, every combination comes once, the last list fastest. A list is
used by its name, as a value or within braces in a note; its unit has to be the key's. A press has only the steps that come of
it (255 at most, 8 kB; a Pico holds 64 and says so), and each is judged as if it had been written by hand. Steps without a
note get one that says where in the loop they are; `note = ""` leaves it out.

```toml
name = "fabrication_by_stack"
die_mm = 13

[[step]]
do = "contact"
to_n = 50

[[step]]
for = {fabrication_mpa = [100, 200, 300], stack_mpa = [5, 20]}

[[step.step]]
do = "ramp"
to_mpa = "fabrication_mpa"
rate_mpa_per_s = 10

[[step.step]]
do = "ramp"
to_mpa = "stack_mpa"
rate_mpa_per_s = 10

[[step.step]]
do = "pause"
note = "EIS at {stack_mpa} after {fabrication_mpa} MPa"
```

A single step may have lists for its own keys: `do = "hold"` with `for = {for_min = [1, 10, 100]}`.

A cell that a program has left held (`at_end = "hold"`, or a stop that holds) can go on in a next one without being let go:
`run --from-held`. Its levels, times and differences begin with the force that is there, so it has no `contact`, and it does not
begin with `vent`. `program check --from-held 5MPa` judges a file as such.

A step that waits for anything but a time has a longest time. When it is over, `at_timeout` decides: `go_on` (next step),
`hold` (the program ends, the force stays), `stop` (the program ends, the force is released at the stop rate, then vented)
or `vent` (at once). The time of a pause does not count. When the host's lease runs out, `host_loss` decides: `carry_on`,
`hold` (the program pauses with the force as it is) or `ramp_down` (a controlled stop).

Keys in **bold** must be there; of several that are joined by "or", exactly one.
"""


def reference() -> str:
    """The whole of PROGRAMS.md."""
    parts = [_INTRO, "## The program\n", table(keys.header_rows(), fields.HEADER_GROUPS, skip=("format",))]
    parts.append("`die_mm`, the diameter of a round die, is another way to tell the area.\n")
    parts.append("## Steps\n")
    for kind in kinds.KINDS:
        parts += [f"### {kind.name}\n", kind.help + "\n", _takes(kind), table(kind.fields, kind.groups)]
    parts += ["### Keys of every step\n", table(fields.COMMON, ())]
    parts.append("## Ready-made programs\n")
    parts.append("".join(f"- `{name}`: {_about(path)}.\n" for name, path in ready_made().items()))
    return "\n".join(part for part in parts if part)


def _about(path: Path) -> str:
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["about"])


def _takes(kind: kinds.Kind) -> str:
    by_name = {row[0]: row for row in kind.fields}
    needed = []
    for least, *names in kind.groups:
        firsts = " or ".join(f"`{keys.main_key(by_name[name])}`" for name in names)
        needed.append(firsts if least else f"if wanted, {firsts}")
    return "Takes " + "; ".join(needed) + ".\n" if needed else ""


def table(rows: tuple[keys.Row, ...], groups: Groups, skip: tuple[str, ...] = ()) -> str:
    must = {name for group in groups if group[0] for name in group[1:]}
    lines = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for row in rows:
        if row[0] in skip or _never(row[0], groups):
            continue
        name = f"**`{keys.main_key(row)}`**" if row[0] in must else f"`{keys.main_key(row)}`"
        lines.append(f"| {name} | {_range(row)} | {_default(row)} | {row[5]}{_company(row[0], rows, groups)} |")
    return "\n".join(lines) + "\n"


def _never(name: str, groups: Groups) -> bool:
    """Whether a field always has one beside it that leaves it nothing to say."""
    other = dict(fields.NOTHING_BESIDE).get(name)
    return any(group[0] and group[1:] == (other,) for group in groups)


def _company(name: str, rows: tuple[keys.Row, ...], groups: Groups) -> str:
    """What must stand beside a field, and what must not, as the press judges it."""
    there = {row[0]: f"`{keys.main_key(row)}`" for row in rows}
    others = [other for other in dict(fields.ONLY_WITH).get(name, ()) if other in there]
    if any(group[0] and set(group[1:]) <= set(others) for group in groups):
        others = []  # one of them is always there
    only = f"; only with {' or '.join(there[other] for other in others)}" if others else ""
    other = dict(fields.NOTHING_BESIDE).get(name)
    return only + (f"; not beside {there[other]}" if other in there else "")


def _range(row: keys.Row) -> str:
    unit, least, most = row[1], row[2], row[3]
    if isinstance(unit, tuple):
        return " or ".join(f"`{word}`" for word in unit)
    if unit == "yes":
        return "`true`"
    if unit == "text":
        return f"text of {least} to {most} characters"
    if not keys.device_unit(row):
        return f"{least} to {most}"
    low, high = keys.from_device(row, least), keys.from_device(row, most)
    low_unit = "" if least == 0 or low[0].unit == high[0].unit else f" {low[0].unit}"
    words = f"{low[1]}{low_unit} to {high[1]} {high[0].unit}"
    return f"list of {words}" if unit.endswith(" list") else words


def _default(row: keys.Row) -> str:
    if row[4] is None or row[4] == "":
        return ""
    spelling, text = keys.from_device(row, row[4])
    return f"{text} {spelling.unit}".strip()


if __name__ == "__main__":
    print(reference(), end="")
