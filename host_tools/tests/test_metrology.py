"""Calibration by ISO 7500-1 and EURAMET cg-4: worked examples come out, what is useless is refused, what is said was found."""

import json
import math
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from stackpress import paths
from stackpress.calibration import CalibrationRefused, interpolate
from stackpress.config.calibration_file import Calibration, CellCalibration, point_complaints
from stackpress.config.complaints import ConfigError
from stackpress.metrology import accuracy, certificate, curve, history, pictures
from stackpress.metrology.accuracy import CLASSES, DOWN, FIT, NO_CLASS, UP, VERIFY, Level, Shown
from stackpress.metrology.evaluation import Asked, Evaluation, evaluate
from stackpress.metrology.keeping import certificates
from stackpress.metrology.readings import INDICATED, PRELOAD, ZERO, Reading, Readings, read_csv
from stackpress.metrology.reference import Reference, read_reference
from stackpress.metrology.uncertainty import budget

EXAMPLES = paths.ROOT / "host_tools" / "examples"
REFERENCE = Reference(
    "transducer",
    "F-1",
    "2026-1",
    "a laboratory",
    "0.5",
    date(2026, 1, 1),
    date(2028, 1, 1),
    0.12,
    2.0,
    0.05,
    22.0,
    0.01,
    25_000.0,
)
FITTED, VERIFIED = (10, 30, 50, 70, 90, 100), (20, 40, 60, 80, 95)
RANGE_N = 20_000.0


def shown(series: int, true_n: float, shown_n: float, way: str = UP, use: str = VERIFY) -> Shown:
    return Shown(series, way, use, true_n, shown_n)


def level(percent: float = 50.0, use: str = VERIFY, series: int = 3, **figures: float) -> Level:
    told = {"q": 0.0, "b": 0.0, "v": 0.0, "a": 0.0, **figures}
    return Level(RANGE_N * percent / 100, use, (told["q"],) * series, **told)


def cell_readings(
    bend: float = 0.0,
    noise: float = 0.0,
    use_of: tuple[tuple[int, ...], tuple[int, ...]] = (FITTED, VERIFIED),
    cells: tuple[float, ...] = (1.0,),
    drift: float = 0.0,
    lost: float = 0.0,
) -> Readings:
    """Cells that share the force, 200 codes a newton from 12 000; `bend` is curvature, `lost` what a fall shows too much."""
    rng = random.Random(75)

    def codes(force: float, more: float = 0.0) -> tuple[float, ...]:
        bent = force * (1 + bend * force / RANGE_N)
        return tuple(12_000 + 200 * (share * bent + more) + rng.gauss(0, noise) for share in cells)

    steps = sorted([(part, FIT) for part in use_of[0]] + [(part, VERIFY) for part in use_of[1]])
    rows = [Reading(0, PRELOAD, "", RANGE_N, codes(RANGE_N), 22.0) for _ in range(3)]
    for series in (1, 2, 3):
        rows.append(Reading(series, ZERO, "", 0.0, codes(0), 22.0))
        for way, each in ((UP, steps), (DOWN, steps[-2::-1])):
            for part, use in each:
                force = RANGE_N * part / 100
                rows.append(Reading(series, way, use, force, codes(force, lost if way == DOWN else 0.0), 22.0))
        rows.append(Reading(series, ZERO, "", 0.0, codes(0, drift), 22.0))
    return Readings(tuple(f"cell_{i + 1}" for i in range(len(cells))), tuple(rows))


def found(readings: Readings | None = None, **asked: object) -> Evaluation:
    told = {"resolution_n": 2.0, **asked}
    return evaluate(readings or cell_readings(), Asked(RANGE_N, **told), REFERENCE)  # type: ignore[arg-type]


# -- the figures


def test_a_worked_example_gives_its_q_b_v_and_a() -> None:
    rows = [
        shown(1, 1000, 1002),
        shown(2, 1000, 1004),
        shown(3, 1000, 1003),
        shown(1, 1000, 1008, DOWN),
        shown(2, 1000, 1010, DOWN),
    ]
    (one,) = accuracy.levels(rows, resolution_n=2.0)
    assert (one.q, one.b, one.v, one.a) == pytest.approx((0.3, 0.2, 0.6, 0.2))


