"""A small honest press for the tests of the language: keeps documents, notes what it was asked, refuses when armed."""

from stackpress_core import params
from stackpress_core.documents import Documents, Transfer
from stackpress_core.errors import Refused
from stackpress_core.log.telemetry import Telemetry
from stackpress_core.tick import states, words


class Store:
    def __init__(self):
        self.slots = {}

    def read(self, name):
        return self.slots.get(name)

    def write(self, name, data):
        self.slots[name] = bytes(data)

    def remove(self, name):
        del self.slots[name]

    def names(self):
        return list(self.slots)


class Serial:
    """A line with a host at its end: `sent` waits for the press, `got` is what the host has read."""

    def __init__(self):
        self.sent = b""
        self.got = b""
        self.reads = True  # False: the host never reads
        self.most = 64  # bytes taken at once

    def read(self, buf):
        n = min(len(buf), len(self.sent))
        buf[:n] = self.sent[:n]
        self.sent = self.sent[n:]
        return n

    def write(self, view):
        if not self.reads:
            return 0
        n = min(len(view), self.most)
        self.got += bytes(view[:n])
        return n


class RunLog:
    closing = False


class Journal:
    first_seq = 1
    next_seq = 41
    pulled_seq = 0
    overwritten_unpulled = 0
    dropped = 0
    origin = 7

    def read_from(self, seq, buf):
        """Records of 100 bytes, each filled with its number."""
        used = 0
        while seq < self.next_seq and used + 100 <= len(buf):
            buf[used : used + 100] = bytes([seq]) * 100
            used += 100
            seq += 1
        return used, seq

    def mark_pulled(self, seq):
        self.pulled_seq = min(seq, self.next_seq - 1)


class Board:
    name = "bench"
    identity = "e660-0001"
    runs = "simulated"


class Runner:
    program = None
    state, reason = "idle", ""


class Press:
    version = "0.0.0"
    boot_id, time_s, time_ms = 3, 90000, 250
    journal_missing = ""
    force_cn, set_cn, imbalance_permille, displacement_nm = 66366, 66400, 12, 1500000
    valve_code, valve_bits, step, run_number, warning_bits = 100, 0, 0, 0, 0
    calibrating = waiting_for_trigger = False
    trip_reason = trip_hint = ""
    order_waits = False

    def __init__(self):
        self.S = words.new()
        self.state = states.SAFE
        self.params = params.Values()
        self.board = Board()
        self.documents = Documents(Store())
        self.transfer = Transfer()
        self.telemetry = Telemetry()
        self.journal = Journal()
        self.run_log = RunLog()
        self.area_um2 = 0
        self.sample_name = ""
        self.tare_cn = [0, 0, 0, 0]
        self.runner = Runner()
        self.service_unlocked = False
        self.program = ("", 0, "", 0, 0, -1)
        self.done = []

    @property
    def at_rest(self):
        return self.state == states.SAFE

    @property
    def state_name(self):
        return states.NAMES[self.state]

    @property
    def program_running(self):
        return self.state in states.DRIVEN

    @property
    def shown_cn(self):
        return self.force_cn - sum(self.tare_cn)

    def cell_force_cn(self, i):
        return 100 * (i + 1)

    def temperature_cc(self, i):
        return (2512, words.ABSENT)[i]

    def stiffness_n_per_m(self):
        return 20000000

    def arming_checks(self):
        return [("guard", 'The "front" guard is open'), ("config", "No configuration")] if not self.done else []

    def active_reasons(self):
        return []

    def warnings(self):
        return []

    def arm(self):
        if self.state != states.SAFE:
            raise Refused("the press is " + self.state_name)
        self.state = states.READY
        self.done.append("arm")

    def disarm(self):
        self.state = states.SAFE
        self.done.append("disarm")

    def start(self, name, sample, operator):
        if self.state != states.READY:
            raise Refused("the press is not armed")
        self.state = states.PRESSING
        self.done.append(("start", name, sample, operator))

    def stop(self, kind):
        self.done.append(("stop", kind))

    def reset(self):
        self.done.append("reset")

    def abort(self):
        self.state = states.SAFE
        self.done.append("abort")

    def lease(self, milliseconds):
        self.done.append(("lease", milliseconds))

    def contact(self, unix_ms):
        self.done.append(("contact", unix_ms))

    def selftest(self):
        return 0

    def memory(self):
        return 100000, 50000

    def tick_statistics(self):
        return 360000000, 85, 0, 4000

    def program_state(self):
        return self.program

    def refuse_writing(self):
        if self.state in states.ARMED:
            raise Refused("the press is " + self.state_name)

    def document_changed(self, name):
        self.done.append(("changed", name))
