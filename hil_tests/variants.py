"""Variants of a plant for worst-case figures, and the check that each is one.

A variant is a file of the plants (boards/stackpress_plant/plants), one for each kind of valve: what doubles the hysteresis of a
regulator is nothing to a press with solenoids, which has the friction of its ram. Another press gets the factors of those files.
A variant that leaves every number of the truth as it was shows nothing, and whoever runs it has to know.
"""

import hashlib
from collections.abc import Hashable, Mapping
from typing import Any

from stackpress_plant import load

NOMINAL = "nominal"
FILES = {  # name -> file, behind the kind's prefix
    NOMINAL: "",
    "dead time x 2": "dead_time_x2",
    "hysteresis x 2": "hysteresis_x2",
    "stiffness / 2": "stiffness_half",
    "stiffness x 2": "stiffness_x2",
}
PREFIX = {"regulator": "", "fill_vent": "fill_vent_"}


class NoVariant(Exception):
    """Variants whose truth is the nominal plant's, number by number."""


def overrides(plant: str, variant: str) -> dict[str, Any]:
    """What a variant changes in a plant's file, by key. Raises PlantFileError."""
    if variant == NOMINAL:
        return {}
    changed = load.changes(PREFIX[load.value(plant, "valve.kind")] + FILES[variant])
    return {key: load.value(plant, key) * (own / before) for key, (before, own) in changed.items()}


def print_of(truth: bytes) -> str:
    """A truth as a short text that no other truth has."""
    return hashlib.sha256(truth).hexdigest()[:16]


def differ(prints: Mapping[tuple[Hashable, str], str]) -> None:
    """`prints` of runs by (what they have in common, variant). Raises NoVariant with those that are the nominal run's."""
    alike = [
        f"{variant} of {common}"
        for (common, variant), found in prints.items()
        if variant != NOMINAL and prints.get((common, NOMINAL)) == found
    ]
    if alike:
        raise NoVariant(f"no number of the truth is changed by: {'; '.join(sorted(alike))}")
