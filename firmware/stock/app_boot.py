"""On a stock MicroPython: start one of two app sets, and never one that is not whole or that has failed to start before.

/app/a and /app/b each hold a set and its manifest. /app/now says in one line which is to run and how far it is trusted: "b new"
(just sent), "b tried" (started once, and has not run well yet), "b" (has). The line is replaced by renaming, which littlefs does
in one step, so at every moment there is one that is whole. A set that was tried and did not get as far as to run well makes
way for the other. A frozen image never looks here.
"""

import binascii
import hashlib
import json
import os
import sys

FOLDER, NOW = "/app", "/app/now"
OTHER = {"a": "b", "b": "a"}
CONFIRM_MS = 1500  # of running well


def now():
    """(letter or "", "" or "new" or "tried")"""
    try:
        with open(NOW) as f:
            words = f.read().split() + ["", ""]
    except OSError:
        return "", ""
    return (words[0], words[1]) if words[0] in OTHER else ("", "")


def point(letter, trust=""):
    """From this moment on, `letter` is the set that runs."""
    with open(NOW + ".new", "w") as f:
        f.write(letter + " " + trust)
    os.rename(NOW + ".new", NOW)


def manifest(letter):
    """What the set says about itself, or None."""
    try:
        with open("%s/%s/manifest.json" % (FOLDER, letter)) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def faulty(letter, by_hash=True):
    """The first file of a set that is not as its manifest says; "" if the set is whole."""
    says = manifest(letter)
    if not says:
        return "manifest.json"
    buf = bytearray(1024)
    for name, (size, sha) in says["files"].items():
        path = "%s/%s/%s" % (FOLDER, letter, name)
        try:
            if os.stat(path)[6] != size:
                return name
            if by_hash and _sha(path, buf) != sha:
                return name
        except OSError:
            return name
    return ""


def _sha(path, buf):
    sha = hashlib.sha256()
    with open(path, "rb") as f:
        n = f.readinto(buf)
        while n:
            sha.update(memoryview(buf)[:n])
            n = f.readinto(buf)
    return binascii.hexlify(sha.digest()).decode()


def choose():
    """The letter of the set to start; "" if none can be. What was tried and never ran well makes way for the other."""
    letter, trust = now()
    if not letter:
        return ""
    if trust != "tried" and not faulty(letter, trust == "new"):
        if trust == "new":
            point(letter, "tried")
        return letter
    other = OTHER[letter]
    if not faulty(other):
        point(other)
        return other
    return "" if faulty(letter) else letter  # there is nothing else


def run():
    before = now()[1]
    letter = choose()
    if not letter:
        print("stackpress: no app set can be started: stackpress flash --app")
        return
    sys.path[:] = ["%s/%s" % (FOLDER, letter), ".frozen", "", "/lib"]
    sys.modules.pop("main", None)
    try:
        __import__("main")
    except Exception as error:  # the set does not even start: the next start takes the other, if there is one
        sys.print_exception(error)
        if before == "new":
            import machine

            machine.reset()


class Confirmation:
    """A part of the board: once the press has run for a while, the set that runs is a good one. Written only at rest."""

    def begin(self, press):
        self._press, self._from, self._open = press, None, now()[1] == "tried"

    def service(self, wall_ms):
        if not self._open or not self._press.at_rest:
            return
        if self._from is None:
            self._from = wall_ms
        if (wall_ms - self._from) & 0x3FFFFFFF > CONFIRM_MS:
            self._open = False
            point(now()[0])
