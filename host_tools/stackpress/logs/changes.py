"""What was changed on a press, as its log tells it: each value with the one before, and each try at the owner's code."""

from dataclasses import dataclass

from stackpress_core.log import records

from stackpress.logs.decode import Decoded
from stackpress.logs.sidecar import event_name, event_text

CHANGES = (records.EVENT_VALUE, records.EVENT_DOCUMENT, records.EVENT_TARE, records.EVENT_SERVICE, records.EVENT_STORE)


@dataclass(frozen=True)
class Change:
    """One change: `text` names it with its old and its new value."""

    boot: int
    press_s: float
    event: str
    text: str


def changes(log: Decoded) -> list[Change]:
    """All that a log tells of, oldest first."""
    found = [one for one in log.others if one.kind == records.EVENT and one.fields["code"] in CHANGES]
    return [Change(one.boot, one.press_s, event_name(one.fields["code"]), event_text(one.fields)) for one in found]
