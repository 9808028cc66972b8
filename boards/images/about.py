"""What `picotool info` tells of an image: its name, version and board, and what is wired to which pin, as the SDK's binary info.

The board's own data and nothing else, so that a pin that moves can't be told wrongly. MicroPython declares a version of its own;
tools take the last one that they find, and this file is linked behind it.
"""

from collections.abc import Mapping
from typing import Any


def source(board: Mapping[str, Any], version: str, git: str, micropython: str) -> str:
    """The C file: one declaration a line, for the SDK names each after its line."""
    lines = [
        '#include "pico/binary_info.h"',
        'bi_decl(bi_program_name("stackpress"))',
        f'bi_decl(bi_program_version_string("{version}"))',
        f'bi_decl(bi_program_description("firmware of a lab press, board {board["name"]}, commit {git}"))',
        f'bi_decl(bi_program_feature("board {board["name"]}"))',
        f'bi_decl(bi_program_feature("MicroPython {micropython}"))',
    ]
    for role, pin in sorted(board["pins"].items(), key=lambda row: row[1]):
        lines.append(f'bi_decl(bi_1pin_with_name({pin}, "{role}"))')
    return "\n".join(lines) + "\n"
