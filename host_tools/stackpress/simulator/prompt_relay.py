"""Carry bytes between the pty and MicroPython's prompt, which gets a plain socket as its terminal.

On a terminal the prompt changes its mode at every line, and each change throws away what the host has not read yet: under load
`mpremote` would wait for an answer that was dropped. A socket has no modes.
"""

import contextlib
import os
import selectors
import socket
import time

PIECE = 4096
RAW, PLAIN = 1, 2  # Ctrl-A, Ctrl-B
PATIENCE_S = 2.0  # a host that reads nothing for this long loses what the prompt says


class PromptRelay:
    """Lives as long as the prompt; `theirs` is what the prompt's process gets as standard input and output."""

    def __init__(self, selector: selectors.BaseSelector, master: int) -> None:
        self._selector, self._master = selector, master
        self._ours, self.theirs = socket.socketpair()
        self.raw = False  # which of its two modes the prompt is in: a program's (Ctrl-A) or a person's (Ctrl-B)
        selector.register(master, selectors.EVENT_READ, self._to_prompt)
        selector.register(self._ours, selectors.EVENT_READ, self._to_host)

    def type(self, data: bytes) -> None:
        """Give the prompt bytes as if the host had sent them."""
        modes = [byte for byte in data if byte in (RAW, PLAIN)]
        self.raw = modes[-1] == RAW if modes else self.raw
        with contextlib.suppress(OSError):
            self._ours.sendall(data)

    def close(self) -> None:
        """Bring the last words to the host, and let the port go."""
        self._selector.unregister(self._master)
        self._selector.unregister(self._ours)
        self._ours.setblocking(False)
        with contextlib.suppress(OSError):
            while data := self._said():
                self._write(data)
        self._ours.close()

    def _to_prompt(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.type(os.read(self._master, PIECE))

    def _to_host(self) -> None:
        self._write(self._said())

    def _said(self) -> bytes:
        """Some of what the prompt has said; nothing at its end, which is a reset if typed bytes were left unread."""
        try:
            return self._ours.recv(PIECE)
        except ConnectionResetError:
            return b""

    def _write(self, data: bytes) -> None:
        until = time.monotonic() + PATIENCE_S
        while data and time.monotonic() < until:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                time.sleep(0.005)
