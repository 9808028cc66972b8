"""From raw files to runs: one row in the database, one Parquet table and one JSON sidecar for each.

Everything here is derived from raw files and contacts, so it is idempotent: done twice it changes nothing, killed in
the middle it is finished the next time. A run is written again only when it has grown or its clock is known better.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from stackpress_core.log import records
from stackpress_core.recipe.kinds import OF

from stackpress.errors import WrongInput
from stackpress.logs.clock import ClockMap, Contact, clock_map
from stackpress.logs.decode import Decoded
from stackpress.logs.flight import write_flight
from stackpress.logs.parquet import labels_of, write_parquet
from stackpress.logs.raw_file import decoded
from stackpress.logs.run_records import RunRecords, runs_of
from stackpress.logs.sidecar import SUFFIX, area_m2, chained, outcome_name, peak_n, sidecar
from stackpress.logs.store import Store, file_name, generation_of
from stackpress.logs.table import Reference, columns, to_polars
from stackpress.whole_file import write_whole

# Part of every fingerprint: an exporter that writes otherwise, or that can read more, writes all runs again.
FORMAT = 3
SIMULATED = "sim"  # what a simulated press's boot record calls the board: its time has a pace of its own
READS = [[field[:2] for field in fields] for _, fields in records.KINDS.values()]


class NoSuchRun(WrongInput):
    """The run's name is not (or not only) one of those that are kept."""


@dataclass(frozen=True)
class Run:
    """A run as `runs` lists it. Times in s, force in N, area in m2; `start_unix_s` is None if no contact dates it."""

    run_id: str
    board: str
    boot: int
    run: int
    program: str
    sample: str
    operator: str
    area_m2: float
    start_press_s: float
    start_unix_s: float | None
    duration_s: float
    outcome: str
    peak_n: float
    samples: int
    missing: int
    trips: int
    parquet: Path
    sidecar: Path
    tags: tuple[str, ...] = ()

    @property
    def peak_pa(self) -> float | None:
        """The largest pressure of the run in Pa, None if the area is not known."""
        return self.peak_n / self.area_m2 if self.area_m2 else None


def ingest(store: Store, board: str, read: Mapping[Path, Decoded] | None = None) -> list[str]:
    """Bring the runs of one press up to date with its raw files; gives the names of those that were (re)written.

    `read` are raw files that have been decoded already, as they are now.
    """
    changed: list[str] = []
    paths = store.raw_paths(board)
    for path in paths:
        generation = generation_of(path)
        found = (read or {}).get(path) or decoded(path)
        every = runs_of(found)
        newest = max(((r.boot, r.run) for r in every), default=(0, 0))
        for run in every:
            last = path == paths[-1] and (run.boot, run.run) == newest and _boot_of_last(found) == run.boot
            if _ingest_run(store, board, generation, found, run, last):
                changed.append(run_name(board, generation, run))
    return changed


def run_name(board: str, generation: int, run: RunRecords) -> str:
    """A run's name: the same on every host and for ever."""
    return _name(board, generation, run.boot, run.run)


def _name(board: str, generation: int, boot: int, number: int) -> str:
    what = f"r{number:03d}" if number else "idle"
    return f"{file_name(board)}-b{boot:04d}-{what}" + (f"-g{generation}" if generation > 1 else "")


def runs(store: Store) -> list[Run]:
    """All runs that this host keeps, oldest first."""
    rows = store.db.execute("SELECT * FROM runs ORDER BY COALESCE(start_unix_s, 0), board, boot, run")
    tags: dict[str, list[str]] = {}
    for row in store.db.execute("SELECT run_id, tag FROM tags ORDER BY tag"):
        tags.setdefault(row["run_id"], []).append(row["tag"])
    return [_run(store, row, tags.get(row["run_id"], [])) for row in rows]


@dataclass(frozen=True)
class Wanted:
    """Which runs are meant; what is None is not asked for. Texts are parts of words, in any case; `since` is Unix time / s."""

    sample: str | None = None
    program: str | None = None
    since_unix_s: float | None = None
    tag: str | None = None

    def __contains__(self, run: object) -> bool:
        if not isinstance(run, Run):
            return False
        texts = ((self.sample, run.sample), (self.program, run.program))
        said = all(part is None or part.casefold() in whole.casefold() for part, whole in texts)
        late = self.since_unix_s is None or (run.start_unix_s is not None and run.start_unix_s >= self.since_unix_s)
        return said and late and (self.tag is None or self.tag in run.tags)


