"""What a wheel holds besides its packages: the files of boards and firmware that the host tool reads.

A checkout that was installed in place needs none of it: `stackpress.rooms` finds the files where they are.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("firmware/main.py", "boards/*.toml", "boards/*/*.toml", "boards/sim/board.py", "boards/sim/prompt.py")


class Rooms(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            root = Path(self.root)
            found = [path.relative_to(root).as_posix() for pattern in FILES for path in sorted(root.glob(pattern))]
            build_data["force_include"].update({name: f"stackpress/_rooms/{name}" for name in found})
