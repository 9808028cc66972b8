"""The plant's step as it is compiled for the emulator is, word for word and refusal for refusal, what its Python is."""

import random
from array import array
from collections.abc import Callable
from typing import Any

import pytest
from stackpress_core.tick import blackboard
from stackpress_plant import load, state
from stackpress_plant.fault_table import FAULTS
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step as python_step

from hil_tests.targets import compilation


@pytest.fixture(scope="module")
def step() -> Callable[[Any, Any], None]:
    why = compilation.install()
    assert why != compilation.TOO_LATE
    if why:
        pytest.skip(f"nothing was compiled: {why}")
    return compilation.plant_step()


@pytest.mark.parametrize("plant", ["nominal", "fill_vent"])
@pytest.mark.parametrize("specimen", ["pellet_cell", "lithium_foil", "brittle_pellet"])
def test_every_word_is_what_python_gives(plant: str, specimen: str, step: Callable[[Any, Any], None]) -> None:
    spec = load.plant(plant, specimen)
    spec["specimen"]["gap_nm"] = 20000
    truth = Plant(spec, 1000, 3, words_of(blackboard.AT))
    chance, wanted, P = random.Random(plant + specimen), blackboard.new(), truth.P
    for n in range(2000):
        if n % 50 == 0:
            wanted[blackboard.AT["CODE"]] = chance.choice((0, 65535, chance.randrange(65536)))
            wanted[blackboard.AT["VALVE"]] = chance.choice((12, 13, 13, 14, 12, chance.randrange(16)))
        if n % 300 == 299:
            name = chance.choice([row[0] for row in FAULTS])
            truth.fault(name, 2) if chance.random() < 0.5 else truth.clear()
        found, found_P = array("i", wanted), array("i", P)
        python_step(wanted, P)
        step(found, found_P)
        assert found == wanted and found_P == P, n


@pytest.mark.parametrize("name", ["PRESSURE", "FORCE", "X", "FULL_M", "GAIN"])
@pytest.mark.parametrize("value", [(1 << 31) - 1, -(1 << 31), (1 << 30) - 1])
def test_what_leaves_the_range_of_a_small_integer_is_refused_where_python_refuses_it(
    name: str, value: int, step: Callable[[Any, Any], None]
) -> None:
    truth = Plant(load.plant("nominal", "steel_blank"), 1000, 3, words_of(blackboard.AT))
    said, left = [], []
    for one in (python_step, step):
        s, P = blackboard.new(), array("i", truth.P)
        s[blackboard.AT["CODE"]], s[blackboard.AT["VALVE"]], P[getattr(state, name)] = 65535, 12, value
        try:
            for _ in range(40):
                one(s, P)
            said.append("")
        except OverflowError as error:
            said.append(str(error))
        left.append((s, P))
    assert said[0] == said[1] and left[0] == left[1]
