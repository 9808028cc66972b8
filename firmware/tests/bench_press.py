"""A whole press on a board that lives in memory: store, flash, serial line, and an ideal ram whose force is the drive.

It runs on CPython and on MicroPython. One foreground pass a tick at 200 Hz, so a second of press time is 200 passes.
"""

import json
import struct

from bench_core import CALIBRATION, CEILINGS, LOW_STOP_CN
from fakes import Serial
from memory_store import Store
from stackpress_core.firmware import Firmware
from stackpress_core.log import packing, records
from stackpress_core.settings import seldom
from stackpress_core.tick import blackboard, states
from stackpress_core.tick.tick import tick
from stackpress_sim.nor_file import NorFile

AT = blackboard.AT
DRIVE, INPUTS, STATUS, TEMPERATURE, DISPLACEMENT = [AT[name] for name in ("DRIVE", "INPUTS", "STATUS", "TEMPERATURE", "DISPLACEMENT")]
ABSENT, SAMPLE_NEW = blackboard.ABSENT, blackboard.SAMPLE_NEW
HZ = 200
CODE = "owner's own"
PUSH_PASSES = 6  # 30 ms: as short as a finger can be
PARAMS = {"tick_rate_hz": HZ, "valve_min_on_ms": 5, "valve_hysteresis_permille": 0, "valve_lead_ms": 0, "corner_ms": 50,
          "no_response_n": 2000000, "ramp_deviation_permille": 1000, "runaway_n": 2000000, "runaway_min_n": 2000000, "runaway_ms": 50,
          "stale_ms": 20, "drive_permille": 1000,
          "approach_rate_n_per_s": 1000000, "rate_limit_n_per_s": 2000000}  # fmt: skip
CAPABILITIES = {"force_cells", "two_ranges", "regulator", "dump", "permissive", "displacement", "temperature", "trigger",
                "start_input", "journal"}  # fmt: skip
VENT = {"do": "vent"}
CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 500}


def ramp(to_cn, rate=1000000):
    return {"do": "ramp", "to_cn": to_cn, "rate_cn_per_s": rate}


def hold(for_ms):
    return {"do": "hold", "for_ms": for_ms}


def recipe(*steps, **header):
    program = {"format": 1, "name": "pellet", "steps": list(steps)}
    program.update(header)
    return program


class MemoryBoard:
    name = "bench"
    reset_cause = "power"
    git, runs, boot_drive = "0123456789ab", "simulated", False

    def __init__(self, identity="e660-0001", cause="power", store=None, flash=None):
        self.identity, self.reset_cause = identity, cause
        self.capabilities = CAPABILITIES
        self.serial = Serial()
        self.store = store or Store()
        self.flash = flash or NorFile(None, 64 * 4096)
        self.resets = 0

    def firmware_hash(self):
        return b"firmware"

    def reset(self):
        self.resets += 1


def documents(identity="e660-0001", **raws):
    """Documents that fit the bench's ram; `raws` replace parameters."""
    values = dict(PARAMS)
    values.update(raws)
    cells = [dict(cell, serial="S%d" % i, unix_s=0, zero_code=0) for i, cell in enumerate(CALIBRATION["cells"])]
    return {
        "ceilings": dict(CEILINGS, format=1),
        "config": {"format": 1, "name": "bench", "params": values},
        "calibration": {"format": 1, "board": identity, "cells": cells},
    }


