"""Finding the service that owns the presses' ports, and speaking to a press through it as if the port were ours.

One program can have a serial port. Where `stackpress serve` has it, everybody else comes through it, and no command needs to know:
a `ServedLink` has the verbs of a `Link`. The service writes down where it is; what has ended is not believed.
"""

import base64
import getpass
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

from . import errors
from .paths import data_folder

if TYPE_CHECKING:
    from http.client import HTTPConnection

ANSWER_S = 30.0  # the press's own time-outs are shorter, and the service tells them
LOOK_S = 2.0
TOKEN = "STACKPRESS_TOKEN"
OPERATOR = "X-Stackpress-Operator"
REMOTE = ("http://", "https://")
DOWN_HINT = "Is `stackpress serve` running there? A press goes on by its program's host-loss policy."


def folder() -> Path:
    """Where a service keeps what it must find again."""
    return data_folder() / "serve"


def announce(url: str) -> Path:
    """Write down where this process serves; the file is the caller's to remove."""
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / "service.json"
    partial = path.with_name("service.part")
    partial.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    partial.replace(path)
    return path


def running() -> str | None:
    """The address of this user's service on this computer, if its process is there."""
    try:
        entry = json.loads((folder() / "service.json").read_text())
        import psutil

        return str(entry["url"]) if psutil.pid_exists(int(entry["pid"])) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Service:
    """One service at one address. Every call raises LinkLost when it does not answer, NotAllowed when it refuses a visitor."""

    def __init__(self, url: str, patience_s: float = ANSWER_S) -> None:
        self.url = url.rstrip("/")
        self.patience_s = patience_s
        self._where = urlsplit(self.url)
        self._connection: HTTPConnection | None = None
        self._lock = threading.Lock()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's document. Raises what the service tells."""
        with self._lock:
            status, text = self._exchange(method, path, body)
        try:
            found = json.loads(text or b"{}")
        except ValueError:
            raise errors.LinkLost(f"{self.url} does not answer like stackpress serve ({status})", DOWN_HINT) from None
        if status >= 400:
            raise told(found, status)
        return found

    def presses(self) -> list[dict[str, Any]]:
        """What it has: identity, port, linked, lent."""
        return list(self.ask("GET", "/api/presses"))

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        from http.client import HTTPException  # not at the start: a press on a port of our own needs none of it

        data = None if body is None else json.dumps(body).encode()
        try:
            connection = self._connected()
            connection.request(method, self._where.path + path, data, self._headers())
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            self.close()
            why = str(error) or type(error).__name__
            raise errors.LinkLost(f"the service at {self.url} does not answer: {why}", DOWN_HINT) from error

    def _connected(self) -> "HTTPConnection":
        """A connection that the service keeps open longer than anybody pauses between two questions."""
        from http.client import HTTPConnection, HTTPSConnection

        if self._connection is None:
            kind = HTTPSConnection if self._where.scheme == "https" else HTTPConnection
            self._connection = kind(self._where.hostname or "", self._where.port, timeout=self.patience_s)
        return self._connection

    def _headers(self) -> dict[str, str]:
        head = {"Content-Type": "application/json", OPERATOR: quote(_user())}
        token = os.environ.get(TOKEN)
        return {**head, "Authorization": f"Bearer {token}"} if token else head


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process without a user of a name
        return ""


def told(found: Any, status: int) -> errors.PressError:
    """The exception that an answer of the service tells."""
    document = found if isinstance(found, dict) else {}
    text, hint = str(document.get("text") or document.get("detail") or f"refused ({status})"), str(document.get("hint", ""))
    kind = str(document.get("error", ""))
    if kind == "PressRefused":
        return errors.PressRefused([(int(n), str(t)) for n, t in document["errors"]], str(document.get("command", "")))
    named = getattr(errors, kind, None)
    if isinstance(named, type) and issubclass(named, errors.PressError) and kind != "PressTripped":
        return named(text, hint)
    return errors.NotAllowed(text, hint) if status in (401, 403) else errors.PressError(text, hint)


def document_of(error: errors.PressError) -> dict[str, Any]:
    """The same as a document, for the service to send."""
    found: dict[str, Any] = {"error": type(error).__name__, "text": str(error), "hint": error.hint}
    if isinstance(error, errors.PressRefused):
        found |= {"errors": error.errors, "command": error.command}
    return found


