"""Who may do what: nobody is asked at this computer itself, everybody else shows a token that reads or operates.

Tokens are 192 random bits, so their SHA-256 is kept and nothing slower is needed. A browser's page of another site must not
reach the service through its visitor, so what a browser sends has to come from the service's own page.
"""

import hashlib
import hmac
import ipaddress
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import NotAllowed, WrongInput
from ..service import OPERATOR

READ, OPERATE = "read", "operate"
NAME_MOST = 24  # as the press keeps operators
LOGIN_HINT = "`stackpress serve token NAME` makes one; the command line takes it from STACKPRESS_TOKEN."


@dataclass(frozen=True)
class Visitor:
    """Somebody who was let in."""

    name: str
    may_operate: bool


class People:
    """The tokens that were given out, in a file that only the user can read; what it holds is looked up anew each time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, name: str, may: str) -> str:
        """A new token for `name`; an old one of that name is void. Raises WrongInput."""
        if may not in (READ, OPERATE):
            raise WrongInput(f"one may {READ} or {OPERATE}, not {may!r}")
        if not name.strip() or len(name) > NAME_MOST or not name.isprintable():
            raise WrongInput(f"{name!r} is no name", f"At most {NAME_MOST} letters, please.")
        token = secrets.token_urlsafe(24)
        self._write({**self._read(), name: {"sha256": _hash(token), "may": may}})
        return token

    def remove(self, name: str) -> None:
        """The token of that name is void. Raises WrongInput."""
        found = self._read()
        if name not in found:
            raise WrongInput(f"nobody called {name!r} has a token", f"There are: {', '.join(found) or 'none'}.")
        del found[name]
        self._write(found)

    def names(self) -> dict[str, str]:
        """Who has a token, and what each may."""
        return {name: entry["may"] for name, entry in self._read().items()}

    def of(self, token: str) -> Visitor:
        """Whose token it is. Raises NotAllowed."""
        given = _hash(token)
        for name, entry in self._read().items():
            if hmac.compare_digest(given, entry["sha256"]):
                return Visitor(name, entry["may"] == OPERATE)
        raise NotAllowed("nobody has this token", LOGIN_HINT)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(self.path.read_text(encoding="utf-8"))
            return found
        except FileNotFoundError:
            return {}

    def _write(self, entries: dict[str, dict[str, str]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(self.path.name + ".part")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1)
        partial.replace(self.path)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_loopback(host: str | None) -> bool:
    """Whether an address is this computer's own."""
    try:
        return host == "localhost" or ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False


class Door:
    """Lets visitors in, or not: by where they come from, what they carry, and which page sent them."""

    def __init__(self, people: People, proxied: bool) -> None:
        self.people = people
        self.proxied = proxied

    def by_http(self, peer: str | None, headers: Mapping[str, str], token: str = "") -> Visitor:
        """Who asks by HTTP. Raises NotAllowed."""
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if origin and urlsplit(origin).netloc != host:
            raise NotAllowed(f"a page of {origin} has no business here")
        kind, _, shown = headers.get("authorization", "").partition(" ")
        shown = token or (shown.strip() if kind.lower() == "bearer" else "")
        if shown:
            return self.people.of(shown)
        here = is_loopback(peer) and is_loopback(urlsplit(f"//{host}").hostname)  # a name that leads here may be anybody's
        if here and not self.proxied:
            return Visitor(_plain(unquote(headers.get(OPERATOR.lower(), ""))) or "this computer", True)
        raise NotAllowed("this takes a token", LOGIN_HINT)

    def by_socket(self, peer: str | None) -> Visitor | None:
        """Who opens a SCPI socket; None: a token is needed first."""
        return Visitor("SCPI socket", True) if is_loopback(peer) and not self.proxied else None


def _plain(name: str) -> str:
    return "".join(char for char in name if char.isprintable())[:NAME_MOST].strip()
