"""An open press as a log source: the four verbs that a pull needs, in the press's own terms."""

import time
from typing import TYPE_CHECKING

from stackpress.logs.clock import Contact
from stackpress.logs.pull import LogState, PullResult, pull, pull_shown
from stackpress.logs.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from stackpress.press import Press

READ_BYTES = 4096  # what the press gives in one block
CLOSING_S, CLOSING_LOOK_S = 5.0, 0.1


class PressSource:
    """Adapts `stackpress.Press`; every call raises LinkLost when the press does not answer."""

    def __init__(self, press: "Press") -> None:
        self._press = press
        self.identity = press.identity

    def log_state(self) -> LogState:
        """The journal's state."""
        s = self._press.log_state()
        return LogState(s.first, s.next, s.pulled, s.overwritten, s.dropped, s.origin)

    def read(self, seq: int) -> bytes:
        """Whole records from `seq` on; empty when there are none yet."""
        return self._press.log_read(seq, READ_BYTES)

    def mark_pulled(self, seq: int) -> None:
        """Every record up to `seq` is on this computer's disk."""
        self._press.log_pulled(seq)

    def contact(self) -> tuple[int, Contact]:
        """Boot id, and press time against this computer's clock; the middle of the question's time is taken."""
        asked = time.time()
        now = self._press.time()
        return now.boot_id, Contact(now.seconds, (asked + time.time()) / 2)


def pull_press(
    press: "Press", store: Store, shown: bool = False, console: "Console | None" = None
) -> tuple[PullResult, list[str]]:
    """Pull a press's log and bring its runs up to date; gives the result and the names of the runs that changed.

    A run that is just over gets its end record once the press knows its zero; that is waited for, at most CLOSING_S.
    Raises LinkLost, BadBlock, StoreBusy as `pull` does; what came before an error is kept.
    """
    from stackpress.logs.runs import ingest

    source = PressSource(press)
    until = time.monotonic() + CLOSING_S
    while press.log_state().closing and time.monotonic() < until:
        time.sleep(CLOSING_LOOK_S)
    result = pull_shown(source, store, console) if shown else pull(source, store)
    return result, ingest(store, source.identity)
