"""`stackpress flash`: put firmware on a board, and go back to what ran before."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import REFUSED, WRONG_INPUT, Failure
from .flash_progress import finished, introduce, shown
from .options import Json, Port, Yes, finite, single
from .output import Output

if TYPE_CHECKING:
    from ..flashing.archive import Archive
    from ..flashing.images import Image
    from ..flashing.targets import Target, Wanted

app = single()
APPS = {"flash": app}

File = Annotated[
    Path | None,
    typer.Argument(metavar="[IMAGE.uf2]", help="The image; without it, the one that was built for this board."),
]
Board = Annotated[str | None, typer.Option("--board", help="Which board it is, where a boot drive can't say.")]
Drive = Annotated[Path | None, typer.Option("--drive", help="Where the boot drive is mounted, or will be.")]
Rollback = Annotated[bool, typer.Option("--rollback", help="Go back to what ran on this board before.")]
Erase = Annotated[
    bool, typer.Option("--erase-storage", help="Make a new store of documents: what the old one holds is gone, the log is not.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, say what would be done, write nothing.")]
Wait = Annotated[
    float, typer.Option("--wait", min=1, callback=finite, help="Seconds to wait for the drive, and for the board to come back.")
]


@app.command()
def flash(
    image: File = None,
    board: Board = None,
    port: Port = None,
    drive: Drive = None,
    rollback: Rollback = False,
    erase_storage: Erase = False,
    dry_run: DryRun = False,
    wait: Wait = 60.0,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put firmware on a board. Checks first, writes then; what broke off carries on with the same command."""
    from ..flashing.archive import Archive
    from ..flashing.targets import Wanted, find_target
    from ..link import QUIET_S
    from ..service import borrowed

    if image is not None and rollback:
        raise Failure("An image and --rollback exclude each other.", "", WRONG_INPUT)
    out, archive = Output(json), Archive()
    wanted = Wanted(port, drive, board, max(QUIET_S, wait / 20))
    named = _judged(image, board)
    with borrowed(port, "flash") as device:
        wanted = replace(wanted, port=device)
        target = find_target(wanted, archive)
        introduce(out, target)
        _flash_image(out, named or _chosen(rollback, target, archive), target, wanted, archive, wait, dry_run, yes, erase_storage)


def _judged(path: Path | None, board: str | None) -> "Image | None":
    """The image that was named, if it is whole and for the board that was named. Raises WrongImage, Failure."""
    from ..flashing import flash_map
    from ..flashing.images import check_fits, read_image

    if board is not None and board not in flash_map.names():
        from ..config.complaints import did_you_mean

        names = flash_map.names()
        hint = did_you_mean(board, names, f"One of {', '.join(names)}.")
        raise Failure(f"There is no image for a board {board}.", hint[0].upper() + hint[1:])
    image = read_image(path) if path is not None else None
    if image is not None and board is not None:
        check_fits(image, board, flash_map.chip_of(board), flash_map.storage_start(board))
    return image


def _chosen(rollback: bool, target: "Target", archive: "Archive") -> "Image":
    """The image that is meant where none was named: the last good one, the one that was begun, or the one that was built."""
    from ..flashing.images import built_image, read_image

    begun = archive.unfinished()
    if rollback:
        now = target.running.hash if target.running else begun.hash if begun else ""
        found = archive.last_good(target.identity, now)
        if found is None:
            hint = "Only images that were flashed from this computer, and ran, are kept here."
            raise Failure(f"No earlier image of {target.identity or target.board} is kept.", hint, REFUSED)
        return read_image(found)
    if target.drive and begun and begun.identity == target.identity:
        return read_image(Path(begun.file))
    return read_image(built_image(target.board))


def _flash_image(
    out: Output, image: "Image", target: "Target", wanted: "Wanted", archive: "Archive", wait: float, dry_run: bool, yes: bool,
    erase: bool,
) -> None:  # fmt: skip
    from ..flashing import flasher
    from .owner import enter_if_owned

    flasher.check(image, target)
    about: dict[str, Any] = {"board": target.board, "identity": target.identity, "why": target.why, "image": image.about()}
    whole = "it has no sum: whether it is whole can't be seen" if image.sum is None else "whole by its own sum"
    out.say(
        f"image {image.path}: board {image.board}, commit {image.git}, content {image.hash}, {len(image.data) // 1024} kB, {whole}"
    )
    steps = flasher.plan(image, target, erase)
    if target.running and not archive.has(target.identity, target.running.hash):
        out.say("What it runs now is not kept on this computer: --rollback will not bring it back.")
    if dry_run:
        for step in steps:
            out.say(f"would {step}")
        out.answer({**about, "dry_run": True, "steps": steps})
        return
    if target.running and target.running.hash == image.hash and not erase:
        out.say("It runs this image already; nothing was written.")
        out.answer({**about, "dry_run": False, "written": False})
        return
    what = f" and erase its documents ({_documents(target)})" if erase else ""
    out.confirm(f"Write this image to {target.identity or target.board}{what}?", yes)
    with shown(out) as watch:
        done = flasher.flash(image, target, wanted, archive, watch, wait, erase, lambda press: enter_if_owned(press, out))
    finished(out, about, done, erase)


def _documents(target: "Target") -> str:
    return ", ".join(name for name, _ in target.documents) or "none that could be read"