def test_f0_is_the_largest_force_left_behind_a_series_as_part_of_the_range() -> None:
    assert accuracy.zero_error([5.0, -8.0, 0.0], 10_000) == pytest.approx(-0.08)


def test_forces_of_different_series_that_nearly_agree_are_one_level_and_others_are_not() -> None:
    rows = [shown(1, 1000, 1000), shown(2, 1015, 1015), shown(3, 990, 990), shown(1, 1100, 1100), shown(1, 1000, 1000, use=FIT)]
    assert sorted((len(one.errors), one.use) for one in accuracy.levels(rows, 1.0)) == [(1, FIT), (1, VERIFY), (3, VERIFY)]


@pytest.mark.parametrize("limits", CLASSES, ids=lambda one: one.name)
@pytest.mark.parametrize("figure", ["q", "b", "v", "a", "f0"])
def test_each_figure_at_its_limit_keeps_the_class_and_beyond_it_loses_it(limits: accuracy.Limits, figure: str) -> None:
    at, place = getattr(limits, figure), CLASSES.index(limits)
    below = CLASSES[place + 1].name if place + 1 < len(CLASSES) else NO_CLASS
    for sign in (1, -1) if figure in ("q", "v", "f0") else (1,):
        for value, expected in ((sign * at, limits.name), (sign * at * 1.01, below)):
            one = level(**({} if figure == "f0" else {figure: value}))
            assert accuracy.level_class(one, value if figure == "f0" else 0.0) == expected


def test_a_class_wants_five_forces_that_were_not_fitted_in_three_series_each() -> None:
    five = [level(part) for part in (20, 40, 60, 80, 100)]
    assert accuracy.range_class(five, 0.0, RANGE_N, "0.5") == ("0.5", "")
    for less in (five[1:], [*five[1:], level(20, use=FIT)], [*five[1:], level(20, series=2)], [*five[1:], level(10)]):
        grade, why = accuracy.range_class(less, 0.0, RANGE_N, "0.5")
        assert grade == NO_CLASS and why.startswith("4 forces")


@pytest.mark.parametrize(
    ("reference", "grade"), [("00", "0.5"), ("0.5", "0.5"), ("1", "1"), ("2", "2"), ("3", NO_CLASS), ("", NO_CLASS)]
)
def test_a_press_is_never_better_than_its_reference(reference: str, grade: str) -> None:
    assert accuracy.range_class([level(part) for part in (20, 40, 60, 80, 100)], 0.0, RANGE_N, reference)[0] == grade


def test_the_worst_force_decides_the_range_and_the_lowest_force_of_the_class_is_told() -> None:
    rows = [level(5, q=2.5), level(10, q=0.8), *(level(part, q=0.7 if part == 60 else 0.1) for part in (20, 40, 60, 80, 100))]
    assert accuracy.range_class(rows, 0.0, RANGE_N, "00")[0] == "1"
    assert accuracy.lowest_of_class(rows, 0.0, RANGE_N, "1") == 2000
    assert accuracy.lowest_of_class(rows, 0.0, RANGE_N, "0.5") == 16_000


def test_the_worst_of_each_decade_is_told() -> None:
    rows = [level(100, q=0.1), level(10, q=-0.4, b=0.3), level(9, q=0.6), level(0.5, q=-2.0), level(50, use=FIT, q=9.0)]
    assert [(one.low_n, one.count, one.q) for one in accuracy.decades(rows, RANGE_N)] == [
        (2000, 2, -0.4),
        (200, 1, 0.6),
        (20, 1, -2.0),
    ]


@pytest.mark.parametrize(("means", "r"), [([5.0, 5.0], 0.01), ([4.0, 6.0, 5.0], 1.01), ([], 0.01)])
def test_resolution_is_half_the_fluctuation_and_a_step(means: list[float], r: float) -> None:
    assert accuracy.resolution(means, 0.01) == pytest.approx(r)


