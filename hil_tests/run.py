"""A scenario while it runs: what its steps act on and look at, and what the press has logged of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackpress.press import Press

from hil_tests.targets.base import Target

LOOK_S = 0.05  # how often a step that waits for something looks
LOOK_SHORT_S = 0.02


class Unmet(AssertionError):
    """The press did something else than the scenario says."""


@dataclass
class Run:
    """A scenario while it runs."""

    played: Mapping[str, Any]
    target: Target
    press: Press
    program: str
    log_from: int = 0  # records before this one are of somebody else's doing
    step: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def look_s(self) -> float:
        return LOOK_SHORT_S if self.played["form"] == "short" else LOOK_S


def pulled(press: Any, first: int = 0) -> Any:
    """The log from record `first` on, decoded from what came over the wire; nothing on the press is marked as pulled."""
    from stackpress.logs.decode import decode

    state, data = press.log_state(), b""
    seq = max(first, state.first)
    while seq < state.next:
        part = press.log_read(seq)
        if not part:
            break
        data += part
        behind = decode(part).last_seq + 1
        if behind <= seq:
            raise Unmet(f"the log gives nothing behind record {seq}, and it goes on to {state.next}")
        seq = behind
    return decode(data)
