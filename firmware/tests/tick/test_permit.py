"""Whatever the other parts leave on the blackboard, the permit lets no more pass than state, interlocks and limits permit."""

from array import array

from bench_core import AT, Bench
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress_core.tick import blackboard, interlock, states
from stackpress_core.tick.judge import compare, judge, watch
from stackpress_core.tick.permit import permit

SMALL = st.integers(-(1 << 30), (1 << 30) - 1)
WRITABLE = [name for name, length, _ in blackboard.WORDS if length == 1 and not name.startswith("K_") and name not in ("STATE", "REACTION")]
GUARDED = ("PROPOSED", "PROPOSED_VALVE", "DRIVE", "FORCE", "HIGH", "CODE", "VALVE", "OPEN_TICKS", "MODE", "SET", "INTEGRAL")
STATES = st.integers(0, 7)
REACTIONS = st.integers(0, 4)
KINDS = st.sampled_from((0, 1, 2))
VALVES = blackboard.VALVE_FILL | blackboard.VALVE_VENT
LIKELY = st.one_of(SMALL, st.integers(-2, 40), st.integers(0, 6_600_000))


@st.composite
def blackboards(draw):
    """A blackboard in any state and reaction, with arbitrary numbers in many of its words."""
    bench = Bench(hz=draw(st.sampled_from((50, 1000, 8000))), valve_kind=draw(KINDS), valve_slew_n_per_s=draw(st.integers(1000, 40000000)))
    for name in draw(st.lists(st.sampled_from(WRITABLE), max_size=12)):
        bench[name] = draw(LIKELY)
    for name in GUARDED:
        bench[name] = draw(LIKELY)
    bench["SLEW_REM"] = draw(st.integers(0, 255))
    bench["MOVES"] = draw(st.integers(0, 0x1FFFFFFF))
    bench["TOKEN"] = draw(st.integers(0, 0x1FFFFFFF))
    bench["MOVE_DRIVE"] = draw(st.integers(0, 6_600_000))
    bench["STATE"], bench["REACTION"] = draw(STATES), draw(REACTIONS)
    return bench


def energised(bench):
    tripped_under_force = bench["STATE"] == states.TRIPPED and bench["REACTION"] in (interlock.HOLD, interlock.RAMP, interlock.WARN)
    driven = bench["STATE"] in states.DRIVEN and bench["MODE"] != states.VENT
    return driven or tripped_under_force


@given(blackboards())
@settings(max_examples=400, deadline=None)
def test_nothing_is_permitted_beyond_state_slew_and_limits(bench):
    s, before = bench.S, min(max(bench["DRIVE"], 0), bench["K_OUT_MAX"])
    permit(s)
    drive, valve, code = bench["DRIVE"], bench["VALVE"], bench["CODE"]
    assert 0 <= drive <= bench["K_OUT_MAX"] and 0 <= code <= 65535
    assert valve & VALVES != VALVES
    if not energised(bench) or bench["K_KIND"] == blackboard.KIND_NONE:
        assert drive == 0 and code == 0
        assert not valve & (VALVES | blackboard.VALVE_DUMP_CLOSED)
        assert not valve & blackboard.VALVE_PERMISSIVE or bench["STATE"] == states.READY
        return
    assert abs(drive - before) <= (bench["K_SLEW"] >> 8) + 1
    if bench["STATE"] == states.TRIPPED or max(bench["FORCE"], bench["HIGH"]) > bench["K_FORCE_DENY"]:
        assert drive <= before and not valve & blackboard.VALVE_FILL
    if bench["K_KIND"] == blackboard.KIND_REGULATOR:
        assert not valve & VALVES
        assert abs(code * bench.params["valve_full_scale_cn"] - drive * 65535) <= 18 * bench.params["valve_full_scale_cn"]  # a gain of 12 bits
    else:
        assert code == 0
    if bench["DENIED"] == 0:
        assert drive == bench["PROPOSED"]


@given(blackboards(), st.integers(2, 40))
@settings(max_examples=60, deadline=None)
def test_slew_holds_over_many_ticks(bench, ticks):
    bench["STATE"], bench["K_KIND"] = states.PRESSING, blackboard.KIND_REGULATOR
    bench["FORCE"] = bench["HIGH"] = 0
    permit(bench.S)
    first, most = bench["DRIVE"], bench["K_SLEW"] * ticks // 256 + 1
    for i in range(ticks):
        bench["PROPOSED"] = (1 << 29) if i % 3 else -(1 << 29)
        before = bench["DRIVE"]
        permit(bench.S)
        assert abs(bench["DRIVE"] - before) <= (bench["K_SLEW"] >> 8) + 1
    assert abs(bench["DRIVE"] - first) <= most


@given(blackboards())
@settings(max_examples=60, deadline=None)
def test_any_open_safety_switch_makes_every_armed_state_safe_within_one_tick(bench):
    bench["ROW_COUNT"] = len(interlock.ROWS)
    if bench["STATE"] in (states.SAFE, states.SERVICE, states.MONITOR):
        return
    for name in ("TICK_US", "SET", "TARGET", "RAMP_FROM", "FORCE", "FORCE_F", "HIGH", "TICK_WORST"):
        bench[name] = 0
    for name in ("SIG_DISCREPANCY", "SIG_OVERRUN", "SIG_FOREGROUND"):
        bench[name] = 0
    if bench["STATE"] == states.TRIPPED and bench["REACTION"] < interlock.HOLD:
        bench["REACTION"] = interlock.HOLD
    bench["INPUTS"] = blackboard.IN_HEALTHY & ~blackboard.IN["estop_a"]
    watch(bench.S)
    compare(bench.S)
    judge(bench.S)
    permit(bench.S)
    assert bench["STATE"] == states.TRIPPED and bench["REACTION"] == interlock.VENT
    assert bench["CODE"] == 0 and not bench["VALVE"] & blackboard.VALVE_POWERED


def test_guard_open_vents_within_one_tick():
    for kind in (1, 2):
        bench = Bench(valve_kind=kind).enter(states.HOLDING)
        assert not bench.drive_is_off
        bench.inputs &= ~blackboard.IN["guard_b"]
        bench.tick()
        assert bench["VALVE"] == 0 and bench["CODE"] == 0 and bench["STATE"] == states.TRIPPED


def test_guard_reads_only_its_own_words_and_writes_no_other():
    """Words that the guard must not touch stay as they are, in every state."""
    own = {"DRIVE", "CODE", "VALVE", "DENIED", "OPEN_TICKS", "MOVES", "MOVE_DRIVE", "TOKEN", "SLEW_REM"}
    for state in range(8):
        bench = Bench()
        bench["STATE"], bench["REACTION"], bench["PROPOSED"] = state, 2, 5000
        before = array("i", bench.S)
        permit(bench.S)
        changed = {name for name, length, _ in blackboard.WORDS for k in range(length) if bench.S[AT[name] + k] != before[AT[name] + k]}
        assert changed <= own


def test_trigger_output_works_in_every_state_and_moves_nothing():
    for state in range(8):
        bench = Bench()
        bench["STATE"], bench["TRIGGER"] = state, 1
        permit(bench.S)
        assert bench["VALVE"] & blackboard.VALVE_TRIGGER_OUT


def test_every_tick_gives_one_token():
    bench = Bench()
    before = bench["TOKEN"]
    bench.tick(7)
    assert bench["TOKEN"] == before + 7
