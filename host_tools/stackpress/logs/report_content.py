"""What a run's report says, whatever paper it stands on: sentences and rows, honest about what is missing.

A zero that could not be measured is said to be so. `report_figures.py` computes the figures, `report.py` and `report_pdf.py` lay
all of it out.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackpress_core.tick import blackboard

from stackpress.logs import thickness, uniformity
from stackpress.logs.compliance import fitting
from stackpress.logs.drawing import missing_text
from stackpress.logs.report_figures import clock_text, figures, force_at, force_text, levels, steps, utc
from stackpress.metrology.history import quoted

_GOOD, _OPEN = ("done",), ("running", "stopped", "vented", "idle")
_MAX_EVENTS = 200
_MAX_WINDOWS = 3
_SWITCHES = {
    "estop_a": "emergency stop A", "estop_b": "emergency stop B", "guard_a": "guard A", "guard_b": "guard B",
    "pressure_ok": "over-pressure switch", "supply_ok": "supply monitor", "travel_ok": "travel limit",
}  # fmt: skip


def content(parquet: Path, side: dict[str, Any]) -> dict[str, Any]:
    """Everything that a report says, as texts and rows of texts, from a run's table and sidecar."""
    import polars as pl

    from stackpress.logs.plot import middles

    table = pl.read_parquet(parquet)
    force = force_text(side.get("area_m2"))
    calibrated = quoted(side.get("hashes"), side.get("cells") or 0, side["time"]["start_unix_s"], parquet.parent.parent)
    middle = middles(table["Test Time / s"].to_numpy(), table["Ticks / 1"].to_numpy(), side.get("tick_hz"))
    return {
        "d": side,
        "title": side.get("sample") or side.get("program") or "Press log",
        "subtitle": _subtitle(side),
        "badge": "done" if side["outcome"] in _GOOD else "open" if side["outcome"] in _OPEN else "bad",
        "warnings": _warnings(side) + [f"{cell}: its calibration was overdue." for cell, _, late in calibrated if late],
        "figures": figures(side, table, middle, parquet.parent),
        "steps": steps(side, table, middle, force),
        "levels": levels(side, force),
        "spread": _spread(side, table, parquet.parent.parent),
        "specimen": _specimen(side, table, parquet.parent.parent),
        "trips": _trips(side, parquet.parent, force),
        "events": [{"at": clock_text(e["test_time_s"]), "text": e["text"]} for e in side["events"][:_MAX_EVENTS]],
        "zeros": _zeros(side),
        "zero_note": _zero_note(side),
        "calibration": [(cell, said) for cell, said, _ in calibrated],
        "origin": _origin(side),
        "versions": _versions(side),
        "completeness": _completeness(side),
        "gaps": _gaps(side),
        "clock": _clock(side),
        "comments": [{"when": utc(c["unix_s"]), "text": c["text"]} for c in side.get("comments", [])],
        "notes": _notes(side, table),
    }


def _specimen(side: dict[str, Any], table: Any, folder: Path) -> dict[str, Any]:
    """What travel says of the specimen, step by step; nothing without a reference of its die."""
    reference = fitting(folder, side)
    if reference is None:
        return {"rows": [], "notes": []}
    found = thickness.steps(side, table, reference)
    return {"rows": thickness.texts(found.steps), "notes": found.notes}


def _spread(side: dict[str, Any], table: Any, folder: Path) -> list[tuple[str, ...]]:
    """Where the load was in each hold; nothing where nobody has said where the cells stand."""
    positions = uniformity.kept(folder, side["press"]["board"])
    return uniformity.texts(uniformity.spreads(side, table, positions)) if positions and len(table) else []


def _subtitle(d: dict[str, Any]) -> str:
    parts = [f"program {d['program']}" if d.get("program") else "no program", utc(d["time"]["start_unix_s"])]
    parts += [f"continued from {d['continued_from']}"] if d.get("continued_from") else []
    parts += [f"operator {d['operator']}"] if d.get("operator") else []
    parts += [", ".join(d["tags"])] if d.get("tags") else []
    return " · ".join(p for p in parts if p)