def find(store: Store, name: str = "") -> Run:
    """The run of that name (its beginning or end will do), the newest of that sample, or of all if `name` is empty.

    Raises NoSuchRun.
    """
    every = runs(store)
    if not name:
        ran = [r for r in every if r.run] or every
        if not ran:
            raise NoSuchRun("no run is kept here yet", "Pull a press's log first: stackpress log pull")
        return ran[-1]
    exact = [r for r in every if r.run_id == name]
    pressed = [r for r in every if r.sample and r.sample.casefold() == name.casefold()]
    if not exact and pressed:
        return pressed[-1]
    fitting = exact or [r for r in every if r.run_id.startswith(name) or r.run_id.endswith(name)]
    if len(fitting) != 1:
        some = ", ".join(r.run_id + (f" ({r.sample})" if r.sample else "") for r in (fitting or every)[-6:]) or "none"
        what = "run is called, or pressed," if not fitting else "runs are called"
        raise NoSuchRun(f"{len(fitting) or 'no'} {what} {name!r}", f"There are: {some}")
    return fitting[0]


def document(run: Run) -> dict[str, Any]:
    """The run's sidecar. Raises OSError."""
    found: dict[str, Any] = json.loads(run.sidecar.read_text(encoding="utf-8"))
    return found


def annotated(store: Store, run_id: str) -> dict[str, Any]:
    """What people have said about a run, for its sidecar."""
    tags = store.db.execute("SELECT tag FROM tags WHERE run_id = ? ORDER BY tag", (run_id,))
    said = store.db.execute("SELECT unix_s, text FROM comments WHERE run_id = ? ORDER BY unix_s, rowid", (run_id,))
    specimen = store.db.execute("SELECT key, value FROM specimens WHERE run_id = ? ORDER BY key", (run_id,))
    return {"tags": [row["tag"] for row in tags], "comments": [dict(row) for row in said],
            "specimen": {row["key"]: json.loads(row["value"]) for row in specimen}}  # fmt: skip


def _run(store: Store, row: Any, tags: list[str]) -> Run:
    keys = ("run_id", "board", "boot", "run", "program", "sample", "operator", "area_m2", "start_press_s",
            "start_unix_s", "duration_s", "outcome", "peak_n", "samples", "missing", "trips")  # fmt: skip
    name = row["run_id"]
    beside, before = store.runs_folder / f"{name}{SUFFIX}", store.runs_folder / f"{name}.json"
    return Run(
        **{k: row[k] for k in keys},
        parquet=store.runs_folder / f"{name}.press.parquet",
        sidecar=before if before.exists() and not beside.exists() else beside,  # as an older stackpress left it
        tags=tuple(tags),
    )


