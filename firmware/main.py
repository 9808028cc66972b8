"""Start a press: safe outputs first, then wire the parts together, then loop.

Which board this is was decided when the image was made: exactly one `board.py` is on the path.
"""

import gc

import micropython

micropython.kbd_intr(-1)  # 0x03 must not break into a press that runs; the command server lets it through when safe

from board import Board  # noqa: E402  (nothing else is imported before the outputs are safe)

board = Board()

gc.collect()  # what a start leaves behind would lie between what stays, and no large piece would be free
from stackpress_core.firmware import Firmware  # noqa: E402

gc.collect()
try:
    board.loop(Firmware(board))
except Exception as error:
    from stackpress_core.boots import note_crash

    board.crashed(error, note_crash)
board.leave()
