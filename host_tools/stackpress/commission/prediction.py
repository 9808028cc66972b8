"""What a ramp and a step will do on the plant that was found: the controller's own arithmetic on the model's five numbers.

It is shown beside what then was measured, so that whoever signs sees how far the model is to be believed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plant_model import Plant

STEP_S = 0.002
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tuned:
    """What of the press file the model's controller needs."""

    kp: float
    ki: float
    lead_s: float

    @classmethod
    def of(cls, params: Mapping[str, float | int | str]) -> "Tuned":
        """From parameters by name."""
        return cls(*(float(params[name]) / 1000 for name in ("kp_permille", "ki_permille_per_s", "valve_lead_ms")))


def predicted(plant: Plant, tuned: Tuned, at_s: Array, set_n: Array) -> Array:
    """The force / N for a set-point that goes up, from a press that stands in balance at its first value."""
    grid = np.arange(at_s[0], at_s[-1] + STEP_S, STEP_S)
    wanted = np.interp(grid, at_s, set_n)
    rate = np.gradient(wanted, STEP_S)
    queue = [0.0] * max(1, round(plant.dead_s / STEP_S))
    keep = math.exp(-STEP_S / max(plant.lag_s, 1e-4))
    force = first = second = float(wanted[0])
    balance = (force + plant.offset_n) / plant.gain + plant.play_n
    integral, pressure = balance - force, balance - plant.play_n
    queue = [balance] * len(queue)
    first = second = pressure
    out = []
    for k, goal in enumerate(wanted.tolist()):
        force = plant.gain * second - plant.offset_n
        error = goal - force
        integral += tuned.ki * error * STEP_S
        queue.append(goal + integral + tuned.kp * error + tuned.lead_s * float(rate[k]))
        drive = queue.pop(0)
        pressure = max(pressure, drive - plant.play_n)
        pressure = min(pressure, drive + plant.play_n)
        first = keep * first + (1 - keep) * pressure
        second = keep * second + (1 - keep) * first
        out.append(force)
    found: Array = np.interp(at_s, grid, np.array(out))
    return found
