"""The JSON-LD beside a run's table: everything about the run that is not a column, in physical units.

It is called as BDF 1.3.0 calls it, `<stem>.metadata.json`. The columns that are ours and not BDF's are declared in it as measured
variables, the way in which readers of BDF keep what they do not know.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from stackpress_core import params
from stackpress_core.log import records
from stackpress_core.recipe.fields import HOST_LOSS
from stackpress_core.tick import states

from stackpress.logs.clock import ClockMap, Contact
from stackpress.logs.columns import BDF_IRI, BDF_VERSION, declared, describe
from stackpress.logs.decode import Record
from stackpress.logs.run_records import RunRecords

FORMAT = "stackpress-run 2"
SUFFIX = ".metadata.json"
CONTEXT = {"@vocab": "https://schema.org/", "bdf": f"{BDF_IRI}#", "stackpress": "urn:stackpress:run#"}


# Fields that have a place of their own below. Any other stands in the sidecar under its own name, as the press wrote it.
_PLACED = {
    records.RUN: "t_s t_ms run area_um2 hz host_loss cells firmware_hash config_hash calibration_hash program_hash zero_cn "
                 "firmware program sample operator",
    records.RUN_END: "t_s t_ms run outcome zero_cn peak_cn moves ticks missed_ticks",
    records.STEP: "t_s t_ms run step count cycle phase target_cn force_cn displacement_nm kind outcome",
    records.EVENT: "t_s t_ms code run a b text",
    records.TRIP: "t_s t_ms run trip step state reason reaction inputs force_cn set_cn cell_cn imbalance_permille "
                  "displacement_nm valve_code name",
    records.BOOT: "t_s t_ms boot cause hz firmware_hash config_hash firmware name identity",
}  # fmt: skip


def _others(record: Record) -> dict[str, Any]:
    """Fields that a record has and the sidecar no place for; `more` is what a newer firmware wrote, in hexadecimal."""
    placed = _PLACED[record.kind].split()
    found = {name: value for name, value in record.fields.items() if name not in placed and value is not None}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in found.items()}


def newtons(centinewtons: int) -> float | None:
    """Force in N, None if no sensor gave one."""
    return None if centinewtons == records.ABSENT_I32 else centinewtons / 100.0


def sidecar(run: RunRecords, run_id: str, board: str, clock: ClockMap, labels: list[str],
            gaps: list[tuple[int, int]], boot: Record | None, outcome: str,
            never_set: Sequence[Contact] = ()) -> dict[str, Any]:  # fmt: skip
    """The sidecar as a dict that json can write, but for the levels of sweeps; `never_set`: contacts that can't have been right."""
    start_ms, last_ms = run.press_ms_span
    area = area_m2(run)
    return {
        "@context": CONTEXT,
        "@type": "Dataset",
        "name": run_id,
        "format": FORMAT,
        "run_id": run_id,
        "press": {"board": board, "boot": run.boot, "run": run.run, **_boot(boot)},
        "outcome": outcome,
        **_header(run),
        "area_m2": area or None,
        "time": {
            "start_press_s": start_ms / 1000.0,
            "duration_s": (last_ms - start_ms) / 1000.0,
            "start_unix_s": _unix(clock, start_ms),
            "clock": _clock(clock, start_ms / 1000.0, last_ms / 1000.0, never_set),
        },
        "samples": run.samples,
        "peak_force_n": peak_n(run),
        "peak_pressure_pa": peak_n(run) / area if area else None,
        "valve_moves": valve_moves(run),
        "zero": _zero(run),
        "steps": [_step(r, start_ms, _notes(run)) for r in run.of(records.STEP)],
        "events": [_event(r, start_ms) for r in run.of(records.EVENT)],
        "trips": [_trip(r, start_ms, run_id, run) for r in run.of(records.TRIP)],
        "newer_records": run.newer,  # of each kind, those that hold more than the exporter could read
        "missing_records": sum(b - a + 1 for a, b in gaps),
        "gaps": [{"first": a, "last": b} for a, b in gaps],
        "end": _end(run.end),
        "columns": describe(labels),
        "battinfo_dataset": {"dataset": {"name": run_id, "variable_measured": declared(labels)}},
        "bdf": {
            "version": BDF_VERSION,
            "ontology": BDF_IRI,
            "note": "labels follow BDF; a press gives neither Voltage nor Current, join with the cycler's table",
        },
    }


