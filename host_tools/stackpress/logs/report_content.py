"""What a run's report says, whatever paper it stands on: figures, rows and sentences, honest about what is missing.

Figures are computed from the run's table, not copied from what the program wanted; a zero that could not be measured is said to
be so. `report.py` and `report_pdf.py` lay it out.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from stackpress_core.tick import blackboard

from stackpress.logs.drawing import Step, missing_text, spans_of_steps
from stackpress.logs.holds import longest_hold
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
    force = _force(side.get("area_m2"))
    calibrated = quoted(side.get("hashes"), side.get("cells") or 0, side["time"]["start_unix_s"], parquet.parent.parent)
    middle = middles(table["Test Time / s"].to_numpy(), table["Ticks / 1"].to_numpy(), side.get("tick_hz"))
    return {
        "d": side,
        "title": side.get("sample") or side.get("program") or "Press log",
        "subtitle": _subtitle(side),
        "badge": "done" if side["outcome"] in _GOOD else "open" if side["outcome"] in _OPEN else "bad",
        "warnings": _warnings(side) + [f"{cell}: its calibration was overdue." for cell, _, late in calibrated if late],
        "figures": _figures(side, table, middle, parquet.parent),
        "steps": _steps(side, table, middle, force),
        "levels": _levels(side, force),
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


def clock_text(seconds: float) -> str:
    """Test time as h:mm:ss, or with tenths when short."""
    if abs(seconds) < 600:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours}:{minutes:02d}:{rest:02d}"


def _force(area_m2: float | None) -> Callable[[float | None], str]:
    """A function from N to the text of the report's unit: MPa where the area is known, else N."""

    def text(newtons: float | None) -> str:
        if newtons is None or not np.isfinite(newtons):
            return "–"
        if area_m2:
            mpa = newtons / area_m2 / 1e6
            return f"{mpa:#.4g} MPa" if abs(mpa) >= 0.1 else f"{1000 * mpa:.3g} kPa"
        return f"{newtons:.2f} N" if abs(newtons) < 1000 else f"{newtons / 1000:#.4g} kN"

    return text


def utc(unix_s: float | None) -> str:
    """A moment to the second, with its zone; empty if it is not known."""
    return "" if unix_s is None else datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _subtitle(d: dict[str, Any]) -> str:
    parts = [f"program {d['program']}" if d.get("program") else "no program", utc(d["time"]["start_unix_s"])]
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


def _figures(d: dict[str, Any], table: Any, middle: Any, folder: Path) -> list[tuple[str, str]]:
    """The tiles: label and value. What a hold was good for is told of the longest one."""
    out = [("largest force", f"{d['peak_force_n'] / 1000:#.4g} kN")]
    if d.get("peak_pressure_pa"):
        out.insert(0, ("largest pressure", f"{d['peak_pressure_pa'] / 1e6:#.4g} MPa"))
    out.append(("duration", clock_text(d["time"]["duration_s"])))
    if len(table):
        when, newtons = _last_force(d, table, folder)
        what = "pressure" if d.get("area_m2") else "force"
        out.append((f"{what} {when}", _force(d.get("area_m2"))(newtons)))
    imbalance = table["Force Imbalance / 1"].abs().max() if "Force Imbalance / 1" in table.columns else None
    if imbalance is not None:
        out.append(("largest imbalance of the cells", f"{100 * imbalance:.1f} %"))
    hold = longest_hold(d, table, middle)
    if hold:
        what, named = "pressure" if d.get("area_m2") else "force", f"in the longest hold (step {hold.step_id})"
        out += [
            (f"mean {what} {named}", _force(d.get("area_m2"))(hold.mean_n)),
            (f"worst off set-point {named}", f"{100 * hold.worst:+.3g} %"),
            (f"RMS off set-point {named}", f"{100 * hold.rms:.2g} %"),
            (f"of the time within ±1 % of set-point {named}", percent_floor(hold.within)),
        ]
        if hold.travel_m is not None:
            out.append((f"travel {named}", f"{hold.travel_m * 1e6:+.1f} µm"))
    out.append(("missing records", str(d["missing_records"])))
    return out


def percent_floor(part: float) -> str:
    """A share that is only called 100 % if it is the whole."""
    return "100 %" if part >= 1 else f"{np.floor(part * 10000) / 100:.2f} %"


def _last_force(d: dict[str, Any], table: Any, folder: Path) -> tuple[str, float | None]:
    """(when, force / N): at the trip, at the end of the last step, or, of a run that has no end, where its log ends."""
    if d["outcome"] == "tripped" and d["trips"]:
        return "at the trip", _force_at(d["trips"][-1], folder)
    ends = [s for s in d["steps"] if s["phase"] == "ends"]
    if d["end"] and ends:
        return "at the end of the last step", ends[-1]["force_n"]
    return "at the end of the log", float(table["Applied Force / N"][-1])


