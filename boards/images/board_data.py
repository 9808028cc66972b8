"""A board's folder as one dictionary for whoever builds its image or emulates it; checked as `stackpress config check` does."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress.config import hardware
from stackpress.config.board_file import load_board
from stackpress.config.complaints import ConfigError
from stackpress.flashing.flash_map import names

from boards.images.sources import CannotBuild

BOARDS = Path(__file__).resolve().parents[1]
TICK_BYTES = 64 + 512  # firmware/drivers/memory.py: words at a fixed address, and a table


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
    module, image = board.module, tomllib.loads((BOARDS / name / "image.toml").read_text())
    return {
        "name": name, "drivers": drivers, "pins": board.pins, "settings": board.settings,
        "capabilities": sorted(board.capabilities), "flash_kb": module.flash_kb,
        "chip": {**module.chip, **memory_map(module.chip, image)}, "image": image,
    }  # fmt: skip


def memory_map(chip: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, int]:
    """Where the heap ends, the tick's words lie and the stack may reach; nothing for a chip with a stack that is large enough.

    MicroPython gives an RP2040 8 kB in SCRATCH_X and SCRATCH_Y. The foreground needs most of that, and where MicroPython calls the
    tick it ends it for good when there is no room for it. What lies at fixed addresses must be out of the stack's way.
    """
    if "stack_top" not in chip:
        return {}
    if "stack_bytes" not in image:
        raise CannotBuild("image.toml: wants stack_bytes, 8192 or more: how large the stack is")
    bottom = chip["stack_top"] - image["stack_bytes"]
    return {"stack_bottom": bottom, "scratch": bottom - TICK_BYTES, "heap_end": bottom - TICK_BYTES}
