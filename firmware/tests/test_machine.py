"""Anything, in any order: a whole press on the simulated plant under faults, orders and time, and what must hold in every tick."""

from collections import deque

import hypothesis.strategies as st
from bench_press import CONTACT, VENT, MemoryBoard, PressBench, documents, hold, ramp, recipe
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from scripted import calibration
from stackpress_core.errors import Refused
from stackpress_core.tick import blackboard, interlock, states
from stackpress_core.tick.tick import tick
from stackpress_plant import load
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step

HZ = 500
TICKS_A_PASS = 3
MARGIN_CN = 300_000  # truth above the working limit while a trip takes hold: dead time, debounce, the dump's opening
FAULTS = (
    ("estop", 1), ("guard_a", 1), ("guard", 1), ("overpressure", 1), ("supply", 1), ("travel", 1), ("cell_open", 1), ("cell_open", 4),
    ("cell_short", 2), ("cell_frozen", 3), ("converter_dead", 1), ("crc", 1), ("chip_reset", 1), ("off_centre", 900), ("noise_burst", 20),
    ("stuck_valve", 1), ("stuck_open", 1), ("stuck_open", 3000), ("no_air", 1), ("weak_air", 500), ("leak", 200), ("fracture", 700),
    ("temperature_1", 20000), ("start", 1), ("stop", 1), ("reset", 1), ("trigger_in", 1),
)  # fmt: skip
PROGRAMS = (
    recipe(CONTACT, ramp(200000, 400000), hold(3000), {"do": "release", "rate_cn_per_s": 400000}, VENT),
    recipe(CONTACT, ramp(2000000, 490000), hold(60000), host_loss="hold"),
    recipe(CONTACT, ramp(5400000, 490000), hold(60000), host_loss="ramp_down"),
    recipe(CONTACT, ramp(100000, 100000), {"do": "relax", "for_ms": 60000}),
    recipe({"do": "contact", "to_cn": 3000, "speed_um_per_s": 2500}, {"do": "cycle", "low_cn": 20000, "high_cn": 300000, "rate_cn_per_s": 490000, "count": 50}),
)
SPECS = {kind: load.plant(kind, specimen, {}) for kind, specimen in (("nominal", "steel_blank"), ("fill_vent", "brittle_pellet"))}
for spec in SPECS.values():
    spec["specimen"]["gap_nm"] = 20_000  # contact is near, so that more of each run is spent under force
IN_A_CODE = 5  # conversions at most that have a part in what is told: the filter's four, and the one under way
VALVES = blackboard.VALVE_FILL | blackboard.VALVE_VENT