def _force_at(trip: dict[str, Any], folder: Path) -> float | None:
    """Force / N in the tick of a trip, from its window; without one as its record has it, a few ticks later."""
    import polars as pl

    if trip["flight"] and (folder / trip["flight"]).exists():
        tick = pl.read_parquet(folder / trip["flight"]).filter(pl.col("Tick / 1") == 0)["Applied Force / N"]
        if len(tick):
            return float(tick[0])
    found: float | None = trip["force_n"]
    return found


def _steps(d: dict[str, Any], table: Any, middle: Any, force: Callable[[float | None], str]) -> list[dict[str, Any]]:
    last = float(table["Test Time / s"][-1]) if len(table) else 0.0
    begins = [s for s in d["steps"] if s["phase"] == "begins"]
    rows = []
    for begin, step in zip(begins, spans_of_steps(d, last), strict=True):
        part = table.filter((middle >= step.begin_s) & (middle <= step.end_s))
        rows.append({"number": begin["step_count"], "kind": step.kind + (f" {begin['cycle']}" if begin["cycle"] else ""),
                     "note": begin.get("note", "") if begin["cycle"] < 2 else "", "begin": clock_text(step.begin_s),
                     "lasted": clock_text(step.end_s - step.begin_s), "target": force(step.target_n),
                     "outcome": step.outcome or "–", **_step_figures(part, step, force)})  # fmt: skip
    return rows


def _step_figures(part: Any, step: Step, force: Callable[[float | None], str]) -> dict[str, str]:
    if not len(part):
        return {"mean": "–", "low": "–", "high": "–", "travel": "–"}
    weights = part["Ticks / 1"].to_numpy().astype(float)
    mean = np.average(part["Applied Force / N"].to_numpy(), weights=weights if weights.sum() else None)
    travel = "–"
    if "Displacement / m" in part.columns:
        seen = part["Displacement / m"].drop_nulls()
        travel = f"{(seen[-1] - seen[0]) * 1e6:+.1f} µm" if len(seen) else "–"
    return {"mean": force(float(mean)), "low": force(part["Force Min / N"].min()),
            "high": force(part["Force Max / N"].max()), "travel": travel}  # fmt: skip


def _levels(d: dict[str, Any], force: Callable[[float | None], str]) -> list[dict[str, str]]:
    """A row for each level of a sweep: what the spectrum beside it needs to know."""
    rows = []
    for one in d.get("levels", []):
        spread = one["Force Standard Deviation / N"]
        warm = [f"{t:.1f}" for t in (one["Temperature T1 / degC"], one["Temperature T2 / degC"]) if t is not None]
        span = one["Start Unix Time / s"], one["End Unix Time / s"]
        test = one["Start Test Time / s"], one["End Test Time / s"]
        dated = [utc(t) for t in span] if None not in span else [clock_text(t) if t is not None else "–" for t in test]
        rows.append({
            "level": f"{one['Step ID']}.{one['Level / 1']}",
            "set": force(one["Set Force / N"]), "mean": force(one["Mean Force / N"]),
            "spread": "–" if spread is None else "± " + force(spread), "settled": "yes" if one["Settled"] else "no",
            "ended": one["Ended By"], "from": dated[0], "to": dated[1], "warm": ", ".join(warm) or "–",
            "largest": force(one["Largest Force Before / N"]),
            "travel": "–" if one["Travel / m"] is None else f"{one['Travel / m'] * 1e6:+.1f} µm",
        })  # fmt: skip
    return rows


def _trips(d: dict[str, Any], folder: Path, force: Callable[[float | None], str]) -> list[dict[str, Any]]:
    rows = []
    for number, t in enumerate(d["trips"]):
        window = folder / t["flight"] if t["flight"] else None
        shown = window is not None and window.exists() and number < _MAX_WINDOWS
        cells = ", ".join(f"{c:.1f} N" for c in t["cells_n"] if c is not None)
        rows.append({"reason": t["reason"], "at": clock_text(t["test_time_s"]), "state": t["state_before"],
                     "step": t["step_id"], "reaction": t["reaction"], "force": force(_force_at(t, folder)),
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
    if d["zero"]["after_n"]:
        return "Force that the unloaded cells show. The change is drift, creep and noise: an error of what was held."
    return "The cell was still pressed at the end, so the zero after the run could not be measured: drift is unknown."


def _origin(d: dict[str, Any]) -> list[tuple[str, str]]:
    press, area, specimen = d["press"], d.get("area_m2"), d.get("specimen") or {}
    return [
        ("press", f"{press.get('name') or 'unnamed'} ({press['board']})"),
        ("boot, run", f"{press['boot']}, {press['run']}"),
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
