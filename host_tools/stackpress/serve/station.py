"""One press as the service knows it: the link while there is one, what it was last seen doing, its log, and who may speak.

The press stays the same whatever port it comes back on, so it is known by its identity. The thread that looks after it only asks;
orders come from visitors, in threads of their own, and a stop waits for nobody.
"""

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..errors import BadBlock, LinkLost, NotAllowed, PressError, PressRefused, WrongInput
from ..link import Link
from ..logs.clock import Contact
from ..logs.store import Store, StoreBusy
from ..press import Press
from ..scpi_text import without_code
from ..snapshots import Hints
from ..view.snapshot import Snapshot
from . import moment, scpi_lines
from .force_history import ForceHistory
from .log_follower import LogFollower
from .orders import Orders
from .people import Visitor

WATCHED_S, UNWATCHED_S = 0.25, 1.0  # between two looks, where somebody sees them and where nobody does
WATCHED_FOR_S = 5.0
FETCH_S = 1.0
FORMS = "query", "command", "block"
CONTACT_S = 600.0
LEAVE_S = 10.0


@dataclass(frozen=True)
class Seen:
    """What has just been seen of a press: its snapshot, None when the link is gone and `why` says so."""

    snapshot: Snapshot | None
    why: str = ""
    dropped: int = 0
    overwritten: int = 0


class Watcher(Protocol):
    """Who is told what a press does."""

    def __call__(self, station: "Station", seen: Seen) -> None:
        """Must not wait for anything."""


@dataclass(frozen=True)
class Lent:
    """To whom the port was handed over; it comes back when that process has ended."""

    name: str
    why: str
    pid: int


