"""A variant is a variant: it comes from the plants' files and changes what the plant truly does, or it is told."""

import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from stackpress_plant import load
from stackpress_plant.plant import Plant
from stackpress_plant.step import step

from hil_tests import variants
from hil_tests.plant.traces import CLOSED, FILL, VENT

HZ, LOOK = 1000, 10
REGULATED = ((500, 3000, CLOSED), (500, 9000, CLOSED), (500, 6000, CLOSED))  # ms, code, valve word
PULSED = ((400, 0, FILL), (300, 0, CLOSED), (2, 0, FILL), (300, 0, CLOSED), (40, 0, VENT), (300, 0, CLOSED))
STEPS = {"nominal": REGULATED, "fill_vent": PULSED}


def truth(plant: str, changed: Mapping[str, Any]) -> str:
    """Of a press that presses steel for a second and lets some of it go."""
    spec = load.plant(plant, "steel_blank", changed)
    spec["specimen"]["gap_nm"] = 10000
    press, words, seen = Plant(spec, HZ), array("i", [0] * 11), []  # type: ignore[no-untyped-call]
    for ms, words[0], words[1] in STEPS[plant]:
        for tick in range(ms):
            step(words, press.P)
            if tick % LOOK == 0:
                seen.append(press.truth())  # type: ignore[no-untyped-call]
    return variants.print_of(json.dumps(seen).encode())


@pytest.mark.parametrize("plant", STEPS)
def test_every_variant_of_both_kinds_of_valve_changes_the_truth(plant: str) -> None:
    found = {(plant, name): truth(plant, variants.overrides(plant, name)) for name in variants.FILES}
    variants.differ(found)
    assert len(set(found.values())) == len(variants.FILES)


def test_a_variant_of_what_the_plant_does_not_use_is_told_by_name() -> None:
    """The hysteresis of a regulator, on a press that has none."""
    changed: dict[str, dict[str, Any]] = {"nominal": {}, "hysteresis x 2": {"valve.hysteresis_pct": 2.0}}
    found = {("fill_vent", name): truth("fill_vent", overrides) for name, overrides in changed.items()}
    with pytest.raises(variants.NoVariant, match="hysteresis x 2 of fill_vent"):
        variants.differ(found)


def test_runs_are_compared_with_the_nominal_one_of_the_same_seed_only() -> None:
    variants.differ({(1, "nominal"): "a", (2, "nominal"): "b", (1, "stiffness x 2"): "b", (3, "stiffness x 2"): "a"})


def test_another_press_gets_the_files_factors(tmp_path: Path) -> None:
    own = tmp_path / "stiff_seal.toml"
    base, friction = load.PLANTS / "fill_vent.toml", 'friction_n = { value = 35, source = "measured" }'
    own.write_text(f'base = "{base}"\nname = "stiff_seal"\n[ram]\n{friction}\n')
    assert variants.overrides(str(own), "hysteresis x 2") == {"ram.friction_n": 70, "ram.friction_pct": 0.4}
    assert variants.overrides(str(own), "nominal") == {}
    with pytest.raises(load.PlantFileError, match="no base"):
        load.changes("nominal")
