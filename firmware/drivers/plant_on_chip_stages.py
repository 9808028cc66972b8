# ruff: noqa: F821 - the names are filled in when the tick is fused
"""The plant inside the tick: what the valve words of the last tick do to the press, and what its sensors then say."""

import micropython
from stackpress_plant.step import step as plant_step  # `step` is a variable of another stage


@micropython.viper
def receive(frame):
    """One step of the physics; it writes RAW, STATUS, INPUTS, TEMPERATURE and DISPLACEMENT."""
    s = ptr32(frame)
    m = ptr32(_BASE)
    plant_step(m[_FRAME], m[_PLANT])
    s[_TICK_US] += ptr32(m[_PLANT])[_OVERRUN]
