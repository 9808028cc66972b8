"""Watch a press until it is done, and never decide silently about a pressed cell.

The press runs its program by itself; watching is only watching. So Ctrl-C asks whether to leave it running or to stop
it in a controlled way, a second Ctrl-C means stop, and a terminal that closes sends nothing at all: the program's own
host-loss policy then decides, as it was written down before the run.
"""

import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol

from ..snapshots import Hints, Row
from ..states import PRESSING, RELEASING, SAFE, TRIPPED
from ..view import plain
from ..view.snapshot import Snapshot, force_text
from .interrupts import Interrupts
from .live_picture import LivePicture
from .output import Output

PERIOD_S = 0.25
LEASE_S = 30.0
LEASE_EVERY_S = 5.0
RECONNECT_S = 120.0
PLAIN_EVERY_S = 5.0
QUESTION = "[l]eave it running, [s]top it in a controlled way, or [w]atch on? "


class Times:
    """What a press does not tell: how long the run has been going, and how long its release at the end will take."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._release: tuple[float, float] | None = None  # time / s and set-point / N when its fall was first seen

    def added(self, now: Snapshot) -> Snapshot:
        """The snapshot with the run's time, and while the force is released with the time that its set-point needs."""
        if self._began_s is None or now.time_s < self._began_s:
            self._began_s = now.time_s - (now.step_s if now.step == 1 else 0.0)
        left = self._left_s(now) if now.ending else now.left_s
        return replace(now, run_s=now.time_s - self._began_s, left_s=left)

    def _left_s(self, now: Snapshot) -> float | None:
        """None as long as nothing can be said: the set-point has hardly begun to fall, or the press is venting."""
        if now.run_state != "stopping":
            return None
        if self._release is None:
            self._release = now.time_s, now.set_n
        seconds, fallen = now.time_s - self._release[0], self._release[1] - now.set_n
        return now.set_n * seconds / fallen if seconds >= 1.0 and fallen > 0 else None


class Watched(Protocol):
    """What following needs of a press."""

    def snapshot(self) -> Snapshot:
        """What the press does now. Raises a link error when it does not answer."""

    def interlock(self, name: str) -> Row:
        """One row of the interlock table."""

    def lease(self, seconds: float) -> None:
        """Tell the press that its host is there."""

    def stop(self, kind: str) -> None:
        """Ask for a stop."""

    def reopen(self) -> None:
        """Open the port again after the link was lost. Raises a link error."""


@dataclass(frozen=True)
class End:
    """How following ended. `how` is "done", "tripped", "stopped", "left" (still running) or "lost" (no link)."""

    how: str
    last: Snapshot
    why: str = ""


class RunOver:
    """Whether a run that was seen is over.

    No step runs any more, and a stop has released the force (a program may end holding it).
    """

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, snapshot: Snapshot) -> bool:
        self.seen = self.seen or snapshot.running
        return self.seen and not snapshot.running and snapshot.state not in (PRESSING, RELEASING)


