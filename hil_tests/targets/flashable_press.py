"""A press that can be flashed, without a chip: a whole press behind a pty, which gives way to a boot drive and comes back anew."""

import re
import threading
import time
from pathlib import Path
from typing import Any

from bench_press import MemoryBoard, PressBench  # type: ignore[import-not-found]
from stackpress.flashing import erasing, images, uf2

from hil_tests.devices.boot_drive import BootDrive
from hil_tests.targets.pty_line import PtyLine

MARK = re.compile(rb"stackpress-image;board=([\w-]+);.*?git=(\w+);hash=([0-9a-f]{16});")


def image(
    path: Path, board: str = "pico", content: str = "aa" * 8, kilobytes: int = 100, chip: str = "rp2040", summed: bool = True
) -> Path:
    """An image file of ours, as far as anything but a chip can tell; one that is not `summed` was made before images had a sum."""
    mark = f"stackpress-image;board={board};version=0.1.0;git=0123456789ab;hash={content};".encode()
    filler = bytes(i * 7 & 255 for i in range(1024)) * kilobytes
    whole = filler + mark
    if summed:
        whole = b"\0".join((filler[:4096], *images.SUMMED, filler, mark))
        whole = whole.ljust(-(-len(whole) // 4) * 4, b"\0")
        whole += images.image_sum(whole).to_bytes(4, "little")
    path.write_bytes(uf2.encode(whole, uf2.FAMILIES[chip]))
    return path


class Departed(BaseException):
    """The firmware ends here; the chip's ROM goes on."""


class PtyBoard(MemoryBoard):  # type: ignore[misc]
    """A pico by name; its serial line is a pty that is gone while the firmware is."""

    name, boot_drive, runs = "pico", True, "frozen"

    def __init__(self, git: str, content: str, **kept: Any) -> None:
        super().__init__("PICO-e6614103e7", **kept)
        self.git, self.content = git, bytes.fromhex(content)
        self.serial = self.line = PtyLine()

    def firmware_hash(self) -> bytes:
        return self.content

    def bootloader(self) -> None:
        raise Departed


class FlashablePress:
    """`port` and `drive` are where the host finds them; `boot(content)` starts the firmware."""

    def __init__(self, folder: Path, **raws: Any) -> None:
        self.port, self.drive = folder / "port", BootDrive(folder / "RPI-RP2", self.taken)
        self.raws = raws
        self.board: PtyBoard | None = None
        self.bench: PressBench | None = None
        self.inputs: int | None = None
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None
        self.comes_back = True
        self.erased = False  # a new store was asked for with the last image

    def boot(self, content: str = "11" * 8, git: str = "ffffffffffff") -> "FlashablePress":
        kept = {"store": self.board.store, "flash": self.board.flash} if self.board else {}
        if self.erased:
            kept["store"] = type(kept["store"])()
        self.board = PtyBoard(git, content, **kept)
        self.bench = PressBench(self.board, stored=not kept, **self.raws)
        self._ends.clear()
        self._thread = threading.Thread(target=self._run, args=(self.bench, self.board), daemon=True)
        self._thread.start()
        self.port.symlink_to(self.board.line.port)
        return self

    def _run(self, bench: PressBench, board: PtyBoard) -> None:
        try:
            while not self._ends.wait(0.001):
                if self.inputs is not None:
                    bench.inputs = self.inputs
                bench.run(0.02)
        except Departed:
            self.port.unlink()
            board.line.close()
            self.drive.appear()

    def taken(self, blocks: dict[int, bytes]) -> None:
        found = MARK.search(b"".join(blocks[address] for address in sorted(blocks)))
        if found is None:
            return  # no image of ours: no press comes back
        self.erased = any(block.startswith(erasing.MARK) for block in blocks.values())
        if self.comes_back:
            time.sleep(0.1)
            self.boot(found[3].decode(), found[2].decode())

    def close(self) -> None:
        self._ends.set()
        self.drive.close()
        if self._thread:
            self._thread.join()
