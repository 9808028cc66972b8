"""Boot drives: the disk that a chip's ROM shows while its BOOTSEL button is held at power-up, or when firmware asks for it.

RP2040 datasheet 2.8.5, RP2350 datasheet 5.5.3: a FAT volume with INFO_UF2.TXT. It tells the kind of chip, not the board, and
is gone as soon as the last block of an image has been taken.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlashBroken

CHIPS = {"RPI-RP2": "rp2040", "RP2350": "rp2350"}
INFO = "INFO_UF2.TXT"
FILE = "stackpress.uf2"
PIECE = 64 * 512
CARRY_ON = "The board comes back as a boot drive (hold BOOTSEL while plugging it in if not): `stackpress flash` carries on."
LABELS = Path("/dev/disk/by-label")  # Linux: where a volume that nobody mounted can be seen


@dataclass(frozen=True)
class BootDrive:
    """A mounted boot drive."""

    path: Path
    chip: str
    board_id: str


def read_drive(path: Path) -> BootDrive | None:
    """The boot drive at `path`, None if that is none."""
    try:
        text = (path / INFO).read_text(errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "board-id":
            return BootDrive(path, CHIPS.get(value.strip(), ""), value.strip())
    return None


def find_drives() -> list[BootDrive]:
    """Every mounted boot drive of a chip that we have images for."""
    import psutil

    found = (read_drive(Path(part.mountpoint)) for part in psutil.disk_partitions())
    return [one for one in found if one and one.chip]


def unmounted() -> list[str]:
    """Boot drives that are attached and not mounted, where the system tells."""
    return [str(LABELS / name) for name in ("RPI-RP2", "RP2350") if (LABELS / name).exists()]


def copy(data: bytes, drive: BootDrive, progress: Callable[[int, int], None]) -> None:
    """Write an image, piece by piece down to the disk. Raises FlashBroken if it breaks off before the last one."""
    done = 0
    try:
        with open(drive.path / FILE, "wb", buffering=0) as f:
            while done < len(data):
                piece = data[done : done + PIECE]
                f.write(piece)
                done += len(piece)
                os.fsync(f.fileno())
                progress(done, len(data))
    except OSError as error:
        if done < len(data):  # the chip restarts on the last block: an error then only says that the drive has gone
            part = 100 * max(0, done - PIECE) // len(data)
            raise FlashBroken(f"the copy to {drive.path} broke off at {part} %: {error.strerror}", CARRY_ON) from error
        progress(done, len(data))
