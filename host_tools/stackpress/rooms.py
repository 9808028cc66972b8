"""Where the project's rooms are: in a checkout beside the package, in an installed wheel inside it.

The tables that the firmware and the host share (parameters, interlocks, program steps, records) are declared once, in
`firmware/press`; importing this module makes `import press` find them.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[1]

ROOT = _CHECKOUT if (_CHECKOUT / "firmware" / "press").is_dir() else _HERE / "_rooms"
FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"

for _room in (ROOT, FIRMWARE):
    if str(_room) not in sys.path:
        sys.path.append(str(_room))
