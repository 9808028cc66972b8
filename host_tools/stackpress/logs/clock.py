"""Press time into Unix time, through the contacts a host has had with the press.

A press has no clock of its own, only seconds since its boot. At each contact the host notes (boot, press time, Unix
time). One contact gives an offset; several give a line from contact to contact, which takes the drift of the press's
crystal out. Hosts are wrong now and then: a laptop whose clock was never set, or was set in the middle of a run. So only
contacts that agree with each other, two by two, are believed; the others are named with how far off they are. Where as many
stand against as for, what this host measured counts more than what a host told the press, then the later more than the earlier,
for clocks are put right more often than wrong; and the doubt is said.

A simulated press may run at a pace of its own. Where its contacts do not fit a clock, the line goes through all that have an order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_RATE_TOLERANCE = 3e-4  # of the time between two contacts; a crystal is off by less than 1e-4
_CRYSTAL = 1e-4  # how far the press's clock may be off where no contact tells
_WANDER = 2e-5  # the same between two contacts, with room temperature
_JITTER_S = 2.0  # what a slow link or an operating system may add to one contact
_SPACING_S = 60.0  # contacts closer than this add jitter, not knowledge of the drift
_SPAN_S = 600.0  # shorter spans do not tell the drift outside them
_SITTING_S = 3600.0  # contacts closer than this are likely of one host with one clock: they count once
_SLOWEST = 110.0  # wall seconds in a press second: `stackpress sim --speed 0.01`, and some
SET_FROM_S, SET_TO_S = 1577836800.0, 4102444800.0  # 2020 to 2100: any other time is of a clock that was never set


@dataclass(frozen=True, order=True)
class Contact:
    """At `press_s` seconds after boot the host's clock read `unix_s`."""

    press_s: float
    unix_s: float
    told: bool = field(default=False, compare=False)  # to the press by some host; else measured by this one

    @property
    def of_a_set_clock(self) -> bool:
        """Whether the host's clock can have been right at all."""
        return SET_FROM_S <= self.unix_s < SET_TO_S


@dataclass(frozen=True)
class ClockMap:
    """The mapping of one boot; `contacts` are those that are used, `left_out` those that are not."""

    contacts: tuple[Contact, ...]
    left_out: tuple[Contact, ...] = ()
    own_pace: bool = False  # press time does not go with the wall clock: a simulated press
    doubtful: bool = False  # as many sittings spoke against as for
    _press: Floats = field(init=False, repr=False)
    _unix: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_press", np.array([c.press_s for c in self.contacts], float))
        object.__setattr__(self, "_unix", np.array([c.unix_s for c in self.contacts], float))

    @property
    def known(self) -> bool:
        """Whether there is any contact to go by."""
        return bool(self.contacts)

    @property
    def ignored(self) -> int:
        """How many contacts are left out."""
        return len(self.left_out)

    @property
    def rate(self) -> float:
        """Unix seconds in a press second, over all contacts (1.0 when too little is known)."""
        least = 0.0 if self.own_pace else _SPAN_S
        if len(self.contacts) < 2 or self._press[-1] - self._press[0] <= least:
            return 1.0
        return float((self._unix[-1] - self._unix[0]) / (self._press[-1] - self._press[0]))

    @property
    def pace(self) -> float | None:
        """How many times as fast as the wall clock press time ran; None where it is not told, or as fast as it should."""
        rate = self.rate
        return 1 / rate if self.own_pace and rate > 0 and abs(rate - 1) > 0.01 else None

    def unix_s(self, press_s: Floats) -> Floats:
        """Unix time of each press time, in seconds. Raises ValueError if there is no contact."""
        if not self.known:
            raise ValueError("no contact gives this boot's time")
        inside: Floats = np.interp(press_s, self._press, self._unix)
        before, after = np.minimum(press_s - self._press[0], 0.0), np.maximum(press_s - self._press[-1], 0.0)
        return np.asarray(inside + (before + after) * self.rate)

    def uncertain_s(self, first_s: float, last_s: float) -> float | None:
        """The most that Unix time may be off between two press times, doubt about the contacts aside."""
        if not self.known:
            return None
        outside = max(0.0, float(self._press[0]) - first_s, last_s - float(self._press[-1]))
        inside = max((b - a) / 2 for a, b in zip([*self._press, 0.0], [*self._press[1:], 0.0, 0.0], strict=False))
        if self.own_pace:
            return float(_JITTER_S + max(outside, inside) * self.rate)
        return float(_JITTER_S + max(outside * _CRYSTAL, inside * _WANDER))

    def off_s(self, contact: Contact) -> float:
        """How far a contact's clock is ahead of this mapping."""
        return contact.unix_s - float(self.unix_s(np.array([contact.press_s]))[0])

    def as_dict(self) -> dict[str, Any]:
        """For the sidecar: how, through what, how far the press's clock was off, and which contacts are not believed."""
        how = "none" if not self.known else "offset" if len(self.contacts) == 1 else "piecewise linear"
        return {
            "method": how,
            "contacts": [{"press_s": c.press_s, "unix_s": c.unix_s} for c in self.contacts],
            "contacts_ignored": self.ignored,
            "ignored": [{"press_s": c.press_s, "unix_s": c.unix_s, "ahead_s": round(self.off_s(c), 3) if self.known else None}
                        for c in self.left_out],
            "doubtful": self.doubtful,
            "drift_ppm": round((1.0 - self.rate) * 1e6, 3) if self.known and not self.own_pace else None,
            "press_seconds_a_second": round(self.pace, 3) if self.pace else None,
        }  # fmt: skip


