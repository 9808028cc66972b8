"""Documents (configuration, ceilings, calibration, zero, programs, a simulated plant), kept twice so that one is whole.

A document is JSON text with whole numbers in the press's own units. It has two slots; a new version goes into the
older one, with a sequence number and a CRC, and is read back before it counts. A torn or foreign slot is passed over,
so a cut at any moment leaves the old version or the new one. The CRC covers the document's name: a slot copied
elsewhere is foreign.
"""

import binascii
import json
import struct

from stackpress_core.errors import Refused, ScpiError, StorageFault

MAGIC = b"SPD1"
HEAD = "<4sIII"  # magic, sequence, length, CRC-32 of name, sequence, length and text
HEAD_BYTES = 16
LENGTH_MAX = 8192
NAME_MAX = 32
KINDS = ("config", "ceilings", "calibration", "zero", "program", "plant")
NAMED = ("program",)  # kinds of which there are many: "program/<name>"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def kind_of(name):
    """The document's kind; -257 if `name` is not the name of a document."""
    kind, slash, rest = name.partition("/")
    good = kind in KINDS and bool(slash) == (kind in NAMED)
    if slash:
        good = good and 0 < len(rest) <= NAME_MAX and all(c in LETTERS for c in rest)
    if not good:
        raise ScpiError(-257, name[:40])
    return kind


def checksum(name, sequence, text):
    crc = binascii.crc32(name.encode())
    crc = binascii.crc32(struct.pack("<II", sequence, len(text)), crc)
    return binascii.crc32(text, crc) & 0xFFFFFFFF


def wrap(name, sequence, text):
    return struct.pack(HEAD, MAGIC, sequence, len(text), checksum(name, sequence, text)) + text


def unwrap(name, raw):
    """(sequence, text) of a slot, or None if it is absent, torn or foreign. What can be changed is cut to the text where it lies: a
    copy of 8 kB would have to find room beside it."""
    if raw is None or len(raw) < HEAD_BYTES:
        return None
    magic, sequence, length, crc = struct.unpack_from(HEAD, raw, 0)
    text = memoryview(raw)[HEAD_BYTES : HEAD_BYTES + length]
    if magic != MAGIC or len(text) != length or checksum(name, sequence, text) != crc:
        return None
    if not isinstance(raw, bytearray):
        return sequence, bytes(text)
    text = None  # CPython cuts nothing that somebody looks at
    raw[HEAD_BYTES + length :] = b""
    raw[:HEAD_BYTES] = b""
    return sequence, raw


def no_complaints(document):
    return []


