"""Every interlock row trips from its own signal, after its own debounce, only where it is watched, and with its own reaction."""

from bench_core import CALIBRATION, Bench
from provocations import PROVOKE, bench_for, provocation
from stackpress_core import params, tuning
from stackpress_core.tick import blackboard, interlock, states

ROWS = {row[interlock.NAME]: row for row in interlock.ROWS}
BY_PARAMETER = [name for name, row in ROWS.items() if isinstance(row[interlock.REACTION], str)]
OUTSIDE = [(name, state) for name, row in ROWS.items() for state in range(8) if not row[interlock.STATES] >> state & 1]
CASES = {
    "test_row_trips_exactly_after_its_debounce_and_is_the_first_reason": list(ROWS),
    "test_row_that_vents_leaves_nothing_energised_in_the_same_tick": list(ROWS),
    "test_row_is_not_judged_outside_its_states": OUTSIDE,
    "test_reaction_is_what_the_parameter_says": BY_PARAMETER,
}


def words_of(bench, row):
    """(signal's value, limit, debounce in ticks) of a row."""
    at = blackboard.row_at(interlock.NAMES.index(row))
    s = bench.S
    return s[s[at + blackboard.ROW_SIGNAL]], s[at + blackboard.ROW_LIMIT], s[at + blackboard.ROW_DEBOUNCE]


def bit(row):
    return 1 << interlock.NAMES.index(row)


def bits(bench, name):
    return blackboard.row_bits(bench.S, blackboard.AT[name])


def provoke_until_trip(bench, act, row, limit=4000):
    """Ticks in a row for which the signal stood above its limit when the press tripped."""
    above = 0
    act(bench)
    for _ in range(limit):
        bench.tick()
        signal, highest, debounce = words_of(bench, row)
        above = above + 1 if signal > highest else 0
        if bench["STATE"] == states.TRIPPED:
            return above
        assert above <= debounce, "%s should have tripped after %d ticks" % (row, debounce + 1)
    raise AssertionError("%s did not trip" % row)


def test_every_row_can_be_provoked():
    assert [provocation(row) for row in ROWS] and set(PROVOKE) == set(ROWS), "an entry of a row that there is not"


def test_row_trips_exactly_after_its_debounce_and_is_the_first_reason(row):
    for hz in (200, 1000):
        bench, act = bench_for(row, Bench, hz=hz)
        above = provoke_until_trip(bench, act, row)
        assert interlock.NAMES[bench["FIRST"]] == row
        assert above == words_of(bench, row)[2] + 1
        assert bits(bench, "LATCHED") & bit(row)


def test_row_that_vents_leaves_nothing_energised_in_the_same_tick(row):
    bench, act = bench_for(row, Bench)
    provoke_until_trip(bench, act, row)
    wanted = interlock.reaction_of(ROWS[row], bench.params)
    driven = provocation(row)[0] in states.DRIVEN
    assert bench["REACTION"] == (wanted if driven else interlock.VENT)
    if bench["REACTION"] == interlock.VENT:
        assert bench["VALVE"] == 0 and bench["CODE"] == 0 and bench["DRIVE"] == 0


def test_row_is_not_judged_outside_its_states(outside):
    row, state = outside
    bench, act = bench_for(row, Bench)
    bench["STATE"], bench["REACTION"] = state, interlock.VENT
    act(bench)
    for _ in range(words_of(bench, row)[2] + 5):
        bench["STATE"], bench["FIRST"], bench["REACTION"] = state, -1, interlock.VENT
        bench.tick()
        assert not bits(bench, "ACTIVE") & bit(row)


def test_signal_that_pauses_for_one_tick_starts_its_debounce_again():
    bench, act = bench_for("limit_total", Bench)
    debounce = words_of(bench, "limit_total")[2]
    for _ in range(4):
        act(bench)
        bench.tick(debounce)
        bench.force(5000000)
        bench.tick()
    assert bench["STATE"] == states.HOLDING