def _ingest_run(store: Store, board: str, generation: int, found: Decoded, run: RunRecords, newest: bool) -> bool:
    name = run_name(board, generation, run)
    told = [Contact(r.press_s, r.fields["unix_s"] + r.fields["unix_ms"] / 1000.0, told=True)
            for r in found.of(records.TIME_MAP) if r.boot == run.boot]  # fmt: skip
    boot = next((r for r in found.of(records.BOOT) if r.boot == run.boot), None)
    contacts = [*store.contacts(board, run.boot, generation), *told]
    never_set = [c for c in contacts if not c.of_a_set_clock]
    own_pace = boot is not None and boot.fields["name"] == SIMULATED
    clock = clock_map([c for c in contacts if c.of_a_set_clock], own_pace)
    outcome = _outcome(run, newest)
    first, last = run.seq_span
    gaps = [(a, b) for a, b in found.gaps if a > first and b < last]
    mark = _fingerprint(run, clock, never_set, outcome, gaps)
    row = store.db.execute("SELECT fingerprint FROM runs WHERE run_id = ?", (name,)).fetchone()
    parquet, beside = store.runs_folder / f"{name}.press.parquet", store.runs_folder / f"{name}{SUFFIX}"
    if row and row["fingerprint"] == mark and parquet.exists() and beside.exists():
        return False
    start_ms, last_ms = run.press_ms_span
    reference = Reference(start_ms, area_m2(run), clock, run.steps, run.notes).fitted(run.views)
    labels = labels_of(run.views, reference)
    side = sidecar(run, name, board, clock, labels, gaps, boot, outcome, never_set)
    side |= chained(run, lambda number: _name(board, generation, run.boot, number))
    side["levels"] = _levels(run, reference, side)
    side |= annotated(store, name)
    write_parquet(run.views, reference, parquet, embedded(side))
    for trip in run.of(records.TRIP):
        _write_trip(run, trip.fields["trip"], start_ms, store.runs_folder / f"{name}.trip{trip.fields['trip']}")
    store.runs_folder.joinpath(f"{name}.json").unlink(missing_ok=True)  # what the sidecar was called before
    write_whole(beside, json.dumps(side, indent=1))
    head = run.header.fields if run.header else {"program": "", "sample": "", "operator": ""}
    store.db.execute(
        "INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (name, board, generation, run.boot, run.run, head["program"], head["sample"], head["operator"], area_m2(run),
         start_ms / 1000.0, side["time"]["start_unix_s"], (last_ms - start_ms) / 1000.0, outcome, peak_n(run),
         run.samples, side["missing_records"], len(side["trips"]), mark),
    )  # fmt: skip
    return True


def embedded(side: dict[str, Any]) -> dict[str, str]:
    """A sidecar as the table's own metadata: a table that has lost it still says what it is."""
    return {"stackpress": json.dumps(side), "bdf_version": side["bdf"]["version"]}


def _levels(run: RunRecords, reference: Reference, side: dict[str, Any]) -> list[dict[str, Any]]:
    """The levels of the run's sweeps; a run without one is not read for it."""
    from stackpress.logs.levels import levels

    if not any(s.fields["kind"] in OF and OF[s.fields["kind"]].family == "visit" for s in run.steps):
        return []
    found = levels(side["steps"], side["events"], to_polars(columns(run.views, reference)), reference.area_m2)
    for one in found:  # what the cell had seen in the runs that this one goes on from counts
        if side["peak_force_before_n"] is not None and one["Largest Force Before / N"] is not None:
            one["Largest Force Before / N"] = max(one["Largest Force Before / N"], side["peak_force_before_n"])
    return found


def _write_trip(run: RunRecords, trip: int, start_ms: int, base: Path) -> None:
    slices = [r for r in run.of(records.FLIGHT) if r.fields["trip"] == trip]
    if slices:
        write_flight(slices, start_ms, base.with_name(base.name + ".flight.parquet"))


def _boot_of_last(found: Decoded) -> int:
    """The boot that wrote the newest record."""
    last = [(r.seq, r.boot) for r in found.others[-1:]]
    last += [(int(v["seq"][-1]), int(v["boot"][-1])) for v in found.views[-1:]]
    return max(last)[1]


def _outcome(run: RunRecords, newest: bool) -> str:
    if run.run == 0:
        return "idle"
    if run.end:
        ended = outcome_name(run.end.fields["outcome"])
        asked = [one.fields["text"] for one in run.of(records.EVENT) if one.fields["code"] == records.EVENT_STOP]
        return "vented" if ended == "stopped" and asked[-1:] == ["vent"] else ended
    return "running" if newest else "cut off"


def _fingerprint(run: RunRecords, clock: ClockMap, never_set: list[Contact], outcome: str, gaps: list[tuple[int, int]]) -> str:
    span = [ms / 1000.0 for ms in run.press_ms_span]
    dated = [round(float(t), 3) for t in clock.unix_s(np.array(span))] if clock.known else []
    dated += [c.unix_s for c in clock.contacts if span[0] < c.press_s < span[1]]
    doubts = [c for c in (*clock.left_out, *never_set) if span[0] <= c.press_s <= span[1]]
    what = (FORMAT, READS, run.samples, len(run.others), run.seq_span, dated, doubts, outcome, gaps)
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]
