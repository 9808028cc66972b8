"""Which chip a board has, and where its storage begins in the flash: asked of the board's own files, before anything is flashed."""

import re
import tomllib
from pathlib import Path

BOARDS = Path(__file__).resolve().parents[1]
FLASH = 0x10000000
_STORAGE = re.compile(r"^#define\s+MICROPY_HW_FLASH_STORAGE_BYTES\s+\((\d+) \* 1024\)", re.M)


def boards() -> list[str]:
    """Boards that there are images for."""
    return sorted(path.parent.name for path in BOARDS.glob("*/micropython"))


def module_of(board: str) -> tuple[str, int]:
    """(chip, flash / bytes). KeyError if there are no images for such a board."""
    if board not in boards():
        raise KeyError(board)
    module = tomllib.loads((BOARDS / board / "board.toml").read_text())["module"]
    data = tomllib.loads((BOARDS / "chips.toml").read_text())["modules"][module]
    return str(data["chip"]), int(data["flash_kb"]) * 1024


def storage_start(board: str) -> int:
    """The first address of the file system: everything from there on survives a new image."""
    text = (BOARDS / board / "micropython" / "mpconfigboard.h").read_text()
    found = _STORAGE.search(text)
    if not found:
        raise ValueError(f"boards/{board}/micropython/mpconfigboard.h does not say how much flash is storage")
    return FLASH + module_of(board)[1] - int(found[1]) * 1024
