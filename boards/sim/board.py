"""Exactly one `board.py` is on the path of a press: this is the simulated one's."""

from stackpress_core.tick import blackboard

blackboard.AT = {name: blackboard.AT[name] for name in blackboard.AT}  # quicker than tuples, and memory is not dear here
from stackpress_sim.board import Board as Board  # noqa: E402
