"""Why a press stopped, from its records: the first reason in a sentence, what the press did, what came later, what to check first.

The log has all of it, but nobody who stands before a tripped press reads a log. The same account is made of what a press has just
been asked for and of a run that was pulled last month: both are records of one boot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from stackpress_core.log import records
from stackpress_core.tick import interlock, states

from .first_checks import first_checks
from .logs.decode import Decoded, Record
from .logs.flight import flight_table
from .whole_file import whole

if TYPE_CHECKING:
    from .logs.runs import Run
    from .logs.store import Store
    from .press import Press

CRASHES = ("watchdog", "crash")
_LATER_MOST = 20
_WINDOW_S = 0.4  # of the half second behind a trip: a slow or short flight recorder keeps a little less
_LET_GO = 0.1  # of the force at the trip: what is left of it no longer presses
_CRASH_TOLD = {
    "watchdog": "The firmware hung, and the watchdog started the press anew with its valves off",
    "crash": "The firmware failed with an exception, made the outputs safe and started anew",
}


@dataclass(frozen=True)
class Account:
    """What is told. `reason` is empty if nothing has stopped the press; times are in words, from the trip."""

    reason: str
    sentence: str
    did: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    flight: dict[str, Any] = field(default_factory=dict, repr=False)  # the flight recorder's window as columns

    @property
    def whole(self) -> bool:
        """Whether the window is there to its end, half a second behind the trip; a crash has none."""
        return self.reason in CRASHES or bool(self.flight) and float(self.flight["Trip Time / s"][-1]) >= _WINDOW_S

    def as_dict(self) -> dict[str, Any]:
        """For --json: all but the window, which is a picture."""
        parts = {"did": self.did, "later": self.later, "checks": self.checks}
        return {"reason": self.reason, "sentence": self.sentence, **{name: list(lines) for name, lines in parts.items()}}


def of_press(press: "Press", decoded: Decoded) -> Account:
    """Why this press stands where it does; `decoded` is its log as it was just pulled. Raises LinkLost."""
    boot, now = press.time().boot_id, press.snapshot()
    every = [one for one in decoded.others if "t_s" in one.fields]
    mine = [one for one in every if one.boot == boot]
    if now.trip_reason:
        trip = _first_since_reset(mine)
        if trip and trip.fields["name"] == now.trip_reason:
            return of_trip(trip, mine, now.trip_hint)
        place = "The log holds no record of it: `stackpress doctor` tells how the journal is"
        return Account(now.trip_reason, _cause(now.trip_reason, now.trip_hint), (place,), (), first_checks(now.trip_reason))
    if any(code == "crash" for code, _ in now.checks):
        return of_crash(boot, every)
    return _last_of(every, f"The press is {now.state}")


def of_run(store: "Store", run: "Run") -> Account:
    """Why a run that was pulled ended as it did."""
    found = _records_of(store, run)
    trips = [one for one in found if one.kind == records.TRIP]
    if trips:
        return of_trip(trips[0], found)
    asked = [str(one.fields["text"]) for one in found if _is(one, records.EVENT_STOP)]
    by = f" by a stop that was asked for ({asked[-1]})" if asked else ""
    return Account("", f"Nothing tripped in {run.run_id}: it ended as {run.outcome}{by}.")


def of_trip(trip: Record, found: Sequence[Record], hint: str = "") -> Account:
    """The account of one trip among the records of its boot; `hint` is what the press itself says of it, if it was asked."""
    f = trip.fields
    slices = [one for one in found if one.kind == records.FLIGHT and one.fields["trip"] == f["trip"]]
    flight = flight_table(slices, 0)
    sentence = f"{_cause(f['name'], hint)}: {_where(trip, found)}"
    return Account(f["name"], sentence, tuple(_did(trip, flight)), tuple(_later(trip, found)), first_checks(f["name"]), flight)


def of_crash(boot: int, every: Sequence[Record]) -> Account:
    """The account of a start that nobody has acknowledged yet, because the one before it ended badly."""
    starts = [one for one in every if one.kind == records.BOOT and one.boot <= boot]
    bad = [one for one in starts if _name(records.RESET_CAUSES, one.fields["cause"]) in CRASHES]
    if not bad:
        return Account("crash", _CRASH_TOLD["crash"] + "; the log of that start is gone.", (), (), first_checks("crash"))
    start = bad[-1]
    cause = _name(records.RESET_CAUSES, start.fields["cause"])
    before = [one for one in every if one.seq < start.seq]
    did = [f"the last that is logged before it: {_told(before[-1])}"] if before else []
    since = [one for one in every if one.boot == start.boot and one.kind == records.EVENT]
    did += [str(one.fields["text"]) for one in since if _is(one, records.EVENT_CRASH)]
    later = [f"started as boot {start.boot}, safe; it can't be armed before `stackpress reset`"]
    later += [_told(one) for one in since if not _is(one, records.EVENT_CRASH)][:_LATER_MOST]
    return Account(cause, f"{_CRASH_TOLD[cause]} (boot {start.boot}).", tuple(did), tuple(later), first_checks(cause))


def _last_of(every: Sequence[Record], stands: str) -> Account:
    trips = [one for one in every if one.kind == records.TRIP]
    if not trips:
        return Account("", f"{stands}, and its log knows of no trip.")
    boot = [one for one in every if one.boot == trips[-1].boot]
    told = of_trip(_first_since_reset(boot, trips[-1].seq) or trips[-1], boot)
    return Account(told.reason, f"{stands}; what stopped it last: {told.sentence}", told.did, told.later, told.checks, told.flight)


def _first_since_reset(found: Sequence[Record], until: int | None = None) -> Record | None:
    """The first trip behind the last acknowledgement (before the record `until`)."""
    first = None
    for one in found:
        if until is not None and one.seq > until:
            break
        if _is(one, records.EVENT_RESET):
            first = None
        elif one.kind == records.TRIP and first is None:
            first = one
    return first


def _records_of(store: "Store", run: "Run") -> list[Record]:
    from .logs.raw_file import decoded
    from .logs.run_records import runs_of
    from .logs.runs import run_name

    for path in store.raw_paths(run.board):
        generation = int(path.stem.rsplit(".", 1)[1])
        for one in runs_of(decoded(path)):
            if run_name(run.board, generation, one) == run.run_id:
                return [record for record in one.others if "t_s" in record.fields]
    return []


def _cause(reason: str, hint: str) -> str:
    """What the press saw: its own words for it, without what to do about it."""
    if not hint:
        known = reason in interlock.NAMES
        hint = interlock.row_of(reason)[interlock.HINT] if known else "a reason that only a newer stackpress knows"
    saw, _, todo = hint.partition(": ")
    return f"{reason}: {saw if todo else saw.rstrip('.')}"


def _where(trip: Record, found: Sequence[Record]) -> str:
    """When it was, in what, at which force."""
    from .logs.report_content import open_switches

    f = trip.fields
    parts = [f"while {_name(states.NAMES, f['state'])}"]
    head = next((one for one in found if one.kind == records.RUN and one.fields["run"] == f["run"]), None)
    step = next((one for one in reversed(found) if one.kind == records.STEP and one.seq < trip.seq
                 and one.fields["run"] == f["run"] and one.fields["step"] == f["step"]), None)  # fmt: skip
    if f["step"]:
        kind = f" ({step.fields['kind']})" if step else ""
        parts.append(f"in step {f['step']}{kind}")
    if head:
        passed = trip.press_s - head.press_s
        parts.append(f"{passed:.1f} s into run {f['run']} ({head.fields['program']})")
    text = f"{' '.join(parts)}, with {f['force_cn'] / 100:.1f} N pressed and {f['set_cn'] / 100:.1f} N asked"
    switches = open_switches(f["inputs"])
    return f"{text}; {switches}." if switches.startswith("open") else f"{text}."


def _did(trip: Record, flight: dict[str, Any]) -> Iterator[str]:
    """How the press reacted, and what came of it in the flight recorder's window."""
    yield f"reaction: {_name(records.REACTIONS, trip.fields['reaction'])}"
    if not flight:
        yield "the flight recorder's window of it is not in the log (yet)"
        return
    seconds, force = flight["Trip Time / s"], flight["Applied Force / N"]
    powered = flight["Sample Flags / 1"] >> states.FLIGHT_VALVE_AT & states.VALVE_POWERED
    after = np.flatnonzero(seconds >= 0)
    if not len(after):
        return
    off = after[powered[after] == 0]
    if len(off):
        yield f"{1000 * seconds[off[0]]:.2f} ms after it nothing at the ram was energised any more"
    at, end = abs(trip.fields["force_cn"]) / 100, force[after[-1]]
    gone = after[np.abs(force[after]) <= _LET_GO * at]
    if at > 1 and len(gone):
        yield f"{1000 * seconds[gone[0]]:.0f} ms after it a tenth of the force was left"
    yield f"{1000 * seconds[after[-1]]:.0f} ms after it: {end:.1f} N; most in the window {np.max(force):.1f} N"


