"""What a table of holds says is the worst of the hold itself, on every plant, and of nothing before it has settled."""

from typing import Any

import numpy as np
import pytest

from hil_tests import variants
from hil_tests.bench.holds_table import Case, errors, program, worst


def truth(hours: float = 24.0, level: float = 157.08) -> list[Any]:
    """Time, set-point, force, measuring error and moves of a press that was released to `level` after 100 s."""
    time_s = np.arange(0, 3600 * hours + 200, 10.0)
    wanted = np.where(time_s < 100, 2000.0, level)
    return [time_s, wanted, wanted.copy(), np.zeros_like(time_s), np.arange(len(time_s))]


def test_control_and_measuring_errors_are_told_apart_and_their_sum_is_the_total() -> None:
    columns = truth()
    columns[2][5000] += 3.0
    columns[3][5000] -= 1.0
    found = errors(*columns, 157.08, 24.0)
    assert (found["control_n"], found["measuring_n"], found["total_n"]) == pytest.approx((2.0, 1.0, 3.0))
    assert found["moves_per_h"] == pytest.approx(360)


@pytest.mark.parametrize(("row", "counts"), [(9, False), (15, False), (16, True)])
def test_what_comes_before_the_set_point_has_rested_a_minute_does_not_count(row: int, counts: bool) -> None:
    columns = truth()
    columns[2][row] += 9.0
    assert (errors(*columns, 157.08, 24.0)["total_n"] > 8) is counts


def test_a_hold_that_is_shorter_than_it_claims_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="12.0 h only"):
        errors(*truth(12.0), 157.08, 24.0)


def test_a_row_of_the_table_is_the_worst_of_every_plant_and_names_them() -> None:
    cases = [(Case("press", 2.0, 10.0, name, 24.0), n) for name, n in (("stiffness x 2", 2.0), ("nominal", 1.0))]
    told = worst([(case, {"control_n": n, "measuring_n": 3 - n, "total_n": n, "moves_per_h": n}) for case, n in cases])
    assert len(told) == 1 and told[0].plants == ("nominal", "stiffness x 2")
    assert (told[0].control_n, told[0].measuring_n, told[0].total_n, told[0].force_n) == (2.0, 2.0, 2.0, 157.08)


def test_a_month_is_held_in_steps_that_a_program_can_have_and_every_case_has_a_file_of_its_own() -> None:
    month = program(Case("press", 0.1, 13.0, "nominal", 720.0), solenoids=False)
    assert sum(step["for_ms"] for step in month["steps"][4:]) >= 720 * 3600 * 1000
    keys = {Case("press", 2.0, 10.0, name, 24.0).key for name in variants.FILES}
    assert len(keys) == len(variants.FILES) and not any("/" in key for key in keys)
