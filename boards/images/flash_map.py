"""Which chip a board has, and where its storage begins in the flash: asked of the board's own files, before anything is flashed."""

import re
from pathlib import Path

from boards.images import uf2
from boards.images.board_data import board_data
from boards.images.sources import CannotBuild

BOARDS = Path(__file__).resolve().parents[1]
_STORAGE = re.compile(r"^#define\s+MICROPY_HW_FLASH_STORAGE_BYTES\s+\((\d+) \* 1024\)", re.M)


def chip_of(board: str) -> str:
    """`rp2040` or `rp2350`. CannotBuild if there are no images for such a board."""
    family = board_data(board)["chip"]["uf2_family"]
    return next(name for name, number in uf2.FAMILIES.items() if number == family)


def flash_bytes(board: str) -> int:
    """How much flash its module has."""
    return int(board_data(board)["flash_kb"]) * 1024


def storage_bytes(board: str) -> int:
    """How much of the flash is the file system's: the last of it."""
    found = _STORAGE.search((BOARDS / board / "micropython" / "mpconfigboard.h").read_text())
    if not found:
        raise CannotBuild(f"boards/{board}/micropython/mpconfigboard.h does not say how much flash is storage")
    return int(found[1]) * 1024


def storage_start(board: str) -> int:
    """The first address of the file system: everything from there on survives a new image."""
    return uf2.FLASH + flash_bytes(board) - storage_bytes(board)
