"""A calibration on its way: into force on the press, and as a file in the user's folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from .exits import REFUSED, Failure

if TYPE_CHECKING:
    from ..config import Calibration
    from ..press import Press


def send(press: "Press", calibration: "Calibration", confirmed: bool) -> None:
    """Put it in force, read back, and remembered by its hash: runs name it so."""
    from ..config.calibration_file import from_document
    from ..metrology.history import note_document

    data = calibration.document()
    press.document_put("calibration", data, confirmed)
    got = press.document_get("calibration")
    if got is None or from_document(got).cells != from_document(data).cells:
        raise Failure("What was read back is not the calibration that was sent.", "Send it again.", REFUSED)
    note_document(got)


def keep(calibration: "Calibration", out_file: Path | None) -> Path:
    """Write the file; where it is."""
    from .files import calibration_file

    path = out_file or calibration_file(calibration.board_identity)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(calibration.to_toml(), encoding="utf-8")
    except OSError as error:
        raise Failure(f"It is in force, but {path} cannot be written: {error.strerror or error}") from error
    return path
