"""Pulling a press's log: incremental, resumed after any break, verified, and no record is let go before it is on disk.

What is already here is told by the raw file's end, so there is no second bookkeeping that could disagree with it. The
whole file is decoded once, when all of it is here, and the runs are made from that. A broken answer is asked for again; a
missing record is a number with its gap, never silence.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stackpress_core.log import records

from stackpress.answers import LogState, PressTime
from stackpress.errors import BadBlock
from stackpress.logs.clock import Contact
from stackpress.logs.decode import Decoded, decode
from stackpress.logs.raw_file import RawFile, decoded, newest
from stackpress.logs.runs import ingest
from stackpress.logs.store import Store, generation_of

if TYPE_CHECKING:
    from rich.console import Console

    from stackpress.press import Press

TRIES = 4
CLOSING_S, CLOSING_LOOK_S = 5.0, 0.1
BUSY_S = 5.0  # a service pulls for moments; who pulls for longer is told of
SYNC_BYTES = 256 * 1024  # as much as a kill of the computer may make us pull again

Progress = Callable[[int, int], None]  # records pulled so far, records there were to pull


class LogSource(Protocol):
    """What a pull asks of a press: `stackpress.Press` is one. Every call raises LinkLost when the press does not answer."""

    @property
    def identity(self) -> str:
        """The board's unique name."""

    def log_state(self) -> LogState:
        """Where the journal stands."""

    def log_read(self, seq: int) -> bytes:
        """Whole records from `seq` on, as many as the press likes to give; empty if there are none."""

    def log_pulled(self, seq: int) -> None:
        """Every record up to `seq` is on this computer's disk."""

    def time(self) -> PressTime:
        """Press time now."""


@dataclass(frozen=True)
class PullResult:
    """What a pull brought. `missing` and `gaps` are of the whole file, not of this pull only."""

    board: str
    records: int
    bytes: int
    first_seq: int
    last_seq: int
    missing: int
    gaps: tuple[tuple[int, int], ...]
    dropped: int  # records that the press itself could not take since it booted
    overwritten_unpulled: int  # records that the press had to overwrite before they were pulled, since it booted
    retries: int
    seconds: float
    newer: dict[str, int]  # records of each kind that hold more than this host can read; the raw file has it all
    bad_bytes: int  # of the whole file: they belong to no record (torn by a kill, or damaged), and stay where they are
    path: Path
    log: Decoded = field(repr=False)  # the whole file

    def __str__(self) -> str:
        lost = {0: "no record is missing", 1: "1 record is missing"}.get(self.missing, f"{self.missing} are missing")
        more = f"; {sum(self.newer.values())} hold what only a newer stackpress can read: kept" if self.newer else ""
        return f"{self.records} new records ({self.bytes / 1024:.0f} kB), up to number {self.last_seq}; {lost}{more}"

    def as_dict(self) -> dict[str, Any]:
        """All that is told of it, for JSON."""
        return {name: value for name, value in vars(self).items() if name not in ("path", "log")}


def pull(source: LogSource, store: Store, on_progress: Progress | None = None) -> PullResult:
    """Bring everything that the press has and this host has not.

    Raises StoreBusy if another program does just that, LinkLost if the press is gone (what came until then is kept, the
    next pull goes on behind it), BadBlock if an answer stays broken.
    """
    began = time.monotonic()
    board = source.identity
    contact = _contact(source)
    with store.pulling(board, BUSY_S):
        state = source.log_state()  # not before: what another program pulls meanwhile would look like another journal's
        path = store.raw_path(board, state.origin, lambda kept: goes_on(source, state, kept))
        store.add_contact(board, *contact, generation_of(path))
        with RawFile(path) as raw:
            count, size, retries = _take(source, raw, state, on_progress)
    whole = decoded(path)
    return PullResult(
        board, count, size, whole.first_seq, whole.last_seq, whole.missing, tuple(whole.gaps), state.dropped,
        state.overwritten, retries, time.monotonic() - began, whole.newer, whole.bad_bytes, path, whole,
    )  # fmt: skip