def test_a_worked_budget_adds_its_parts_as_squares() -> None:
    one = Level(1000.0, VERIFY, (0.1, 0.2, 0.3), 0.2, 0.2, 0.0, 0.25)
    part = budget(one, REFERENCE, 25.0)
    worked = (0.1 / math.sqrt(3), 0.25 / math.sqrt(6), 0.06, 0.05 / math.sqrt(3), 3 * 0.01 / math.sqrt(3))
    assert tuple(vars(part).values()) == pytest.approx(worked)
    assert part.expanded == pytest.approx(2 * math.sqrt(sum(w * w for w in worked))) and 0.27 < part.expanded < 0.28


# -- the fit


@pytest.mark.parametrize("degree", curve.DEGREES)
def test_a_curve_finds_the_polynomial_that_it_is_of(degree: int) -> None:
    x = [k * 400_000.0 for k in range(1, 10)]
    true = [
        2000.0 * (v / 4e5) + (-30 * (v / 4e5) ** 2 if degree > 1 else 0) + (0.9 * (v / 4e5) ** 3 if degree > 2 else 0)
        for v in x
    ]
    one = curve.fitted(x, true, list(range(9)), degree)
    assert one.force(x) == pytest.approx(true) and one.force(0.0) == 0 and max(map(abs, one.residuals)) < 1e-9
    if degree > 1:
        assert curve.fitted(x, true, list(range(9)), degree - 1).rms > 0.05


@pytest.mark.parametrize(("bend", "degree"), [(0.0, 1), (0.01, 2)])
def test_the_lowest_degree_that_foretells_a_left_out_force_is_taken(bend: float, degree: int) -> None:
    assert found(cell_readings(bend, noise=150.0)).degree == degree


def test_a_fit_is_not_drawn_through_every_point() -> None:
    one = found(cell_readings(noise=800.0), degree=1)
    assert one.fitted is not None and one.fitted.rms > 0.01 and len(one.points[0]) == 2
    assert len(one.fitted.residuals) == 18 and len({round(r, 6) for r in one.fitted.residuals}) == 18


@pytest.mark.parametrize("degree", curve.DEGREES)
def test_the_points_that_the_press_gets_show_the_true_force_and_are_usable(degree: int) -> None:
    one = found(cell_readings(bend=0.004 if degree > 1 else 0.0), degree=degree)
    (points,) = one.points
    assert point_complaints(points) == [] and abs(points[0][1]) == 0
    for force in (1000, 7000, 19_000):
        code = 12_000 + 200 * force * (1 + (0.004 if degree > 1 else 0) * force / RANGE_N)
        assert interpolate(points, code) == pytest.approx(force, rel=5e-4)


def test_what_verifies_has_no_part_in_the_fit() -> None:
    base = cell_readings()
    off = [replace(row, codes=(row.codes[0] * 1.01,)) if row.use == VERIFY else row for row in base.rows]
    one = found(replace(base, rows=tuple(off)), degree=1)
    assert one.points == found(base, degree=1).points
    assert one.grade == "2" and all(part.q > 0.9 for part, _ in one.verified)


def test_a_run_of_series_has_its_zero_return_its_reversibility_and_its_class() -> None:
    one = found(cell_readings(drift=16.0, lost=40.0), degree=1)
    assert one.f0 == pytest.approx(0.08, rel=1e-3) and one.grade == "1"  # f0 is beyond 0.05
    assert {round(part.true_n): round(part.v or 0, 2) for part, _ in one.verified}[4000] == pytest.approx(1.0)