class PressBench:
    """`without` names documents that are missing; `raws` are parameters. The journal is read with `records_of`."""

    def __init__(self, board=None, without=(), stored=True, inputs=blackboard.IN_HEALTHY, **raws):
        self.board = board or MemoryBoard()
        if stored:
            self.write(documents(self.board.identity, **raws), without)
        self.press = Firmware(self.board)
        self.inputs = inputs
        self.status = blackboard.SAMPLE_NEW
        self.codes = {}
        self.extra_cn = 0  # force that nobody asked for
        self.frozen = False  # the force stays whatever the drive does
        self.has_scale = True
        self.cells = [0, 0, 0, 0]
        self.ram_nm = 0
        self.wall_ms = 1000
        self.samples = 0
        self.passes = 0
        self.run_passes(PUSH_PASSES)  # the buttons have been seen up

    def write(self, found, without=()):
        from stackpress_core.documents import Documents

        store = Documents(self.board.store)
        for name in found:
            if name not in without:
                text = json.dumps(found[name]).encode()
                if name == "config":
                    seldom("owner", "allow", store, text)  # as its owner has sent it
                store.write(name, text)

    def serviced(self):
        """The owner is at work."""
        p = self.press
        if not p.maintenance.owned:
            p.maintenance.set_code("", CODE)
        p.maintenance.enter(CODE)
        self.run_passes(2)
        return self

    def put_as_owner(self, name, document):
        """In service, and left again."""
        self.serviced()
        try:
            self.press.settings.put(name, document)
        finally:
            self.press.maintenance.leave()
            self.run_passes(2)

    @property
    def S(self):
        return self.press.S

    def word(self, name):
        return self.press.S[AT[name]]

    def sample(self):
        s = self.press.S
        if not self.frozen:
            total = s[DRIVE] + self.extra_cn
            third = total // 3
            self.cells = [third, third, total - 2 * third, min(total, LOW_STOP_CN)]
        a, b, c, low = self.cells
        s[INPUTS], s[STATUS], s[TEMPERATURE] = self.inputs, self.status, 2500
        at_nm = 1000000 + (a + b + c) * 5 // 12  # 24 N/um
        self.ram_nm = max(self.ram_nm, at_nm) if self.frozen else at_nm  # what is put in by hand takes no ram back: it has cracked
        s[DISPLACEMENT] = self.ram_nm if self.has_scale else ABSENT
        if self.status & SAMPLE_NEW:
            self.samples += 1
            odd = 1 if self.samples % 3 else 0  # of another period than whoever looks
            s[0], s[1], s[2], s[3] = a * 5 // 2 + odd, b * 5 // 2 + odd, c * 5 // 2 + odd, low * 25 + odd
            for i in self.codes:
                s[i] = self.codes[i]

    def run_ticks(self, ticks):
        """Ticks while the foreground is busy elsewhere."""
        for _ in range(ticks):
            self.sample()
            tick(self.press.S, self.press.ring)

    def run_passes(self, passes):
        p = self.press
        for _ in range(passes):
            self.sample()
            tick(p.S, p.ring)
            self.passes += 1
            self.wall_ms = (self.wall_ms + 1000 // HZ) & 0x3FFFFFFF
            p.foreground(self.wall_ms)

    def run(self, seconds):
        self.run_passes(int(seconds * HZ))

    def leap(self, seconds):
        """Time that only the two clocks feel: for what waits by them while nothing else goes on."""
        self.press.S[AT["T_SECOND"]] += seconds
        self.wall_ms = (self.wall_ms + 1000 * seconds) & 0x3FFFFFFF
        self.run_passes(2)

    def until(self, what, seconds=60):
        """Run until `what()` is true; AssertionError if it does not come."""
        for _ in range(int(seconds * HZ)):
            if what():
                return
            self.run_passes(1)
        raise AssertionError("%s, %s %s" % (self.press.readings.state_name, self.press.readings.trip_reason, self.press.runner.reason))

    def until_state(self, state, seconds=60):
        self.until(lambda: self.press.S[AT["STATE"]] == state, seconds)

    def put(self, program):
        self.press.settings.put("program/" + program["name"], program)

    def started(self, *steps, **header):
        """Arm and start a program of these steps."""
        self.put(recipe(*steps, **header))
        self.press.operator.arm()
        self.run_passes(1)
        self.press.operator.start("pellet")
        return self

    def pressed(self, force_cn=1000000, **header):
        """A program holds a force, and will for an hour."""
        self.started(CONTACT, ramp(force_cn), hold(3600000), **header)
        self.until_state(states.HOLDING)
        self.run(0.5)
        return self

    def push(self, *names):
        for name in names:
            self.inputs |= blackboard.IN[name]
        self.run_passes(PUSH_PASSES)
        for name in names:
            self.inputs &= ~blackboard.IN[name]
        self.run_passes(PUSH_PASSES)

    @property
    def valve_is_off(self):
        return self.word("CODE") == 0 and self.word("VALVE") & blackboard.VALVE_POWERED == 0

    def errors(self):
        return list(self.press.server.status.errors.queue)

    def records(self, kind=None):
        """Every durable record, decoded: (kind, fields); of one kind: its fields."""
        journal = self.press.journal
        journal.flush()
        buf, found, seq = bytearray(512), [], 0
        while True:
            n, seq = journal.read_from(seq, buf)
            if n == 0:
                return found
            at = 0
            while at < n:
                this, size = buf[at], buf[at + 1]
                if kind in (None, this):
                    fields = packing.unpack(this, buf[at + records.HEAD_BYTES : at + records.HEAD_BYTES + size])
                    found.append(fields if kind else (this, fields))
                at += size + records.OVERHEAD_BYTES

    def flight(self, trip=1):
        """[(tick from the trip, entry)] of one trip's window."""
        found = []
        for fields in self.records(records.FLIGHT):
            if fields["trip"] == trip:
                for i in range(len(fields["entries"]) // records.FLIGHT_ENTRY_BYTES):
                    entry = struct.unpack_from(records.FLIGHT_ENTRY, fields["entries"], i * records.FLIGHT_ENTRY_BYTES)
                    found.append((fields["first"] + i, entry))
        return found


MADE = []  # presses of the test that runs


def bench(*args, **more):
    """A PressBench that `after_each` looks at when the test is over."""
    MADE.append(PressBench(*args, **more))
    return MADE[-1]


def after_each():
    """No press of the test that has run had an error of its own: nothing was raised inside it, nothing was lost."""
    presses = list(MADE)
    MADE.clear()
    for made in presses:
        own = [error for error in made.errors() if -330 <= error[0] <= -300]
        assert not own, own
        assert made.press.journal.dropped == 0
