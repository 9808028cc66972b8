"""Press time into Unix time, through the contacts a host has had with the press.

A press has no clock of its own, only seconds since its boot. At each contact the host notes (boot, press time, Unix
time). One contact gives an offset; several give a line from contact to contact, which takes the drift of the press's
crystal out. A contact that no other agrees with within 0.1 % (a laptop whose clock was wrong that day, or a simulated
press that runs faster than the wall) is left out, and how many were is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_RATE_TOLERANCE = 1e-3  # of the time between two contacts; a crystal is off by less than 1e-4
_JITTER_S = 2.0  # what a slow link or an operating system may add to one contact
_SPACING_S = 60.0  # contacts closer than this add jitter, not knowledge of the drift
_SPAN_S = 600.0  # shorter spans do not tell the drift outside them


@dataclass(frozen=True, order=True)
class Contact:
    """At `press_s` seconds after boot the host's clock read `unix_s`."""

    press_s: float
    unix_s: float


@dataclass(frozen=True)
class ClockMap:
    """The mapping of one boot; `contacts` are those that are used."""

    contacts: tuple[Contact, ...]
    ignored: int = 0
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
    def rate(self) -> float:
        """Unix seconds in a press second, over all contacts (1.0 when too little is known)."""
        if len(self.contacts) < 2 or self._press[-1] - self._press[0] < _SPAN_S:
            return 1.0
        return float((self._unix[-1] - self._unix[0]) / (self._press[-1] - self._press[0]))

    def unix_s(self, press_s: Floats) -> Floats:
        """Unix time of each press time, in seconds. Raises ValueError if there is no contact."""
        if not self.known:
            raise ValueError("no contact gives this boot's time")
        inside: Floats = np.interp(press_s, self._press, self._unix)
        before, after = np.minimum(press_s - self._press[0], 0.0), np.maximum(press_s - self._press[-1], 0.0)
        return np.asarray(inside + (before + after) * self.rate)

    def as_dict(self) -> dict[str, Any]:
        """For the sidecar: how, through what, and how far the press's clock was off."""
        how = "none" if not self.known else "offset" if len(self.contacts) == 1 else "piecewise linear"
        return {
            "method": how,
            "contacts": [{"press_s": c.press_s, "unix_s": c.unix_s} for c in self.contacts],
            "contacts_ignored": self.ignored,
            "drift_ppm": round((1.0 - self.rate) * 1e6, 3) if self.known else None,
        }


def clock_map(contacts: Sequence[Contact]) -> ClockMap:
    """The mapping through the contacts of one boot that agree with each other."""
    every = sorted(set(contacts))
    if len(every) < 2:
        return ClockMap(tuple(every))
    press = np.array([c.press_s for c in every])
    unix = np.array([c.unix_s for c in every])
    d_press, d_unix = press[:, None] - press[None, :], unix[:, None] - unix[None, :]
    agree = np.abs(d_unix - d_press) <= np.maximum(_JITTER_S, _RATE_TOLERANCE * np.abs(d_press))
    best = int(np.argmax(agree.sum(axis=1)))  # the first of the most agreed with
    used = [c for c, yes in zip(every, agree[best], strict=True) if yes]
    kept = used[:1]
    for contact in used[1:]:
        if contact.press_s - kept[-1].press_s >= _SPACING_S:
            kept.append(contact)
    return ClockMap(tuple(kept), len(every) - len(used))
