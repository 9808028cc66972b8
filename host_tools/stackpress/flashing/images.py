"""An image file: what it is for, read out of the file itself before a byte of it goes anywhere."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import paths
from ..errors import WrongImage
from . import uf2

MARK = re.compile(rb"stackpress-image;board=([\w-]{1,32});version=([\w.-]{1,32});git=(\w{1,40});hash=([0-9a-f]{16});")
# what an image says that compares its own sum at each start: a name in tick_code.c and the words of drivers/rp2_board.py. They lie
# far from each other, so that no damage in one place makes such an image look like one from before there were sums
SUMMED = (b"image_is_whole", b"the image in the flash is not what was built")
BUILT = paths.ROOT / "build" / "images"


@dataclass(frozen=True)
class Image:
    """A whole UF2 file of ours; `data` is what goes to the drive, `end` the first address of the chip behind it.

    `sum` is the one that stands behind its words; None if it was made before images had one.
    """

    path: Path
    data: bytes
    chip: str
    board: str
    version: str
    git: str
    hash: str
    end: int
    sum: int | None

    def about(self) -> dict[str, Any]:
        """For --json."""
        return {"file": str(self.path), "bytes": len(self.data), "chip": self.chip, "board": self.board, "version": self.version,
                "git": self.git, "hash": self.hash, "sum": None if self.sum is None else f"{self.sum:08x}"}  # fmt: skip


def read_image(path: Path) -> Image:
    """Read and judge a UF2 file. Raises WrongImage with what is wrong, where, and what would be right."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WrongImage(f"{path}: {error.strerror}", "`make firmware BOARD=...` builds an image.") from error
    try:
        family, first, content = uf2.decode(data)
    except ValueError as error:
        raise WrongImage(f"{path} is no whole UF2 file: {error}", "Build or fetch it anew; nothing was written.") from error
    try:
        chip = uf2.chip_of(family)
    except KeyError as error:
        raise WrongImage(f"{path} is for family {family:#x}", f"Right would be one of {uf2.families()}.") from error
    if first != uf2.FLASH:
        raise WrongImage(f"{path} begins at {first:#x}", f"An image begins at {uf2.FLASH:#x}, the start of the flash.")
    found_sum = _sum(path, content)
    marks = set(MARK.findall(content))
    if len(marks) != 1:
        hint = "An image of `make firmware` says which board it is for; others are copied by hand."
        raise WrongImage(f"{path} does not say which board it is for: it is no image of stackpress", hint)
    board, version, git, content_hash = (part.decode() for part in marks.pop())
    return Image(path, uf2.for_the_drive(data), chip, board, version, git, content_hash, first + len(content), found_sum)


def image_sum(image: bytes) -> int:
    """32-bit FNV-1a over words: what the firmware compares at each start before anything may be armed (tick_code.c)."""
    found = 2166136261
    for (word,) in struct.iter_unpack("<I", image):
        found = (found ^ word) * 16777619 & 0xFFFFFFFF
    return found


def _sum(path: Path, content: bytes) -> int | None:
    """The sum behind the image, the last word that is not zero; None if it was made without. Raises WrongImage if they disagree."""
    if not any(words in content for words in SUMMED):
        return None
    end = (len(content.rstrip(b"\0")) - 1) // 4 * 4
    told = int.from_bytes(content[end : end + 4], "little")
    found = image_sum(content[:end])
    if found != told:
        raise WrongImage(
            f"{path} is damaged: the sum of its words is {found:08x}, and behind them stands {told:08x}",
            "Build or fetch it anew; nothing was written. A board with such an image could not be armed.",
        )
    return told


def built_image(board: str) -> Path:
    """Where the build leaves the image of a board. Raises WrongImage if it is not there."""
    path = BUILT / board / "firmware.uf2"
    if not path.is_file():
        raise WrongImage(f"no image has been built for the board {board}", f"`make firmware BOARD={board}`, or name a UF2 file.")
    return path


def check_fits(image: Image, board: str, chip: str, storage: int) -> None:
    """Whether the image belongs on this board and leaves its storage alone. Raises WrongImage."""
    where = f"{image.path} is for the board {image.board} ({image.chip})"
    if chip and image.chip != chip:
        raise WrongImage(f"{where}; this chip is an {chip}", f"`make firmware BOARD={board}` builds the right one.")
    if image.board != board:
        raise WrongImage(f"{where}; this is a {board}", f"`make firmware BOARD={board}` builds the right one.")
    if image.end > storage:
        raise WrongImage(
            f"{image.path} reaches to {image.end:#x}, into the storage that begins at {storage:#x}",
            "Configuration, calibration and programs lie there: an image must end before it.",
        )
