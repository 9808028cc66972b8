"""Any JSON that a person or a broken host sends as a document gives complaints or passes; none of it is an exception."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress_core import document_rules, params
from stackpress_core.documents import KINDS, Documents
from stackpress_core.recipe import program

HUGE = 10**400
CEILINGS = {"format": 1, "frame_cn": 8_000_000, "relief_cn": 6_800_000, "cell_cn": [2_200_000] * 3 + [200_000]}
GOOD = {
    "config": {"format": 1, "params": {"force_limit_n": 5_000_000}},
    "ceilings": CEILINGS,
    "calibration": {
        "format": 1,
        "board": "b",
        "cells": [{"points": [[0, 0], [5_000_000, 2_200_000]], "zero_code": 0, "serial": "a"}],
    },
    "zero": {"format": 1, "code": [0, 0, 0, 0]},
    "plant": {"format": 1, "plant": {}},
    "program": {"format": 1, "name": "x", "steps": [{"do": "hold", "for_ms": 1000}]},
}


class Store(dict):
    def read(self, name):
        return self.get(name)

    def write(self, name, data):
        self[name] = data

    def names(self):
        return sorted(self)


def documents(ceilings=None):
    made = Documents(Store())
    board = SimpleNamespace(capabilities=("faults",))
    document_rules.register(made, board, lambda: program.limits_of(params.Values(), ()))
    if ceilings:
        made.put_dict("ceilings", ceilings)
    return made


def complaints(kind, document, ceilings=None):
    return documents(ceilings).complaints(kind + "/x" * (kind == "program"), document)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_document_of_each_kind_passes_and_one_of_another_format_does_not(kind):
    assert complaints(kind, GOOD[kind]) == []
    for wrong in (True, 1.0, "1", 2, 0, HUGE, None, [1]):
        found = complaints(kind, dict(GOOD[kind], format=wrong))
        assert found and "format" in found[0] and len(found[0]) < 100


def places(document, path=()):
    """Every place in a document, as the keys that lead there."""
    yield path
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        yield from places(value, (*path, key))


def changed(document, path, value):
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


ODD = (HUGE, -HUGE, 2**31, 1e308, 0.5, True, None, "", "x" * 3000, [], {}, [[]], [HUGE], {"a": HUGE})


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_value_in_any_place_is_complained_of_in_a_line(kind):
    for path in places(GOOD[kind]):
        for value in ODD:
            found = complaints(kind, changed(GOOD[kind], path, value), CEILINGS)
            assert all(isinstance(one, str) and len(one) < 300 and "\n" not in one for one in found)
            assert found or value not in (HUGE, -HUGE) or kind == "plant"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-HUGE, HUGE) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(("format", "params", "cells", "points", "code", "steps", "do", "cell_cn", "x")), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), JSON)
def test_any_json_gives_complaints_and_no_exception(kind, value):
    found = complaints(kind, value, CEILINGS)
    assert found or isinstance(value, dict)
    assert json.dumps(found)


@pytest.mark.parametrize(("end_n", "good"), [(22_000, True), (21_999, False), (36, False), (40_000, True)])
def test_a_converter_that_ends_before_the_cell_is_refused(end_n, good):
    cell = {"points": [[0, 0], [8_388_608, end_n * 100]]}
    found = complaints("calibration", {"format": 1, "board": "b", "cells": [cell]}, CEILINGS)
    assert (found == []) == good and (good or "bears 22000 N" in found[0])
    assert complaints("calibration", {"format": 1, "board": "b", "cells": [cell]}) == []


def test_a_calibration_of_no_cell_is_none():
    for cells in ([], [None] * 4):
        assert complaints("calibration", {"format": 1, "board": "b", "cells": cells}) == ["no cell is calibrated"]
