"""What the controller proposes: a drive without bumps, an integral that does not wind up, pulses no shorter than the valve obeys."""

import random

from bench_core import Bench
from stackpress_core import tuning
from stackpress_core.tick import blackboard, interlock, states

FILL, VENT = blackboard.VALVE_FILL, blackboard.VALVE_VENT


class Ram:
    """A slow ram: the force follows the drive with a time constant, as a regulator's does; optionally with a leak."""

    def __init__(self, bench, lag_ticks=10, gain=1000):
        self.bench, self.lag, self.gain, self.force = bench, lag_ticks, gain, 0

    def run(self, ticks):
        """Forces of these ticks."""
        forces = []
        for _ in range(ticks):
            self.force += (self.bench["DRIVE"] * self.gain // 1000 - self.force) // self.lag
            self.bench.force(max(0, self.force))
            self.bench.tick()
            forces.append(self.bench["FORCE"])
        return forces


def loop(**raws):
    raws.setdefault("valve_hysteresis_permille", 0)
    raws.setdefault("valve_lead_ms", 0)
    raws.setdefault("corner_ms", 100)
    bench = Bench(hz=500, no_response_n=2000000, ramp_deviation_permille=1000, hold_band_permille=1000, **raws)
    bench.tick(3)
    bench.arm()
    return bench, Ram(bench)


def test_force_settles_on_its_target_though_the_valve_gives_three_percent_too_little():
    bench, ram = loop()
    ram.gain = 970
    bench.send(states.PRESSING, states.FORCE, 1000000, 500000)
    forces = ram.run(500 * 8)
    assert bench["STATE"] == states.HOLDING
    assert max(forces) < 1005000 and abs(forces[-1] - 1000000) <= bench["K_DEAD_MAX"] + 200


def test_integral_does_not_wind_up_while_the_guard_refuses():
    bench, ram = loop(valve_full_scale_n=1100000, force_limit_n=1000000)
    ram.gain = 500  # half of the air: the drive ends at its limit
    bench.send(states.PRESSING, states.FORCE, 1000000, 2000000)
    ram.run(500 * 6)
    assert bench["DRIVE"] == bench["K_OUT_MAX"] and bench["INTEGRAL"] <= bench["K_I_MAX"]
    wound = bench["INTEGRAL"]
    ram.run(500 * 6)
    assert bench["INTEGRAL"] == wound
    bench.send(states.RELEASING, states.FORCE, 300000, 2000000)
    ram.run(500)
    assert bench["DRIVE"] < bench["K_OUT_MAX"]


def test_integral_gain_of_zero_is_none():
    bench, ram = loop(ki_permille_per_s=0)
    ram.gain = 950
    bench.send(states.PRESSING, states.FORCE, 1000000, 500000)
    ram.run(1000)
    assert bench["INTEGRAL"] == 0


def test_changes_of_mode_leave_the_drive_without_a_bump():
    bench, ram = loop()
    bench.send(states.PRESSING, states.APPROACH, 100000, 100000, 1000000)
    ram.run(2000)
    for state, mode in ((states.PRESSING, states.FORCE), (states.HOLDING, states.LOCK), (states.PRESSING, states.FORCE), (states.HOLDING, states.LOCK)):
        before = bench["DRIVE"]
        bench.send(state, mode, bench["FORCE"], 1000)
        ram.run(1)
        assert abs(bench["DRIVE"] - before) <= 200, (state, mode)
        ram.run(100)


def test_locked_valve_does_not_move():
    bench, ram = loop()
    bench.send(states.PRESSING, states.FORCE, 500000, 500000)
    ram.run(2000)
    bench.order(states.HOLDING, states.LOCK)
    drive, moves = bench["DRIVE"], bench["MOVES"]
    for force in (400000, 600000, 100000, 500000):
        bench.force(force)
        bench.tick(50)
        if bench["STATE"] == states.TRIPPED:
            break
        assert bench["DRIVE"] == drive and bench["MOVES"] == moves


def test_nothing_moves_inside_the_dead_band_of_a_hold():
    bench, ram = loop()
    bench.send(states.PRESSING, states.FORCE, 1000000, 500000)
    ram.run(500 * 12)
    assert bench["HOLDING_STILL"] == 1
    moves, drive = bench["MOVES"], bench["DRIVE"]
    for i in range(1000):
        bench.force(1000000 + (i % 7 - 3) * 50)
        bench.tick()
    assert bench["MOVES"] == moves and bench["DRIVE"] == drive


def test_the_hysteresis_is_crossed_four_times_as_fast_where_a_hold_is_far_out_of_its_dead_band():
    rates = {}
    for off_cn in (300, 1000, -300, -1000):
        bench, ram = loop(valve_hysteresis_permille=20, deadband_min_n=200)
        bench.send(states.PRESSING, states.FORCE, 60000, 500000)
        ram.run(500 * 12)
        bench.force(60000 - off_cn)
        bench.tick(250)  # the slow filter of a hold has seen it
        before = bench["REVERSAL"]
        bench.tick(50)
        rates[off_cn] = bench["REVERSAL"] - before
    assert rates[300] > 0 > rates[-300]
    assert 38 <= 10 * rates[1000] // rates[300] <= 42 and 38 <= 10 * rates[-1000] // rates[-300] <= 42, rates


def test_fracture_is_not_chased():
    """The specimen cracks: the drive does not rise, whatever the reaction."""
    for reaction in (1, 2, 3):
        bench, ram = loop(force_drop_reaction=reaction)
        bench.send(states.PRESSING, states.FORCE, 2000000, 500000)
        ram.run(500 * 3)
        before = bench["DRIVE"]
        ram.force = ram.force * 6 // 10
        ram.gain = 600
        most = 0
        for _ in range(500):
            ram.run(1)
            most = max(most, bench["DRIVE"])
        assert bench["STATE"] == states.TRIPPED and most <= before + (bench["K_SLEW"] >> 8)


def test_approach_never_drives_harder_than_its_limit():
    bench, ram = loop(approach_force_n=100000, approach_rate_n_per_s=1000000)
    ram.gain = 0
    bench.send(states.PRESSING, states.APPROACH, 500000, 1000000, 1000000)
    ram.run(3000)
    assert bench["DRIVE"] == 100000 and bench["CONTACT_TICKS"] > 300


def test_a_ram_that_moves_at_the_highest_drive_of_an_approach_answers_and_has_nothing_to_press():
    for um_a_tick in (4, 0):
        bench, ram = loop(approach_force_n=10000, approach_rate_n_per_s=1000000, no_answer_ms=60000)
        ram.gain = 0
        bench["DISPLACEMENT"] = 0
        bench.send(states.PRESSING, states.APPROACH, 50000, 1000000, 10000000)
        for _ in range(1500):
            bench["DISPLACEMENT"] += um_a_tick * 1000 if bench["DRIVE"] == 10000 else 2000  # what it does at the highest drive
            ram.run(1)
        assert bench["DRIVE"] == 10000 and bench["CONTACT_TICKS"] > 1000
        assert bench["ANSWER_TICKS"] < 30 if um_a_tick else bench["ANSWER_TICKS"] > 1000


def test_approach_passes_a_quarter_of_the_valve_s_hysteresis_at_once_and_no_more():
    bench, ram = loop(valve_hysteresis_permille=12)
    ram.gain = 0
    quarter = bench["K_HYSTERESIS"] >> 2
    bench.send(states.PRESSING, states.APPROACH, 5000, 10000, 1000000)
    ram.run(4)
    assert quarter <= bench["DRIVE"] < quarter + 1000
    ram.run(100)
    assert quarter + 1000 < bench["DRIVE"] < bench["K_HYSTERESIS"]


def test_a_specimen_that_bears_is_pressed_in_proportion_to_what_is_left():
    bench, ram = loop(valve_lead_ms=60)
    bench.send(states.PRESSING, states.APPROACH, 100000, 1000, 1000000)
    while ram.force < 30000:
        bench["DRIVE"] = ram.force + 5000
        ram.run(1)
    rates = []
    while ram.force < 95000:
        before = bench["DRIVE"]
        ram.run(10)
        rates.append(bench["DRIVE"] - before)
    assert rates[0] > 5 * 10 * 1000 // 500 and rates == sorted(rates, reverse=True) and rates[-1] < rates[0] // 2


def test_approach_slows_down_when_the_ram_is_too_fast():
    bench, ram = loop()
    ram.gain = 0
    bench.send(states.PRESSING, states.APPROACH, 5000, 10000, 100000)
    ram.run(200)
    drive = bench["DRIVE"]
    for i in range(200):
        bench["DISPLACEMENT"] = i * 1000  # 0.5 mm/s, five times too fast
        ram.run(1)
    assert bench["DRIVE"] < drive


def test_an_approach_whose_scale_is_lost_on_the_way_goes_on_as_slowly_as_without_one():
    bench, ram = loop()
    ram.gain = 0
    bench.send(states.PRESSING, states.APPROACH, 5000, 10000, 100000)
    risen = []
    for here in (0, 1000, 6000, 7000, blackboard.ABSENT):  # nm: it has moved, is on its way, is not seen any more
        bench["DISPLACEMENT"] = here
        before = bench["DRIVE"]
        ram.run(20)
        risen.append(bench["DRIVE"] - before)
    assert 0 < risen[-1] * 3 < risen[-2]


def pulses(bench):
    """(bits, ticks) of each stretch that the solenoids rested or were open."""
    found = [[bench["VALVE"] & 3, 0]]
    while True:
        bits = bench["VALVE"] & 3
        if bits != found[-1][0]:
            found.append([bits, 0])
        found[-1][1] += 1
        if (yield found):
            return


def test_solenoids_are_never_open_for_less_than_they_obey_nor_both_at_once():
    bench = Bench(hz=500, valve_kind=states.KIND_FILL_VENT, valve_min_on_ms=10, no_response_n=2000000, ramp_deviation_permille=1000,
                  hold_band_permille=1000, runaway_n=2000000, force_drop_permille=1000)  # fmt: skip
    bench.tick(3)
    bench.arm()
    bench.send(states.PRESSING, states.FORCE, 300000, 50000)
    force, log, seen = 0, pulses(bench), None
    for tick in range(500 * 12):
        valve = bench["VALVE"] & 3
        assert valve != 3
        force += 340 if valve == FILL else -340 if valve == VENT else 0
        bench.force(max(0, force))
        if tick == 500 * 8:
            bench.send(states.RELEASING, states.FORCE, 100000, 50000)
        bench.tick()
        seen = next(log)
    assert bench["STATE"] == states.HOLDING or bench["STATE"] == states.RELEASING
    assert abs(force - 100000) < 20000
    assert {bits for bits, _ in seen} == {0, FILL, VENT}
    assert min(ticks for bits, ticks in seen[1:-1] if bits) >= 5


def test_solenoid_press_counts_one_move_a_pulse():
    bench = Bench(hz=500, valve_kind=states.KIND_FILL_VENT).enter(states.PRESSING)
    bench.follow = False
    log, before = pulses(bench), bench["MOVES"]
    for _ in range(200):
        bench.tick()
        seen = next(log)
    opened = len([bits for bits, _ in seen[1:] if bits])
    assert bench["MOVES"] - before in (opened, opened + 1)


def test_solenoids_whose_flow_is_not_what_tuning_says_follow_their_ramp_all_the_same():
    """A valve that gives twice as much, or two thirds: within three seconds the press has learnt it from what the force is off by."""
    for part in (2.0, 1.0, 0.67):
        bench = Bench(hz=500, valve_kind=states.KIND_FILL_VENT, valve_min_on_ms=4, runaway_n=2000000)
        bench.tick(3)
        bench.arm()
        bench.send(states.PRESSING, states.FORCE, 2000000, 100000)
        force, opened = 0.0, bench["K_FILL_RATE"] / bench["HZ"] * part
        for tick in range(500 * 10):
            force += opened if bench["VALVE"] & FILL else 0
            bench.force(int(force))
            bench.tick()
            off_cn = bench["SET"] - bench["FORCE_F"]
            assert tick < 500 * 4 or abs(off_cn) < 8000, (part, tick, off_cn)
        assert bench["STATE"] == states.PRESSING


def test_gain_schedule_stays_in_its_bounds_and_is_longer_on_a_soft_stack():
    bench = Bench()
    p, gains = bench.params, []
    for stiffness in (10, 100, 1000, 10000, 100000, 1000000):
        tuning.schedule(bench.S, p, stiffness, 1000000)
        gains.append(bench["GAIN_FILL"])
        for name in ("GAIN_FILL", "GAIN_VENT"):
            assert p["schedule_low_permille"] * 256 // 1000 <= bench[name] <= p["schedule_high_permille"] * 256 // 1000
    assert gains == sorted(gains, reverse=True)


def solenoids_ramp(rise_cn, seconds):
    """Asked for 5 kN/s up to 20 kN, the force rises by so much in each tick; (bench, largest gap to the set-point)."""
    bench = Bench(valve_kind=states.KIND_FILL_VENT)
    bench.arm()
    bench.send(states.PRESSING, states.FORCE, 2000000, 500000)
    bench.tick(2)
    force = gap = 0
    for _ in range(seconds * bench.hz):
        force = min(force + rise_cn, bench["SET"])
        bench.force(force)
        bench.tick()
        gap = max(gap, bench["SET"] - bench["FORCE_F"] - bench["RAMP_ALLOWED"])
    return bench, gap


def test_ramp_that_solenoids_can_not_follow_waits_for_the_force():
    bench, beyond = solenoids_ramp(500, 30)
    assert beyond <= 0 and bench["STATE"] == states.HOLDING and bench["SET"] == 2000000


def test_ramp_of_solenoids_whose_force_does_not_rise_is_no_response():
    bench, beyond = solenoids_ramp(0, 4)
    assert beyond <= 0 and bench["STATE"] == states.TRIPPED and interlock.NAMES[bench["FIRST"]] == "no_response"


def test_noise_round_nothing_is_no_response_of_a_force_that_is_waited_for():
    bench = Bench(hz=500, valve_kind=states.KIND_FILL_VENT)
    bench.arm()
    bench.send(states.PRESSING, states.FORCE, 66400, 66400)
    random.seed(3)
    while bench["SIG_RESPONSE"] < 0:
        bench.force(random.randint(-100, 20))
        bench.tick()
    for _ in range(bench.hz * bench.params["no_response_ms"] // 1000 + 2):
        bench.force(random.randint(-100, 20))
        bench.tick()
    assert interlock.NAMES[bench["FIRST"]] == "no_response"


def test_small_force_that_solenoids_do_not_take_off_is_told():
    for stands_cn in (11000, 13000, 15700):  # of 157 N
        bench = Bench(hz=500, valve_kind=states.KIND_FILL_VENT)
        bench.hold(15700, 15700)
        bench.follow = True
        bench.order(states.RELEASING, states.FORCE, 0, 15700)
        while bench["SET"] > stands_cn:
            bench.tick()
        bench.follow = False
        bench.force(stands_cn)
        bench.seconds(5)
        assert interlock.NAMES[bench["FIRST"]] == "no_fall"


def test_hold_of_solenoids_that_is_a_little_low_is_no_missing_response():
    bench, _ = solenoids_ramp(500, 30)
    bench.force(1950000)
    bench.seconds(4)
    assert bench["STATE"] == states.HOLDING


def test_an_approach_whose_cell_feels_less_than_nothing_ends():
    for force_cn, reason in ((-4000, -1), (-6000, interlock.NAMES.index("no_answer"))):
        bench, ram = loop()
        bench["DISPLACEMENT"] = 0
        bench.order(states.PRESSING, states.APPROACH, 5000, 10000, 1000000)
        bench.cells = [force_cn // 3] * 3 + [force_cn]
        bench.tick(40)
        assert bench["FIRST"] == reason and bench.drive_is_off == (reason >= 0)


def test_an_approach_of_solenoids_without_a_scale_ends_by_how_long_its_valve_was_open():
    bench, _ = loop(valve_kind=2, no_contact_ms=1000)
    bench.force(0)
    bench["DISPLACEMENT"] = blackboard.ABSENT
    bench.order(states.PRESSING, states.APPROACH, 5000, 10000, 1000000)
    opened = ticks = 0
    while bench["STATE"] == states.PRESSING and ticks < 20000:
        opened += 1 if bench["VALVE"] & FILL else 0
        bench.tick()
        ticks += 1
    assert interlock.NAMES[bench["FIRST"]] == "no_contact" and abs(opened - 500) <= 2 and ticks > 2 * opened
