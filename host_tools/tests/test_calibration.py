"""Calibration: what a cell truly does is found again, and a reading that cannot be right is refused in words."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress.calibration import CalibrationRefused, Reading, Session, interpolate, reading_complaints
from stackpress.config.calibration_file import point_complaints


def reading(code: float, sigma: float = 30.0, drift: float = 0.0, count: int = 40) -> Reading:
    noise = random.Random(int(code) ^ 0x5EED)
    return Reading(tuple(round(code + drift * i / count + noise.gauss(0, sigma)) for i in range(count)))


def session(zero: float = 12_000, counts_per_n: float = 200.0, bend: float = 0.0) -> tuple[Session, "Cell"]:
    one = Session("C-1")
    one.zero(reading(zero))
    return one, Cell(zero, counts_per_n, bend)


class Cell:
    """A load cell with a quadratic error: `bend` is the part of the span that it is off at 22 kN."""

    def __init__(self, zero: float, counts_per_n: float, bend: float) -> None:
        self.zero, self.counts_per_n, self.bend = zero, counts_per_n, bend

    def code(self, force_n: float) -> float:
        return self.zero + force_n * self.counts_per_n * (1 + self.bend * force_n / 22_000)


BAD = (
    (Reading((8_388_607,) * 20), "saturated"),
    (Reading((-8_388_608,) * 20), "saturated"),
    (Reading((4321,) * 20), "frozen at 4321"),
    (reading(50_000, drift=20_000), "still moving"),
    (reading(50_000, sigma=8_000), "unstead|moving"),
    (Reading((1, 2, 3)), "only 3 samples"),
    (Reading(()), "only 0 samples"),
)


@pytest.mark.parametrize(("bad", "says"), BAD, ids=[says for _, says in BAD])
def test_reading_that_cannot_be_right_is_refused(bad: Reading, says: str) -> None:
    one, _ = session()
    with pytest.raises(CalibrationRefused, match=says):
        one.point(1000.0, bad)
    with pytest.raises(CalibrationRefused, match=says):
        Session("C-1").zero(bad)
    assert one.loads == 0


def test_steady_reading_is_taken() -> None:
    assert reading_complaints(reading(50_000)) == []


def test_tiny_span_crossed_wires_and_missing_zero_are_refused() -> None:
    one, _ = session(zero=0)
    with pytest.raises(CalibrationRefused, match="span is tiny: .* 20000"):
        one.point(5000.0, reading(900))
    with pytest.raises(CalibrationRefused, match="exchange the signal wires"):
        one.point(5000.0, reading(-500_000))
    with pytest.raises(CalibrationRefused, match="zero comes first"):
        Session("C-1").point(5000.0, reading(500_000))
    with pytest.raises(CalibrationRefused, match="not a reference force"):
        one.point(-5.0, reading(500_000))


def test_mistyped_reference_is_noticed() -> None:
    one, cell = session()
    for told, true in ((5_000, 5_000), (1_000, 10_000), (15_000, 15_000)):
        one.point(told, reading(cell.code(true)))
    with pytest.raises(CalibrationRefused, match="rise|mistyped"):
        one.fit()


@given(
    st.integers(-200_000, 200_000),
    st.floats(60, 300),
    st.floats(-0.002, 0.002),
    st.lists(st.integers(2_000, 22_000), min_size=2, max_size=20, unique=True),
)
def test_true_force_is_found_again(zero: int, counts_per_n: float, bend: float, loads: list[int]) -> None:
    loads = sorted({round(load, -3) for load in loads} | {22_000})
    one, cell = session(zero, counts_per_n, bend)
    for load in loads:
        one.point(load, reading(cell.code(load)))
    fit = one.fit(unix_s=1)
    assert point_complaints(fit.cell.points) == [] and fit.cell.zero_code == pytest.approx(zero, abs=30)
    for load in loads:
        assert interpolate(fit.cell.points, cell.code(load)) == pytest.approx(load, abs=22)  # 0.1 % of the span
    assert fit.worst_permille < 1.0


def test_three_rising_series_become_one_set_of_points() -> None:
    one, cell = session(bend=0.001)
    for _ in range(3):
        for load in (4_000, 8_000, 12_000, 16_000, 20_000):
            one.point(load, reading(cell.code(load)))
    fit = one.fit()
    assert [force for _, force in fit.cell.points] == [0, 4000, 8000, 12000, 16000, 20000]
    assert len(fit.residuals_n) == 16


def test_dropped_load_is_gone() -> None:
    one, cell = session()
    one.point(5_000, reading(cell.code(5_000)))
    one.drop_last()
    with pytest.raises(CalibrationRefused, match="at least one reference"):
        one.fit()
