"""The board's internal flash as it leaves the bench of whoever commissioned it: a littlefs with the press's documents."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

BLOCK = 4096


class MemoryStore:
    """The store that press.documents writes to, in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def write(self, name: str, data: bytes) -> None:
        self.files[name] = bytes(data)

    def remove(self, name: str) -> None:
        self.files.pop(name, None)

    def names(self) -> list[str]:
        return sorted(self.files)


def file_system(documents: Mapping[str, bytes], size: int, stray: Mapping[str, bytes] | None = None) -> bytes:
    """`size` bytes of littlefs, as MicroPython's rp2 port lays it out, with each document in its slot and `stray` files by path."""
    from littlefs import LittleFS
    from stackpress.simulator.provision import write_as_owner
    from stackpress_core.documents import Documents

    store = MemoryStore()
    write_as_owner(Documents(store), documents)
    fs = LittleFS(block_size=BLOCK, block_count=size // BLOCK, prog_size=256, read_size=32, lookahead_size=32,
                  disk_version=0x00020000)  # fmt: skip
    fs.mkdir("/documents")
    for name, data in store.files.items():
        with fs.open("/documents/" + name.replace("/", "__"), "wb") as f:
            f.write(data)
    for path, data in (stray or {}).items():
        fs.makedirs(path.rsplit("/", 1)[0] or "/", exist_ok=True)
        with fs.open(path, "wb") as f:
            f.write(data)
    return bytes(fs.context.buffer)


def littlefs(files: Mapping[str, bytes], blocks: int, block: int = BLOCK, **others: int) -> bytes:
    """Of another firmware: `files` by path, without those that found no room."""
    from littlefs import LittleFS, LittleFSError

    asked: dict[str, Any] = {"prog_size": 256, "read_size": 32, "lookahead_size": 32, "disk_version": 0x00020000} | others
    fs = LittleFS(block_size=block, block_count=blocks, **asked)
    for path, data in files.items():
        with suppress(LittleFSError):
            fs.makedirs(path.rsplit("/", 1)[0] or "/", exist_ok=True)
            with fs.open(path, "wb") as f:
                f.write(data)
    return bytes(fs.context.buffer)
