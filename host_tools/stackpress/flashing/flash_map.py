"""Which chip a board has, and where its storage begins in the flash: asked of the board's own files, before anything is flashed."""

import re

from .. import paths
from ..config.board_file import load_board
from ..config.complaints import ConfigError
from ..config.hardware import Module
from ..errors import WrongImage
from . import uf2

CONFIGURATION = "micropython/mpconfigboard.h"  # MicroPython's own file of a board; a board that has none gets no image
_STORAGE = re.compile(r"^#define\s+MICROPY_HW_FLASH_STORAGE_BYTES\s+\((\d+) \* 1024\)", re.M)
_HINT = "boards/README.md says what a board's folder holds."


def names() -> list[str]:
    """Boards that there are images for."""
    return sorted(path.parents[1].name for path in paths.BOARDS.glob(f"*/{CONFIGURATION}"))


def chip_of(board: str) -> str:
    """`rp2040` or `rp2350`. WrongImage if there are no images for such a board."""
    family = _module(board).chip["uf2_family"]
    return uf2.chip_of(family)


def flash_bytes(board: str) -> int:
    """How much flash its module has."""
    return _module(board).flash_kb * 1024


def storage_bytes(board: str) -> int:
    """How much of the flash is the file system's: the last of it."""
    found = _STORAGE.search((paths.BOARDS / board / CONFIGURATION).read_text())
    if not found:
        raise WrongImage(f"boards/{board}/{CONFIGURATION} does not say how much flash is storage", _HINT)
    return int(found[1]) * 1024


def storage_start(board: str) -> int:
    """The first address of the file system: everything from there on survives a new image."""
    return uf2.FLASH + flash_bytes(board) - storage_bytes(board)


def _module(board: str) -> Module:
    if board not in names():
        raise WrongImage(f"there is no image for a board {board!r}; there is: {', '.join(names())}", _HINT)
    try:
        module = load_board(board).module
    except ConfigError as wrong:
        raise WrongImage(str(wrong), _HINT) from None
    if module is None:
        raise WrongImage(f"boards/{board}/board.toml names no module", _HINT)
    return module
