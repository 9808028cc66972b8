"""Where running simulated presses are written down, so that the host tool finds them as it finds a USB device.

One small JSON file a press: {"port", "pid", "side_channel"}. A file whose process has ended is removed by whoever reads it.
"""

import json
import os
from pathlib import Path
from typing import Any

from platformdirs import user_data_path


def folder() -> Path:
    """STACKPRESS_SIM_DIR if it is set, else `sim` in the user's data folder."""
    chosen = os.environ.get("STACKPRESS_SIM_DIR")
    return Path(chosen) if chosen else user_data_path("stackpress", appauthor=False) / "sim"


def add(name: str, port: str, side_channel: Path) -> Path:
    """Write a press down; the file is the caller's to remove."""
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{free(name)}.json"
    path.write_text(json.dumps({"port": port, "pid": os.getpid(), "side_channel": str(side_channel)}))
    return path


def free(name: str) -> str:
    """The name, or with a number behind it if a press of that name runs."""
    taken = {entry["name"] for entry in running()}
    return next(n for n in (name, *(f"{name}-{i}" for i in range(2, 10_000))) if n not in taken)


def running() -> list[dict[str, Any]]:
    """The simulated presses that are alive: name, port, pid, side channel."""
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            entry = json.loads(path.read_text())
            os.kill(int(entry["pid"]), 0)
        except PermissionError:
            continue  # another user's
        except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
            path.unlink(missing_ok=True)
            continue
        found.append({"name": path.stem, **entry})
    return found
