"""What is worth a message: trips, warnings, waits for a person, ends of runs, lost links, lost records; each once."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from ..states import TRIPPED
from ..view.snapshot import Snapshot, force_text
from .station import Seen

LOST_AFTER_S = 10.0  # a restart of the press or a cable that is put in anew is shorter
TRIP, WARNING, WAIT, END, LINK, LOG = KINDS = ("trip", "warning", "wait", "end", "link", "log")


GO_ON = "It goes on with START at the press, `stackpress continue` or the page."


def _waits(one: Snapshot) -> tuple[object, ...]:
    """What tells one wait from another; nothing while nobody is waited for."""
    return (one.run, one.step, one.run_state) if one.waits_for_person else ()


@dataclass(frozen=True)
class Happening:
    """One thing that happened to one press, in words."""

    kind: str
    press: str
    text: str
    unix_s: float
    sample: str = ""
    program: str = ""
    run: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Judge:
    """Sees one press's moments one after the other, and says what has happened since the last."""

    def __init__(self, press: str) -> None:
        self._press = press
        self._last: Snapshot | None = None
        self._gone_at: float | None = None
        self._told_gone = False
        self._lost = (0, 0)  # records dropped and overwritten, as told

    def __call__(self, seen: Seen, now_s: float) -> list[Happening]:
        """What has happened; `now_s` is any clock that does not jump."""
        if seen.snapshot is None:
            return self._without_link(seen.why, now_s)
        now, before = seen.snapshot, self._last
        said = [self._said(LINK, "the link is back", now)] if self._told_gone else []
        self._gone_at, self._told_gone, self._last = None, False, now
        if before is not None:
            said += self._of(before, now)
        return said + self._of_log(seen, now)

    def _without_link(self, why: str, now_s: float) -> list[Happening]:
        self._gone_at = now_s if self._gone_at is None else self._gone_at
        if self._told_gone or self._last is None or now_s - self._gone_at < LOST_AFTER_S:
            return []
        self._told_gone = True
        text = f"the link is lost ({why}); the press goes on by its program's host-loss policy"
        return [self._said(LINK, text, self._last)]

    def _of(self, before: Snapshot, now: Snapshot) -> list[Happening]:
        said = []
        if now.state == TRIPPED and (before.state != TRIPPED or before.trip_reason != now.trip_reason):
            said.append(self._said(TRIP, f"tripped by {now.trip_reason} at {force_text(before.force_n)}. {now.trip_told}", before))
        for name, hint in now.warned():
            if name not in before.warnings:
                said.append(self._said(WARNING, f"{name}: {hint}" if hint else name, now))
        if now.waits_for_person and _waits(now) != _waits(before):
            asked = now.step_note or ("paused" if now.run_why in ("", "paused") else f"paused: {now.run_why}")
            where = f"held at {force_text(now.force_n)}" if now.pressed else "nothing is pressed"
            text = f"{now.program}, run {now.run}, step {now.step} waits for a person ({where}): {asked}. {GO_ON}"
            said.append(self._said(WAIT, text, now))
        if before.running and not now.running and now.run == before.run:
            how = now.run_state or "over"
            why = f" ({now.run_why})" if now.run_why not in ("", how) else ""
            said.append(self._said(END, f"{before.program}, run {before.run}: {how}{why}; the press is {now.state}", before))
        return said

    def _of_log(self, seen: Seen, now: Snapshot) -> list[Happening]:
        lost, self._lost = self._lost, (seen.dropped, seen.overwritten)
        more = max(0, seen.dropped - lost[0]) + max(0, seen.overwritten - lost[1])
        return [self._said(LOG, f"the log is full: {more} records were lost before they could be pulled", now)] if more else []

    def _said(self, kind: str, text: str, of: Snapshot) -> Happening:
        return Happening(kind, self._press, text, time.time(), of.sample, of.program, of.run)