class PlantBench(PressBench):
    """A press whose force comes from the plant; `watch` is called after every tick. `converted_cn`: the true forces that were
    converted last."""

    def __init__(self, kind, watch, **raws):
        spec = SPECS[kind]
        self.plant, self.watch = Plant(dict(spec), HZ, 3, words_of(blackboard.AT)), watch
        self.converted_cn = deque([0], IN_A_CODE)
        board = MemoryBoard(identity="plant")
        found = documents("plant")
        found["config"]["params"] = {"tick_rate_hz": HZ, "valve_kind": spec["valve_kind"], "foreground_ms": 1000, **raws}
        cells = calibration(spec)["cells"]
        for cell, zero in zip(cells, spec["zero_code"], strict=True):
            cell["zero_code"] = zero
        found["calibration"]["cells"] = cells
        super().__init__(board, stored=False)
        self.write(found)
        self.press.settings.load()

    def run_passes(self, passes):
        p, s = self.press, self.press.S
        for _ in range(passes):
            for _ in range(TICKS_A_PASS):
                step(s, self.plant.P)
                if s[blackboard.AT["STATUS"]] & blackboard.SAMPLE_NEW:
                    self.converted_cn.append(self.plant.truth()["force_cn"])
                tick(s, p.ring)
                self.watch()
            self.wall_ms = (self.wall_ms + 1000 * TICKS_A_PASS // HZ) & 0x3FFFFFFF
            p.foreground(self.wall_ms)


class PressMachine(RuleBasedStateMachine):
    bench = None

    @initialize(kind=st.sampled_from(("nominal", "nominal", "fill_vent")))
    def power_on(self, kind):
        self.latched = self.drive = 0
        self.first = -1
        self.acknowledged = self.ready = False
        bench = PlantBench(kind, self.every_tick)
        self.bench, self.ready = bench, True
        self.latched, self.first, self.drive = bench.word("LATCHED"), bench.word("FIRST"), 0
        bench.run_passes(20)
        self.recover_and_press(PROGRAMS[1])

    # -- what holds in every tick

    def every_tick(self):
        if not self.ready:
            return
        b = self.bench
        state, reaction, drive, code, valve = (b.word(name) for name in ("STATE", "REACTION", "DRIVE", "CODE", "VALVE"))
        held = state == states.TRIPPED and reaction in (interlock.HOLD, interlock.RAMP)
        if not (state in states.DRIVEN or held):
            assert drive == 0 and code == 0 and not valve & (VALVES | blackboard.VALVE_DUMP_CLOSED), "energised while %d" % state
            assert state == states.READY or not valve & blackboard.VALVE_PERMISSIVE
        assert 0 <= drive <= b.word("K_OUT_MAX") and 0 <= code <= 65535 and valve & VALVES != VALVES
        if state in states.DRIVEN or held:
            if b.word("MODE") == states.VENT:
                assert drive == 0
            else:
                assert abs(drive - self.drive) <= (b.word("K_SLEW") >> 8) + 1
            if held:
                assert drive <= self.drive and not valve & blackboard.VALVE_FILL
        self.drive = drive
        gone = self.latched & ~b.word("LATCHED")
        assert not gone or self.acknowledged, "a latch cleared by itself: %s" % interlock.names_of(gone)
        first = b.word("FIRST")
        assert first == self.first or self.first < 0 or self.acknowledged or self.gave_way(first), "the first reason changed"
        if self.first >= 0 and not self.acknowledged:
            assert state == states.TRIPPED
        if state != states.TRIPPED:
            self.acknowledged = False
        self.latched, self.first = b.word("LATCHED"), first

    def gave_way(self, first):
        """A force that was told before its cause gives way to that (Readings.weigh), soon and to nothing else."""
        weighed = interlock.WEIGHED_MS * HZ // 1000 + 2 * TICKS_A_PASS
        return (interlock.NAMES[self.first] in interlock.SYMPTOMS and self.bench.word("TRIP_TICKS") <= weighed
                and interlock.NAMES[first] in (*interlock.CAUSES, "no_response", "drive_mismatch", "sensor", "not_vented"))

    def advance_passes(self, passes):
        self.bench.run_passes(passes)

    # -- rules

    @rule(which=st.sampled_from(FAULTS), passes=st.sampled_from((1, 40)))
    def fault(self, which, passes):
        name, value = which
        self.bench.plant.fault(name, value)
        self.note_reset_button()
        self.advance_passes(passes)

    @precondition(lambda self: self.bench.word("STATE") in states.DRIVEN)
    @rule(which=st.sampled_from(FAULTS))
    def fault_under_force(self, which):
        self.fault(which, 40)

    def note_reset_button(self):
        """The acknowledge button may clear a latch from now on, as a reset by the host may."""
        if "reset" in self.bench.plant.active:
            self.acknowledged = True

    @rule()
    def clear_faults(self):
        self.bench.plant.clear()
        self.advance_passes(4)

    @precondition(lambda self: self.bench.plant.active)
    @rule(data=st.data())
    def clear_one_fault(self, data):
        self.bench.plant.clear(data.draw(st.sampled_from(sorted(self.bench.plant.active))))
        self.advance_passes(1)

    @rule(passes=st.sampled_from((1, 10, 60, 200)))
    def advance(self, passes):
        self.advance_passes(passes)

    def asked(self, ask, *args):
        """Whether the press agreed; a refusal is an answer."""
        try:
            ask(*args)
        except Refused:
            return False
        self.advance_passes(1)
        return True

    @rule(program=st.sampled_from(PROGRAMS))
    def recover_and_press(self, program):
        """What an operator does after a trip: remove the cause, let go, acknowledge, start again."""
        self.bench.plant.clear()
        self.advance_passes(10)
        if self.bench.press.readings.state == states.TRIPPED:
            self.abort()
            self.advance_passes(60)
            self.reset()
        self.arm_and_start(program)
        for _ in range(12):
            if self.bench.word("STATE") not in states.DRIVEN or self.bench.word("FORCE") > 150_000:
                break
            self.advance_passes(20)

    @rule(program=st.sampled_from(PROGRAMS))
    def arm_and_start(self, program):
        p = self.bench.press
        if p.readings.state == states.SAFE:
            self.bench.put(program)
        if self.asked(p.operator.arm):
            self.asked(p.operator.start, "pellet")
            self.advance_passes(30)

    @rule(kind=st.sampled_from(("controlled", "hold", "vent")))
    def stop(self, kind):
        self.asked(self.bench.press.operator.stop, kind)

    @rule()
    def abort(self):
        self.bench.press.operator.abort()
        self.bench.run_passes(1)
        assert self.bench.valve_is_off or self.bench.word("VALVE") & blackboard.VALVE_POWERED == blackboard.VALVE_PERMISSIVE

    @rule()
    def reset(self):
        b = self.bench
        healthy = blackboard.IN["estop_a"] | blackboard.IN["estop_b"]
        before, inputs = b.word("LATCHED"), b.word("INPUTS")
        self.acknowledged = b.word("STATE") == states.TRIPPED
        try:
            b.press.operator.reset()
            assert not before or inputs & healthy == healthy, "acknowledged under an open emergency stop"
        except Refused:
            self.acknowledged = False
            assert b.word("LATCHED") == before
        self.latched = b.word("LATCHED")
        self.advance_passes(1)

    @rule()
    def disarm(self):
        self.asked(self.bench.press.operator.disarm)

    @rule(ms=st.sampled_from((1000, 3000, 60000)))
    def lease(self, ms):
        self.bench.press.lease.renew(ms)

    @rule(sent=st.sampled_from((b"*RST\n", b"*CLS;*IDN?\n", b"\x18", b"MEAS:FORC?;PRES?\n", b"CYCL:TRIP:REAS?\n", b"nonsense\xff\n")))
    def line(self, sent):
        self.bench.board.serial.sent += sent
        self.advance_passes(2)

    # -- what holds between rules

    @invariant()
    def truth_stays_below_the_limit(self):
        if self.bench:
            truth, limit = self.bench.plant.truth(), self.bench.press.params["force_limit_cn"]
            assert truth["force_cn"] <= limit + MARGIN_CN, truth

    @invariant()
    def nothing_went_wrong_inside(self):
        if self.bench:
            assert [error for error in self.bench.errors() if -330 <= error[0] <= -300] == []

    @invariant()
    def force_that_is_told_is_the_force_while_the_cells_are_well(self):
        b = self.bench
        ill = ("cell", "converter", "crc", "off_centre", "noise", "fracture", "leak")
        if b and not any(name.startswith(ill) for name in b.plant.active) and not b.word("SIG_STALE"):
            assert min(b.converted_cn) - 20_000 < b.word("HIGH") < max(b.converted_cn) + 20_000


TestPress = PressMachine.TestCase
TestPress.settings = settings(max_examples=20, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))


def test_valve_that_opens_fully_near_the_limit_is_stopped_within_the_margin():
    b = PlantBench("nominal", lambda: None, runaway_ms=50)  # the limit itself, not what comes before it
    b.run_passes(20)
    b.put(PROGRAMS[2])
    b.press.operator.arm()
    b.run_passes(1)
    b.press.operator.start("pellet")
    b.until(lambda: b.press.readings.filtered_cn > 5_300_000)
    b.plant.fault("stuck_open", 1)
    most = 0
    for _ in range(100):
        b.run_passes(1)
        most = max(most, b.plant.truth()["force_cn"])
    assert b.press.readings.trip_reason == "limit_total" and b.valve_is_off
    assert b.press.params["force_limit_cn"] < most <= b.press.params["force_limit_cn"] + MARGIN_CN
    assert b.plant.truth()["force_cn"] < 100_000
