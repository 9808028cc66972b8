"""Exactly one `board.py` is on the path of a press: this is the simulated one's."""

from stackpress_sim.board import Board as Board
