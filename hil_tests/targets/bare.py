"""An image on an emulated RP2040 with nothing attached, running as fast as it can, and its USB port as a serial device.

    with BareBoard(image) as board:
        SerialTarget(board.port, quiet_s=120)      # as with a board on the desk, only that its time goes slowly

A chip on a desk does not stand still between two questions, and neither does this one: that is what it is for.

    make emulated BOARD=dryrun                   # builds the board's image, says its port, and runs until Ctrl-C
"""

import argparse
import contextlib
import os
import pty
import queue
import select
import sys
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hil_tests.targets.chip import Chip

SLICE_NS = 2e5
STUCK_S = 30.0
SWITCH_S = 2e-4  # in each slice the chip's thread lets the interpreter go for a moment: whoever waits must ask before the next

T = TypeVar("T")


class BareBoard:
    """`stop_at_s` of simulated time is the end of it, if nobody closes it before."""

    def __init__(self, image: Path, stop_at_s: float = float("inf")) -> None:
        self.chip = Chip(image)
        self.console = bytearray()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.chip.on_bytes = self._from_chip
        self._end_ns = stop_at_s * 1e9
        self._closed = False
        self.error: BaseException | None = None
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._switch_s = sys.getswitchinterval()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> str:
        return os.ttyname(self._slave)

    def time_s(self) -> float:
        """Simulated seconds since power-up."""
        return self.chip.now_ns / 1e9

    def at_rest(self, work: Callable[[], T]) -> T:
        """Do something with the chip between two instructions; what it gives. TimeoutError if the chip does not run."""
        done: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._jobs.put(lambda: done.put(work()))
        try:
            return done.get(timeout=STUCK_S)
        except queue.Empty:
            raise TimeoutError("the emulated chip does not run") from self.error

    def start(self) -> "BareBoard":
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        return self

    def _serve(self) -> None:
        try:
            while not self._closed and self.chip.now_ns < self._end_ns:
                if self.chip.unread < 4096:
                    with contextlib.suppress(BlockingIOError, OSError):
                        self.chip.send(os.read(self._master, 4096))
                while not self._jobs.empty():
                    self._jobs.get()()
                self.chip.run_to(self.chip.now_ns + SLICE_NS)
        except BaseException as error:  # noqa: BLE001 - kept for whoever closes it
            self.error = error

    def _from_chip(self, data: bytes) -> None:
        self.console += data
        while data and not self._closed:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.05)

    def close(self) -> None:
        self._closed = True
        if self._thread.is_alive():
            self._thread.join(30)
        sys.setswitchinterval(self._switch_s)
        os.close(self._master)
        os.close(self._slave)

    def __enter__(self) -> "BareBoard":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def main() -> None:
    """A board to play with: what it simulates, it does at a fraction of a real chip's speed, which it says every minute."""
    asked = argparse.ArgumentParser(prog="python -m hil_tests.targets.bare", description=main.__doc__)
    asked.add_argument("board", nargs="?", default="dryrun", help="whose image runs (dryrun)")
    from boards.images.build import build
    from boards.images.sources import CannotBuild

    try:
        image = build(asked.parse_args().board)
    except CannotBuild as reason:
        sys.exit(f"no image: {reason}")
    with BareBoard(image) as board, contextlib.suppress(KeyboardInterrupt):
        print(board.port, flush=True)
        while board.error is None:
            before_s = board.time_s()
            time.sleep(60)
            print(f"{board.time_s():.1f} s, {(board.time_s() - before_s) / 60:.2f} of real time", flush=True)
    if board.error:
        raise board.error


if __name__ == "__main__":
    main()
