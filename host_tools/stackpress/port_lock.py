"""A serial port that nobody else opens while we have it, and who has it open besides.

A lock (pyserial's `exclusive`) keeps out those who ask for it. Terminals and other libraries do not, so the terminal's own
flag is set as well: Linux and macOS then refuse every open but root's. Who was there before is found in Linux's /proc.
"""

import contextlib
import os
import sys
from pathlib import Path

try:
    import fcntl
    import termios
except ImportError:  # Windows opens a port exclusively by itself
    fcntl = termios = None  # type: ignore[assignment]

PROC = Path("/proc")
_MEMORY = 1  # the kind of /dev/null and its like, which every program has open


def hold(fd: int | None) -> None:
    """Refuse every further open of this terminal. A port that is none (a socket) stays as it is."""
    _flag(fd, "TIOCEXCL")


def release(fd: int | None) -> None:
    """Let others open it again; a pseudo-terminal would keep the flag, for its other end stays open."""
    _flag(fd, "TIOCNXCL")


def _flag(fd: int | None, name: str) -> None:
    request = getattr(termios, name, None)
    if fd is not None and request is not None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(fd, request)


def others(device: str) -> list[str]:
    """`picocom (process 4711)` for each other process that has the device open, as far as this user may see them; Linux only."""
    if sys.platform == "win32":  # to look at a port there is to open it
        return []
    try:
        wanted = os.stat(device).st_rdev
    except (OSError, ValueError):
        return []
    if os.major(wanted) == _MEMORY:
        return []
    found = []
    for folder in PROC.glob("[0-9]*"):
        if int(folder.name) != os.getpid() and _has_open(folder, wanted):
            with contextlib.suppress(OSError):
                found.append(f"{(folder / 'comm').read_text().strip()} (process {folder.name})")
    return sorted(found)


def _has_open(folder: Path, wanted: int) -> bool:
    """Whether a process has the device open as a client; the other end of a pseudo-terminal has it open as well and is none."""
    has = False
    with contextlib.suppress(OSError):
        for entry in (folder / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = os.readlink(entry)
                if target.endswith("/ptmx"):
                    return False
                has = has or target.startswith("/dev/") and wanted != 0 and os.stat(target).st_rdev == wanted
    return has
