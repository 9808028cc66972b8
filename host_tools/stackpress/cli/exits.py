"""Exit codes, and how each kind of failure is said in one line with a hint.

The codes are part of the interface: scripts decide by them, so they never change their meaning.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DONE, REFUSED, WRONG_INPUT, NO_PRESS = 0, 1, 2, 3
EXIT_TEXT = {
    DONE: "done",
    REFUSED: "the press refused or tripped",
    WRONG_INPUT: "wrong input",
    NO_PRESS: "no press found, or the link was lost",
}


class Failure(Exception):
    """A command ends: `text` says what happened, `hint` what to do about it."""

    def __init__(self, text: str, hint: str = "", code: int = WRONG_INPUT, details: "Any" = None) -> None:
        super().__init__(text)
        self.text, self.hint, self.code, self.details = text, hint, code, details


def wire_text(what: str, text: str, most: int) -> str:
    """A text that goes to the press in one line: bounded, without control characters. Raises Failure."""
    if len(text.encode("utf-8", "replace")) > most:
        raise Failure(f"The {what} is too long.", f"At most {most} bytes.")
    if any(char < " " or char == "\x7f" for char in text) or not text.isprintable():
        raise Failure(f"The {what} holds characters that cannot be printed.", "Plain text, please.")
    return text


def explain(text: str, hint: str, code: int, as_json: bool, details: "Any" = None) -> int:
    """Say why a command failed: one JSON document on stdout; a line and a hint on stderr else, or where stdout takes nothing."""
    if as_json:
        import json

        answer: dict[str, Any] = {"ok": False, "exit_code": code, "error": text, "hint": hint}
        if details is not None:
            answer["details"] = details
        try:
            print(json.dumps(answer), flush=True)
            return code
        except OSError:  # nothing can be written there: what is wrong may be just that
            sys.stdout = None
    print(f"stackpress: {text}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
    return code


def failure_of(error: Exception) -> Failure | None:
    """What an exception means to the user; None for a defect of this program.

    Decided by the name of the class, so that saying "wrong file" does not import the serial port.
    """
    if isinstance(error, Failure):
        return error
    names = {base.__name__ for base in type(error).__mro__}
    for known, code, hint in KNOWN:
        if known in names:
            told = getattr(error, "hint", "") or hint
            complaints = getattr(error, "complaints", None)
            return Failure(_one_paragraph(error), told, code, _details(complaints))
    if isinstance(error, UnicodeEncodeError):
        return Failure("a word holds bytes that are no text in UTF-8", "Type it anew.")
    if isinstance(error, OSError):
        return Failure(f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror or str(error))
    return None


# class, exit code, hint when the error brings none
KNOWN = (
    ("ConfigError", WRONG_INPUT, ""),
    ("WrongImage", WRONG_INPUT, "Nothing was written."),
    ("LinkLost", NO_PRESS, "Check the cable and the press's supply; the press goes on by itself."),
    ("NoPress", NO_PRESS, "Plug one in, start a simulated one with `stackpress sim`, or say --port."),
    ("NoSuchProgram", WRONG_INPUT, ""),
    ("WrongInput", WRONG_INPUT, ""),
    ("PressRefused", REFUSED, ""),
    ("PressTripped", REFUSED, ""),
    ("PressError", REFUSED, ""),
    ("CalibrationRefused", REFUSED, "Nothing was changed; take the reading again."),
)


def _one_paragraph(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    count = text.count("\n") + 1
    return text if count == 1 else f"{count} mistakes\n{text}"


def _details(complaints: "Any") -> "Any":
    if complaints is None:
        return None
    return [one.as_dict() if hasattr(one, "as_dict") else str(one) for one in complaints]
