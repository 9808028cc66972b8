"""The raw file: records of one press's journal as they came, appended, fsynced, and mended after a kill.

A kill in the middle of an append leaves a torn last record; it is cut off when the file is opened again, and pulled
again. Nothing else ever changes in the file.
"""

import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from stackpress.logs.decode import Decoded, decode


def decoded(path: Path) -> Decoded:
    """The file's records; its samples are views into the mapped file, which is let go with the last of them."""
    if path.stat().st_size == 0:
        return decode(b"")
    with path.open("rb") as f:
        return decode(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))


def last_seq(path: Path) -> int:
    """The newest record's sequence number in the file, 0 if there is none."""
    return decoded(path).last_seq


class RawFile:
    """Open for appending; `last_seq` is the newest whole record that is in it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.touch()
            _sync_folder(path.parent)
        found = decoded(path)
        self.last_seq, good_end = found.last_seq, found.good_end
        del found  # Windows cuts no file that is mapped
        self.path = path
        self._file = path.open("r+b")
        self._file.truncate(good_end)
        self._file.seek(good_end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def append(self, data: bytes, last_seq: int) -> None:
        """Add whole, verified records, the newest of which is `last_seq`."""
        self._file.write(data)
        self.last_seq = last_seq

    def sync(self) -> None:
        """All that was appended is on the disk when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Make it durable and let go."""
        if not self._file.closed:
            self.sync()
            self._file.close()


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk too; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
