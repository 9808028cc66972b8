"""What one start leaves for the next: its number, one more each time, and the note of a crash that nobody has acknowledged.

The number is kept twice like a document, so that press time and boot number date a record for good. The note is written when
nothing is energised, and taken away by an acknowledgement alone: neither a restart nor the power does that.
"""

from stackpress_core.documents import unwrap, wrap
from stackpress_core.errors import Refused

_NAME = "boot"
_CRASH = "crash.a"
_NOTE_MAX = 600  # bytes: of a traceback its end says most


def _read(store, name):
    """The bytes, None if there are none; no bytes if they can't be read: a press whose store fails comes up safe all the same."""
    try:
        return store.read(name)
    except OSError:
        return b""


def next_boot_id(store):
    """Count this start and give (number from 1, whether it was kept); what is torn goes on from what is whole."""
    newest, letter = 0, "b"
    for slot in ("a", "b"):
        found = unwrap(_NAME, _read(store, _NAME + "." + slot))
        if found and found[0] > newest:
            newest, letter = found[0], slot
    boot_id = newest + 1
    try:
        store.write(_NAME + (".b" if letter == "a" else ".a"), wrap(_NAME, boot_id, b""))
    except OSError:  # a press that can't count its starts comes up safe all the same
        return boot_id, False
    return boot_id, True


def crash_stands(store, crashed):
    """Whether a crash waits for its acknowledgement; taking the power away and giving it back is none."""
    if crashed and _read(store, _CRASH) is None:
        try:
            store.write(_CRASH, b"1")
        except OSError:
            pass  # then it stands until the power goes
    return crashed or _read(store, _CRASH) is not None


def note_crash(store, told):
    """Keep what is known of a crash; what an earlier one has left stays in front of it."""
    try:
        store.write(_CRASH, (_read(store, _CRASH) or b"") + told[-_NOTE_MAX:].encode() + b"\n")
    except OSError:
        pass  # the press starts anew all the same; what it said stands on the port


def crash_told(store):
    """What is known of the crash that stands, a line each, as places of code."""
    lines = str(_read(store, _CRASH) or b"", "utf-8").split("\n")
    short = [line.strip().replace('File "', "").replace('", line ', ":").replace(", in ", " ") for line in lines]
    return [line for line in short if len(line) > 1 and line[:9] != "Traceback"][-10:]


def acknowledge_crash(store):
    if _read(store, _CRASH) is not None:
        try:
            store.remove(_CRASH)
        except OSError as error:
            raise Refused("the note of the crash stays in the store: %r" % error) from None
