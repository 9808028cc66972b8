"""Zero and span on the press: refused from any code that can't be believed, in force only once accepted, bound to this board."""

from bench_press import CONTACT, HZ, VENT, MemoryBoard, after_each, bench, recipe
from stackpress_core.log import records
from stackpress_core.tick import blackboard
from test_press_arming import codes, refusal

__all__ = ["after_each"]
SECOND = 1.1


def resting(**more):
    """A safe press whose cells are quiet and were watched for a second."""
    b = bench(**more)
    b.frozen = True
    b.run(SECOND)
    return b


def apply(b, force_cn, cell=1):
    """Rest a reference force on one cell."""
    b.cells = [0, 0, 0, 0]
    b.cells[cell - 1] = force_cn
    b.run(SECOND)


def test_span_of_a_cell_is_taken_from_points_and_in_force_once_accepted():
    b = resting().serviced()
    p = b.press
    p.calibrator.begin(1, "SN 12")
    p.calibrator.point(1, 0)
    apply(b, 1000000)
    p.calibrator.point(1, 1010000)  # the reference says 1 % more
    apply(b, 2000000)
    p.calibrator.point(1, 2020000)
    assert p.calibrator.active and p.calibrator.step == "accept" and abs(p.readings.cell_force_cn(0) - 2000000) < 5
    p.calibrator.accept(1700000000)
    b.run(0.1)
    assert not p.calibrator.active and abs(p.readings.cell_force_cn(0) - 2020000) < 10
    kept = p.documents.get("calibration")
    assert kept["board"] == b.board.identity
    assert kept["cells"][0]["serial"] == "SN 12" and kept["cells"][0]["unix_s"] == 1700000000
    again = bench(MemoryBoard(store=b.board.store), stored=False)
    again.cells, again.frozen = b.cells, True
    again.run(0.1)
    assert abs(again.press.readings.cell_force_cn(0) - 2020000) < 10


def test_up_to_eight_points_are_taken():
    b = resting().serviced()
    p = b.press
    p.calibrator.begin(2, "")
    for i in range(8):
        apply(b, i * 250000, cell=2)
        p.calibrator.point(2, i * 250000)
    apply(b, 2100000, cell=2)
    assert "takes 8 points" in refusal(p.calibrator.point, 2, 2100000)
    p.calibrator.accept(0)
    assert len(p.documents.get("calibration")["cells"][1]["points"]) == 8


def test_input_that_can_not_be_believed_is_refused():
    for disturb, word in (
        (lambda b: b.codes.update({0: 8388607}), "rail"),
        (lambda b: b.codes.update({0: -8388608}), "rail"),
        (lambda b: b.codes.update({0: 123456}), "repeats one code"),
    ):
        b = resting().serviced()
        b.press.calibrator.begin(1, "")
        disturb(b)
        b.run(SECOND)
        assert word in refusal(b.press.calibrator.point, 1, 0)
        assert word in refusal(b.press.calibrator.zero)
    b = resting().serviced()
    b.press.calibrator.begin(1, "")
    b.cells = [900000, 0, 0, 0]
    b.run(0.2)
    assert "not at rest" in refusal(b.press.calibrator.point, 1, 900000)
    young = bench().serviced()
    young.press.calibrator.begin(1, "")
    assert "wait" in refusal(young.press.calibrator.point, 1, 0)


def test_tiny_span_is_refused():
    b = resting().serviced()
    p = b.press
    p.calibrator.begin(1, "")
    p.calibrator.point(1, 0)
    apply(b, 10000)
    assert "too near" in refusal(p.calibrator.point, 1, 500000)
    apply(b, 500000)
    assert "too near" in refusal(p.calibrator.point, 1, 0)
    assert "2 to 8 points" in refusal(p.calibrator.accept, 0)


def test_forces_that_go_back_are_refused_and_the_old_calibration_stays():
    b = resting().serviced()
    p = b.press
    before = p.documents.get("calibration")
    p.calibrator.begin(1, "")
    for force, told in ((0, 0), (500000, 500000), (1000000, 400000)):
        apply(b, force)
        p.calibrator.point(1, told)
    assert "go back" in refusal(p.calibrator.accept, 0)
    p.calibrator.abort()
    assert p.documents.get("calibration") == before and not p.calibrator.active


def test_cell_whose_code_falls_under_load_is_refused_however_its_calibration_comes():
    b = resting().serviced()
    p = b.press
    before = p.documents.get("calibration")
    p.calibrator.begin(1, "")
    for force, told in ((0, 0), (500000, -500000)):
        apply(b, force)
        p.calibrator.point(1, told)
    assert "exchange the two signal wires" in refusal(p.calibrator.accept, 0)
    turned = dict(before, cells=[dict(before["cells"][0], points=[[-5500000, 2200000], [0, 0]])] + before["cells"][1:])
    assert "exchange the two signal wires" in refusal(p.settings.put, "calibration", turned)
    assert p.documents.get("calibration") == before


def test_cell_that_the_press_has_not_is_refused():
    b = bench(cell_count=3, low_range_mask=0).serviced()
    for cell in (0, -1, 4, 5, 99):
        assert "no cell" in refusal(b.press.calibrator.begin, cell, "")
    assert "comes first" in refusal(b.press.calibrator.point, 1, 0)
    assert "under way" in refusal(b.press.calibrator.accept, 0)


