"""Where a host keeps what presses have logged: raw records as they came, a small database, one table a run.

    <data>/raw/<board>-<origin>.spj   every record pulled from one press, byte for byte: the truth, append-only
    <data>/runs.sqlite                contacts, the list of runs, people's tags and comments (WAL); the runs can be rebuilt
    <data>/runs/<run>.press.parquet   the run's table, <run>.metadata.json its sidecar, <run>.trip<n>.flight.parquet its trips

A press forgets a record only after this host said that it has it, and the host says so only after fsync.
"""

import errno
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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
CREATE TABLE IF NOT EXISTS specimens (
    run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS comments (run_id TEXT NOT NULL, unix_s REAL NOT NULL, text TEXT NOT NULL);
"""


class Database(sqlite3.Connection):
    """SQLite whose faults are what they come from: the disk is full, the file damaged or not to be written. Raises OSError."""

    path: Path

    def execute(self, *asked: Any) -> sqlite3.Cursor:
        """As it says."""
        with self._faults():
            return super().execute(*asked)

    def executescript(self, script: str) -> sqlite3.Cursor:
        """As it says."""
        with self._faults():
            return super().executescript(script)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InternalError):
            raise  # a defect of ours
        except sqlite3.DatabaseError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the rest says what kept it waiting
            raise OSError(errno.EBUSY if busy else errno.EIO, str(error), str(self.path)) from error


def connected(path: Path, how: str = "", any_thread: bool = False, timeout_s: float = 30.0) -> Database:
    """The database in that file; `how` is the query of SQLite's own kind of address. Raises OSError."""
    address = path.absolute().as_uri() + how
    try:
        db = sqlite3.connect(
            address, timeout=timeout_s, isolation_level=None, uri=True, check_same_thread=not any_thread, factory=Database
        )
    except sqlite3.DatabaseError as error:
        raise OSError(errno.EIO, str(error), str(path)) from error
    db.path = path
    return db


class StoreBusy(PressError):
    """Another program on this host is pulling from the same press into the same folder."""


def generation_of(path: Path) -> int:
    """Which of the journals of one origin a raw file holds, from 1."""
    return int(path.stem.rsplit(".", 1)[1])


def _of_journal(board: str, generation: int) -> str:
    return board if generation == 1 else f"{board}#{generation}"


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
        self.db = self._opened(self.folder / "runs.sqlite")
        self.db.row_factory = sqlite3.Row

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _opened(self, path: Path) -> "Database":
        """The database; where it can't be written (a colleague's folder, a backup) as it is there, to be read only."""
        db = connected(path)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_SCHEMA)
        except OSError:
            db.close()
            if os.access(self.folder, os.W_OK) or not path.exists():
                raise
            db = connected(path, "?mode=ro&immutable=1")
        return db

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def add_contact(self, board: str, boot: int, contact: Contact, generation: int = 1) -> None:
        """Remember that at this press time of this boot, of the journal with that number, the host's clock read so."""
        row = (_of_journal(board, generation), boot, contact.press_s, contact.unix_s)
        self.db.execute("INSERT OR IGNORE INTO contacts VALUES (?, ?, ?, ?)", row)

    def contacts(self, board: str, boot: int, generation: int = 1) -> list[Contact]:
        """The contacts of one boot of one press, in order. An older stackpress kept those of all its journals as one."""
        for key in dict.fromkeys((_of_journal(board, generation), board)):
            found = self.db.execute(
                "SELECT press_s, unix_s FROM contacts WHERE board = ? AND boot = ? ORDER BY press_s", (key, boot)
            ).fetchall()
            if found:
                break
        return [Contact(row["press_s"], row["unix_s"]) for row in found]

    def raw_paths(self, board: str) -> list[Path]:
        """The raw files of one press, oldest first."""
        return sorted(self.raw_folder.glob(f"{file_name(board)}-*.spj"), key=lambda p: (p.stat().st_mtime_ns, p.name))

    def raw_path(self, board: str, origin: int, goes_on: Callable[[Path], bool]) -> Path:
        """The raw file that records of a journal are added to: the first of this press and origin that `goes_on` says it goes on
        from, else a new one. So another journal, of a wiped or exchanged chip or of a press of the same name, has its own."""
        for generation in count(1):
            path = self.raw_folder / f"{file_name(board)}-{origin:08x}.{generation}.spj"
            if not path.exists() or goes_on(path):
                break
        return path

    @contextmanager
    def pulling(self, board: str, patience_s: float = 0.2) -> Iterator[None]:
        """Be the only one who pulls from this press into this folder; ends with the process, however it ends.

        Raises StoreBusy after `patience_s`.
        """
        lock = connected(self.raw_folder / f"{file_name(board)}.lock", timeout_s=patience_s)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except OSError as error:
            lock.close()
            if error.errno != errno.EBUSY:
                raise
            raise StoreBusy(
                "another program is pulling this press's log", "Wait for it, or end it; nothing is lost."
            ) from None
        try:
            yield
        finally:
            lock.close()
