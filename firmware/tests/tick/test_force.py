"""What the counts of a sample come to: force, share, validity, and two ranges that hand over without a jump."""

from bench_core import AT, CALIBRATION, HIGH_POINTS, LOW_POINTS, Bench
from stackpress_core import params, tuning
from stackpress_core.tick import blackboard, interlock, states

ONE_RANGE = {"low_range_mask": 0, "high_range_mask": 7, "cell_count": 3}


def test_cells_add_up_to_the_total():
    bench = Bench(**ONE_RANGE)
    bench.cells = [1000000, 900000, 1100000, 0]
    bench.tick(2)
    assert [bench.S[AT["CELL"] + i] for i in range(3)] == [1000000, 900000, 1100000]
    assert bench["HIGH"] == bench["FORCE"] == 3000000
    assert bench["SIG_CELL"] == 1100000


def test_imbalance_is_the_largest_difference_from_an_even_share():
    for cells, permille in (([1000000, 900000, 1100000, 0], 33), ([600000, 200000, 200000, 0], 267), ([0, 500000, 500000, 0], 333)):
        bench = Bench(**ONE_RANGE)
        bench.cells = cells
        bench.tick()
        assert abs(bench["IMBALANCE"] - permille) <= 1
        assert bench["SIG_IMBALANCE"] == bench["IMBALANCE"]


def test_imbalance_is_not_judged_below_its_force():
    bench = Bench(**ONE_RANGE)
    bench.cells = [200000, 50000, 40000, 0]  # 2900 N, imbalance is judged from 3000 N on
    bench.tick()
    assert bench["IMBALANCE"] > 300 and bench["SIG_IMBALANCE"] == 0


def test_one_cell_alone_is_never_out_of_balance():
    bench = Bench(cell_count=1, high_range_mask=1, low_range_mask=0)
    bench.cells = [1500000, 0, 0, 0]
    bench.tick()
    assert bench["HIGH"] == 1500000 and bench["IMBALANCE"] <= 1


def test_stale_tick_keeps_the_forces_and_ages_them():
    bench = Bench()
    bench.force(1200000)
    bench.tick(5)
    before = bench["FORCE"], bench["HIGH"], bench["LOW"]
    bench.status = 0
    bench.force(0)
    for age in range(1, 20):
        bench.tick()
        assert bench["SIG_STALE"] == age
        assert (bench["FORCE"], bench["HIGH"], bench["LOW"]) == before
    bench.status = blackboard.SAMPLE_NEW
    bench.tick()
    assert bench["SIG_STALE"] == 0 and bench["HIGH"] == 0


def test_stale_tick_advances_press_time_all_the_same():
    bench = Bench(hz=50)
    bench.status = 0
    bench.tick(50 * 3 + 7)
    assert (bench["T_SECOND"], bench["T_SUB"]) == (3, 7)


def test_frame_with_a_bad_crc_is_counted_and_not_believed():
    bench = Bench()
    bench.force(300000)
    bench.tick(2)
    bench.status = blackboard.SAMPLE_NEW | blackboard.SAMPLE_CRC_BAD
    bench.force(0)
    bench.tick(3)
    assert (bench["SIG_CRC"], bench["SIG_STALE"], bench["HIGH"]) == (3, 3, 300000)
    bench.status = blackboard.SAMPLE_NEW
    bench.tick()
    assert (bench["SIG_CRC"], bench["SIG_STALE"]) == (0, 0)


def test_restart_of_the_converter_is_kept_until_acknowledged():
    bench = Bench()
    bench.status = blackboard.SAMPLE_NEW | blackboard.SAMPLE_CHIP_RESET
    bench.tick()
    bench.status = blackboard.SAMPLE_NEW
    bench.tick(10)
    assert bench["SIG_RESET"] == 1


def test_cell_at_the_rail_keeps_its_last_force_and_is_not_valid():
    for code in (8388607, -8388608, 8300001, -8300001):
        bench = Bench()
        bench.force(150000)
        bench.tick(400)
        bench.codes[1] = code
        bench.tick(3)
        assert bench["VALID"] == 0b1101 and bench["SIG_RAIL"] == 1 and bench["SIG_STALE"] == 3
        assert bench["HIGH"] == 150000 and bench.S[AT["CELL"] + 1] == 50000


def test_code_just_inside_the_rail_is_believed():
    bench = Bench(cell_limit_n=10000000)
    bench.codes[1] = 8300000
    bench.tick()
    assert bench["VALID"] == 15 and bench["SIG_RAIL"] == 0


