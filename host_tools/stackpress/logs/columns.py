"""The columns of an exported log: labels of the Battery Data Format where it has one, its style where it has none.

Labels and meanings follow the BDF ontology, version 1.3.0 (published 2026-07-19 by the Battery Data Alliance,
https://w3id.org/battery-data-alliance/ontology/battery-data-format). A press measures neither voltage nor current, so a
table on its own is not a complete BDF file (those two are required there): it is made to be joined with the cycler's
by `Unix Time / s`. `Step Record Index / 1` is the point's number within its step; the step's place in the program is `Step ID`.
`Cycle Count / 1` never falls in BDF, so it counts the rounds of all cycle and sweep steps of the run; the round within the step
is `Step Cycle / 1`. A pressure under a locked valve is not applied but there: such rows have `Surface Pressure / Pa` as well.

A field of a sample that has a label is a column; the table of records says all there is to say of it. What is reckoned
here has a row in RECKONED.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stackpress_core.log import records

BDF_VERSION = "1.3.0"
BDF_IRI = "https://w3id.org/battery-data-alliance/ontology/battery-data-format"
BDF_TERMS = {
    "Test Time / s": "test_time_second",
    "Unix Time / s": "unix_time_second",
    "Cycle Count / 1": "cycle_count",
    "Step Count / 1": "step_count",
    "Step ID": "step_id",
    "Step Record Index / 1": "step_record_index",
    "Step Time / s": "step_time_second",
    "Step Type": "step_type",
    "Record Index / 1": "record_index",
    "Applied Pressure / Pa": "applied_pressure_pa",
    "Surface Pressure / Pa": "surface_pressure_pa",
    "Temperature T1 / degC": "temperature_t1_celsius",
    "Temperature T2 / degC": "temperature_t2_celsius",
}

RECKONED = {  # columns that no sample has as a field
    "Test Time / s": "since the run's header",
    "Unix Time / s": "through the contacts of this boot, drift corrected",
    "Cycle Count / 1": "rounds of cycle steps and levels of sweeps begun in the run, never falls",
    "Step Count / 1": "steps begun in the run, each round and each level is one, never repeats",
    "Step Record Index / 1": "number of the row within its step, from 1",
    "Step Time / s": "since the step began",
    "Step Type": "contact, ramp, hold, ...",
    "Step Note": "what the program notes about the step",
    "Applied Pressure / Pa": "mean force over the program's area",
    "Surface Pressure / Pa": "the same, in rows that end with the valve locked: what is left of the pressure at a fixed gap",
    "Set Pressure / Pa": "set-point over the program's area",
    "Record Index / 1": "the record's sequence number",
}

FIRST = (  # the order of the columns that people look at; the others follow in the order of the sample's fields
    "Test Time / s", "Unix Time / s", "Cycle Count / 1", "Step Count / 1", "Step ID", "Step Record Index / 1",
    "Step Time / s", "Step Type", "Step Cycle / 1", "Step Note", "Applied Pressure / Pa", "Surface Pressure / Pa",
    "Set Pressure / Pa", "Applied Force / N", "Set Force / N",
    "Force Min / N", "Force Max / N", "Force Cell 1 / N", "Force Cell 2 / N", "Force Cell 3 / N", "Force Cell 4 / N",
    "Force Imbalance / 1", "Displacement / m", "Temperature T1 / degC", "Temperature T2 / degC", "Valve / 1",
    "Valve Moves / 1", "Valve Bits / 1", "Press State / 1", "Sample Flags / 1", "Ticks / 1",
)  # fmt: skip
LAST = ("Record Index / 1",)


@dataclass(frozen=True)
class Column:
    """A column that is one number of a sample: value = raw / divisor, or raw as it is when divisor is 0."""

    label: str
    field: str
    part: int | None
    divisor: float
    absent: int | None
    meaning: str


def _of_samples() -> tuple[Column, ...]:
    found = []
    for name, code, scale, _unit, label, _source, meaning in records.SAMPLE_FIELDS:
        if not label:
            continue
        divisor = 0.0 if scale == 1 else float(round(1 / scale))
        absent = {"i": records.ABSENT_I32, "h": records.ABSENT_I16}.get(code[-1]) if divisor else None
        parts = range(int(code[:-1])) if len(code) > 1 else (None,)
        found += [Column(label if k is None else label % (k + 1), name, k, divisor, absent, meaning) for k in parts]
    return tuple(found)


OF_SAMPLES = _of_samples()
MEANINGS = {**RECKONED, **{column.label: column.meaning for column in OF_SAMPLES}}


def _order() -> tuple[str, ...]:
    """Every column once. Raises ValueError for a label in the lists above that no column has."""
    unknown = [label for label in (*FIRST, *LAST, *BDF_TERMS) if label not in MEANINGS]
    if unknown:
        raise ValueError(f"no column is called {unknown[0]}")
    between = [label for label in MEANINGS if label not in FIRST + LAST]
    return (*FIRST, *between, *LAST)


ORDER = _order()


def ordered(table: dict[str, Any]) -> dict[str, Any]:
    """The columns of a table in their order. Raises ValueError for one that no list knows: it would be lost."""
    unknown = [label for label in table if label not in MEANINGS]
    if unknown:
        raise ValueError(f"no list of columns knows {unknown[0]}")
    return {label: table[label] for label in ORDER if label in table}


def describe(labels: Sequence[str]) -> list[dict[str, Any]]:
    """For the sidecar: each column, its unit, and its BDF term if it has one."""
    out = []
    for label in labels:
        term = BDF_TERMS.get(label)
        unit = label.rsplit(" / ", 1)[1] if " / " in label else None
        out.append({"label": label, "unit": unit, "bdf": f"{BDF_IRI}#{term}" if term else None})
    return out


def declared(labels: Sequence[str]) -> list[dict[str, str]]:
    """The columns that BDF has no term for, as a reader of BDF wants them declared so that it keeps them."""
    out = []
    for label in labels:
        if label not in BDF_TERMS:
            name, _, unit = label.rpartition(" / ") if " / " in label else (label, "", "1")
            out.append({"name": name, "unit_text": unit, "description": MEANINGS[label]})
    return out


def markdown() -> str:
    """COLUMNS.md: every column and what it means."""
    rows = [f"| `{label}` | {f'`{BDF_TERMS[label]}`' if label in BDF_TERMS else ''} | {MEANINGS[label]} |" for label in ORDER]
    return "\n".join([HEAD.format(version=BDF_VERSION, iri=BDF_IRI), *rows, ""])


HEAD = """# Columns of an exported log
<!-- written by `make docs` from firmware/stackpress_core/log/records.py and columns.py -->

Labels follow the [Battery Data Format]({iri}), ontology version {version} (published 2026-07-19), where it has one, and its
style where it has none. BDF requires `Voltage / V` and `Current / A`, which a press does not measure: join with the cycler's
table by `Unix Time / s`. A column without one value is left out (no area: no pressures; no contact with a host: no Unix time;
no sensor: no temperature; a firmware that did not log it yet). A row without a value is empty.

| column | BDF term | meaning |
| --- | --- | --- |"""


if __name__ == "__main__":
    print(markdown(), end="")
