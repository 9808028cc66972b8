"""Pulling a press's log: incremental, resumed after any break, verified, and no record is let go before it is on disk.

What is already here is told by the raw file itself, so there is no second bookkeeping that could disagree with it. A
broken answer is asked for again; a missing record is a number with its gap, never silence.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from stackpress_core.log import records

from stackpress.errors import BadBlock
from stackpress.logs.clock import Contact
from stackpress.logs.decode import decode
from stackpress.logs.raw import RawFile, decoded
from stackpress.logs.store import Store

if TYPE_CHECKING:
    from rich.console import Console

TRIES = 4
SYNC_BYTES = 256 * 1024  # as much as a kill of the computer may make us pull again

Progress = Callable[[int, int], None]  # records pulled so far, records there were to pull


@dataclass(frozen=True)
class LogState:
    """What a press says about its journal (LOG:STATe?)."""

    first_seq: int
    next_seq: int
    pulled_seq: int
    overwritten_unpulled: int
    dropped: int
    origin: int


class LogSource(Protocol):
    """A press as a puller sees it."""

    @property
    def identity(self) -> str:
        """The board's unique name."""

    def log_state(self) -> LogState:
        """The journal's state."""

    def read(self, seq: int) -> bytes:
        """Whole records from `seq` on, as many as the press likes to give; empty if there are none. Raises LinkLost."""

    def mark_pulled(self, seq: int) -> None:
        """The host has every record up to `seq` on its disk."""

    def contact(self) -> tuple[int, Contact]:
        """Boot id, and press time against the host's clock, now."""


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

    def __str__(self) -> str:
        lost = {0: "no record is missing", 1: "1 record is missing"}.get(self.missing, f"{self.missing} are missing")
        return f"{self.records} new records ({self.bytes / 1024:.0f} kB), up to number {self.last_seq}; {lost}"


def pull(source: LogSource, store: Store, on_progress: Progress | None = None) -> PullResult:
    """Bring everything that the press has and this host has not.

    Raises StoreBusy if another program does just that, LinkLost if the press is gone (what came until then is kept, the
    next pull goes on behind it), BadBlock if an answer stays broken.
    """
    began = time.monotonic()
    board, state = source.identity, source.log_state()
    boot, contact = source.contact()
    store.add_contact(board, boot, contact)
    with store.pulling(board):
        path = store.raw_path(board, state.origin, state.next_seq - 1)
        with RawFile(path) as raw:
            count, size, retries = _take(source, raw, state, on_progress)
    whole = decoded(path)
    return PullResult(
        board, count, size, whole.first_seq, whole.last_seq, whole.missing, tuple(whole.gaps), state.dropped,
        state.overwritten_unpulled, retries, time.monotonic() - began,
    )  # fmt: skip


def pull_shown(source: LogSource, store: Store, console: "Console | None" = None) -> PullResult:
    """The same with a progress bar on the terminal. Raises as `pull` does."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("pulling the log"), BarColumn(), MofNCompleteColumn(), TextColumn("records"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("pull", total=None)
        return pull(source, store, lambda done, total: bar.update(task, completed=done, total=max(total, done)))


def _take(source: LogSource, raw: RawFile, state: LogState, on_progress: Progress | None) -> tuple[int, int, int]:
    """Pull until what the press had at the beginning is here; gives (records, bytes, retries)."""
    start = max(raw.last_seq + 1, state.first_seq)
    total = max(0, state.next_seq - start)
    count = size = retries = unsynced = 0
    news = False
    while raw.last_seq + 1 < state.next_seq:
        data, last, n, tried, real = _read_verified(source, raw.last_seq + 1)
        retries += tried
        if n == 0:
            break
        raw.append(data, last)
        count, size, unsynced, news = count + n, size + len(data), unsynced + len(data), news or real
        if unsynced >= SYNC_BYTES:
            raw.sync()
            source.mark_pulled(raw.last_seq)
            unsynced, news = 0, False
        if on_progress:
            on_progress(min(raw.last_seq + 1 - start, total), total)
    raw.sync()
    if news:
        source.mark_pulled(raw.last_seq)
    return count, size, retries


def _read_verified(source: LogSource, seq: int) -> tuple[bytes, int, int, int, bool]:
    """(bytes, newest number, records, retries, whether more than pulled-marks came). Raises LinkLost, BadBlock."""
    for attempt in range(TRIES):
        try:
            data = source.read(seq)
        except BadBlock:
            continue
        found = decode(data)
        whole = found.bad_bytes == 0 and found.good_end == len(data)
        if whole and (found.count == 0 or found.first_seq >= seq):
            real = bool(found.views) or any(r.kind != records.PULLED for r in found.others)
            return data, found.last_seq, found.count, attempt, real
    raise BadBlock(f"the records from {seq} on came broken {TRIES} times", "Check the cable, then pull again.")