def test_reaction_is_what_the_parameter_says(chosen):
    name = ROWS[chosen][interlock.REACTION]
    row = params.row_of(name)
    for raw in range(row[params.LOW], row[params.HIGH] + 1):
        wanted = row[params.SCALE][raw]
        bench, act = bench_for(chosen, Bench, **{name: raw})
        if provocation(chosen)[0] not in states.DRIVEN:
            bench.enter(states.HOLDING)
        act(bench)
        bench.tick(220)
        if wanted == "warn":
            assert bench["STATE"] != states.TRIPPED and bits(bench, "WARNED") & bit(chosen)
        else:
            assert bench["STATE"] == states.TRIPPED and bits(bench, "LATCHED") & bit(chosen)
            assert bench["REACTION"] >= states.REACTIONS.index(wanted)


def test_ceilings_have_no_debounce():
    for row in ("ceiling_total", "ceiling_cell"):
        assert words_of(Bench(hz=8000), row)[2] == 0


def test_first_reason_is_kept_while_others_come():
    bench = Bench().enter(states.HOLDING)
    bench["SIG_LEASE"] = 1
    bench.tick()
    assert interlock.NAMES[bench["FIRST"]] == "host_lease"
    bench.inputs &= ~blackboard.IN["estop_a"]
    bench.tick(3)
    assert interlock.NAMES[bench["FIRST"]] == "host_lease"
    assert bits(bench, "LATCHED") & bit("estop")


def test_reaction_only_escalates():
    bench = Bench(imbalance_reaction=2, imbalance_ms=0).enter(states.HOLDING)
    bench["SIG_LEASE"] = 1
    bench.tick()
    assert bench["REACTION"] == interlock.HOLD
    bench.cells = [600000, 200000, 200000, 200000]
    bench.tick(2)
    assert bench["REACTION"] == interlock.RAMP
    bench.inputs &= ~blackboard.IN["estop_b"]
    bench.tick()
    assert bench["REACTION"] == interlock.VENT and bench.drive_is_off
    bench.inputs = blackboard.IN_HEALTHY
    bench.force(1000000)
    bench.tick(10)
    assert bench["REACTION"] == interlock.VENT and bench.drive_is_off


def test_guard_that_is_opened_while_the_press_is_stopped_with_a_hold_vents():
    for row in ("guard", "stale", "rail", "frozen", "limit_total", "supply"):
        bench = Bench().enter(states.HOLDING)
        bench["SIG_LEASE"] = 1
        bench.tick(2)
        assert bench["REACTION"] == interlock.HOLD and not bench.drive_is_off
        provocation(row)[2](bench)
        bench.tick(80)
        assert bench["REACTION"] == interlock.VENT and bench.drive_is_off, row


def test_guard_may_be_opened_after_the_press_has_vented():
    bench = Bench().enter(states.HOLDING)
    bench["SIG_STALE"] = 1000000
    bench.status = 0
    bench.tick()
    bench.status, bench.inputs = 1, blackboard.IN_HEALTHY & ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    bench.tick(100)
    assert bits(bench, "LATCHED") == bit("stale")


def test_stop_with_a_hold_energises_nothing_that_was_not_driven():
    bench = Bench(temperature_reaction=1).enter(states.READY)
    bench["TEMPERATURE"] = 15000
    bench.tick(400)
    assert bench["STATE"] == states.TRIPPED
    assert bench["REACTION"] == interlock.VENT and bench.drive_is_off


def test_warnings_do_not_stop_the_press_and_stay_told():
    bench = Bench().enter(states.HOLDING)
    for word in ("SIG_STORAGE", "SIG_LOG"):
        bench[word] = 1
    bench.tick(10)
    bench["SIG_STORAGE"] = bench["SIG_LOG"] = 0
    bench.tick(10)
    assert bench["STATE"] == states.HOLDING and bits(bench, "LATCHED") == 0
    assert bits(bench, "WARNED") == bit("storage") | bit("log_full")
    assert bits(bench, "ACTIVE") == 0


