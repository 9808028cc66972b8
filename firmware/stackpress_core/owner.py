"""The owner's code, which service work asks for: kept salted and hashed, its tries counted before they are compared.

Whoever has the wire may try; so each wrong try makes the next one wait longer, over a restart too: the count stands in the store
before the code is looked at, and time counts anew from a start. No document of the wire has this name, so it can be neither read
nor written there. A code that is lost is forgotten by a hand on the board alone (Maintenance.forget).

A configuration that goes beyond its bounds (params.py) is remembered here by its hash when it is put in force with the code: one
that came into the store in any other way, or with an older firmware, is not.
"""

import binascii
import hashlib
import json
import os

from stackpress_core.documents import parsed
from stackpress_core.errors import Refused

NAME = "owner"
SALT_BYTES = 16
ROUNDS = 800  # of SHA-256: half a second of an RP2040 at 125 MHz, and its watchdog waits one
LEAST, MOST = 8, 64  # bytes of a code
FREE_TRIES = 2  # a slip of the finger waits for nothing
LONGEST_S = 3600
KEPT = 2  # configurations that are allowed: the one in force, and the one that is being written
REFUSED = -203


def _record(documents):
    """What is kept; an empty record where nothing is. Refused if it can't be read: then nobody is let in."""
    text = documents.text(NAME)
    found = {} if text is None else parsed(text)
    if not isinstance(found, dict) or documents.state(NAME) == "bad":
        raise Refused("what is kept of the owner's code can't be read: forget it with a hand on the board", REFUSED)
    return found


def _keep(documents, record):
    documents.write(NAME, json.dumps(record).encode())


def is_set(documents):
    """Whether there is a code, or was one that can't be read."""
    try:
        return "hash" in _record(documents)
    except Refused:
        return True


def stretched(code, salt, rounds):
    """What is kept of a code."""
    digest = hashlib.sha256(salt + code).digest()
    for _ in range(rounds):
        digest = hashlib.sha256(digest + salt).digest()
    return digest


def wait_s(failed):
    """How long the next try waits after so many wrong ones."""
    return 0 if failed <= FREE_TRIES else min(LONGEST_S, 1 << min(failed, 12))


def check(documents, work, code, rested_s):
    """Refused unless this is the code; `rested_s` since the last wrong try, or since the start. `work()` tells the watchdog of
    each of three steps that take part of a second."""
    record = _record(documents)
    if "hash" not in record:
        raise Refused('no code is set: `stackpress service set`; or SYSTem:PASSword:NEW with "" as the one before', REFUSED)
    failed = record.get("failed", 0)
    left_s = wait_s(failed) - rested_s
    if left_s > 0:
        raise Refused("%d wrong codes: the next is looked at in %d s" % (failed, left_s), REFUSED)
    record["failed"] = failed + 1
    _keep(documents, record)  # before it is compared: the power ends no try that does not count
    work()
    salt, kept = binascii.unhexlify(record["salt"]), binascii.unhexlify(record["hash"])
    given, off = stretched(code.encode(), salt, record["rounds"]), 0
    work()
    for i in range(len(kept)):
        off |= kept[i] ^ given[i]
    if off:
        raise Refused("this is not the owner's code", REFUSED)
    record["failed"] = 0
    _keep(documents, record)
    work()


def tries(documents):
    """Wrong codes in a row."""
    try:
        return _record(documents).get("failed", 0)
    except Refused:
        return 0


def put(documents, work, code):
    """Keep a new code. Refused if it is none."""
    raw = code.encode()
    if not LEAST <= len(raw) <= MOST:
        raise Refused("a code has %d to %d bytes" % (LEAST, MOST), REFUSED)
    record, salt = _record(documents), os.urandom(SALT_BYTES)
    record["salt"], record["rounds"], record["failed"] = str(binascii.hexlify(salt), "ascii"), ROUNDS, 0
    record["hash"] = str(binascii.hexlify(stretched(raw, salt, ROUNDS)), "ascii")
    work()
    _keep(documents, record)


def forget(documents):
    """No code any more, and no wrong tries; what was allowed stays."""
    try:
        allowed = _record(documents).get("allowed", [])
    except Refused:
        allowed = []
    _keep(documents, {"allowed": allowed})


def _hash(text):
    return str(binascii.hexlify(hashlib.sha256(text).digest()), "ascii")


def allow(documents, text):
    """This configuration may go beyond its bounds; the one in force still may, until it is replaced."""
    record = _record(documents)
    found, one = record.get("allowed", []), _hash(text)
    if one not in found[-1:]:
        record["allowed"] = ([kept for kept in found if kept != one] + [one])[-KEPT:]
        _keep(documents, record)


def allows(documents, text):
    try:
        return _hash(text) in _record(documents).get("allowed", [])
    except Refused:
        return False