class ServedLink:
    """A link to one press through the service. Thread-safe; `stop()` waits for no other thread's exchange."""

    served = True  # the press has a contact with this computer's time, and lets go of records, through its service

    def __init__(self, service: Service, identity: str, port: str) -> None:
        self.service = service
        self.identity = identity
        self.port = port
        self.path = f"/api/presses/{quote(identity, safe='')}"
        self.left_errors: list[tuple[int, str]] = []
        self.strangers = 0
        self.quiet_s = service.patience_s
        self.last = ("", "")

    def query(self, text: str) -> str:
        """As of a Link."""
        self.last = text, str(self._line("query", text)["answer"])
        return self.last[1]

    def command(self, text: str) -> None:
        """As of a Link."""
        self._line("command", text)

    def block(self, text: str) -> bytes:
        """As of a Link."""
        return base64.b64decode(self._line("block", text)["answer"])

    def stop(self) -> None:
        """As of a Link: on a connection of its own, ahead of whatever waits."""
        urgent = Service(self.service.url, self.service.patience_s)
        try:
            urgent.ask("POST", f"{self.path}/abort")
        finally:
            urgent.close()

    def reopen(self) -> None:
        """Whether the press is there again. Raises LinkLost."""
        self.service.close()
        found = self.service.ask("GET", self.path)
        if not found["linked"]:
            raise errors.LinkLost(f"{self.identity}: {found['why']}", "")
        self.port = str(found["port"])

    def close(self) -> None:
        """Let the service go; it keeps the port."""
        self.service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _line(self, form: str, text: str) -> dict[str, Any]:
        found: dict[str, Any] = self.service.ask("POST", f"{self.path}/line", {"form": form, "text": text})
        return found


def link(port: str | None) -> ServedLink | None:
    """The press that is meant, if a service has it; None: it is for us to open. Raises NoPress, LinkLost, NotAllowed."""
    if port and port.startswith(REMOTE):
        return _remote(port)
    url = running()
    if url is None:
        return None
    service = Service(url)
    try:
        there = [one for one in Service(url, LOOK_S).presses() if not one["lent"]]
    except errors.LinkLost:
        return None  # it has ended and its number is another's; or it hangs, and the port tells that it is taken
    if port:
        found = [one for one in there if _is(one, port)]
        return _linked(service, found[0]) if found else None
    return _only(service, [one for one in there if one["linked"]])


def _only(service: Service, there: list[dict[str, Any]]) -> ServedLink | None:
    """The service's press if there is no other; None where it has none. Raises NoPress where several could be meant."""
    from .ports import choose_among, find_ports

    ours = {str(one["port"]) for one in there}
    if not there:
        return None
    choose_among([*((str(one["port"]), f"{one['identity']}, served") for one in there),
                  *((one.device, one.text) for one in find_ports() if one.device not in ours)])  # fmt: skip
    return _linked(service, there[0])


def _remote(url: str) -> ServedLink:
    """`http://host:8573/IDENTITY`, or without the identity where the service has one press."""
    parts = urlsplit(url)
    service = Service(f"{parts.scheme}://{parts.netloc}")
    wanted = unquote(parts.path.strip("/"))
    there = [one for one in service.presses() if not wanted or one["identity"] == wanted]
    if len(there) != 1:
        have = ", ".join(str(one["identity"]) for one in service.presses()) or "none"
        raise errors.NoPress(f"{url} names {len(there) or 'no'} press", f"There is: {have}. Say {parts.netloc}/NAME.")
    return _linked(service, there[0])


def _is(one: dict[str, Any], port: str) -> bool:
    return port in (one["identity"], one["port"]) or (bool(one["port"]) and os.path.realpath(port) == os.path.realpath(one["port"]))


def _linked(service: Service, one: dict[str, Any]) -> ServedLink:
    return ServedLink(service, str(one["identity"]), str(one["port"]))


@contextmanager
def borrowed(port: str | None, why: str) -> Iterator[str | None]:
    """Have the port handed over by the service that has it, and give it back; its name, or None where no service has it.

    Without a port named, every press of the service is handed over: whichever is meant can be opened.
    """
    url = running()
    if url is None or (port and port.startswith(REMOTE)):
        yield port
        return
    service = Service(url)
    ours = [one for one in service.presses() if port is None or _is(one, port)]
    try:
        for one in ours:
            service.ask("POST", f"/api/presses/{quote(one['identity'], safe='')}/lend", {"pid": os.getpid(), "why": why})
        yield str(ours[0]["port"]) if port and ours else port
    finally:
        for one in ours:
            with suppress(errors.PressError):  # it takes the port back by itself when this process ends
                service.ask("POST", f"/api/presses/{quote(one['identity'], safe='')}/return")
        service.close()
