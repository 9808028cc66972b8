"""Statistics are exact and the flight recorder shows what happened before and after a trip."""

import struct

from bench_core import AT, Bench
from stackpress_core.log import records
from stackpress_core.tick import blackboard, interlock, states
from stackpress_core.tick.recorder import ENTRY, record

FLAGS_STATE = (1 << states.FLIGHT_MODE_AT) - 1


def entries_of(bench):
    """The ring's entries, oldest first."""
    length, at = bench["RING_LEN"], bench["RING_AT"]
    filled = min(length, bench["RING_FILLED"])
    return [entry_at(bench, (at - filled + i) % length) for i in range(filled)]


def entry_at(bench, at):
    """(force, set-point, imbalance / percent, requested, permitted, flags)"""
    force, word, requested, permitted, flags = struct.unpack_from(records.FLIGHT_ENTRY, bench.ring, at * ENTRY)
    return force, records.flight_set_cn(word), records.flight_imbalance_percent(word), requested, permitted, flags


def swapped(bench):
    """(count, least, most, sum) of the bank that the tick leaves when it is asked for the other one."""
    old = bench["BANK"]
    bench["BANK_WANTED"] = 1 - old
    record(bench.S, bench.ring)
    b = AT["STATISTICS"] + 8 * old
    return bench.S[b], bench.S[b + 1], bench.S[b + 2], (bench.S[b + 4] << 20) + bench.S[b + 3]


def dice(seed, count, low, high):
    """Whole numbers from low to high, the same on every interpreter."""
    drawn = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        drawn.append(low + (seed >> 4) % (high - low + 1))
    return drawn


def test_statistics_are_the_exact_least_mean_and_most():
    for seed, low, high in ((1, -1000, 1000), (2, 0, 11_000_000), (3, -29_000_000, -28_000_000), (4, 28_999_000, 29_000_000)):
        bench = Bench()
        record(bench.S, bench.ring)
        swapped(bench)
        forces = dice(seed, 3000, low, high)
        for force in [bench["FORCE"]] + forces:
            bench["FORCE"] = force
            record(bench.S, bench.ring)
        got = swapped(bench)
        whole = forces + [0, 0]  # the bank began with the two ticks in which the force was nothing
        assert got == (len(whole), min(whole), max(whole), sum(whole))


def test_bank_counts_only_its_own_ticks():
    bench = Bench()
    bench.tick()
    for ticks in (1, 7, 40):
        swapped(bench)
        bench.tick(ticks)
        assert swapped(bench)[0] == ticks + 1
        assert bench["BANK"] == bench["BANK_WANTED"]


def test_longest_window_of_the_largest_force_stays_a_small_integer():
    bench = Bench()
    bench.tick(3)
    b = AT["STATISTICS"] + 8 * bench["BANK"]
    bench.S[b] = 0x1FFFFFF - 2
    bench.S[b + 4] = (29_000_000 >> 20) * (0x1FFFFFF - 2)
    bench["FORCE"] = 29_000_000
    for _ in range(10):
        record(bench.S, bench.ring)
    assert bench.S[b] == 0x1FFFFFF


def test_entry_says_what_the_tick_knew():
    bench = Bench(hz=1000).enter(states.HOLDING)
    bench.cells = [400000, 300000, 300000, 200000]
    bench.tick()
    force, setpoint, imbalance, requested, permitted, flags = entries_of(bench)[-1]
    assert (force, setpoint) == (bench["FORCE"], bench["SET"])
    assert abs(bench["IMBALANCE"]) > 20 and abs(10 * imbalance - bench["IMBALANCE"]) <= 5
    assert permitted == bench["CODE"] > 0 and abs(requested - bench["PROPOSED"] * 65535 // 6600000) <= 8
    assert flags & FLAGS_STATE == states.HOLDING and flags >> states.FLIGHT_MODE_AT & 7 == states.FORCE
    assert flags >> states.FLIGHT_VALVE_AT & blackboard.VALVE_POWERED == bench["VALVE"] & blackboard.VALVE_POWERED and bool(flags >> states.FLIGHT_DENIED_AT & 1) == bool(bench["DENIED"])


def test_entry_of_a_solenoid_press_says_whether_fill_was_asked_for_and_open():
    bench = Bench(valve_kind=states.KIND_FILL_VENT).enter(states.PRESSING)
    bench.follow = False
    bench.tick(30)
    asked = {entry[3:5] for entry in entries_of(bench)}
    assert (0xFFFF, 0xFFFF) in asked and asked <= {(0, 0), (0xFFFF, 0), (0, 0xFFFF), (0xFFFF, 0xFFFF)}


def test_negative_forces_and_imbalance_survive_the_ring():
    bench = Bench()
    bench.force(-12345)
    bench.tick()
    assert entries_of(bench)[-1][0] == bench["FORCE"] < 0
    for setpoint, imbalance, shown in ((-99, -1004, -100), (10_000_000, 9999, 127), (0, -9999, -127), (6_600_000, 4, 0)):
        bench["SET"], bench["IMBALANCE"] = setpoint, imbalance
        record(bench.S, bench.ring)
        assert entries_of(bench)[-1][1:3] == (setpoint, shown)
    assert struct.calcsize(records.FLIGHT_ENTRY) == ENTRY == records.FLIGHT_ENTRY_BYTES


def test_ring_stands_still_exactly_ring_after_entries_after_the_trip():
    for after in (0, 1, 85):
        bench = Bench(entries=256)
        bench["RING_AFTER"] = after
        bench.enter(states.HOLDING)
        bench.tick(300)
        filled = bench["RING_FILLED"]
        bench["SIG_LEASE"] = 1
        bench.tick(400)
        assert bench["RING_LEFT"] == 0 and bench["RING_FILLED"] == filled + after + 1
        seen = [entry[5] & FLAGS_STATE for entry in entries_of(bench)]
        assert seen == [states.HOLDING] * (255 - after) + [states.TRIPPED] * (after + 1)


def test_window_holds_more_than_a_second_before_and_half_a_second_after_at_4_khz():
    from stackpress_core.firmware import RING_ENTRIES

    after = min(4000 // 2, RING_ENTRIES // 3)
    assert RING_ENTRIES - after - 1 >= 4000 and after >= 2000


def test_second_trip_does_not_disturb_a_window_that_is_still_being_carried_away():
    bench = Bench(entries=64).enter(states.HOLDING)
    bench["SIG_LEASE"] = 1
    bench.tick(100)
    before = bytes(bench.ring)
    bench.inputs &= ~blackboard.IN["estop_a"]
    bench.tick(100)
    assert bench["REACTION"] == interlock.VENT and bytes(bench.ring) == before


def test_trip_is_recorded_from_any_state_that_trips():
    for state in (states.SAFE, states.READY, states.PRESSING, states.HOLDING, states.RELEASING):
        bench = Bench(entries=64)
        if state:
            bench.enter(state)
        bench.inputs &= ~blackboard.IN["estop_b"]
        bench.tick(64)
        assert bench["RING_LEFT"] == 0
