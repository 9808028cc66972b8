"""Gains for a plant that was found, with their margin, and what a ramp and a step will then do.

The loop is PI round a delay and two equal lags. Of all pairs of gains whose largest sensitivity stays below MOST the one that
integrates fastest is taken: it is as far from oscillating as the reference press's own, whatever the plant.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plant_model import Plant

MOST = 1.3  # largest sensitivity: a gain margin above 4, a phase margin above 45 degrees
REVERSAL_PART = 0.75  # of the usual rate at which a hold crosses the hysteresis: a ram that sticks answers late and all at once
FILTER_S = 0.004
KI_MOST = 20.0  # what the parameter takes
FREQUENCIES = np.geomspace(0.05, 2000, 1500)  # rad/s
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Margin:
    """How far a loop is from oscillating."""

    sensitivity: float
    gain: float
    phase_deg: float


def loop(plant: Plant, kp: float, ki: float, filter_s: float = FILTER_S) -> NDArray[np.complex128]:
    """Its open loop at FREQUENCIES."""
    s = 1j * FREQUENCIES
    found: NDArray[np.complex128] = (
        plant.gain * (kp + ki / s) * np.exp(-s * plant.dead_s) / (1 + s * plant.lag_s) ** 2 / (1 + s * filter_s)
    )
    return found


def margin(plant: Plant, kp: float, ki: float, filter_s: float = FILTER_S) -> Margin:
    """Largest sensitivity, gain margin, phase margin."""
    opened = loop(plant, kp, ki, filter_s)
    size, phase = np.abs(opened), np.unwrap(np.angle(opened))
    turned = np.flatnonzero(phase <= -np.pi)
    crossed = np.flatnonzero(size <= 1.0)
    gain = 1 / float(size[turned[0]]) if len(turned) else float("inf")
    left = 180 + float(np.degrees(phase[crossed[0]])) if len(crossed) else 0.0
    return Margin(float(np.max(1 / np.abs(1 + opened))), gain, left)


def gains(plant: Plant, filter_s: float = FILTER_S) -> tuple[float, float]:
    """(kp, ki / 1/s): the fastest integral gain within MOST."""
    best = (0.0, 0.0)
    for kp in np.linspace(0.0, 0.6, 25):
        low, high = 0.0, KI_MOST
        while high - low > 0.02:
            middle = (low + high) / 2
            good = margin(plant, float(kp), middle, filter_s).sensitivity <= MOST
            low, high = (middle, high) if good else (low, middle)
        if low > best[1] + 0.02:
            best = (float(kp), low)
    return best