class Follower:
    """Follows one press. `until` says whether a snapshot is the end.

    Who only looks neither renews a lease nor is asked anything.
    """

    def __init__(
        self,
        watched: Watched,
        out: Output,
        title: str,
        until: Callable[[Snapshot], bool],
        is_link_error: Callable[[Exception], bool],
        only_looks: bool = False,
    ) -> None:
        self.watched = watched
        self.out = out
        self.title = title
        self.until = until
        self.is_link_error = is_link_error
        self.only_looks = only_looks
        self.stopping = False
        self._hints = Hints(watched)
        self._times = Times()
        self._last = Snapshot(SAFE)
        self._leased_at = -1e9
        self._printed_at = -1e9
        self._printed_key: tuple[object, ...] = ()
        self._lost_at: float | None = None

    def follow(self, seconds: float | None = None) -> End:
        """Watch until the end, a decision, or for so many seconds of wall time."""
        ends_at = time.monotonic() + seconds if seconds is not None else None
        with Interrupts() as interrupts:
            while True:
                end = self._watch(interrupts, ends_at)
                if end is not None:
                    return end
                end = self._decide(interrupts)
                if end is not None:
                    return end

    @property
    def linked(self) -> bool:
        """Whether the press answered last time."""
        return self._lost_at is None

    # --- watching ---

    def _watch(self, interrupts: Interrupts, ends_at: float | None) -> End | None:
        """Until the end (an End) or a Ctrl-C (None)."""
        with self._picture() as show:
            while not interrupts.count:
                end = self._once()
                show(self._last)
                if end is not None:
                    return end
                if ends_at is not None and time.monotonic() >= ends_at:
                    return End("left" if self._last.running else "done", self._last)
                interrupts.wait(PERIOD_S)
        return None

    def _once(self) -> End | None:
        try:
            if self._lost_at is not None:
                self.watched.reopen()
            self._renew()
            self._last = self._hints.added(self.watched.snapshot())
            if not self.only_looks:
                self._last = self._times.added(self._last)
            self._lost_at = None
        except Exception as error:
            if not self.is_link_error(error):
                raise
            return self._without_link(error)
        over = self.until(self._last)
        if self._last.state == TRIPPED and (over or not self.only_looks):
            return End("tripped", self._last, self._last.trip_reason)
        return End("stopped" if self.stopping else "done", self._last) if over else None

    def _without_link(self, error: Exception) -> End | None:
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        gone_s = now - self._lost_at
        note = f"no answer for {gone_s:.0f} s ({error}); trying again until {RECONNECT_S:.0f} s"
        self._last = replace(self._last, state="no link", notes=(note,))
        return End("lost", self._last, str(error)) if gone_s > RECONNECT_S else None

    def _renew(self) -> None:
        now = time.monotonic()
        if not self.only_looks and now - self._leased_at >= LEASE_EVERY_S:
            self.watched.lease(LEASE_S)
            self._leased_at = now

    # --- showing ---

    def _picture(self) -> AbstractContextManager[Callable[[Snapshot], None]]:
        if self.out.as_json and self.only_looks:
            return nullcontext(self._moment)
        if not self.out.live:
            return nullcontext(self._print_line)
        return LivePicture(self.out, self.title)

    def _moment(self, snapshot: Snapshot) -> None:
        """A document a moment, for whoever reads along."""
        self.out.answer({"end": None, **snapshot.as_dict()}, ok=self.linked)

    def _print_line(self, snapshot: Snapshot) -> None:
        """A line when something has changed, else now and then."""
        key = (snapshot.state, snapshot.step, snapshot.run_state, snapshot.warnings, snapshot.trip_reason)
        now = time.monotonic()
        if key != self._printed_key or now - self._printed_at >= PLAIN_EVERY_S:
            self.out.progress(plain.line(snapshot))
            self._printed_key, self._printed_at = key, now

    # --- deciding ---

    def _decide(self, interrupts: Interrupts) -> End | None:
        """After a Ctrl-C: ask, unless there is nothing to decide. None: go on watching."""
        seen = interrupts.count
        if self.only_looks or not (self._last.running or self._last.pressed):
            return End("left" if self._last.running else "done", self._last, "interrupted")
        if seen >= 2 or self.stopping:
            return self._stop(interrupts)
        if not sys.stdin.isatty():
            return End("left", self._last, "interrupted, and nobody is there to ask")
        answer = self._ask(interrupts)
        if answer == "leave":
            return End("left", self._last, "as asked")
        if answer == "stop":
            return self._stop(interrupts)
        interrupts.count = 0
        return None

    def _ask(self, interrupts: Interrupts) -> str:
        """leave, stop or watch. The lease is renewed while the question stands: thinking is not being away."""
        name, force = self._last.program or "The press", force_text(self._last.force_n)
        print(f"\n{name} is {self._last.state} at {force}.", file=sys.stderr)
        while True:
            print(QUESTION, end="", file=sys.stderr, flush=True)
            answers: list[str] = []
            reader = threading.Thread(target=lambda box: box.append(sys.stdin.readline()), args=(answers,), daemon=True)
            reader.start()
            while not answers and interrupts.count < 2:
                interrupts.wait(0.2)
                self._keep_lease()
            if interrupts.count >= 2:
                return "stop"
            word = answers[0].strip().lower()
            if not answers[0] or word in ("l", "leave"):  # an end of input is a terminal that closed
                return "leave"
            if word in ("s", "stop"):
                return "stop"
            if word in ("w", "watch"):
                return "watch"

    def _keep_lease(self) -> None:
        try:
            self._renew()
        except Exception as error:
            if not self.is_link_error(error):
                raise

    def _stop(self, interrupts: Interrupts) -> End | None:
        """Controlled stop, then watch how it ends. A further Ctrl-C leaves the press to its stop."""
        if self.stopping:
            return End("left", self._last, "it is stopping by itself")
        interrupts.count = 0
        self.out.progress("\ncontrolled stop: the force is being taken away")
        self.watched.stop("controlled")
        self.stopping = True
        return None