def test_armed_press_does_not_calibrate():
    b = resting()
    b.press.operator.arm()
    b.run_passes(1)
    for ask in ((b.press.calibrator.begin, 1, ""), (b.press.calibrator.zero,)):
        assert "safe state" in refusal(*ask)


def test_zero_is_taken_within_the_band_and_refused_beyond():
    b = resting()
    b.cells = [3000, -3000, 2000, 1000]
    b.run(SECOND)
    b.press.calibrator.zero()
    b.run(0.1)
    assert all(abs(b.press.readings.cell_force_cn(i)) <= 2 for i in range(4))
    b.cells = [60000, 0, 0, 0]
    b.run(SECOND)
    assert "off its calibrated zero" in refusal(b.press.calibrator.zero)


def test_a_force_that_creeps_is_no_zero():
    b = resting()
    b.cells = [0, 0, 0, 1000]
    b.run(2)
    assert b.press.calibrator.zero_cn == [0, 0, 0, 1000]
    for _ in range(6 * HZ):  # down to -7 N, 3 N/s
        b.cells[3] -= 3 if b.passes % 2 else 0
        b.run_passes(1)
    assert b.press.calibrator.zero_cn[3] > 900 and b.cells[3] < -700  # its beginning is not told from a drift
    b.run(2)
    assert b.press.calibrator.zero_cn == [0, 0, 0, b.cells[3]]


def test_what_an_armed_press_creeps_up_to_is_no_zero():
    b = resting()
    b.put(recipe(CONTACT, VENT))
    b.run(2)
    b.press.operator.arm()
    b.run_passes(2)
    b.cells = [0, 0, 0, 900]
    b.run(3)
    assert b.press.calibrator.zero_cn == [0, 0, 0, 0]
    b.press.operator.start("pellet")
    assert b.press.readings.cell_force_cn(3) == 900
    b.press.operator.abort()


def test_a_zero_that_jumped_from_one_run_to_the_next_is_told():
    b = resting()
    told = []
    for zero_cn in (600, 3600, 3100, 3000):
        b.cells = [0, 0, 0, zero_cn]
        b.run(2)
        b.started(CONTACT, VENT)
        b.press.operator.abort()
        b.run(0.1)
        told.append([(r["a"], r["b"], r["text"]) for r in b.records(records.EVENT) if r["code"] == records.EVENT_ZERO])
    assert told == [[]] + [[(4, 3000, "cell 4 by 30 N")]] * 3


def test_span_taken_after_a_zero_is_not_moved_by_the_old_zero():
    b = resting().serviced()
    p = b.press
    b.cells = [20000, 0, 0, 0]
    b.run(SECOND)
    p.calibrator.zero()
    p.calibrator.begin(1, "")
    apply(b, 0)
    p.calibrator.point(1, 0)
    apply(b, 1000000)
    p.calibrator.point(1, 1000000)
    p.calibrator.accept(0)
    b.run(0.1)
    assert abs(p.readings.cell_force_cn(0) - 1000000) < 5


def test_tare_changes_what_is_shown_and_not_what_is_judged():
    b = resting()
    b.cells = [3000, 3000, 3000, 9000]
    b.run(1)
    b.press.calibrator.tare()
    assert abs(b.press.readings.shown_cn) <= 30 and b.press.readings.filtered_cn > 8900
    assert blackboard.AT["CELL_ZERO"] and codes(b) == ["zero"]


def test_press_that_has_no_calibration_can_get_one():
    b = bench(without=("calibration",)).serviced()
    b.frozen = True
    p = b.press
    for cell, most in ((1, 2000000), (2, 2000000), (3, 2000000), (4, 190000)):
        apply(b, 0, cell)
        p.calibrator.begin(cell, "")
        p.calibrator.point(cell, 0)
        apply(b, most, cell)
        p.calibrator.point(cell, most)
        p.calibrator.accept(0)
    p.maintenance.leave()
    apply(b, 0)
    assert codes(b) == []


ALONE = {"high_range_mask": 1, "low_range_mask": 0}


def zeroed(own_code, shown_cn, has_scale=False, **raws):
    """A press whose first cell had that code with nothing on it at its commissioning zero, and shows this force now."""
    b = resting(**raws).serviced()
    b.has_scale = has_scale
    b.cells = [own_code * 2 // 5, 0, 0, 0]  # 0.4 cN a code
    b.run(SECOND)
    b.press.calibrator.zero()
    b.press.maintenance.leave()
    b.run(SECOND)
    assert codes(b) == []
    b.cells[0] = shown_cn
    b.run(SECOND)
    return b


def test_a_cell_that_reads_the_converters_zero_starts_nothing():
    """Its wires touch, or it has no excitation: a bridge has a zero of its own, which the commissioning zero tells."""
    for own_code, shorted, told in ((30000, True, True), (30000, False, False), (5000, True, False)):
        b = zeroed(own_code, 0 if shorted else own_code * 2 // 5 - 3000, **ALONE)
        assert ("zero" in codes(b)) == told, (own_code, shorted, codes(b))
        if told:
            assert "converter's zero" in dict(b.press.arming.failing())["zero"]


def test_a_bridge_that_drifted_to_the_converters_zero_is_no_dead_cell_where_another_cell_or_a_scale_would_tell():
    for has_scale, raws in ((True, ALONE), (False, {}), (True, {}), (False, {"high_range_mask": 3, "low_range_mask": 0})):
        assert codes(zeroed(12800, 0, has_scale, **raws)) == [], (has_scale, raws)