def _warnings(d: dict[str, Any]) -> list[str]:
    out = [f"The press tripped: {t['reason']} at {clock_text(t['test_time_s'])}." for t in d["trips"]]
    if d["missing_records"]:
        out.append(f"In this run's log {missing_text(d['missing_records'])}; figures are of what is there.")
    if d["outcome"] == "cut off":
        out.append("The run has no end record: the press was restarted or lost its power while it ran.")
    if d["outcome"] == "running":
        out.append("The run had not ended when the log was pulled.")
    unsettled = [f"{one['Level / 1']} (step {one['Step ID']})" for one in d.get("levels", []) if not one["Settled"]]
    if unsettled:
        out.append(f"Did not settle, and was not measured: level {', '.join(unsettled)}.")
    if d["time"]["clock"].get("doubtful"):
        ahead = [c["ahead_s"] for c in d["time"]["clock"]["ignored"] if c["ahead_s"] is not None]
        worst = max(ahead, key=abs, default=0.0)
        out.append(f"The date is in doubt: as many contacts with hosts say that it was {_ahead(worst)}.")
    if d["end"] and d["end"]["missed_ticks"]:
        out.append(f"{d['end']['missed_ticks']} control ticks were missed.")
    return out


def _ahead(seconds: float) -> str:
    return f"{clock_text(abs(seconds))} {'later' if seconds > 0 else 'earlier'}"


def _trips(d: dict[str, Any], folder: Path, force: Callable[[float | None], str]) -> list[dict[str, Any]]:
    rows = []
    for number, t in enumerate(d["trips"]):
        window = folder / t["flight"] if t["flight"] else None
        shown = window is not None and window.exists() and number < _MAX_WINDOWS
        cells = ", ".join(f"{c:.1f} N" for c in t["cells_n"] if c is not None)
        rows.append({"reason": t["reason"], "at": clock_text(t["test_time_s"]), "state": t["state_before"],
                     "step": t["step_id"], "reaction": t["reaction"], "force": force(force_at(t, folder)),
                     "set": force(t["set_n"]), "cells": cells, "switches": open_switches(t["inputs"]),
                     "window": window if shown else None, "trip": t})  # fmt: skip
    return rows


def open_switches(inputs: int) -> str:
    """Which of the switches that must be closed were open at a trip, in words."""
    found = [_SWITCHES.get(name, name) for name, bit in blackboard.IN.items() if blackboard.IN_HEALTHY & bit and not inputs & bit]
    return f"open: {', '.join(found)}" if found else "no switch was open"


def draw_window(parquet: Path, trip: dict[str, Any]) -> Any:
    """The flight recorder's window of a trip as a figure, from its table."""
    import polars as pl

    from stackpress.logs.flight import draw_flight

    return draw_flight(pl.read_parquet(parquet), trip["reason"])


