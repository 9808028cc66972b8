"""Telling people beyond the page: a webhook, a mail, an MQTT topic or a command of the user's, as `[[message]]` in serve.toml says.

Each way has a queue and a thread, so that a mail server that does not answer holds up neither the press nor the other ways. What
can't be delivered is tried again for an hour, then given up and said in the service's log.
"""

import json
import logging
import os
import queue
import shlex
import smtplib
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import WrongInput
from .happenings import KINDS, Happening

WAYS = ("webhook", "mail", "mqtt", "command")
OF_MAIL = ("smtp", "sender")
PAUSES_S = (1.0, 5.0, 30.0, 120.0, 300.0, 600.0, 1200.0, 1200.0)  # an hour in all
QUEUE = 200
WAIT_S = 15.0
Deliver = Callable[[Happening], None]
_log = logging.getLogger("stackpress.serve")


class Messages:
    """All ways; `tell` never waits."""

    def __init__(self, tables: Sequence[Mapping[str, Any]], pauses_s: Sequence[float] = PAUSES_S) -> None:
        """Raises WrongInput, naming what is wrong with a table."""
        self._ways = [_Way(_checked(one), pauses_s) for one in tables]

    def tell(self, happening: Happening) -> None:
        """Send it wherever it is wanted."""
        for way in self._ways:
            way.take(happening)

    def close(self) -> None:
        """What waits is not sent any more."""
        for way in self._ways:
            way.close()


class _Way:
    def __init__(self, table: Mapping[str, Any], pauses_s: Sequence[float]) -> None:
        self._wanted = frozenset(table.get("on", KINDS))
        self._name = next(one for one in WAYS if one in table)
        self._deliver = {"webhook": webhook, "mail": mail, "mqtt": mqtt, "command": command}[self._name](table)
        self._pauses_s = pauses_s
        self._queue: queue.Queue[Happening | None] = queue.Queue(QUEUE)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._send, name=f"serve-{self._name}", daemon=True)
        self._thread.start()

    def take(self, happening: Happening) -> None:
        if happening.kind not in self._wanted:
            return
        try:
            self._queue.put_nowait(happening)
        except queue.Full:
            _log.error("%s: %d messages wait; this one is given up: %s", self._name, QUEUE, happening.text)

    def close(self) -> None:
        self._ends.set()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return  # it looks at `_ends` after the message that it has in hand

    def _send(self) -> None:
        while (happening := self._queue.get()) is not None and not self._ends.is_set():
            self._try(happening)

    def _try(self, happening: Happening) -> None:
        for pause_s in (*self._pauses_s, None):
            try:
                self._deliver(happening)
                return
            except Exception as error:  # a library of any of four ways: whatever it is, the others go on, and it is said
                _log.warning("%s: %s", self._name, error)
                if pause_s is None or self._ends.wait(pause_s):
                    break
        _log.error("%s: given up: %s: %s", self._name, happening.press, happening.text)


def _checked(table: Mapping[str, Any]) -> Mapping[str, Any]:
    ways = [one for one in WAYS if one in table]
    if len(ways) != 1:
        raise WrongInput(f"a [[message]] has one of {', '.join(WAYS)}, not {', '.join(ways) or 'none'}")
    for key, value in table.items():
        if key not in (*WAYS, "on", *(OF_MAIL if ways == ["mail"] else ())):
            more = ", smtp, sender" if ways == ["mail"] else ""
            raise WrongInput(f"a [[message]] by {ways[0]} has no {key}", f"It has `on`{more}.")
        if key != "on" and not isinstance(value, str):
            raise WrongInput(f"[[message]] {key} = {value!r} is no text")
    unknown = [one for one in table.get("on", ()) if one not in KINDS]
    if unknown or not isinstance(table.get("on", []), list):
        raise WrongInput(f"[[message]] on = {table['on']!r} is none of what happens", f"Some of {', '.join(KINDS)}.")
    if ways == ["mail"] and "smtp" not in table:
        raise WrongInput("a [[message]] by mail wants its server", 'Like smtp = "smtp://user:password@mail.example:587".')
    return table


