"""The side channel of a simulated press for other processes: a Unix socket whose requests go the way of its own."""

import contextlib
import json
import selectors
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackpress.simulator.settings import SimError


class SideChannelServer:
    """Listens on `path` as long as its selector is served; `ask(timeout_s, **message)` answers a request."""

    def __init__(self, selector: selectors.BaseSelector, ask: Callable[..., dict[str, Any]]) -> None:
        self._selector, self._ask = selector, ask
        self._folder = tempfile.TemporaryDirectory(prefix="stackpress-")  # a socket's path must be short
        self.path = Path(self._folder.name) / "side_channel"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(4)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Remove the socket; the selector's owner closes what is connected."""
        self._folder.cleanup()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(5)

        def asked(line: bytes) -> None:
            threading.Thread(target=self._relay, args=(client, line), daemon=True).start()

        def gone() -> None:
            self._selector.unregister(client)
            client.close()

        self._selector.register(client, selectors.EVENT_READ, Lines(client, asked, gone))

    def _relay(self, client: socket.socket, line: bytes) -> None:
        """Ask, and hand the answer back."""
        try:
            message = json.loads(line)
            answer = self._ask(timeout_s=float(message.pop("timeout_s", 60.0)), **message)
        except (SimError, ValueError, TypeError) as error:
            answer = {"ok": False, "error": str(error)}
        with contextlib.suppress(ConnectionError):
            client.sendall(json.dumps(answer).encode() + b"\n")


class Lines:
    """Cut what a socket receives into lines; tell when it ends."""

    def __init__(self, source: socket.socket, on_line: Any, on_end: Any) -> None:
        self._source, self._on_line, self._on_end = source, on_line, on_end
        self._rest = b""

    def __call__(self) -> None:
        try:
            data = self._source.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._on_end()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._on_line(line)
