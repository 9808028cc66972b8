"""Start a press: safe outputs first, then wire the parts together, then loop.

Which board this is was decided when the image was made: exactly one `board.py` is on the path.
"""

import micropython

micropython.kbd_intr(-1)  # 0x03 must not break into a press that runs; the command server lets it through when safe

from board import Board  # noqa: E402  (the outputs are safe once the board is made, so nothing else is imported before)

board = Board()

from press.press import Press  # noqa: E402

press = Press(board)
board.loop(press)
board.leave()
