"""What hatchling needs to be told: a wheel holds the files that the host tool reads, a checkout is found where it is.

An editable install puts `host_tools/checkout` on the path (`dev-mode-dirs`), and the one module in it is run at every start.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("firmware/main.py", "boards/*.toml", "boards/*/*.toml", "boards/*/micropython/mpconfigboard.h",
         "boards/sim/board.py", "boards/sim/prompt.py")


class Rooms(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            pth = "stackpress_checkout.pth"
            build_data["force_include_editable"][f"host_tools/checkout/{pth}"] = pth
        else:
            root = Path(self.root)
            found = [path.relative_to(root).as_posix() for pattern in FILES for path in sorted(root.glob(pattern))]
            build_data["force_include"].update({name: f"stackpress/_files/{name}" for name in found})
