"""A file that is there whole or as it was before, whichever library writes it; what fails is an OSError that names the file.

Tables and pictures are written by libraries that tell a full disk each in its own way, some as a defect of theirs.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

_OF_THE_DISK = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what `path` is to hold; it becomes `path` if nothing is raised, and is gone otherwise. Makes the folder."""
    partial = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except Exception as error:
        number = _of_disk(error)
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole, and on the disk, or as it was before."""
    with whole(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())


def _of_disk(error: Exception) -> int | None:
    """What the disk has said, if that is why a library gave up."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    return next((number for number in _OF_THE_DISK if os.strerror(number) in str(error)), None)
