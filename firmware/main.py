"""Start a press: safe outputs first, then wire the parts together, then loop.

Which board this is was decided when the image was made: exactly one `board.py` is on the path.
"""

import gc

import micropython

micropython.kbd_intr(-1)  # 0x03 must not break into a press that runs; the command server lets it through when safe

# At the start nearly all stays and is laid where there is room first: garbage between it would leave no large piece free.
gc.threshold(65536)
from board import Board  # noqa: E402  (nothing else is imported before the outputs are safe)

board = Board()
from stackpress_core.firmware import Firmware  # noqa: E402

firmware = Firmware(board)
gc.collect()
gc.threshold(-1)
try:
    board.loop(firmware)
    firmware.give_way()
except Exception as error:
    from stackpress_core.boots import note_crash

    board.crashed(error, note_crash)
board.leave()