def clock_map(contacts: Sequence[Contact], own_pace: bool = False) -> ClockMap:
    """The mapping through the contacts of one boot that agree with each other; `own_pace`: it may be a simulated press."""
    every = sorted(set(sorted(contacts, key=lambda c: c.told)))  # of two that say the same, the one that this host measured
    if len(every) < 2:
        return ClockMap(tuple(every), own_pace=own_pace)
    used = _chain(every, False)
    if own_pace:
        paced = _chain(every, True)
        own_pace = len(paced) > len(used)
        used = paced if own_pace else used
    others = [c for c in every if c not in used]
    rival = _chain(others, own_pace) if others else []
    kept = used[:1]
    for contact in used[1:]:
        if contact.press_s - kept[-1].press_s >= (1e-3 if own_pace else _SPACING_S):
            kept.append(contact)
    return ClockMap(tuple(kept), tuple(others), own_pace, bool(rival) and _sittings(rival) >= _sittings(used))


def _sittings(contacts: Sequence[Contact]) -> int:
    gaps = [b.press_s - a.press_s for a, b in zip(contacts, contacts[1:], strict=False)]
    return 1 + sum(gap > _SITTING_S for gap in gaps)


def _chain(every: Sequence[Contact], own_pace: bool) -> list[Contact]:
    """The contacts in a row, each agreeing with the next, that come from most sittings; then most of all; then the latest."""
    press = np.array([c.press_s for c in every])
    unix = np.array([c.unix_s for c in every])
    little = 0.5 / len(every) * np.where([c.told for c in every], 0.9, 1.0)
    worth = 1.0 + little  # sittings, and a little for each contact
    before = np.full(len(every), -1)
    for i in range(1, len(every)):
        d_press, d_unix = press[i] - press[:i], unix[i] - unix[:i]
        agree = d_unix >= 0
        if own_pace:
            agree &= d_unix <= _SLOWEST * d_press + _JITTER_S
        else:
            agree &= np.abs(d_unix - d_press) <= np.maximum(_JITTER_S, _RATE_TOLERANCE * d_press)
        found = np.where(agree, worth[:i] + little[i] + (d_press > _SITTING_S), 0.0)
        best = len(found) - 1 - int(np.argmax(found[::-1]))
        if found[best] > worth[i]:
            worth[i], before[i] = found[best], best
    at = len(every) - 1 - int(np.argmax(worth[::-1]))
    chain = []
    while at >= 0:
        chain.append(every[at])
        at = int(before[at])
    return chain[::-1]