def test_monitored_press_never_trips():
    for row in ROWS:
        bench, act = bench_for(row, Bench)
        bench["STATE"] = states.MONITOR
        act(bench)
        bench["ORDER_SEEN"] = bench["ORDER_SEQ"]
        bench.tick(120)
        assert bench["STATE"] == states.MONITOR and bits(bench, "LATCHED") == 0 and bench.drive_is_off, row


def test_service_judges_nothing():
    bench = Bench().enter(states.SERVICE)
    bench.inputs = 0
    bench.force(7000000)
    bench.tick(1000)
    assert bench["STATE"] == states.SERVICE and bits(bench, "ACTIVE") == 0


def test_trip_is_left_only_for_safe_and_only_without_a_latch():
    bench = Bench().enter(states.HOLDING)
    bench.inputs &= ~blackboard.IN["estop_a"]
    bench.tick()
    bench.inputs = blackboard.IN_HEALTHY
    for state in range(8):
        bench.order(state, states.FORCE, 1000000, 1000)
        assert bench["STATE"] == states.TRIPPED and bench.drive_is_off
    blackboard.clear_row_bits(bench.S, blackboard.AT["LATCHED"])
    for state in set(range(8)) - {states.SAFE, states.TRIPPED}:
        bench.order(state, states.FORCE, 1000000, 1000)
        assert bench["STATE"] == states.TRIPPED and bench.drive_is_off
    bench.order(states.SAFE)
    assert bench["STATE"] == states.SAFE and bench["FIRST"] == -1 and bench["REACTION"] == 0


def test_order_in_the_tick_of_the_trip_is_not_obeyed():
    bench = Bench().enter(states.READY)
    bench.inputs &= ~blackboard.IN["guard_a"]
    bench.order(states.PRESSING, states.FORCE, 1000000, 100000)
    assert bench["STATE"] == states.TRIPPED and bench.drive_is_off
    bench.inputs = blackboard.IN_HEALTHY
    bench.tick(5)
    assert bench["STATE"] == states.TRIPPED


def test_broken_wire_is_called_a_broken_wire():
    bench = Bench(hz=1000).enter(states.HOLDING)
    bench.codes[0] = 8388607
    bench.tick(10)
    assert interlock.NAMES[bench["FIRST"]] == "rail"
    bench = Bench()
    bench.codes[2] = -8388607
    bench.tick(20)
    assert bench["STATE"] == states.SAFE and bench["SIG_RAIL"] == 1


def test_ramp_reaction_lets_the_force_down_and_then_vents():
    bench = Bench(ramp_deviation_ms=0).enter(states.HOLDING)
    bench["SIG_LEASE"] = 1
    bench.S[blackboard.row_at(interlock.NAMES.index("host_lease")) + blackboard.ROW_REACTION] = interlock.RAMP
    bench.follow = True
    last = bench["DRIVE"]
    for _ in range(1600):
        bench.tick()
        assert bench["DRIVE"] <= last
        last = bench["DRIVE"]
        if bench["REACTION"] == interlock.VENT:
            break
    assert bench["FORCE_F"] < bench.params["contact_force_cn"] and bench.drive_is_off


def test_ramp_reaction_vents_after_its_time_if_the_force_stays():
    bench = Bench(trip_ramp_limit_s=1, runaway_n=2000000, hold_band_permille=1000).enter(states.HOLDING)
    bench.S[blackboard.row_at(interlock.NAMES.index("host_lease")) + blackboard.ROW_REACTION] = interlock.RAMP
    bench["SIG_LEASE"] = 1
    bench.tick(199)
    assert bench["REACTION"] == interlock.RAMP
    bench.tick(3)
    assert bench["REACTION"] == interlock.VENT and bench.drive_is_off


def test_press_without_ceilings_stays_safe_and_trips_nothing():
    bench = Bench()
    tuning.compile_words(bench.S, bench.params, None, CALIBRATION)
    bench.force(300)
    bench.tick(100)
    assert bench["STATE"] == states.SAFE
