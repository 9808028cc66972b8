"""A press's log as it grows: fetched piece by piece, on disk before the press may forget it, and handed on as it comes.

The file is the one that `log pull` writes, under the same lock, so both may pull the same press. What is fetched is made
durable, and the press told so, every half minute: a mark in its journal for each fetch would be half of what it holds.
"""

import time
from collections.abc import Callable
from pathlib import Path

from ..answers import LogState
from ..logs.pull import LogSource, goes_on, pieces
from ..logs.raw_file import RawFile
from ..logs.store import Store, generation_of

SURE_EVERY_S = 30.0
BUSY_S = 5.0


class LogFollower:
    """What was fetched of one press's journal; `heard` is given the raw records, also those that somebody else has pulled."""

    def __init__(self, store: Store, board: str, heard: Callable[[bytes], None]) -> None:
        self._store = store
        self._board = board
        self._heard = heard
        self._raw: RawFile | None = None
        self._size = 0  # of the file, as far as it was heard
        self._sure_at = 0.0
        self._unsure = False
        self.fetched = 0  # records
        self.dropped = self.overwritten = 0  # as the press counts them since its boot
        self.closing = False  # a run's end record is due

    def fetch(self, source: LogSource) -> int:
        """Bring what is new; how many records. Raises LinkLost, BadBlock, StoreBusy, OSError."""
        state = source.log_state()
        self.dropped, self.overwritten, self.closing = state.dropped, state.overwritten, state.closing
        before = self.fetched
        if self._raw is None or self._raw.last_seq + 1 < state.next or state.next - 1 < self._raw.last_seq:
            with self._store.pulling(self._board, BUSY_S):
                state = source.log_state()  # anew: what another program has pulled meanwhile would look like another journal's
                self._append(source, self._opened(source, state), state.first, state.next)
        self._be_sure(source)
        return self.fetched - before

    def close(self) -> None:
        """Make it durable; the press is told by the next who fetches."""
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def _append(self, source: LogSource, raw: RawFile, first: int, until: int) -> None:
        for data, last, count, _, real in pieces(source, max(raw.last_seq + 1, first), until):
            raw.append(data, last)
            self._size += len(data)
            self.fetched += count
            self._unsure = self._unsure or real
            self._heard(data)
        raw.flush()

    @property
    def generation(self) -> int:
        """Which of the journals of this press it is, from 1; 0 before the first fetch."""
        return generation_of(self._raw.path) if self._raw is not None else 0

    def _opened(self, source: LogSource, state: LogState) -> RawFile:
        """The file of this journal at its end, whoever else has written there; what is new to us in it is heard."""
        if self._raw is not None and self._raw.last_seq < state.next:
            path = self._raw.path
        else:
            path = self._store.raw_path(self._board, state.origin, lambda kept: goes_on(source, state, kept))
        if self._raw is None or self._raw.path != path or path.stat().st_size != self._size:
            was = self._size if self._raw is not None and self._raw.path == path else 0
            self.close()
            self._raw = RawFile(path)
            self._hear_from(path, was)
        return self._raw

    def _hear_from(self, path: Path, at: int) -> None:
        with path.open("rb") as file:
            file.seek(at)
            data = file.read()
        self._size = at + len(data)
        if data:
            self._heard(data)

    def _be_sure(self, source: LogSource) -> None:
        now = time.monotonic()
        if self._raw is not None and self._unsure and now - self._sure_at >= SURE_EVERY_S:
            self._raw.sync()
            source.log_pulled(self._raw.last_seq)
            self._unsure, self._sure_at = False, now
