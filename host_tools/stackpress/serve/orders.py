"""Who has ordered what: every order that went through the service, with its operator's name, for good.

It is written after the order was given: nothing waits for the disk, a stop least of all.
"""

import logging
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from ..logs.store import Store, connected

_log = logging.getLogger("stackpress.serve")


@dataclass(frozen=True)
class Order:
    """One order. `way` is how it came (page, command line, SCPI socket), `outcome` "done" or what the press said to it."""

    unix_s: float
    board: str
    operator: str
    way: str
    text: str
    outcome: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Orders:
    """The orders of every press, in the store's database; of any thread."""

    def __init__(self, store: Store) -> None:
        self._path = store.folder / "runs.sqlite"
        self._lock = threading.Lock()
        self._db = connected(self._path, any_thread=True)

    def add(self, board: str, operator: str, way: str, text: str, outcome: str) -> None:
        """Write one down."""
        try:
            with self._lock:
                self._db.execute("INSERT INTO orders VALUES (?,?,?,?,?,?)", (time.time(), board, operator, way, text, outcome))
        except OSError as error:  # it was given, and whoever gave it is to hear what became of it
            _log.error("%s: the order %r of %s is not written down: %s", board, text, operator, error)

    def newest(self, board: str, most: int = 50) -> list[Order]:
        """The newest of one press, newest first."""
        asked = "SELECT unix_s, board, operator, way, text, outcome FROM orders WHERE board = ? ORDER BY rowid DESC LIMIT ?"
        with self._lock:
            return [Order(*row) for row in self._db.execute(asked, (board, most))]

    def close(self) -> None:
        """Let the database go."""
        self._db.close()
