"""A board's folder as one dictionary for whoever builds its image or emulates it; checked as `stackpress config check` does."""

import tomllib
from pathlib import Path
from typing import Any

from stackpress.config import hardware
from stackpress.config.board_file import load_board
from stackpress.config.complaints import ConfigError

from boards.images.sources import CannotBuild

BOARDS = Path(__file__).resolve().parents[1]


def names() -> list[str]:
    """Boards that there are images for."""
    return sorted(path.parent.parent.name for path in BOARDS.glob("*/micropython/mpconfigboard.h"))


def board_data(name: str) -> dict[str, Any]:
    """What board.toml says with what it extends, the chip's row of chips.toml, and `image`. CannotBuild with every complaint."""
    if name not in names():
        raise CannotBuild(f"there is no image for a board {name!r}; there is: {', '.join(names())}")
    try:
        board = load_board(name)
    except ConfigError as wrong:
        raise CannotBuild(str(wrong)) from None
    if board.module is None or board.name != name:
        raise CannotBuild(f'boards/{name}/board.toml: wants name = "{name}" and module, one of {", ".join(hardware.modules())}')
    drivers = {role: driver for role, driver in board.drivers.items() if driver != hardware.NONE}
    module = board.module
    return {
        "name": name, "drivers": drivers, "pins": board.pins, "settings": board.settings,
        "capabilities": sorted(board.capabilities), "chip": module.chip, "flash_kb": module.flash_kb,
        "image": tomllib.loads((BOARDS / name / "image.toml").read_text()),
    }  # fmt: skip
