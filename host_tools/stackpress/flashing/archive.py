"""What this computer keeps for flashing: images that are known to run, per board, and a flashing that is under way.

A boot drive does not say which board it is. What was begun and not finished does, and so does what was flashed last.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..logs.store import file_name
from ..paths import data_folder
from .images import Image

MOST = 3  # images kept per board
UNFINISHED, GOOD = "unfinished.json", "good.json"


@dataclass(frozen=True)
class Unfinished:
    """A flashing that was begun: which board, what it was to get."""

    identity: str
    board: str
    chip: str
    hash: str
    file: str


class Archive:
    """A folder; everything in it is written beside and then renamed."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_folder() / "images"

    # -- images that run -------------------------------------------------------------------------------------------

    def keep(self, identity: str, image: Image) -> None:
        """An image was seen to run on this board: it is the last good one."""
        entries = [one for one in self._entries(identity) if one["hash"] != image.hash]
        file = self._of(identity) / f"{image.hash}.uf2"
        _write(file, image.data)
        entry = {"hash": image.hash, "git": image.git, "board": image.board, "chip": image.chip, "unix_s": int(time.time())}
        entries = [entry, *entries]
        _write(self._of(identity) / GOOD, json.dumps({"identity": identity, "images": entries[:MOST]}).encode())
        for gone in entries[MOST:]:
            (self._of(identity) / f"{gone['hash']}.uf2").unlink(missing_ok=True)

    def last_good(self, identity: str, but: str = "") -> Path | None:
        """The newest image that ran on this board and is not `but`."""
        for one in self._entries(identity):
            path = self._of(identity) / f"{one['hash']}.uf2"
            if one["hash"] != but and path.is_file():
                return path
        return None

    def has(self, identity: str, content: str) -> bool:
        """Whether this image could be put back."""
        return (self._of(identity) / f"{content}.uf2").is_file()

    def known(self, chip: str) -> list[tuple[str, str]]:
        """(identity, board) of every board with this chip that was flashed from here."""
        found = []
        for path in sorted(self.folder.glob(f"*/{GOOD}")):
            data = _read(path)
            images = data.get("images", [])
            if images and images[0]["chip"] == chip:
                found.append((str(data["identity"]), str(images[0]["board"])))
        return found

    def _of(self, identity: str) -> Path:
        return self.folder / file_name(identity or "unknown")

    def _entries(self, identity: str) -> list[dict[str, Any]]:
        return list(_read(self._of(identity) / GOOD).get("images", []))

    # -- what is under way -----------------------------------------------------------------------------------------

    def begin(self, identity: str, image: Image) -> None:
        """From now on a boot drive may be this board, half written."""
        file = self.folder / "unfinished.uf2"
        _write(file, image.data)
        state = Unfinished(identity, image.board, image.chip, image.hash, str(file))
        _write(self.folder / UNFINISHED, json.dumps(asdict(state)).encode())

    def unfinished(self) -> Unfinished | None:
        """What was begun and did not end."""
        data = _read(self.folder / UNFINISHED)
        return Unfinished(**data) if data and Path(data["file"]).is_file() else None

    def done(self) -> None:
        """It ended, or the board runs something else by now."""
        for name in (UNFINISHED, "unfinished.uf2"):
            (self.folder / name).unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data)
    fresh.replace(path)
