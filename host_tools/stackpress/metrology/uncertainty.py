"""The uncertainty of a calibrated indication, put together as EURAMET cg-4 does: parts in %, squared, added, root, times 2.

| part | from | shared out as |
| --- | --- | --- |
| repeatability | the rising series's errors | standard deviation of their mean |
| resolution | r, at the force and at the zero | rectangular, half a step: r / (2 * sqrt 3) each |
| reference | expanded uncertainty of its certificate | U / k |
| reference's drift | between its calibrations | rectangular: / sqrt 3 |
| temperature | the reference's coefficient times how far it was from its own calibration's | rectangular: / sqrt 3 |

The error q is no part of it: it is told beside it, since whoever reads a force may correct for it. Nor is v: a force that fell
has it on top.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import stdev

from .accuracy import Level
from .reference import Reference

K = 2.0


@dataclass(frozen=True)
class Budget:
    """Standard uncertainties of one level / %, and what comes of them."""

    repeatability: float
    resolution: float
    reference: float
    drift: float
    temperature: float

    @property
    def combined(self) -> float:
        """Root of the sum of squares / %."""
        return sqrt(sum(one**2 for one in vars(self).values()))

    @property
    def expanded(self) -> float:
        """With k = 2 / %."""
        return K * self.combined


def budget(level: Level, reference: Reference, temperature_c: float) -> Budget:
    """The parts of one level's uncertainty."""
    count = len(level.errors)
    spread = stdev(level.errors) / sqrt(count) if count > 1 else 0.0
    step = level.a / (2 * sqrt(3))
    warmer = abs(temperature_c - reference.temperature_c) * reference.temperature_pct_per_k
    return Budget(spread, sqrt(2) * step, reference.uncertainty_pct / reference.coverage_k, reference.drift_pct / sqrt(3),
                  warmer / sqrt(3))  # fmt: skip
