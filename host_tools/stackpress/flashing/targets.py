"""Which board is to be flashed, how it is reached, and how we know which board it is.

Running firmware says it itself. A boot drive tells the kind of chip only: then an unfinished flashing, `--board`, or the one
board of that kind that this computer knows decides, and which of these it was is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..answers import Release
from ..errors import NoPress, PressRefused, WrongImage
from ..link import QUIET_S, Link
from ..ports import simulated_ports, usb_ports
from ..press import Press
from ..states import SAFE
from .archive import Archive
from .drives import BootDrive, find_drives, read_drive, unmounted

HOW = "Attach one, or hold BOOTSEL while plugging it in; --port or --drive name one."


@dataclass(frozen=True)
class Wanted:
    """What the user named; None where nothing was."""

    port: str | None = None
    drive: Path | None = None
    board: str | None = None
    quiet_s: float = QUIET_S


@dataclass(frozen=True)
class Target:
    """One board. `identity` is empty if nothing tells it; `running` is what it runs, None on a boot drive."""

    board: str
    identity: str
    why: str
    port: str | None = None
    drive: BootDrive | None = None
    running: Release | None = None
    documents: tuple[tuple[str, int], ...] = ()


def find_target(wanted: Wanted, archive: Archive) -> Target:
    """The only board there is, or the one that was named. Raises NoPress, PortBusy, LinkLost, PressRefused, WrongImage."""
    named = read_drive(wanted.drive) if wanted.drive else None
    if named:
        return on_drive(named, wanted.board, archive)
    if wanted.port:
        return running(wanted.port, wanted)
    drives = [] if wanted.drive else find_drives()
    ports = [one.device for one in usb_ports()]
    if len(drives) == 1 and (not ports or archive.unfinished()):
        return on_drive(drives[0], wanted.board, archive)
    if len(ports) == 1 and not drives:
        return running(ports[0], wanted)
    if not ports and not drives:
        seen = unmounted()
        if seen:
            raise NoPress(f"a boot drive is attached and not mounted: {seen[0]}", f"`udisksctl mount -b {seen[0]}`, then again.")
        raise nothing_attached()
    listed = "".join(f"\n  {one}" for one in [*ports, *(str(d.path) for d in drives)])
    raise NoPress(f"more than one board could be meant:{listed}", "Say which with --port or --drive.")


def nothing_attached() -> NoPress:
    """The exception that says so; a simulated press runs the sources, and is no board that could be meant."""
    simulated = [one.device for one in simulated_ports()]
    if simulated:
        return NoPress(f"no board is attached, only a simulated press ({', '.join(simulated)}): it can't be flashed", HOW)
    return NoPress("no press and no boot drive is attached", HOW)


def running(port: str, wanted: Wanted) -> Target:
    """The board whose firmware answers on `port`. Raises PressRefused unless it is safe."""
    with Press(Link(port, wanted.quiet_s)) as press:
        who = press.who()
        state = press.state
        have = tuple((one.name, one.crc) for one in press.documents())
        simulated = press.firmware_place() == "simulated"
    if wanted.board and wanted.board != who.board:
        hint = "Leave --board away, or say another --port."
        raise WrongImage(f"the board on {port} is a {who.board}, not a {wanted.board}", hint)
    if simulated:
        raise WrongImage(f"the press on {port} is simulated: it runs the sources", "There is nothing to flash.")
    if state != SAFE:
        raise PressRefused([(-221, f"flashing needs the safe state, the press is {state}")])
    told = f"it says so itself ({who.serial})"
    return Target(who.board, who.serial, told, port, None, who.release, have)


def on_drive(drive: BootDrive, board: str | None, archive: Archive) -> Target:
    """A chip that waits for an image."""
    if not drive.chip:
        raise WrongImage(f"{drive.path} is the boot drive of a {drive.board_id}", "There are images for RPI-RP2 and RP2350.")
    begun = archive.unfinished()
    if begun and begun.chip == drive.chip and board in (None, begun.board):
        return Target(begun.board, begun.identity, "flashing it was begun and did not end", drive=drive)
    if board:
        known = [one for one in archive.known(drive.chip) if one[1] == board]
        return Target(board, known[0][0] if len(known) == 1 else "", "you said so with --board", drive=drive)
    known = archive.known(drive.chip)
    if len(known) == 1:
        return Target(known[0][1], known[0][0], f"the only {drive.chip} board that was flashed from here", drive=drive)
    raise WrongImage(
        f"the boot drive {drive.path} tells the chip ({drive.chip}), not the board",
        "Say which board it is with --board; the folders in boards/ are their names.",
    )


def wait_for_drive(wanted: Wanted, before: list[Path], until: Callable[[], bool]) -> BootDrive | None:
    """The drive that appears where it was named, or any that was not there before; None when the time is up."""
    while not until():
        drives = [read_drive(wanted.drive)] if wanted.drive else find_drives()
        for one in drives:
            if one and one.path not in before:
                return one
    return None


def wait_for_press(target: Target, wanted: Wanted, until: Callable[[], bool]) -> Press | None:
    """The same board, answering again, on its old port or on another; None when the time is up."""
    from ..errors import PressError

    while not until():
        named = [one for one in (target.port, wanted.port) if one]
        for port in dict.fromkeys([*named, *(one.device for one in usb_ports())]):
            try:
                press = Press(Link(port, wanted.quiet_s))
            except PressError:
                continue
            if target.identity in ("", press.identity):
                return press
            press.close()
    return None
