"""What a line of SCPI is: a question that anybody may ask, an order, or something that only the service may say.

A reader's line must be nothing but questions under every reading of it: so quotes protect nothing there, and a line that a press
might take for a stop (it obeys one as it arrives, whatever stands before it) is an order.
"""

import re

from ..errors import NotAllowed, WrongInput

_QUESTION = re.compile(r"\s*[:*]?[A-Za-z][A-Za-z0-9:]*\?(?![\w?])[ -~]*")
_MIGHT_STOP = re.compile(r"abor|stop", re.I)
_ACTS = re.compile(r"\*TST", re.I)  # a self-test
_OURS = re.compile(r"(^|[;:\s])LOG:PULL(ed)?\b", re.I)
_PIECES = re.compile(r":?(DATA:PUT|SYST(em)?:LEAS(e)?|SYST(em)?:CONT(act)?)\b", re.I)  # many, and told by what they belong to
STOPS = {"controlled": "STOP CONT", "hold": "STOP HOLD", "vent": "STOP VENT"}


def only_asks(line: str) -> bool:
    """Whether a line can change nothing."""
    if _MIGHT_STOP.search(line) or _ACTS.search(line):
        return False
    return all(_QUESTION.fullmatch(part) for part in line.split(";"))


def checked(line: str, may_operate: bool) -> str:
    """The line, if it may be sent. Raises WrongInput, NotAllowed."""
    if any((char < " " and char != "\t") or char == "\x7f" for char in line) or not line.strip():
        raise WrongInput("a line holds no control characters, and something besides")
    if not may_operate and not only_asks(line):
        raise NotAllowed("this visitor may only read", "`stackpress serve token NAME --may operate` lets one operate.")
    if _OURS.search(line):
        raise NotAllowed("only the service lets the press forget what was logged", "")
    return line


def is_order(line: str) -> bool:
    """Whether a line is worth writing down with its operator's name."""
    return not only_asks(line) and not _PIECES.match(line)