class Documents:
    """Documents on `store` (read(name) -> bytes or None, write(name, bytes), remove(name), names())."""

    def __init__(self, store):
        self.store = store
        self.validators = {}
        self.waiting = ()  # name -> text of what is in force and can't be written yet (steering.wait); the power takes it along
        self.failures = 0  # reads of a slot that the store could not do

    def register(self, kind, validator):
        """`validator(document) -> list of complaints` judges every new document of this kind."""
        self.validators[kind] = validator

    # -- reading ---------------------------------------------------------------------------------------------------

    def raw(self, name, letter):
        """The bytes of a slot; None if there is none, and no bytes if it can't be read: then it is bad, not missing."""
        try:
            return self.store.read(name + "." + letter)
        except OSError:
            self.failures += 1
            return b""

    def slot(self, name, letter):
        return unwrap(name, self.raw(name, letter))

    def newest(self, name):
        """(sequence, letter) of the version in force; (0, "b") if there is none. One slot at a time is held: each may be large."""
        best = (0, "b")
        for letter in ("a", "b"):
            sequence = (self.slot(name, letter) or (0,))[0]
            if sequence > best[0]:
                best = (sequence, letter)
        return best

    def text(self, name):
        """The document's bytes, or None if there is none that is whole."""
        if name in self.waiting:
            return self.waiting[name]
        sequence, letter = self.newest(name)
        found = self.slot(name, letter) if sequence else None
        return found[1] if found else None

    def get(self, name):
        """The document as a dict, or None if there is none that is whole."""
        text = self.text(name)
        return None if text is None else parsed(text)

    def crc(self, name):
        """CRC-32 of the text: what tells two versions apart; 0 if there is none."""
        text = self.text(name)
        return 0 if text is None else binascii.crc32(text) & 0xFFFFFFFF

    def state(self, name):
        """'ok', 'missing', or 'bad' when there are slots and none of them is whole."""
        if self.text(name) is not None:
            return "ok"
        raw = [self.raw(name, letter) for letter in ("a", "b")]
        return "missing" if raw == [None, None] else "bad"

    def names(self, start=""):
        """Names of the documents that begin with `start`, whole or not, sorted. StorageFault if the store can't say."""
        found = [name for name in self.waiting if name.startswith(start)]
        try:
            slots = self.store.names()
        except OSError as error:
            raise StorageFault("the store can't be listed: %r" % error) from None
        for slot in slots:
            name = slot[:-2]
            known = slot[-2:] in (".a", ".b") and name.split("/")[0] in KINDS
            if known and name.startswith(start) and name not in found:
                found.append(name)
        return sorted(found)

    # -- writing ---------------------------------------------------------------------------------------------------

    def complaints(self, name, document):
        """What is wrong with this document: a list of sentences, empty if nothing is."""
        if not isinstance(document, dict):
            return ["the document is not a JSON object"]
        found = list(self.validators.get(kind_of(name), no_complaints)(document))
        kept_as = name.partition("/")[2]
        if not found and kept_as and document.get("name", kept_as) != kept_as:
            found.append("it bears another name: %s" % str(document["name"])[:NAME_MAX])
        return found

    def judged(self, name, text):
        """The document that this text is. Refused names what is wrong with it."""
        kind_of(name)
        if len(text) > LENGTH_MAX:
            raise ScpiError(-223, "%d bytes, at most %d" % (len(text), LENGTH_MAX))
        document = parsed(text)
        found = ["not JSON text"] if document is None else self.complaints(name, document)
        if found:
            more = " (and %d more)" % (len(found) - 1) if len(found) > 1 else ""
            raise Refused("%s: %s%s" % (name, found[0], more))
        return document

    def put(self, name, text):
        """Judge and keep a new version. Refused names the complaint; StorageFault: the old version is still there."""
        self.judged(name, text)
        self.write(name, text)

    def put_dict(self, name, document):
        self.put(name, json.dumps(document).encode())

    def write(self, name, text):
        sequence, letter = self.newest(name)
        other = name + (".b" if letter == "a" else ".a")
        try:
            self.store.write(other, wrap(name, sequence + 1, text))
        except OSError as error:
            raise StorageFault("%s: %r" % (name, error)) from None
        if self.slot(name, other[-1]) != (sequence + 1, text):
            raise StorageFault("%s was not kept, the version before is still in force" % name)

    def remove(self, name):
        """Remove both slots, the older one first, so that a cut leaves the newest version or none."""
        kind_of(name)
        if name not in self.names():
            raise ScpiError(-256, name)
        letter = self.newest(name)[1]
        for last in ("b", "a") if letter == "a" else ("a", "b"):
            if name + "." + last in self.store.names():
                self.store.remove(name + "." + last)


class Transfer:
    """A document that comes in lines of base64: begin, put ..., take. Nothing of it counts before it is whole."""

    def __init__(self):
        self.name = ""
        self.buf = b""
        self.have = 0
        self.crc = 0

    def begin(self, name, length, crc):
        kind_of(name)
        if not 0 < length <= LENGTH_MAX:
            raise ScpiError(-223, "%d bytes, at most %d" % (length, LENGTH_MAX))
        self.name = name
        self.buf = bytearray(length)
        self.have = 0
        self.crc = crc

    def put(self, offset, text):
        """The next piece, or one that was there already (a repeated line does no harm)."""
        piece = from_base64(text)
        if not self.name:
            raise Refused("no transfer has begun: DATA:BEGin comes first")
        if offset > self.have or offset < 0:
            raise Refused("the next piece begins at %d, not %d" % (self.have, offset))
        if offset + len(piece) > len(self.buf):
            raise ScpiError(-223, "%d bytes were announced" % len(self.buf))
        self.buf[offset : offset + len(piece)] = piece
        self.have = max(self.have, offset + len(piece))

    def take(self):
        """(name, text) of the whole document; the transfer is over either way."""
        name, buf, have, crc = self.name, self.buf, self.have, self.crc
        self.cancel()
        if not name:
            raise Refused("no transfer has begun: DATA:BEGin comes first")
        if have != len(buf):
            raise ScpiError(-230, "%d of %d bytes came" % (have, len(buf)))
        if binascii.crc32(buf) & 0xFFFFFFFF != crc & 0xFFFFFFFF:
            raise ScpiError(-230, "CRC-32 differs")
        return name, buf

    def cancel(self):
        self.name = ""
        self.buf = b""
        self.have = 0


def parsed(text):
    """What the JSON text says, read where it lies: a copy of 8 kB would have to find room beside it."""
    try:
        return json.loads(text)
    except (ValueError, RuntimeError):  # no JSON, no UTF-8, or nested deeper than the interpreter goes
        return None


def from_base64(text):
    """Strict base64: both Pythons decode some broken text silently, so what was read has to be written the same again."""
    try:
        piece = binascii.a2b_base64(text)
    except ValueError:
        piece = b""
    if not piece or binascii.b2a_base64(piece)[:-1] != text.encode():
        raise ScpiError(-151, "not base64")
    return piece
