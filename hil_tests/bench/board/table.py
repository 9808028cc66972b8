"""The figures, their goals, and whether they are met."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    name: str
    goal: float | None  # None: told for comparison
    less: bool
    stretch: float | None
    measure: str  # which measure gives it
    how: str


FIGURES = (
    Figure("tick_us_max", 33, True, None, "ticks", "data-ready edge to return from the interrupt, worst under full load"),
    Figure("tick_us_p50", 33, True, None, "ticks", "the same, median"),
    Figure("jitter_us_max", 15, True, None, "ticks", "worst deviation of the time between two tick entries from the period"),
    Figure("missed_ticks", 0, True, None, "ticks", "conversions that no tick answered, and what the firmware counts; the larger"),
    Figure("tick_hz_sustained", 6000, False, 8000, "sustained", "highest rate held for a second: no tick missed, MEAS:FORC? within "
           "100 ms, no record lost"),
    Figure("estop_to_vent_us_max", 300, True, None, "estop", "edge of the E-stop's pins to the fall of the dump valve's pin"),
    Figure("overforce_to_vent_us_max", 200, True, None, "overforce", "data-ready of a sample above the ceiling to the same pin"),
    Figure("overforce_true_us_max", 600, True, None, "overforce_true", "true force of 100 kN/s crosses the ceiling to that pin, "
           "the converter's filter counted"),
    Figure("overforce_true_8k_us_max", 350, True, None, "overforce_true_8k", "the same at 8 kHz"),
    Figure("deadman_ms_max", 2, True, None, "deadman", "interrupts off and an endless loop to the permissive's last edge"),
    Figure("usb_stop_ms_max", 20, True, None, "usb_stop", "stop byte to the dump valve's pin in a download, collections included"),
    Figure("pull_kb_per_s", 200, False, None, "wire", "records of the log, one client, while it presses"),
    Figure("pull_safe_kb_per_s", 400, False, None, "rest", "the same in the safe state"),
    Figure("query_ms_p50", 2, True, None, "wire", "MEAS:FORC? asked alone while it presses, to the whole answer, median"),
    Figure("query_ms_max", 25, True, None, "wire", "the same, worst, collections included"),
    Figure("telemetry_ms_p50", 8, True, None, "wire", "64 rows of TELemetry?, median"),
    Figure("document_s", None, True, None, "rest", "a document of 8 kB written and in force"),
    Figure("burst_lost", 0, True, None, "burst", "of 1000 commands and 1000 questions sent at once by a host that reads"),
    Figure("stop_behind_1000_ms", 500, True, None, "burst", "STOP behind 1000 questions, or commands, to the dump valve's pin"),
    Figure("break_stop_ms", 20, True, None, "burst", "a break on the line to the same pin, with the port full"),
    Figure("naive_tick_us_max", None, True, None, "naive", "the same task with floats, lists and a PID class"),
    Figure("dryrun_tick_us_max", 120, True, None, "dryrun", "dryrun's tick, plant included, at 4 kHz: first instruction to return"),
    Figure("dryrun_missed_ticks", 0, True, None, "dryrun", "periods that no tick of dryrun answered, and what the firmware counts"),
    Figure("heap_free_bytes", 66000, False, None, "ticks", "free after a collection, least seen while energised"),
)  # fmt: skip
BY_NAME = {figure.name: figure for figure in FIGURES}


def merged(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The measures' results as one record; the sustained rate is the highest that held."""
    values: dict[str, Any] = {}
    for result in results.values():
        values.update(result)
    held = [int(name.split("_")[1]) for name, at in values.items() if name.startswith("at_") and at["held"]]
    if any(name.startswith("at_") for name in values):
        values["tick_hz_sustained"] = max(held, default=0)
    return values


def judged(values: dict[str, Any], wanted: set[str]) -> list[dict[str, Any]]:
    """A row for each wanted figure: name, value, goal, whether it is met, how it was measured."""
    rows = []
    for figure in FIGURES:
        if figure.name not in wanted:
            continue
        value = float(values.get(figure.name, math.nan))
        measured = math.isfinite(value)
        rows.append({"name": figure.name, "value": value if measured else None, "goal": figure.goal, "stretch": figure.stretch,
                     "met": measured and holds(value, figure.goal, figure.less),
                     "stretch_met": figure.stretch is not None and holds(value, figure.stretch, figure.less),
                     "how": figure.how})  # fmt: skip
    return rows


def holds(value: float, goal: float | None, less: bool) -> bool:
    """False for a value that was not measured (not a number)."""
    return goal is None or (value <= goal if less else value >= goal)


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    value = "not measured" if row["value"] is None else f"{row['value']:.4g}" if row["value"] < 1000 else f"{row['value']:.0f}"
    if row["goal"] is None:
        return f"{row['name']:26} {value:>12}  for comparison"
    sign = "<=" if BY_NAME[row["name"]].less else ">="
    verdict = "met" if row["met"] else "MISSED"
    stretch = "" if row["stretch"] is None else f", stretch {row['stretch']:g} {'met' if row['stretch_met'] else 'not met'}"
    return f"{row['name']:26} {value:>12}  goal {sign} {row['goal']:g}: {verdict}{stretch}"
