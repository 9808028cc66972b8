"""Parameters carry the unit of the number that the press computes with."""

import pytest
from stackpress_core import params


def test_values_are_known_by_the_unit_of_their_whole_number():
    values = params.Values({"force_limit_n": params.to_raw("force_limit_n", 30000), "hold_band_s": 7})
    assert values["force_limit_cn"] == 3000000
    assert values["hold_band_s"] == 7
    assert values["temperature_limit_cc"] == 12000
    assert values["fluid_stiffness_cn_per_um"] == 2600


def test_a_name_with_the_unit_of_a_file_is_no_value():
    for name in ("force_limit_n", "temperature_limit_c", "rate_limit_n_per_s", "no_such"):
        with pytest.raises(KeyError):
            params.Values()[name]


def test_only_a_number_that_is_scaled_has_another_name_in_the_press():
    for row in params.PARAMS:
        scaled = not isinstance(row[2], tuple) and row[2] != 1
        assert (params.device_name(row[0]) != row[0]) == scaled