def test_parallel_cells_are_one_indication_and_each_gets_its_share_of_the_correction() -> None:
    readings = cell_readings(cells=(0.5, 0.3, 0.2))
    before = tuple(((12_000, 0.0), (4_012_000, 19_800.0)) for _ in range(3))  # each reads a hundredth low
    one = found(readings, before=before, degree=1)
    for points, share in zip(one.points, (0.5, 0.3, 0.2), strict=True):
        assert interpolate(points, 12_000 + 200 * share * 10_000) == pytest.approx(share * 10_000, rel=1e-4)
    as_it_was = found(readings, before=before, degree=0)
    assert as_it_was.points == () and all(level.q == pytest.approx(-1.0) and level.use == VERIFY for level in as_it_was.levels)


def test_the_forces_that_a_press_showed_are_verified_and_not_fitted() -> None:
    base = cell_readings()
    rows = tuple(replace(row, codes=(row.reference_n * 1.004,)) for row in base.rows)
    one = found(Readings((INDICATED,), rows), degree=0)
    assert one.grade == "0.5" and all(level.q == pytest.approx(0.4) for level in one.levels)
    with pytest.raises(CalibrationRefused, match="verified, not fitted"):
        found(Readings((INDICATED,), rows), degree=2)


# -- what is refused


@pytest.mark.parametrize("times", [10.0, 0.1, 1.2])
@pytest.mark.parametrize("use", [FIT, VERIFY])
def test_a_mistyped_reference_is_refused_with_both_values(times: float, use: str) -> None:
    base = cell_readings()
    place = next(i for i, row in enumerate(base.rows) if row.use == use and row.reference_n in (6000, 8000))
    rows = [replace(row, reference_n=row.reference_n * times) if i == place else row for i, row in enumerate(base.rows)]
    with pytest.raises(CalibrationRefused, match=f"{base.rows[place].reference_n * times:g} N beside .*mistyped"):
        found(replace(base, rows=tuple(rows)))


@pytest.mark.parametrize(
    ("fit", "degree", "says"),
    [
        ((50,), None, "a line wants 2"),
        ((50, 100), 2, "degree 2 wants 3"),
        ((30, 50, 100), 3, "degree 3 wants 4"),
    ],
)
def test_too_few_forces_for_a_fit_are_refused(fit: tuple[int, ...], degree: int | None, says: str) -> None:
    with pytest.raises(CalibrationRefused, match=says):
        found(cell_readings(use_of=(fit, VERIFIED)), degree=degree)


def test_crossed_wires_a_force_beyond_the_range_and_cells_without_calibration_are_refused() -> None:
    base = cell_readings()
    with pytest.raises(CalibrationRefused, match="exchange the signal wires"):
        found(replace(base, rows=tuple(replace(row, codes=(-row.codes[0],)) for row in base.rows)))
    with pytest.raises(CalibrationRefused, match="beyond the range of 15000 N"):
        evaluate(base, Asked(15_000.0), REFERENCE)
    with pytest.raises(CalibrationRefused, match="by the calibration that they have"):
        found(cell_readings(cells=(0.5, 0.5)))


HEAD = "series,step,use,reference_n,cell_1,temperature_c"
GOOD = [
    "1,zero,,0,12000,21",
    "1,up,fit,1000,212000,21",
    "1,up,verify,2000,412000,21",
    "1,down,,1000,212100,21",
    "1,zero,,0,12010,21",
]
BAD = (
    (1, '1,up,fit,"1,500",212000,21', r'"1,500" has a separator.*write 1500 or 1.5'),
    (1, "1,up,fit,1'000.5,212000,21", "has a separator.*write 1000.5"),
    (1, '1,up,fit,1000,"212,000",21', "write 212000 or 212"),
    (1, "1,up,fit,1000,212000,21,5", "7 values where the head has 6"),
    (1, "1,up,fit,1,5,212000,21", "7 values where the head has 6.*a point"),
    (1, "1,up,fit,-1000,212000,21", "-1000 is impossible"),
    (1, "1,up,fit,2e6,212000,21", "2000000 is impossible"),
    (1, "1,up,fit,nan,212000,21", "is no number.*from 0 to 1000000"),
    (1, '1,up,fit,"1000,212000,21', "cannot be read.*a value in quotes ends with one"),
    (1, '1,up,fit,"1000"5,212000,21', "cannot be read"),
    (1, f"1,up,fit,{'1' * 200_000},212000,21", "cannot be read.*field larger"),
    (1, "1,up,fit,10.007.9,212000,21", '"10.007.9" is no number'),
    (1, "1,up,fit,,212000,21", "is empty"),
    (1, "1,up,fit,1000,9000000,21", "9000000 is impossible"),
    (1, "1,up,fit,1000,212000,300", "300 is impossible"),
    (1, "1.5,up,fit,1000,212000,21", "1.5 is impossible"),
    (1, "1,upward,fit,1000,212000,21", '"upward" is none'),
    (1, "1,up,both,1000,212000,21", '"both" is none'),
    (1, "1,up,fit,0,212000,21", "a load of 0 N"),
    (1, "0,up,fit,1000,212000,21", "0 is of the preloads"),
    (0, "1,zero,,5,12000,21", "a zero at 5 N"),
    (0, "1,up,fit,500,112000,21", "does not begin with its zero"),
    (4, "1,down,,500,112000,21", "does not end with the zero"),
    (2, "1,up,verify,900,192000,21", "do not rise"),
)


