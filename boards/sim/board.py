"""Exactly one `board.py` is on the path of a press: this is the simulated one's."""

import gc

gc.threshold(-1)  # what a start leaves about is no matter where memory is not dear: looking for it was half of the start
from stackpress_core.tick import blackboard  # noqa: E402

blackboard.AT = {name: blackboard.AT[name] for name in blackboard.AT}  # quicker than tuples, and memory is not dear here
from stackpress_sim.board import Board as Board  # noqa: E402
