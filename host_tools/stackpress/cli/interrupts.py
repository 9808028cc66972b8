"""Ctrl-C as a number that is looked at between two exchanges with the press, never in the middle of one."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Counts Ctrl-C instead of letting it tear a half-read answer; restores the old handler on leaving."""

    def __init__(self) -> None:
        self.count = 0
        self._woken = threading.Event()
        self._before: Any = None

    def __enter__(self) -> "Interrupts":
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self._woken.set()

    def wait(self, seconds: float) -> None:
        """Sleep, but not through a Ctrl-C."""
        self._woken.wait(seconds)
        self._woken.clear()