def _later(trip: Record, found: Sequence[Record]) -> Iterator[str]:
    """What was told behind the trip, up to its acknowledgement and a little more."""
    told = (records.EVENT, records.TRIP, records.RUN_END)
    behind = [one for one in found if one.seq > trip.seq and one.boot == trip.boot and one.kind in told]
    for one in behind[:_LATER_MOST]:
        yield f"{one.press_s - trip.press_s:+.1f} s  {_told(one)}"
    if len(behind) > _LATER_MOST:
        yield f"and {len(behind) - _LATER_MOST} more, in the log"


def _told(one: Record) -> str:
    """One record as a phrase."""
    from .logs.sidecar import event_text, outcome_name

    f = one.fields
    if one.kind == records.EVENT:
        return event_text(f)
    if one.kind == records.TRIP:
        return f"tripped again: {f['name']}, {f['force_cn'] / 100:.1f} N"
    if one.kind == records.RUN_END:
        return f"end of run {f['run']}: {outcome_name(f['outcome'])}"
    if one.kind == records.STEP:
        return f"step {f['step']} ({f['kind']}) {'begins' if f['phase'] == records.STEP_BEGINS else 'ends'}"
    return str(records.KINDS[one.kind][0]).replace("_", " ")


def _is(one: Record, code: int) -> bool:
    return one.kind == records.EVENT and one.fields["code"] == code


def _name(names: Sequence[str], place: int) -> str:
    return names[place] if 0 <= place < len(names) else str(place)


def draw(account: Account, path: Path) -> Path:
    """The window as a picture. Raises OSError."""
    from .logs.flight import draw_flight
    from .logs.report_content import png

    with whole(path) as partial:
        partial.write_bytes(png(draw_flight(account.flight, account.reason), 130))
    return path
