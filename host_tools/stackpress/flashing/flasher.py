"""The way of an image onto a board: ask the firmware to make way, copy, wait, and believe only what the board then says."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import FlashBroken
from ..link import Link
from ..press import Press
from . import drives, erasing, flash_map
from .archive import Archive
from .images import Image, check_fits
from .targets import Target, Wanted, wait_for_drive, wait_for_press

WAIT_S = 60.0
STEP_S = 0.2
_BACK_HINT = "Plug it in anew. If it comes back as a boot drive, `stackpress flash` carries on; else look with `stackpress doctor`."


@dataclass(frozen=True)
class Watch:
    """Who is told how far it is."""

    step: Callable[[str], None] = lambda text: None
    copied: Callable[[int, int], None] = lambda done, total: None


@dataclass(frozen=True)
class Flashed:
    """What came of it: how many documents are there, which are not as they were (`lost`), and what is told of the store."""

    identity: str
    port: str
    firmware: str
    documents: int
    lost: tuple[str, ...] = ()
    store_told: str = ""


def check(image: Image, target: Target) -> None:
    """Everything that can be known before the first byte is written. Raises WrongImage."""
    chip, storage = flash_map.chip_of(target.board), flash_map.storage_start(target.board)
    check_fits(image, target.board, target.drive.chip if target.drive else chip, storage)


def plan(image: Image, target: Target, erase: bool = False) -> list[str]:
    """What would be done, in words."""
    size = f"{len(image.data) // 1024} kB"
    steps = [f"ask the firmware on {target.port} for the boot drive (outputs safe first)"] if target.port else []
    where = str(target.drive.path) if target.drive else "the boot drive"
    steps += [f"copy {image.path} ({size}) to {where}", f"wait for the board, which must then say hash {image.hash}"]
    steps += ["make a new store of documents: what the old one holds is gone"] if erase else []
    return [*steps, "keep the image as the last good one of this board"]


def flash(
    image: Image, target: Target, wanted: Wanted, archive: Archive, watch: Watch, wait_s: float = WAIT_S, erase: bool = False,
    enter: Callable[[Press], None] = lambda press: None,
) -> Flashed:
    """Put the image on the board; `erase` asks it for a new store of documents as well, `enter` gives it the owner's code.

    Raises WrongImage, PressRefused, FlashBroken; whatever broke off, the same call carries on.
    """
    check(image, target)
    drive = target.drive
    if drive is None:
        before = [] if wanted.drive else [one.path for one in drives.find_drives()]
        watch.step("asking the firmware for the boot drive")
        assert target.port is not None
        with Press(Link(target.port, wanted.quiet_s)) as press:
            enter(press)
            press.bootloader()
        archive.begin(target.identity, image)
        drive = wait_for_drive(wanted, before, timer(wait_s))
        if drive is None:
            raise FlashBroken(f"no boot drive has appeared within {wait_s:g} s", _unmounted_hint())
        if drive.chip != image.chip:
            raise FlashBroken(f"the drive {drive.path} that appeared is a {drive.board_id}", "Say which drive with --drive.")
    archive.begin(target.identity, image)
    watch.step(f"copying to {drive.path}")
    data = erasing.with_mark(image.data, flash_map.storage_start(target.board)) if erase else image.data
    drives.copy(data, drive, watch.copied)
    watch.step("waiting for the board")
    return _back(image, target, wanted, archive, wait_s)


def _back(image: Image, target: Target, wanted: Wanted, archive: Archive, wait_s: float) -> Flashed:
    press = wait_for_press(target, wanted, timer(wait_s))
    if press is None:
        raise FlashBroken(f"the board has not come back within {wait_s:g} s", _BACK_HINT)
    with press:
        who = press.who()
        if (who.board, who.release.hash) != (image.board, image.hash):
            text = f"the board runs {who.board} {who.firmware}, not what was copied ({image.board}, {image.hash})"
            raise FlashBroken(text, "Flash again; `stackpress flash --rollback` goes back to the last good image.")
        found = flashed(press, target)
    archive.keep(who.serial, image)
    archive.done()
    return found


def flashed(press: Press, target: Target) -> Flashed:
    """What a board that has come back says of itself and of its documents."""
    who = press.who()
    now = {one.name: one.crc for one in press.documents()}
    lost = tuple(name for name, crc in target.documents if now.get(name) != crc)
    return Flashed(who.serial, press.port, who.firmware, len(now), lost, press.store_told())


def timer(seconds: float) -> Callable[[], bool]:
    """Says when the time is up; lets some of it pass at each call but the first."""
    end = time.monotonic() + seconds
    first = True

    def up() -> bool:
        nonlocal first
        if not first:
            time.sleep(STEP_S)
        first = False
        return time.monotonic() > end

    return up


def _unmounted_hint() -> str:
    seen = drives.unmounted()
    if seen:
        return f"It is attached and not mounted: `udisksctl mount -b {seen[0]}`, then `stackpress flash` again."
    return "If it is mounted somewhere, say where with --drive; `stackpress flash` carries on."


def told(one: Flashed) -> dict[str, Any]:
    """For --json."""
    return {"identity": one.identity, "port": one.port, "firmware": one.firmware,
            "documents": one.documents, "documents_changed": list(one.lost), "store": one.store_told}  # fmt: skip