def chained(run: RunRecords, name_of: Callable[[int], str]) -> dict[str, Any]:
    """The run from whose held cell this one goes on, and the one that goes on from its own; None if there is none."""
    told = {r.fields["code"]: r.fields for r in run.of(records.EVENT)}
    before, after = told.get(records.EVENT_CONTINUED), told.get(records.EVENT_CHAINED)
    return {
        "continued_from": name_of(before["a"]) if before else None,
        "continued_by": name_of(after["a"]) if after else None,
        "peak_force_before_n": newtons(before["b"]) if before else None,
    }


def _clock(clock: ClockMap, first_s: float, last_s: float, never_set: Sequence[Contact]) -> dict[str, Any]:
    """The mapping, how sure it is between these press times, and what was left out before any was compared."""
    found = clock.as_dict()
    found["ignored"] += [{"press_s": c.press_s, "unix_s": c.unix_s, "ahead_s": None} for c in never_set]
    found["contacts_ignored"] = len(found["ignored"])
    sure = clock.uncertain_s(first_s, last_s)
    return {**found, "uncertain_s": None if sure is None else round(sure, 3)}


def _notes(run: RunRecords) -> dict[int, str]:
    """What the program notes about its steps, by their place."""
    return {r.fields["a"]: r.fields["text"] for r in run.notes}


def area_m2(run: RunRecords) -> float:
    """Area of the die or the cell, 0.0 if the program did not say."""
    return float(run.header.fields["area_um2"]) * 1e-12 if run.header else 0.0


def peak_n(run: RunRecords) -> float:
    """The largest force of the run in N."""
    seen = max((int(v["force_max_cn"].max()) for v in run.views), default=0)
    return seen / 100.0


def valve_moves(run: RunRecords) -> int:
    """How often the valve moved in the run; the press counts on from boot, modulo 65536."""
    if not run.views:
        return 0
    every = np.concatenate([v["moves"] for v in run.views])
    return int(np.diff(every).astype(np.int64).sum())  # unsigned differences wrap as the counter does


def _unix(clock: ClockMap, press_ms: int) -> float | None:
    return round(float(clock.unix_s(np.array([press_ms / 1000.0]))[0]), 3) if clock.known else None


def _test_s(record: Record, start_ms: int) -> float:
    return (int(record.fields["t_s"]) * 1000 + int(record.fields["t_ms"]) - start_ms) / 1000.0


def _boot(boot: Record | None) -> dict[str, Any]:
    if boot is None:
        return {"name": None, "identity": None}
    return {"name": boot.fields["name"], "identity": boot.fields["identity"], "tick_hz": boot.fields["hz"], **_others(boot)}


def _header(run: RunRecords) -> dict[str, Any]:
    head = run.header
    if head is None:
        return {"program": None, "sample": None, "operator": None, "firmware": None, "hashes": None}
    f = head.fields
    return {
        "program": f["program"],
        "sample": f["sample"],
        "operator": f["operator"],
        "firmware": f["firmware"],
        "tick_hz": f["hz"],
        "cells": f["cells"],
        "host_loss": _named(HOST_LOSS, f["host_loss"]),
        "hashes": {k: f[f"{k}_hash"].hex() for k in ("firmware", "config", "calibration", "program")},
        **_others(head),
    }


def _zero(run: RunRecords) -> dict[str, Any]:
    used = run.header.fields["cells"] if run.header else 4
    before = [newtons(v) for v in run.header.fields["zero_cn"][:used]] if run.header else None
    after = [newtons(v) for v in run.end.fields["zero_cn"][:used]] if run.end else None
    if after is not None and all(v is None for v in after):
        after = None  # the cell was still pressed: there is no zero
    return {"before_n": before, "after_n": after}


def _step(r: Record, start_ms: int, notes: dict[int, str]) -> dict[str, Any]:
    f = r.fields
    return {
        "test_time_s": _test_s(r, start_ms),
        "phase": "begins" if f["phase"] == records.STEP_BEGINS else "ends",
        "step_id": f["step"],
        "step_count": f["count"],
        "cycle": f["cycle"],
        "type": f["kind"],
        "target_n": newtons(f["target_cn"]),
        "force_n": newtons(f["force_cn"]),
        "displacement_m": f["displacement_nm"] / 1e9 if f["displacement_nm"] != records.ABSENT_I32 else None,
        "outcome": f["outcome"],
        **({"note": notes[f["step"]]} if f["step"] in notes else {}),
        **_others(r),
    }


def _event(r: Record, start_ms: int) -> dict[str, Any]:
    f = r.fields
    return {
        "test_time_s": _test_s(r, start_ms),
        "event": event_name(f["code"]),
        "text": event_text(f),
        "a": f["a"],
        "b": f["b"],
        **_others(r),
    }