def png(figure: Any, dpi: int) -> bytes:
    """A figure as the bytes of a PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, facecolor="white")
    return out.getvalue()


def _zeros(d: dict[str, Any]) -> list[dict[str, str]]:
    before, after = d["zero"]["before_n"] or [], d["zero"]["after_n"] or []
    rows = []
    for k in range(max(len(before), len(after))):
        a, b = (v[k] if k < len(v) else None for v in (before, after))
        rows.append({"cell": f"Force Cell {k + 1}", "before": _newtons(a), "after": _newtons(b),
                     "change": _newtons(b - a) if a is not None and b is not None else "–"})  # fmt: skip
    return rows


def _newtons(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f} N"


def _zero_note(d: dict[str, Any]) -> str:
    if not d["zero"]["before_n"]:
        return "Not logged."
    if d.get("continued_by"):
        return f"The cell stayed pressed and went on in {d['continued_by']}: the zero after is told there."
    if d.get("continued_from"):
        return f"The cell was pressed already: the zero before was taken before {d['continued_from']} began, or a run before that."
    if d["zero"]["after_n"]:
        return "Force that the unloaded cells show. The change is drift, creep and noise: an error of what was held."
    return "The cell was still pressed at the end, so the zero after the run could not be measured: drift is unknown."


def _origin(d: dict[str, Any]) -> list[tuple[str, str]]:
    press, area, specimen = d["press"], d.get("area_m2"), d.get("specimen") or {}
    return [
        ("press", f"{press.get('name') or 'unnamed'} ({press['board']})"),
        ("boot, run", f"{press['boot']}, {press['run']}"),
        *[(told, d[key]) for told, key in (("continued from", "continued_from"), ("continued by", "continued_by")) if d.get(key)],
        ("sample", d.get("sample") or "not given"),
        ("operator", d.get("operator") or "not given"),
        ("area", f"{area * 1e6:.2f} mm²" if area else "not given: forces only"),
        *((key.replace("_", " "), f"{value:g}" if isinstance(value, float) else str(value)) for key, value in specimen.items()),
        ("if the host is lost", (d.get("host_loss") or "not given").replace("_", " ")),
        ("control ticks", f"{d['tick_hz']} a second" if d.get("tick_hz") else "not given"),
    ]


def _versions(d: dict[str, Any]) -> list[tuple[str, str]]:
    hashes = d.get("hashes") or {}
    return [("firmware", d.get("firmware") or "not given"), *((f"{k} hash", v) for k, v in hashes.items())]


def _completeness(d: dict[str, Any]) -> str:
    if not d["missing_records"]:
        return f"All records of the run are there ({d['samples']} samples), each with a valid checksum."
    places = "one place" if len(d["gaps"]) == 1 else f"{len(d['gaps'])} places"
    return f"In {places} {missing_text(d['missing_records'])}; {d['samples']} samples are there."


def _gaps(d: dict[str, Any]) -> str:
    shown = [f"{g['first']}" if g["first"] == g["last"] else f"{g['first']}–{g['last']}" for g in d["gaps"][:12]]
    return ", ".join(shown) + (" …" if len(d["gaps"]) > 12 else "")


def _clock(d: dict[str, Any]) -> str:
    c = d["time"]["clock"]
    if c["method"] == "none":
        return "No contact with a host dates this boot: there is only test time."
    one = "1 contact disagreed and was left out."
    n = c["contacts_ignored"]
    ignored = "" if not n else f" {one if n == 1 else f'{n} contacts disagreed and were left out.'}"
    far = [_ahead(i["ahead_s"]) for i in c.get("ignored", [])[:4] if i["ahead_s"] is not None]
    ignored += f" Left out: {', '.join(far)}{' and others' if n > len(far) else ''}." if far else ""
    if c.get("uncertain_s") is not None:
        ignored += f" Times are sure to {clock_text(c['uncertain_s'])}."
    if c.get("press_seconds_a_second"):
        return (f"Press time is simulated: it ran {c['press_seconds_a_second']:.3g} times as fast as the host's clock. "
                f"Unix time goes through {len(c['contacts'])} contacts with the host.{ignored}")  # fmt: skip
    if c["method"] == "offset":
        return f"Unix time rests on one contact with the host; the press's own drift is not corrected.{ignored}"
    if c["drift_ppm"] is None:
        return f"Unix time goes through {len(c['contacts'])} contacts with the host; press time is simulated.{ignored}"
    return (f"Unix time goes through {len(c['contacts'])} contacts with the host, the press's clock was "
            f"{c['drift_ppm']:+.1f} ppm off.{ignored}")  # fmt: skip


def _notes(d: dict[str, Any], table: Any) -> list[str]:
    out = ["Force comes from the press's load cells with the calibration named above; it is no certified measurement."]
    out.append(f"{len(table)} samples; each is the mean, smallest and largest force of all ticks since the one before.")
    if d["end"]:
        out.append(f"Since boot the press had run {d['end']['ticks']} ticks and missed {d['end']['missed_ticks']}.")
    if d.get("newer_records"):
        out.append(f"{sum(d['newer_records'].values())} records hold what only a newer stackpress can read; the raw file has it.")
    if len(d["events"]) > _MAX_EVENTS:
        out.append(f"{len(d['events'])} events were logged, the first {_MAX_EVENTS} are shown; the sidecar has all.")
    return out