def goes_on(source: LogSource, state: LogState, path: Path) -> bool:
    """Whether the journal that the source has goes on where this raw file ends: it has more, and what is newest in the file it
    gives byte for byte, unless it has that no more. Raises LinkLost, BadBlock."""
    seq, kept = newest(path)
    if seq >= state.next:
        return False
    if not state.first <= seq:
        return True
    data, *_ = _read_verified(source, seq)
    return data.startswith(kept) or int.from_bytes(data[6:10], "little") != seq


def _contact(source: LogSource) -> tuple[int, Contact]:
    """Boot id, and press time against this computer's clock; the middle of the question's time is taken."""
    asked = time.time()
    now = source.time()
    return now.boot_id, Contact(now.seconds, (asked + time.time()) / 2)


def pull_press(
    press: "Press", store: Store, shown: bool = False, console: "Console | None" = None
) -> tuple[PullResult, list[str]]:
    """Pull a press's log and bring its runs up to date; gives the result and the names of the runs that changed.

    A run that is just over gets its end record once the press knows its zero; that is waited for, at most CLOSING_S.
    Raises LinkLost, BadBlock, StoreBusy as `pull` does; what came before an error is kept.
    """
    until = time.monotonic() + CLOSING_S
    while press.log_state().closing and time.monotonic() < until:
        time.sleep(CLOSING_LOOK_S)
    result = pull_shown(press, store, console) if shown else pull(press, store)
    with store.pulling(result.board, BUSY_S):
        return result, ingest(store, result.board, {result.path: result.log})


def pull_shown(source: LogSource, store: Store, console: "Console | None" = None) -> PullResult:
    """The same with a progress bar on the terminal. Raises as `pull` does."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("pulling the log"), BarColumn(), MofNCompleteColumn(), TextColumn("records"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("pull", total=None)
        return pull(source, store, lambda done, total: bar.update(task, completed=done, total=max(total, done)))


def _take(source: LogSource, raw: RawFile, state: LogState, on_progress: Progress | None) -> tuple[int, int, int]:
    """Pull until what the press had at the beginning is here; gives (records, bytes, retries)."""
    start = max(raw.last_seq + 1, state.first)
    total = max(0, state.next - start)
    count = size = retries = unsynced = 0
    news = False
    for data, last, n, tried, real in pieces(source, raw.last_seq + 1, state.next):
        raw.append(data, last)
        retries += tried
        count, size, unsynced, news = count + n, size + len(data), unsynced + len(data), news or real
        if unsynced >= SYNC_BYTES:
            raw.sync()
            source.log_pulled(raw.last_seq)
            unsynced, news = 0, False
        if on_progress:
            on_progress(min(raw.last_seq + 1 - start, total), total)
    raw.sync()
    if news:
        source.log_pulled(raw.last_seq)
    return count, size, retries


def pieces(source: LogSource, seq: int, until: int) -> Iterator[tuple[bytes, int, int, int, bool]]:
    """Verified records from `seq` to before `until`, answer by answer, as `_read_verified` gives them, and raises as it does."""
    while seq < until:
        found = _read_verified(source, seq)
        if found[2] == 0:
            return
        yield found
        seq = found[1] + 1


def _read_verified(source: LogSource, seq: int) -> tuple[bytes, int, int, int, bool]:
    """(bytes, newest number, records, retries, whether more than pulled-marks came). Raises LinkLost, BadBlock."""
    for attempt in range(TRIES):
        try:
            data = source.log_read(seq)
        except BadBlock:
            continue
        found = decode(data)
        whole = found.bad_bytes == 0 and found.good_end == len(data)
        if whole and (found.count == 0 or found.first_seq >= seq):
            real = bool(found.views) or any(r.kind != records.PULLED for r in found.others)
            return data, found.last_seq, found.count, attempt, real
    raise BadBlock(f"the records from {seq} on came broken {TRIES} times", "Check the cable, then pull again.")


