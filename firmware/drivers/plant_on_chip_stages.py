# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The plant inside the tick: what the valve words of the last tick do to the press, and what its sensors then say."""

import micropython
from stackpress_plant.step import step as plant_step  # `step` is a variable of another stage


@micropython.viper
def receive(blackboard, plant):
    """One step of the physics; it writes RAW, STATUS, INPUTS, TEMPERATURE and DISPLACEMENT."""
    s = ptr32(blackboard)
    p = ptr32(plant)
    plant_step(blackboard, plant)
    s[_TICK_US] += p[_OVERRUN]
