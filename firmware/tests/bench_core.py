"""The core on a bench: a blackboard with parameters, ceilings and a calibration, whose signals the test puts in by hand.

It runs on CPython and on MicroPython. The converter is ideal (0.4 cN a code for cells 1-3, 0.04 for cell 4) and its last bit
toggles, as that of a living one does, without changing the calibrated force.
"""

from stackpress_core import limits, params, tuning
from stackpress_core.tick import blackboard, states
from stackpress_core.tick.tick import tick

AT = blackboard.AT
HIGH_POINTS = [[0, 0], [5500000, 2200000]]
LOW_POINTS = [[0, 0], [5000000, 200000]]
CALIBRATION = {"cells": [{"points": HIGH_POINTS}, {"points": HIGH_POINTS}, {"points": HIGH_POINTS}, {"points": LOW_POINTS}]}
CEILINGS = {"frame_cn": 8000000, "relief_cn": 6800000, "cell_cn": [2200000, 2200000, 2200000, 200000]}
LOW_STOP_CN = 210000


class Bench:
    """`params` are raw parameters by name; `ceilings` and `calibration` replace the reference press's."""

    def __init__(self, hz=200, entries=256, ceilings=None, calibration=None, **raws):
        raws["tick_rate_hz"] = hz
        raws["valve_min_on_ms"] = raws.get("valve_min_on_ms", max(3, 1000 // hz))
        raws["drive_permille"] = raws.get("drive_permille", 1000)  # the force is put in by hand, whatever the drive says
        wrong = params.complaints(raws)
        if wrong:
            raise ValueError(wrong[0])
        self.params = params.Values(raws)
        self.S = blackboard.new()
        self.ring = bytearray(16 * entries)
        tuning.compile_words(self.S, self.params, ceilings or CEILINGS, calibration or CALIBRATION)
        for name in ("FIRST", "RING_LEFT"):
            self[name] = -1
        self["RING_LEN"], self["RING_AFTER"] = entries, entries // 3
        self["TEMPERATURE"] = 2500
        self.S[AT["TEMPERATURE"] + 1] = blackboard.ABSENT
        self["BANK_WANTED"] = 1
        self.inputs = blackboard.IN_HEALTHY
        self.status = blackboard.SAMPLE_NEW
        self.cells = [0, 0, 0, 0]  # cN
        self.codes = {}  # cell: code that replaces the force
        self.follow = False  # the force is what the set-point was
        self.hung = False  # the foreground does not pass any more
        self.odd = 0

    def __getitem__(self, name):
        return self.S[AT[name]]

    def __setitem__(self, name, value):
        self.S[AT[name]] = value

    @property
    def hz(self):
        return self["HZ"]

    def force(self, total_cn):
        """The force on the specimen: a third on each high cell, all of it on the low cell up to its stop."""
        self.cells = [total_cn // 3, total_cn // 3, total_cn - 2 * (total_cn // 3), min(total_cn, LOW_STOP_CN)]

    def sample(self):
        s = self.S
        if self.follow:
            self.force(self["SET"])
        self["INPUTS"], self["STATUS"] = self.inputs, self.status
        if self.status & blackboard.SAMPLE_NEW:
            self.odd ^= 1
            for i in range(4):
                code = self.cells[i] * 5 // 2 if i < 3 else self.cells[i] * 25
                s[i] = self.codes.get(i, code + self.odd)
        if not self.hung:
            self["SIG_FOREGROUND"] = 0

    def tick(self, count=1):
        for _ in range(count):
            self.sample()
            tick(self.S, self.ring)

    def seconds(self, seconds):
        self.tick(int(seconds * self.hz))

    # -- orders, as the facade puts them into the mailbox

    def send(self, state, mode=states.OFF, target=0, rate=0, speed=0):
        self["ORDER_STATE"], self["ORDER_MODE"], self["ORDER_TARGET"], self["ORDER_SPEED"] = state, mode, target, speed
        if rate:
            for name, cn in zip(limits.WORDS, limits.of(self.params, target, self["SET"], rate)):  # noqa: B905 (MicroPython)
                self[name] = cn
            self["ORDER_RATE"] = tuning.rate_q16(rate, self.hz)
            corner, landing = tuning.corner_words(self["ORDER_RATE"], self.params["corner_ms"], self.hz)
            self["ORDER_CORNER"], self["ORDER_LANDING"] = corner, landing
        self["ORDER_SEQ"] = (self["ORDER_SEQ"] + 1) & 0x1FFFFFFF

    def order(self, state, mode=states.OFF, target=0, rate=0, speed=0):
        """Send and let one tick read it."""
        self.send(state, mode, target, rate, speed)
        self.tick()

    def arm(self):
        self.order(states.READY)

    def press(self, target_cn, rate_cn_per_s=2000000):
        """Ramp to a force which follows the set-point, as on an ideal press."""
        if self["STATE"] == states.SAFE:
            self.arm()
        self.follow = True
        self.order(states.PRESSING, states.FORCE, target_cn, rate_cn_per_s)

    def hold(self, target_cn, rate_cn_per_s=2000000):
        """The same, until the press says that it holds; then the force stays where it is."""
        self.press(target_cn, rate_cn_per_s)
        for _ in range(60 * self.hz):
            if self["STATE"] != states.PRESSING:
                break
            self.tick()
        self.follow = False
        self.force(target_cn)

    def enter(self, state):
        """Bring an idle press into a state by the orders that lead there."""
        if state in (states.READY, states.SERVICE, states.MONITOR):
            self.order(state)
        elif state == states.PRESSING:
            self.press(1000000)
            self.tick(self.hz // 4)
        elif state == states.HOLDING:
            self.hold(1000000)
        elif state == states.RELEASING:
            self.hold(1000000)
            self.follow = True
            self.order(states.RELEASING, states.FORCE, 0, 100000)
            self.tick(self.hz // 4)
        elif state == states.TRIPPED:
            self.inputs &= ~blackboard.IN["estop_a"]
            self.tick()
            self.inputs = blackboard.IN_HEALTHY
            blackboard.clear_row_bits(self.S, AT["LATCHED"])
        self.tick()
        assert self["STATE"] == state, (self["STATE"], state)
        return self

    @property
    def drive_is_off(self):
        return self["CODE"] == 0 and self["VALVE"] & blackboard.VALVE_POWERED == 0