def test_repeated_code_is_frozen_and_a_living_one_is_not():
    bench = Bench()
    bench.tick(300)
    assert bench["SIG_FROZEN"] <= 1
    bench.codes[3] = 777
    bench.tick(65)
    assert bench["SIG_FROZEN"] == 64
    bench.codes[3] = 778
    bench.tick()
    assert bench["SIG_FROZEN"] == 0


def test_cells_that_are_not_fitted_say_nothing():
    bench = Bench(**ONE_RANGE)
    bench.codes[3] = 8388607
    bench.tick(300)
    assert bench["SIG_RAIL"] == 0 and bench["SIG_FROZEN"] <= 1


def test_cell_that_is_wired_in_reverse_reads_right():
    turned = [[-5500000, 2200000], [0, 0]]
    bench = Bench(calibration={"cells": [{"points": turned}] * 3 + [{"points": LOW_POINTS}]})
    for force in (0, 10, 54321, 2000000):
        bench.codes = {i: -(force * 5 // 2) for i in range(3)}
        bench.tick()
        assert abs(bench["HIGH"] - 3 * force) <= 3


def test_changeover_between_the_ranges_makes_no_jump():
    bench = Bench(hz=4000, range_up_n=170000, range_down_n=140000)
    bench.tick(2000)
    assert bench["RANGE"] == 1
    last = bench["FORCE"]
    ranges = [1]
    for total in list(range(0, 200000, 100)) + list(range(200000, 0, -100)):
        high = total + 3000  # the two ranges disagree by 30 N
        bench.cells = [high // 3, high // 3, high - 2 * (high // 3), total]
        bench.tick()
        assert abs(bench["FORCE"] - last) <= 105, (total, last, bench["FORCE"])
        last = bench["FORCE"]
        if bench["RANGE"] != ranges[-1]:
            ranges.append(bench["RANGE"])
    assert ranges == [1, 0, 1]


def test_ranges_do_not_flutter_between_their_thresholds():
    bench = Bench(hz=500)
    bench.force(180000)
    bench.tick(5)
    assert bench["RANGE"] == 0
    bench.force(141000)
    bench.tick(5)
    assert bench["RANGE"] == 0
    bench.force(139000)
    bench.tick(5)
    assert bench["RANGE"] == 1
    bench.force(169000)
    bench.tick(5)
    assert bench["RANGE"] == 1


def test_difference_of_the_ranges_fades_out():
    bench = Bench(hz=1000)
    bench.cells = [61000, 61000, 61000, 180000]
    bench.tick()
    assert bench["RANGE"] == 0
    bench.force(100000)
    bench.cells = [34000, 34000, 34000, 100000]
    bench.tick()
    assert bench["RANGE"] == 1 and abs(bench["FORCE"] - 102000) <= 5
    bench.tick(1500)
    assert bench["RANGE_BIAS"] == 0 and bench["FORCE"] == 100000


def test_low_cell_that_breaks_hands_over_to_the_high_range_without_a_jump():
    bench = Bench(hz=1000)
    bench.force(100000)
    bench.tick(1500)
    assert bench["RANGE"] == 1
    bench.codes[3] = 8388607
    bench.tick()
    assert bench["RANGE"] == 0 and abs(bench["FORCE"] - 100000) <= 5


def test_press_whose_low_range_was_taken_away_reads_its_high_range():
    bench = Bench()
    bench.force(50000)
    bench.tick(50)
    assert bench["RANGE"] == 1
    p = params.Values(dict(ONE_RANGE, tick_rate_hz=200))
    tuning.compile_words(bench.S, p, None, CALIBRATION)
    bench.tick(2)
    assert bench["RANGE"] == 0 and bench["FORCE"] == 50000


def test_filters_of_a_slow_converter_have_their_milliseconds_all_the_same():
    bench = Bench()
    p = params.Values(dict(hold_filter_ms=100, force_drop_ms=100))
    tuning.compile_words(bench.S, p, None, CALIBRATION, None, 80)
    assert (bench["K_FILTER_H"], bench["K_DROP_DECAY"]) == (3, 3)  # 2 ** 3 samples of 12.5 ms
    tuning.compile_words(bench.S, p, None, CALIBRATION)
    assert (1 << bench["K_FILTER_H"]) <= p["tick_rate_hz"] // 10 < (2 << bench["K_FILTER_H"])


def test_fracture_signal_follows_a_sudden_drop_and_not_a_commanded_release():
    bench = Bench(hz=500).enter(states.HOLDING)
    bench.seconds(0.3)
    assert bench["SIG_DROP"] < 0
    bench.follow = True
    bench.order(states.RELEASING, states.FORCE, 0, 500000)
    for _ in range(6 * 500):
        bench.tick()
        assert bench["SIG_DROP"] <= 0
    assert bench["SET"] < 1000
    bench.hold(1000000)
    bench.force(870000)
    bench.tick()
    assert bench["SIG_DROP"] > 0


def test_small_force_that_goes_at_once_is_a_drop_unless_it_is_taken_off():
    for left_cn, told in ((3000, False), (1000, True)):  # of 100 N, in a ramp whose least drop is 200
        bench = Bench(hz=500)
        bench.press(66400, 66400)
        while bench["FORCE"] < 10000:
            bench.tick()
        bench.follow = False
        bench.force(left_cn)
        bench.tick()
        assert bench["DROP_MIN"] == 20000 and (bench["SIG_DROP"] > 0) == told
    bench = Bench(hz=500)
    bench.hold(10000, 66400)
    bench.order(states.RELEASING, states.FORCE, 0, 66400)
    bench.tick(50)
    bench.force(0)
    bench.tick()
    assert bench["SIG_DROP"] < 0


def test_commissioning_zero_moves_every_point_of_a_cell():
    bench = Bench()
    cells = [dict(cell, zero_code=0) for cell in CALIBRATION["cells"]]
    tuning.calibrate(bench.S, {"cells": cells}, {"code": [250, -250, 0, 0]})
    bench.tick()
    assert [bench.S[AT["CELL"] + i] for i in range(3)] == [-100, 100, 0]


def test_ram_speed_is_told_in_nm_a_second():
    bench = Bench(hz=1000)
    for i in range(2000):
        bench["DISPLACEMENT"] = i * 1000  # 1 mm/s
        bench.tick()
    assert abs(bench["SPEED"] - 1000000) < 50000


def test_ram_speed_is_absent_without_a_scale_and_comes_back_with_it():
    bench = Bench()
    bench["DISPLACEMENT"] = blackboard.ABSENT
    bench.tick(3)
    assert bench["SPEED"] == blackboard.ABSENT
    bench["DISPLACEMENT"] = 0
    bench.tick(3)
    assert bench["SPEED"] == 0


def test_calibrated_forces_are_exact_at_their_points():
    bench = Bench()
    for code, force in HIGH_POINTS:
        bench.codes = {0: code}
        bench.tick()
        assert bench.S[AT["CELL"]] == force


def test_force_that_overruns_the_low_range_is_not_believed_to_be_low():
    bench = Bench()
    bench.force(60000)
    bench.tick(50)
    assert bench["RANGE"] == 1
    bench.cells = [700000, 700000, 700000, 210000]  # 21 kN at once, the low cell stands at its stop
    bench.tick(3)
    assert bench["RANGE"] == 0 and bench["FORCE"] > 2100000 - params.Values()["range_up_cn"] // 8 - 100


def test_what_the_high_range_feels_is_force_while_the_low_range_is_believed():
    """A low cell that reads a part of what there is: the set-point is met, and the high range sees more than was asked for."""
    for more, reason in ((15000, ""), (75000, "runaway")):
        bench = Bench(runaway_ms=0)
        bench.hold(66400, 100000)
        assert bench["RANGE"] == 1
        bench.cells = [(66400 + more) // 3] * 3 + [66400]
        bench.tick(5)
        assert bench["RANGE"] == 1 and (interlock.NAMES[bench["FIRST"]] if bench["FIRST"] >= 0 else "") == reason


def test_low_cell_that_says_little_while_the_high_range_bears_much_is_an_imbalance():
    bench = Bench()
    bench.hold(1000000)
    bench.tick(5)
    assert bench["SIG_IMBALANCE"] < 10 and bench["RANGE"] == 0
    bench.cells[3] = 0
    bench.tick()
    assert bench["SIG_IMBALANCE"] == 1000


def test_ranges_that_part_by_a_tenth_on_the_way_up_are_an_imbalance_and_by_what_weeks_bring_are_none():
    for high_permille, told in ((1000, 0), (940, 0), (900, 1000), (1100, 1000)):
        bench = Bench()
        bench.hold(150000, 100000)
        bench.cells = [50 * high_permille] * 3 + [150000]
        bench.tick(2)
        assert bench["SIG_IMBALANCE"] == told, high_permille
