"""The raw file: records of one press's journal as they came, appended and fsynced. Nothing in it is ever changed or cut.

A kill in the middle of an append leaves a torn record at the end. It stays where it is: the next pull asks for that record
again and appends it whole behind the torn one, and a reader passes over bytes that are no record. So nothing that a
newer firmware or another host has put there can be lost here.
"""

import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from stackpress_core.log import records

from stackpress.logs.decode import Decoded, decode, whole_record

_LOOK_BACK = 64 * 1024


def decoded(path: Path) -> Decoded:
    """The file's records; its samples are views into the mapped file, which is let go with the last of them."""
    if path.stat().st_size == 0:
        return decode(b"")
    with path.open("rb") as f:
        return decode(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))


def newest(path: Path) -> tuple[int, bytes]:
    """The newest record in the file and its sequence number, 0 if there is none: found from the end, not by reading it all."""
    end = path.stat().st_size
    with path.open("rb") as f:
        while end > 0:
            start = max(0, end - _LOOK_BACK)
            f.seek(start)
            found = _records(memoryview(f.read(end - start + records.RECORD_MAX)), end - start)
            if found:
                return max(found)
            end = start
    return 0, b""


def _records(raw: memoryview, end: int) -> list[tuple[int, bytes]]:
    """The valid records that begin before `end`, with their sequence numbers."""
    found, at = [], 0
    while at < end:
        size = whole_record(raw, at)
        if size:
            found.append((int.from_bytes(raw[at + 6 : at + 10], "little"), bytes(raw[at : at + size])))
        at += size or 1
    return found


class RawFile:
    """Open for appending; `last_seq` is the newest whole record that is in it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.touch()
            _sync_folder(path.parent)
        self.path = path
        self.last_seq = newest(path)[0]
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def append(self, data: bytes, last_seq: int) -> None:
        """Add whole, verified records, the newest of which is `last_seq`."""
        self._file.write(data)
        self.last_seq = last_seq

    def flush(self) -> None:
        """All that was appended is in the file for whoever reads it; not yet for sure on the disk."""
        self._file.flush()

    def sync(self) -> None:
        """All that was appended is on the disk when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Make it durable and let go."""
        if not self._file.closed:
            try:
                self.sync()
            finally:
                self._file.close()


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk too; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
