"""What can go wrong between a host and a press; every error carries a hint that says what to do about it."""

from collections.abc import Sequence


class PressError(Exception):
    """Base of every error of this package's press API."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint
        if hint:
            self.add_note(hint)  # a script's traceback tells it as well


class NoPress(PressError):
    """No press was found, or more than one and none was named, or the port can't be opened."""


class PortBusy(NoPress):
    """Another program has this press's port."""


class LinkLost(PressError):
    """The press no longer answers, or the port is gone."""


class NoSense(LinkLost):
    """What came is not what a press answers to this question."""


class BadBlock(LinkLost):
    """A block came with a wrong CRC-32; asking again is safe."""


class PressRefused(PressError):
    """The press will not do this now; nothing was changed. `errors` are its (SCPI number, text) pairs, oldest first."""

    def __init__(self, errors: Sequence[tuple[int, str]], command: str = "") -> None:
        self.errors = tuple(errors)
        self.command = command
        self.number = self.errors[0][0] if self.errors else 0
        super().__init__("; ".join(said(number, text) for number, text in self.errors) or "no answer")

    def __reduce__(self) -> tuple[type["PressRefused"], tuple[object, ...]]:
        """A worker process gives it back as it was."""
        return type(self), (self.errors, self.command)


class NoSuchProgram(PressError):
    """Neither the press nor this computer has a program of that name; nothing was sent, armed or started."""


class NotAllowed(PressError):
    """The service that has the press's port does not let this visitor do that; nothing was sent."""


class PressTripped(PressError):
    """An interlock stopped the press; `reason` is the row that did it first."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"the press has tripped: {reason or 'no reason is known'}", hint)
        self.reason = reason


class WrongImage(PressError):
    """This file must not go onto this board; nothing was written."""


class FlashBroken(LinkLost):
    """Flashing was begun and did not end well; the hint says how it goes on."""


class WrongInput(PressError):
    """What was asked for cannot be: a name, a file or a word is wrong. Nothing was changed."""


def said(number: int, text: str) -> str:
    """The words of a SCPI error for a person: what the press added, else the standard text; the number unless -221."""
    words = text.partition(";")[2] or text
    return words if number == -221 else f"{words} ({number})"
