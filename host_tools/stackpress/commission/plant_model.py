"""The press as a model of five numbers, and their fit to what was logged: gain, offset, half width, dead time, lag.

A regulator's hysteresis and the ram's friction are one play; the valve's dead time goes before it, two equal lags behind it. Rows
of the log are means over their time and say the valve at their end, and that is how the model is compared with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_S = 0.005
SETTLED_S = 0.5  # of each stretch: what came before it is not known
Array = NDArray[np.float64]
SCALE = np.array([0.01, 20.0, 20.0, 0.004, 0.004])  # steps of the fit, in each number's own unit
STARTS_S = ((0.02, 0.02), (0.05, 0.015), (0.01, 0.05))  # dead time and lag that it begins with: there are valleys beside the lowest


@dataclass(frozen=True)
class Stretch:
    """A run's rows: their ends / s, mean force / N, drive at the end / N, how long each lasted / s."""

    time_s: Array
    force_n: Array
    drive_n: Array
    row_s: Array


@dataclass(frozen=True)
class Plant:
    """What was found. `play_n` is half the width that a drive crosses until the force turns; `rms_n` what the fit leaves."""

    gain: float
    offset_n: float
    play_n: float
    dead_s: float
    lag_s: float
    rms_n: float = 0.0

    @property
    def delay_s(self) -> float:
        """How late the force of a ramp is."""
        return self.dead_s + 2 * self.lag_s


def response(numbers: Sequence[float] | Array, at_s: Array, drive_n: Array, until_s: Array) -> Array:
    """The force / N at `until_s` that a drive, given at `at_s`, makes."""
    gain, offset_n, play_n, dead_s, lag_s = (float(one) for one in numbers)
    grid = np.arange(at_s[0], at_s[-1] + STEP_S, STEP_S)
    late = np.interp(grid - dead_s, at_s, drive_n)
    least = (late - play_n).tolist()
    most = (late + np.minimum(play_n, late / 2)).tolist()  # it narrows towards zero: no drive is no force
    keep = float(np.exp(-STEP_S / max(lag_s, 1e-4)))
    part = (1 - keep) / 2
    pressure = first = second = least[0]
    out = []
    for low, high in zip(least, most, strict=True):
        before, first_before = pressure, first
        if low > pressure:
            pressure = low
        elif high < pressure:
            pressure = high
        first = keep * first + part * (before + pressure)
        second = keep * second + part * (first_before + first)
        out.append(second)
    found: Array = gain * np.interp(until_s, grid, np.array(out)) - offset_n
    return found


def fit(stretches: Sequence[Stretch], play_n: float) -> Plant:
    """The plant that fits best, from several beginnings; `play_n` is what the hysteresis may be."""
    tries = [_fit(stretches, np.array([1.0, 50.0, play_n, dead, lag])) for dead, lag in STARTS_S]
    rms_n, best = min(tries, key=lambda one: one[0])
    gain, offset_n, width_n, dead_s, lag_s = (float(one) for one in best)
    return Plant(gain, offset_n, width_n, dead_s, lag_s, rms_n)


def _left(stretches: Sequence[Stretch], numbers: Array) -> Array:
    parts = []
    for one in stretches:
        later = one.time_s > one.time_s[0] + SETTLED_S
        parts.append((response(numbers, one.time_s, one.drive_n, one.time_s - one.row_s / 2) - one.force_n)[later])
    return np.concatenate(parts)


def _fit(stretches: Sequence[Stretch], numbers: Array) -> tuple[float, Array]:
    """(what is left / N RMS, numbers) by damped least squares."""
    left, damping = _left(stretches, numbers), 1e-3
    for _ in range(30):
        slopes = np.array([_left(stretches, numbers + step) - left for step in np.diag(SCALE)]).T
        normal, down = slopes.T @ slopes, -slopes.T @ left
        won = 0.0
        while damping < 1e6 and not won:
            trial = numbers + SCALE * np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), down)
            trial[2:] = np.maximum(trial[2:], (0.0, 0.001, 0.001))
            there = _left(stretches, trial)
            won = float(left @ left - there @ there)
            if won > 0:
                numbers, left, damping = trial, there, max(damping / 5, 1e-6)
            else:
                won, damping = 0.0, damping * 5
        if won < 1e-4 * float(left @ left):
            break
    return float(np.sqrt(np.mean(left**2))), numbers