def event_name(code: int) -> str:
    """What an event is called; a number that this stackpress does not know stands for itself."""
    return str(records.EVENTS.get(code, f"event {code}"))


def outcome_name(code: int) -> str:
    """How a run ended."""
    return str(records.OUTCOMES.get(code, f"outcome {code}"))


def _named(names: Sequence[str], place: int) -> str:
    return names[place] if 0 <= place < len(names) else str(place)


_PHRASES: dict[int, Callable[[int, int], str]] = {
    records.EVENT_STATE: lambda a, b: f"{_named(states.NAMES, a)} -> {_named(states.NAMES, b)}",
    records.EVENT_RANGE: lambda _, b: "low force range in use" if b else "high force range in use",
    records.EVENT_TRIGGER_OUT: lambda a, _: "trigger out on" if a else "trigger out off",
    records.EVENT_OVERWRITTEN: lambda a, _: f"{event_name(records.EVENT_OVERWRITTEN)}: {a}",
    records.EVENT_STEP_NOTE: lambda a, _: f"step {a}",
    records.EVENT_TARE: lambda a, b: f"tare: {newtons(a):g} N -> {newtons(b):g} N" if a or b else "tare",
    records.EVENT_CHAINED: lambda a, b: f"goes on from {newtons(b):g} N as run {a}",
    records.EVENT_CONTINUED: lambda a, b: f"continued from run {a}; the cell had seen {newtons(b):g} N",
    records.EVENT_DROPPED: lambda a, _: f"{event_name(records.EVENT_DROPPED)}: {a}",
}


def _value(name: str, raw: int) -> str:
    """A number of EVENT_VALUE in the unit of its name."""
    if raw == records.ABSENT_I32:
        return "none"
    if name.endswith("unix_s"):
        return datetime.fromtimestamp(raw & 0xFFFFFFFF, UTC).isoformat(" ")
    if name.endswith("_cn"):
        return f"{newtons(raw):g} N"
    try:
        value = params.from_raw(name, raw)
        return f"{value:.9g}" if isinstance(value, float) else str(value)
    except (KeyError, IndexError):  # of a newer firmware
        return str(raw)


def _steered(what: str, a: int, b: int) -> str:
    """What somebody changed of a program that ran, with the value before."""
    if what == "pause":
        return "paused" if b else "goes on"
    if what == "set-point":
        return f"{what}: {newtons(a):g} N -> {newtons(b):g} N"
    return f"{what}: {a} s -> {b} s" if what == "length" else f"{what}: {a} -> {b}"


def _version(crc: int) -> str:
    return f"version {crc & 0xFFFFFFFF:08x}" if crc else "none"


def event_text(fields: dict[str, Any]) -> str:
    """One human phrase for an event."""
    code, a, b = fields["code"], fields["a"], fields["b"]
    if code == records.EVENT_VALUE:
        return f"{fields['text']}: {_value(fields['text'], a)} -> {_value(fields['text'], b)}"
    if code == records.EVENT_STEERED:
        return _steered(fields["text"], a, b)
    if code == records.EVENT_DOCUMENT and (a or b):
        return f"{fields['text']}: {_version(a)} -> {_version(b)}"
    phrase = _PHRASES[code](fields["a"], fields["b"]) if code in _PHRASES else event_name(code)
    return f"{phrase}: {fields['text']}" if fields["text"] else phrase


def _trip(r: Record, start_ms: int, run_id: str, run: RunRecords) -> dict[str, Any]:
    f = r.fields
    flight = any(s.fields["trip"] == f["trip"] for s in run.of(records.FLIGHT))
    return {
        "test_time_s": _test_s(r, start_ms),
        "reason": f["name"],
        "reaction": _named(records.REACTIONS, f["reaction"]),
        "state_before": _named(states.NAMES, f["state"]),
        "step_id": f["step"],
        "force_n": newtons(f["force_cn"]),
        "set_n": newtons(f["set_cn"]),
        "cells_n": [newtons(v) for v in f["cell_cn"]],
        "inputs": f["inputs"],
        "flight": f"{run_id}.trip{f['trip']}.flight.parquet" if flight else None,
        **_others(r),
    }


def _end(r: Record | None) -> dict[str, Any] | None:
    if r is None:
        return None
    f = r.fields
    keys = ("moves", "ticks", "missed_ticks")
    return {"outcome": outcome_name(f["outcome"]), **{k: f[k] for k in keys}, **_others(r)}
