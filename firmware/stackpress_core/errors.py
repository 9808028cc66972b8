"""What the press says no with: one exception for "not now", one for every numbered answer of the language.

A refusal is an answer, not a failure: it names the condition in words a person at the press can act on, changes
nothing, and reaches the host as SCPI error -221 with the same words.
"""


class Refused(Exception):
    """The press will not do this in the state it is in; nothing was changed."""

    def __init__(self, text, number=-221):
        super().__init__(text)
        self.text = text
        self.number = number


class ScpiError(Exception):
    """One numbered SCPI error (see status.MESSAGES), with an optional word about this occasion."""

    def __init__(self, number, info=""):
        super().__init__(number, info)
        self.number = number
        self.info = info


class StorageFault(Exception):
    """The store did not keep what was written to it; the older copy is still there."""


def short(value):
    """A few characters of anything, however large it is: for a complaint that has to fit into a line."""
    if isinstance(value, str):
        return repr(value[:24])
    if isinstance(value, (list, tuple, dict)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and not -(10**15) < value < 10**15:
        return "a number far too large"
    return str(value)[:24]
