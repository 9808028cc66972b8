"""The firmware as the simulated press runs it: a copy whose viper functions mean on a 64-bit MicroPython what they mean on a chip.

Files that did not change are not written again.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from stackpress.tick_compiler import viper64


def sources(roots: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """(file, its path beside main.py) of every .py below the files and folders `roots`; what a cache left is not ours."""
    for root in roots:
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            yield path, path.relative_to(root.parent)


def copy(roots: Iterable[Path], destination: Path) -> int:
    """Copy the .py files of `roots` to `destination`; gone files go there too. Returns how many were written."""
    written, kept = 0, set()
    for path, name in sources(roots):
        target = destination / name
        kept.add(target)
        if target.exists() and target.stat().st_mtime_ns >= max(path.stat().st_mtime_ns, Path(viper64.__file__).stat().st_mtime_ns):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        fresh.write_text(viper64.viper64(path.read_text()))
        fresh.replace(target)
        written += 1
    for stray in set(destination.rglob("*.py")) - kept if destination.exists() else ():
        stray.unlink()
    return written


def tree_hash(roots: Iterable[Path]) -> str:
    """The first 8 bytes, as hex, of the SHA-256 over the names and texts of the .py files of `roots`."""
    sha = hashlib.sha256()
    for path, name in sources(roots):
        sha.update(name.as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:16]