class Station:
    """One press. `attend` is for the thread that has opened its port; everything else is for any thread."""

    def __init__(self, identity: str, orders: Orders, watch: Watcher) -> None:
        self.identity = identity
        self.board = self.firmware = self.port = ""
        self.scpi_port = 0
        self.lent: Lent | None = None
        self.why = "not seen yet"
        self.news = threading.Condition()
        self.count = 0  # of looks, for who waits for the next
        self.told: dict[str, Any] = {}
        self.course = ForceHistory()
        self._press: Press | None = None
        self._bands: tuple[moment.Band, moment.Band] | None = None
        self._orders = orders
        self._watch = watch
        self._leave = threading.Event()
        self._left = threading.Event()
        self._watched_until = 0.0

    # -- for visitors ----------------------------------------------------------------------------------------------

    @property
    def linked(self) -> bool:
        """Whether the press answers."""
        return self._press is not None

    def about(self) -> dict[str, Any]:
        """Who it is and whether it is there."""
        lent = None if self.lent is None else {"name": self.lent.name, "why": self.lent.why}
        return {"identity": self.identity, "board": self.board, "firmware": self.firmware, "port": self.port,
                "scpi_port": self.scpi_port, "linked": self.linked, "why": self.why, "lent": lent}  # fmt: skip

    def watched(self) -> dict[str, Any]:
        """All that was seen last; from now on it is looked at more often."""
        self._watched_until = time.monotonic() + WATCHED_FOR_S
        return {**self.about(), "seen": self.told}

    def say(self, form: str, text: str, visitor: Visitor, way: str) -> str:
        """One line, and its answer (a block's in base64). Raises PressRefused, LinkLost, NotAllowed, WrongInput."""
        line = scpi_lines.checked(text, visitor.may_operate)
        press = self._linked()
        if form not in FORMS:
            raise WrongInput(f"a line is {', '.join(FORMS)}, not {form!r}")
        with self._recorded(line, visitor, way):
            if form == "query":
                return press.query(line)
            if form == "block":
                return base64.b64encode(press.link.block(line)).decode()
            press.command(line)
            return ""

    def exchange(self, text: str, visitor: Visitor, way: str) -> tuple[bytes | None, bool, list[tuple[int, str]]]:
        """One line as a socket sends it: (answer, whether it was a block, errors). Raises as `say`."""
        line = scpi_lines.checked(text, visitor.may_operate)
        press = self._linked()
        assert isinstance(press.link, Link)
        with self._recorded(line, visitor, way) as told:
            found = press.link.exchange(line)
            if found[2]:
                told.outcome = str(PressRefused(found[2]))
            return found

    def stop(self, kind: str, visitor: Visitor, way: str) -> None:
        """A stop by an operator. Raises WrongInput, and as `say`."""
        if kind not in scpi_lines.STOPS:
            raise WrongInput(f"a stop is {', '.join(scpi_lines.STOPS)}, not {kind!r}")
        self.say("command", scpi_lines.STOPS[kind], visitor, way)

    def abort(self, visitor: Visitor, way: str) -> None:
        """Break and stop byte, ahead of whatever is being asked. Raises LinkLost, NotAllowed."""
        if not visitor.may_operate:
            raise NotAllowed("this visitor may only read", "")
        press = self._linked()
        with self._recorded("ABORt", visitor, way):
            press.abort()

    def hand_over(self, lent: Lent) -> None:
        """Let the port go, and leave it alone until `take_back`. Raises NotAllowed if somebody else has it."""
        if self.lent is not None and self.lent.pid != lent.pid:
            raise NotAllowed(f"{self.identity} is handed over to {self.lent.name} already ({self.lent.why})")
        self.lent = lent
        self._orders.add(self.identity, lent.name, "service", f"port handed over: {lent.why}", "done")
        self._left.clear()
        self._leave.set()
        if self._press is not None and not self._left.wait(LEAVE_S):
            raise LinkLost(f"{self.identity} was not let go within {LEAVE_S:g} s", "Try again.")

    def take_back(self) -> None:
        """The port is ours again as soon as it is free."""
        if self.lent is not None:
            self._orders.add(self.identity, self.lent.name, "service", "port given back", "done")
        self.lent = None
        self._leave.clear()

    def leave(self) -> None:
        """Let the port go because the service ends."""
        self._leave.set()

    def _linked(self) -> Press:
        press = self._press
        if press is None:
            raise LinkLost(f"{self.identity}: {self.why}", "The service takes it up again as soon as it is there.")
        return press

    def _recorded(self, line: str, visitor: Visitor, way: str) -> "_Recorded":
        return _Recorded(self._orders, self.identity, line, visitor, way, self._told_anew)

    def _told_anew(self) -> None:
        """An order may have changed what is configured."""
        self._bands = None

    # -- for the thread that has its port --------------------------------------------------------------------------

    def attend(self, press: Press, store: Store) -> None:
        """Look after the press until its link is lost or it has to be let go. Closes the press."""
        follower = LogFollower(store, self.identity, self.course.hear)
        why = "let go"
        try:
            self._begin(press)
            self._look_after(press, store, follower)
            why = f"handed over to {self.lent.name} ({self.lent.why})" if self.lent else "the service ends"
        except (LinkLost, PressRefused, OSError) as error:
            why = str(error)
        finally:
            self._end(press, follower, why)

    def _begin(self, press: Press) -> None:
        who = press.who()
        self.board, self.firmware, self.port, self.why = who.board, who.firmware, press.port, ""
        self._bands = None
        self._press = press

    def _end(self, press: Press, follower: LogFollower, why: str) -> None:
        self._press, self.why = None, why
        press.close()
        follower.close()
        if self.lent is None:
            self._leave.clear()
        self._left.set()
        self._tell(Seen(None, why))

    def _look_after(self, press: Press, store: Store, follower: LogFollower) -> None:
        hints = Hints(press)
        fetched_at = contact_at = -1e9
        while not self._leave.is_set():
            began = time.monotonic()
            if began - contact_at >= CONTACT_S:
                press.contact()
                self._meet(press, store, follower)
                contact_at = began
            now = hints.added(press.snapshot())
            if self._bands is None:
                self._bands = moment.bands(press)
            self.told = moment.document(replace(now, port=self.port), self._bands)
            self._tell(Seen(now, "", follower.dropped, follower.overwritten))
            if began - fetched_at >= FETCH_S:
                self._fetch(follower, press)
                fetched_at = began
            period = WATCHED_S if began < self._watched_until else UNWATCHED_S
            self._leave.wait(max(0.02, period - (time.monotonic() - began)))

    def _meet(self, press: Press, store: Store, follower: LogFollower) -> None:
        """Press time against this computer's clock; the middle of the question's time is taken."""
        asked = time.time()
        now = press.time()
        unix_s = (asked + time.time()) / 2
        if not follower.generation:  # only its log tells which of two presses of one name it is
            self._fetch(follower, press)
        store.add_contact(self.identity, now.boot_id, Contact(now.seconds, unix_s), follower.generation or 1)
        self.course.contact(now.boot_id, now.seconds, unix_s)

    def _fetch(self, follower: LogFollower, press: Press) -> None:
        """What can't be had now is asked for again; the press itself is there."""
        try:
            follower.fetch(press)
            self.why = ""
        except (StoreBusy, BadBlock) as error:
            self.why = f"its log waits: {error}"

    def _tell(self, seen: Seen) -> None:
        with self.news:
            self.count += 1
            self.news.notify_all()
        self._watch(self, seen)


class _Recorded:
    """An order on its way: written down with what became of it, once it is over."""

    def __init__(
        self, orders: Orders, board: str, line: str, visitor: Visitor, way: str, done: Callable[[], None]
    ) -> None:  # fmt: skip
        self.outcome = "done"
        self._orders = orders
        self._about = board, visitor.name, way, without_code(line)
        self._is_order = scpi_lines.is_order(line)
        self._done = done

    def __enter__(self) -> "_Recorded":
        return self

    def __exit__(self, kind: object, value: BaseException | None, tb: object) -> None:
        if self._is_order:
            self._orders.add(*self._about, str(value) if isinstance(value, PressError) else self.outcome)
            self._done()
