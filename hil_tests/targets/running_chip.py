"""A chip that runs as fast as it can in a thread of its own, with its USB port as a serial device: for hosts of another process.

    with BareBoard(image) as board:
        SerialTarget(board.port, quiet_s=120)      # as with a board on the desk, only that its time goes slowly

A chip on a desk does not stand still between two questions, and neither does this one: that is what it is for. So what it does
depends on how quick the computer is; a test that asks when something happens uses the emulated target, whose time waits.

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
from typing import Self, TypeVar

from hil_tests.targets.chip import Chip

SLICE_NS = 2e5
STUCK_S = 30.0
IN_ROM_S = 0.005  # how often it is looked whether a chip in its boot drive has got an image
PACE = 0.2  # simulated seconds a second at most, beside a host in this process: it needs the interpreter to keep up with the press
SWITCH_S = 2e-4  # in each slice the chip's thread lets the interpreter go for a moment: whoever waits must ask before the next

T = TypeVar("T")


class Running:
    """From `start()` to `close()`; what the chip says is told to whoever listened before as well."""

    def __init__(self, chip: Chip, pace: float = 0.0) -> None:
        """`pace` is how many simulated seconds a second has at most; 0 for as many as there can be."""
        self.chip, self._pace = chip, pace
        self.error: BaseException | None = None
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._listened, self._closed = chip.on_bytes, False
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
        if threading.current_thread() is self._thread:
            return work()
        done: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._jobs.put(lambda: done.put(work()))
        try:
            return done.get(timeout=STUCK_S)
        except queue.Empty:
            raise TimeoutError("the emulated chip does not run") from self.error

    def start(self) -> Self:
        sys.setswitchinterval(SWITCH_S)
        self.chip.on_bytes = self._from_chip
        self._thread.start()
        return self

    def _serve(self) -> None:
        try:
            while not self._closed:
                if self.chip.unread < 4096:
                    self._take()
                while not self._jobs.empty():
                    self._jobs.get()()
                due_s = time.monotonic() + (SLICE_NS / 1e9 / self._pace if self._pace else 0.0)
                self.chip.run_to(self.chip.now_ns + SLICE_NS)
                time.sleep(max(0.0, due_s - time.monotonic()))
                if self.chip.in_boot_rom:
                    time.sleep(IN_ROM_S)
        except BaseException as error:  # noqa: BLE001 - kept for whoever closes it
            self.error = error

    def _take(self) -> bool:
        """What the host has written; whether that was anything."""
        with contextlib.suppress(BlockingIOError, OSError):
            self.chip.send(os.read(self._master, 4096))
            return True
        return False

    def _from_chip(self, data: bytes) -> None:
        self._listened(data)
        while data and not self._closed:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.05)

    def close(self) -> None:
        """The chip gets what the host has written by now. Raises what ended the chip's thread before, if something did."""
        self._closed = True
        if self._thread.is_alive():
            self._thread.join(STUCK_S)
        while self._take():
            pass
        self.chip.on_bytes = self._listened
        sys.setswitchinterval(self._switch_s)
        os.close(self._master)
        os.close(self._slave)
        if self.error:
            raise RuntimeError("the emulator ended") from self.error

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


class BareBoard(Running):
    """An image on a chip with nothing attached."""

    def __init__(self, image: Path, pace: float = PACE) -> None:
        super().__init__(Chip(image), pace)


def main() -> None:
    """A board to play with: what it simulates, it does at a fraction of a real chip's speed, which it says every minute."""
    asked = argparse.ArgumentParser(prog="python -m hil_tests.targets.running_chip", description=main.__doc__)
    asked.add_argument("board", nargs="?", default="dryrun", help="whose image runs (dryrun)")
    from boards.images.build import build
    from boards.images.sources import CannotBuild

    try:
        image = build(asked.parse_args().board)
    except CannotBuild as reason:
        sys.exit(f"no image: {reason}")
    with BareBoard(image, pace=0.0) as board, contextlib.suppress(KeyboardInterrupt):
        print(board.port, flush=True)
        while board.error is None:
            before_s = board.time_s()
            time.sleep(60)
            print(f"{board.time_s():.1f} s, {(board.time_s() - before_s) / 60:.2f} of real time", flush=True)


if __name__ == "__main__":
    main()
