"""Where a host keeps what presses have logged: raw records as they came, a small database, one table a run.

    <data>/raw/<board>-<origin>.spj   every record pulled from one press, byte for byte: the truth, append-only
    <data>/runs.sqlite                contacts, the list of runs, people's tags and comments (WAL); the runs can be rebuilt
    <data>/runs/<run>.press.parquet   the run's table, <run>.metadata.json its sidecar, <run>.trip<n>.flight.parquet its trips

A press forgets a record only after this host said that it has it, and the host says so only after fsync.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from stackpress.errors import PressError
from stackpress.logs.clock import Contact
from stackpress.paths import data_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    board TEXT NOT NULL, boot INTEGER NOT NULL, press_s REAL NOT NULL, unix_s REAL NOT NULL,
    PRIMARY KEY (board, boot, press_s)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, board TEXT NOT NULL, origin INTEGER NOT NULL, boot INTEGER NOT NULL, run INTEGER NOT NULL,
    program TEXT NOT NULL, sample TEXT NOT NULL, operator TEXT NOT NULL, area_m2 REAL NOT NULL,
    start_press_s REAL NOT NULL, start_unix_s REAL, duration_s REAL NOT NULL, outcome TEXT NOT NULL,
    peak_n REAL NOT NULL, samples INTEGER NOT NULL, missing INTEGER NOT NULL, trips INTEGER NOT NULL,
    fingerprint TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tags (run_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (run_id, tag)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
    unix_s REAL NOT NULL, board TEXT NOT NULL, operator TEXT NOT NULL, way TEXT NOT NULL, text TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS comments (run_id TEXT NOT NULL, unix_s REAL NOT NULL, text TEXT NOT NULL);
"""


class StoreBusy(PressError):
    """Another program on this host is pulling from the same press into the same folder."""


def file_name(text: str) -> str:
    """`text` as a part of a file name on any system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.") or "press"


class Store:
    """The data folder and its database; use it in a `with`."""

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = Path(folder) if folder is not None else data_folder()
        self.runs_folder = self.folder / "runs"
        self.raw_folder = self.folder / "raw"
        self.runs_folder.mkdir(parents=True, exist_ok=True)
        self.raw_folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(self.folder / "runs.sqlite", timeout=30.0, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def add_contact(self, board: str, boot: int, contact: Contact) -> None:
        """Remember that at this press time of this boot the host's clock read so."""
        row = (board, boot, contact.press_s, contact.unix_s)
        self.db.execute("INSERT OR IGNORE INTO contacts VALUES (?, ?, ?, ?)", row)

    def contacts(self, board: str, boot: int) -> list[Contact]:
        """The contacts of one boot of one press, in order."""
        found = self.db.execute(
            "SELECT press_s, unix_s FROM contacts WHERE board = ? AND boot = ? ORDER BY press_s", (board, boot)
        )
        return [Contact(row["press_s"], row["unix_s"]) for row in found]

    def raw_paths(self, board: str) -> list[Path]:
        """The raw files of one press, oldest first."""
        return sorted(self.raw_folder.glob(f"{file_name(board)}-*.spj"), key=lambda p: (p.stat().st_mtime_ns, p.name))

    def raw_path(self, board: str, origin: int, last_seq_limit: int) -> Path:
        """The raw file that records of this journal are added to.

        A journal that has fewer records than were pulled from it (`last_seq_limit` is its newest) is another one, on a
        wiped or exchanged chip: it gets a file of its own.
        """
        from stackpress.logs.raw_file import last_seq

        generation = 1
        while True:
            path = self.raw_folder / f"{file_name(board)}-{origin:08x}.{generation}.spj"
            if not path.exists() or last_seq(path) <= last_seq_limit:
                return path
            generation += 1

    @contextmanager
    def pulling(self, board: str, patience_s: float = 0.2) -> Iterator[None]:
        """Be the only one who pulls from this press into this folder; ends with the process, however it ends.

        Raises StoreBusy after `patience_s`.
        """
        lock = sqlite3.connect(self.raw_folder / f"{file_name(board)}.lock", timeout=patience_s, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            raise StoreBusy(
                "another program is pulling this press's log", "Wait for it, or end it; nothing is lost."
            ) from None
        try:
            yield
        finally:
            lock.close()