def text_of(one: Happening) -> str:
    """A message for people."""
    about = ", ".join(text for text in (one.sample, one.program, f"run {one.run}" if one.run else "") if text)
    when = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(one.unix_s))
    return f"{one.press}: {one.text}\n\n{about + chr(10) if about else ''}{when}\n"


def webhook(table: Mapping[str, Any]) -> Deliver:
    """POST of the happening as JSON; `text` is what chat services show."""
    url = table["webhook"]
    if not url.startswith(("http://", "https://")):
        raise WrongInput(f"webhook = {url!r} is no address", "It begins with https:// or http://.")

    def deliver(one: Happening) -> None:
        body = json.dumps({**one.as_dict(), "message": one.text, "text": text_of(one).strip()}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", "User-Agent": "stackpress"})
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            answer.read(1000)

    return deliver


def mail(table: Mapping[str, Any]) -> Deliver:
    """A mail through the server `smtp`: smtps:// is TLS from the start, smtp:// takes it if the server has it."""
    server = urlsplit(table["smtp"])
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        raise WrongInput(f"smtp = {table['smtp']!r} is no server", 'Like smtp = "smtp://user:password@mail.example:587".')
    host, user = server.hostname, server.username

    def deliver(one: Happening) -> None:
        letter = EmailMessage()
        letter["Subject"] = f"{one.press}: {one.kind}: {one.text[:80]}".replace("\n", " ")
        letter["From"], letter["To"] = table.get("sender") or f"stackpress@{host}", table["mail"]
        letter["Date"], letter["Message-ID"] = formatdate(one.unix_s, localtime=True), make_msgid(domain=host)
        letter.set_content(text_of(one))
        if server.scheme == "smtps":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=WAIT_S)
        else:
            opened = smtplib.SMTP(host, server.port or 25, timeout=WAIT_S)
        with opened:
            if server.scheme == "smtp" and opened.ehlo() and opened.has_extn("starttls"):
                import ssl

                opened.starttls(context=ssl.create_default_context())
            if user:
                opened.login(unquote(user), unquote(server.password or ""))
            opened.send_message(letter)

    return deliver


def mqtt(table: Mapping[str, Any]) -> Deliver:
    """`mqtt://user:password@broker:1883/TOPIC` (or mqtts://), press and kind behind it; acknowledged by the broker (QoS 1)."""
    broker = urlsplit(table["mqtt"])
    topic = broker.path.strip("/")
    if broker.scheme not in ("mqtt", "mqtts") or not broker.hostname or not topic:
        raise WrongInput(f"mqtt = {table['mqtt']!r} is no topic of a broker", 'Like mqtt = "mqtt://broker.example/lab/presses".')
    host, user = broker.hostname, broker.username

    def deliver(one: Happening) -> None:
        from paho.mqtt import publish

        secure = broker.scheme == "mqtts"
        name: Any = {"username": unquote(user), "password": unquote(broker.password or "")} if user else None
        tls: Any = {} if secure else None
        publish.single(f"{topic}/{one.press}/{one.kind}", json.dumps(one.as_dict()), qos=1, hostname=host,
                       port=broker.port or (8883 if secure else 1883), auth=name, tls=tls)  # fmt: skip

    return deliver


def words_of(text: str, windows: bool) -> list[str]:
    """The words of a command. On Windows a backslash parts folders, and only double quotes hold words together."""
    return [word.strip('"') for word in shlex.split(text, posix=False)] if windows else shlex.split(text)


def command(table: Mapping[str, Any]) -> Deliver:
    """A command: the happening is its standard input (JSON), and KIND, PRESS and TEXT stand for theirs in its words."""
    words = words_of(table["command"], sys.platform == "win32")
    if not words:
        raise WrongInput("command is empty")

    def deliver(one: Happening) -> None:
        known = {"KIND": one.kind, "PRESS": one.press, "TEXT": one.text}
        given = [known.get(word, word) for word in words]
        done = subprocess.run(given, input=json.dumps(one.as_dict()).encode(), env=os.environ, timeout=60, capture_output=True)
        if done.returncode:
            raise OSError(f"{words[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-200:]}")

    return deliver
