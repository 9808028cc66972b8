"""Where the files are that the product is made of besides its host code: in a checkout beside it, in an installed wheel inside it.

What the firmware and the host share (parameters, interlocks, program steps, records) is declared once, in the package
`stackpress_core`, and imported from there like any other. The rest is read as files and never imported.
"""

import os
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[1]

IN_CHECKOUT = (_CHECKOUT / "firmware" / "stackpress_core").is_dir()
ROOT = _CHECKOUT if IN_CHECKOUT else _HERE / "_files"
FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"

_PACKAGES = (FIRMWARE, BOARDS, BOARDS) if IN_CHECKOUT else (_HERE.parent,) * 3
SIMULATED = (
    FIRMWARE / "main.py",
    BOARDS / "sim" / "board.py",
    _PACKAGES[0] / "stackpress_core",
    _PACKAGES[1] / "stackpress_plant",
    _PACKAGES[2] / "stackpress_sim",
)
"""What a simulated press runs: files and packages that lie beside each other there."""


def data_folder() -> Path:
    """The user's data folder, or what STACKPRESS_DATA says."""
    override = os.environ.get("STACKPRESS_DATA")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_data_dir("stackpress", appauthor=False))