def written(folder: Path, lines: list[str], head: str = HEAD) -> Path:
    path = folder / "readings.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("row", "line", "says"), BAD, ids=[says for *_, says in BAD])
def test_a_reading_that_cannot_be_right_is_refused_where_it_stands(tmp_path: Path, row: int, line: str, says: str) -> None:
    assert len(read_csv(written(tmp_path, GOOD)).rows) == 5
    lines = [line if i == row else good for i, good in enumerate(GOOD)]
    with pytest.raises(ConfigError, match=says):
        read_csv(written(tmp_path, lines))


def test_semicolons_part_values_and_decimal_commas_are_refused_all_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, [line.replace(",", ";").replace("1000;", "1000,5;") for line in GOOD], HEAD.replace(",", ";"))
    with pytest.raises(ConfigError) as error:
        read_csv(path)
    assert [(one.line, one.key) for one in error.value.complaints] == [(3, "reference_n"), (5, "reference_n")]


@pytest.mark.parametrize("mark", [",", ";", "\t", ", "])
def test_a_table_is_read_as_spreadsheets_write_and_copy_it(mark: str, tmp_path: Path) -> None:
    """With empty columns beside it, empty rows below it, CR LF and a byte order mark."""
    lines = [HEAD, *GOOD, "," * HEAD.count(",")]
    text = "\ufeff" + "".join(line.replace(",", mark) + mark.strip(" ") + "\r\n" for line in lines)
    path = tmp_path / "readings.csv"
    path.write_bytes(text.encode())
    assert read_csv(path).to_csv() == read_csv(written(tmp_path, GOOD)).to_csv()


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("series,step,reference_n", "cell_1 .. cell_4"),
        (HEAD.replace("cell_1", "cell1"), "did you mean cell_1"),
        (HEAD + ",indicated_n", "one or the other"),
        (HEAD.replace("reference_n", "reference_kn"), "lacks this column"),
    ],
)
def test_a_head_that_is_not_understood_is_refused(tmp_path: Path, head: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_csv(written(tmp_path, GOOD, head))


def test_readings_come_back_from_their_own_file(tmp_path: Path) -> None:
    have = cell_readings(noise=30.0)
    (tmp_path / "a.csv").write_text(have.to_csv())
    again = read_csv(tmp_path / "a.csv")
    assert again.columns == have.columns and [r.reference_n for r in again.rows] == [r.reference_n for r in have.rows]
    assert again.to_csv() == have.to_csv()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("uncertainty_pct = 0.12", 'uncertainty_pct = "0,12"'), "has a separator"),
        (("uncertainty_pct = 0.12", "uncertainty_pct = 0"), "impossible"),
        (("due = 2028-01-13", "due = 2025-01-13"), "not behind"),
        (("due = 2028-01-13", 'due = "2028-01-13"'), "is no date"),
        (('serial = "F-2207"', 'serial = ""'), "tells nothing"),
        (("coverage_k = 2", "coverage_factor = 2"), "unknown key"),
        (("coverage_k = 2", "coverage_k = true"), "is no number"),
        (("format = 1", "format = 2"), "format"),
    ],
)
def test_a_reference_that_does_not_say_what_it_is_is_refused(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    text = (EXAMPLES / "reference.toml").read_text()
    assert read_reference(EXAMPLES / "reference.toml").uncertainty_pct == 0.12 and change[0] in text
    (tmp_path / "r.toml").write_text(text.replace(*change))
    with pytest.raises(ConfigError, match=says):
        read_reference(tmp_path / "r.toml")


# -- certificate and history


ABOUT = certificate.Circumstances("C-101-20261128-1", "P-1", ((1, "C-101"),), "AB", date(2026, 11, 28), date(2027, 11, 28))


def test_the_certificate_is_modelled_on_the_standard_and_never_certified(tmp_path: Path) -> None:
    import pypdf

    one, readings = found(cell_readings(noise=100.0)), cell_readings(noise=100.0)
    files = certificate.write(one, ABOUT, REFERENCE, readings, tmp_path)
    page = files[0].read_text()
    paper = "\n".join(each.extract_text() for each in pypdf.PdfReader(files[1]).pages)
    for text in (page, paper):
        assert "modelled on ISO 7500-1" in text and "C-101-20261128-1" in text and "class 0.5" in text and "F-1" in text
        assert text.count("certified") == text.count("nobody has certified") and "due 2027-11-28" in text
    assert page.count("data:image/png") == 2 and "http" not in page
    said, drawn = certificate.content(one, ABOUT, REFERENCE, readings), certificate.drawings(one)
    assert certificate.pdf(said, ABOUT, drawn) == files[1].read_bytes()


def test_a_reference_that_had_run_out_stands_at_the_top() -> None:
    old = replace(REFERENCE, due=date(2026, 2, 1))
    said = certificate.content(found(), ABOUT, old, cell_readings())
    assert "had run out on 2026-02-01" in said["warnings"][0]


def test_what_a_reviewer_would_ask_about_is_told() -> None:
    base = cell_readings()
    bare = tuple(replace(row, temperature_c=None) for row in base.rows if row.step not in (PRELOAD, DOWN))
    said = " ".join(evaluate(replace(base, rows=bare), Asked(RANGE_N), REFERENCE).warnings)
    for word in ("0 preloads", "reversibility is not known", "No temperature", "No resolution"):
        assert word in said
    warm = tuple(replace(row, temperature_c=9.0) for row in base.rows)
    assert any("10 to 35" in text for text in found(replace(base, rows=warm)).warnings)


def kept(
    root: Path, serial: str = "C-101", channel: int = 1, due: date = date(2027, 11, 28)
) -> tuple[history.Certificate, CellCalibration]:
    one = found(degree=1)
    about = replace(ABOUT, cells=((channel, serial),), due=due)
    (made,) = certificates(one, about, REFERENCE, cell_readings(), None, root)
    history.keep(made, root)
    return made, CellCalibration(serial, one.points[0], one.zero_codes[0], 1_795_000_000)


def test_a_cell_s_history_is_read_back_and_only_grows(tmp_path: Path) -> None:
    first, _ = kept(tmp_path)
    second, _ = kept(tmp_path, due=date(2028, 1, 1))
    assert history.of_cell("C-101", tmp_path) == [first, second] and history.serials(tmp_path) == ["C-101"]
    assert history.of_cell("C-102", tmp_path) == []
    path = next((tmp_path / "calibrations").glob("*.json"))
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(ValueError, match="no history of this release"):
        history.of_cell("C-101", tmp_path)


@pytest.mark.parametrize(
    ("today", "soon", "says"),
    [
        (date(2027, 1, 1), False, "in 331 days"),
        (date(2027, 10, 29), True, "in 30 days"),
        (date(2027, 10, 28), False, "in 31 days"),
        (date(2027, 12, 1), True, "was due on 2027-11-28, 3 days ago"),
    ],
)
def test_a_calibration_is_due_a_month_before_and_ever_after(tmp_path: Path, today: date, soon: bool, says: str) -> None:
    _, cell = kept(tmp_path)
    warn, text = history.due_text(cell, today, tmp_path)
    assert warn is soon and says in text
    other = replace(cell, points=((0, 0.0), (1000, 5.0)))
    assert "no certificate" in history.due_text(other, today, tmp_path)[1]


def test_a_calibration_without_a_certificate_is_asked_about_after_a_year() -> None:
    cell = CellCalibration("C-9", ((0, 0.0), (1000, 5.0)), 0, 1_795_000_000)  # 2026-11-18
    assert [history.due_text(cell, day)[0] for day in (date(2027, 11, 1), date(2027, 12, 1))] == [False, True]
    assert history.due_text(replace(cell, unix_s=0), date(2030, 1, 1))[0] is False


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 28), 12, date(2027, 11, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_due_dates_are_days_that_there_are(day: date, months: int, then: date) -> None:
    assert history.months_later(day, months) == then


def test_a_run_quotes_the_certificate_of_its_points_also_after_another_cell_was_calibrated(tmp_path: Path) -> None:
    made, cell = kept(tmp_path)
    other = CellCalibration("C-102", ((0, 0.0), (1000, 5.0)), 0, 0)
    for cells in ((cell, None), (cell, other)):
        name = history.note_document(Calibration("P-1", cells).document(), tmp_path)
        rows = history.quoted({"calibration": name}, 4, 1_796_000_000.0, tmp_path)
        assert rows[0] == ("Force Cell 1 (C-101)", made.told, False)
    assert rows[1][1] == "no certificate is kept here"
    assert history.quoted({"calibration": name}, 4, 1_830_000_000.0, tmp_path)[0][2] is True  # 2027-12-28
    assert history.quoted({"calibration": "00" * 8}, 4, None, tmp_path) == [] and history.quoted(None, 4, None, tmp_path) == []


def test_zeros_of_a_cell_come_from_the_runs_of_its_press_and_are_drawn(tmp_path: Path, own_folders: None) -> None:
    from stackpress.logs import runs
    from stackpress.logs.clock import Contact
    from stackpress.logs.decode import SAMPLE_DTYPE
    from stackpress.logs.pull import pull
    from stackpress.logs.report import html
    from stackpress.logs.store import Store
    from stackpress.logs.synthetic import SyntheticPress
    from stackpress_core.identity import digest
    from stackpress_core.log import records as r

    made, cell = kept(tmp_path)
    data = Calibration("P-1", (cell,)).document()
    history.note_document(data, tmp_path)
    press = SyntheticPress(identity="P-1")
    press.add(r.RUN, 0, 0, 1, 0, 4000, 0, 1, b"", b"", digest(data), b"", [250, 0, 0, 0], "0.1.0", "hold", "A", "AB")
    rows = np.zeros(10, SAMPLE_DTYPE)
    rows["run"], rows["ticks"], rows["t_s"] = 1, 4000, 1 + np.arange(10)
    press.add_samples(rows)
    press.add(r.RUN_END, 60, 0, 1, r.RUN_DONE, [400, 0, 0, 0], 0, 0, 0, 0)
    with Store(tmp_path) as store:
        store.add_contact("P-1", press.boot, Contact(0.0, 1_796_000_000.0))
        pull(press, store)
        runs.ingest(store, "P-1")
        run = runs.runs(store)[-1]
    (zero,) = history.zeros([made], tmp_path)
    assert (zero.before_n, zero.after_n) == (2.5, 4.0)
    assert history.zeros([replace(made, identity="P-2")], tmp_path) == []
    figure = pictures.drift("C-101", [made], [zero])
    assert [len(line.get_xdata()) for line in figure.axes[0].lines[:2]] == [1, 1]
    assert "C-101-20261128-1: class 0.5" in html(run.parquet, runs.document(run))
