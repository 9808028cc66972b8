"""A small honest press for the tests of the language: keeps documents, notes what it was asked, refuses when armed."""

from memory_store import Store
from stackpress_core import params
from stackpress_core.documents import Documents, Transfer
from stackpress_core.errors import Refused
from stackpress_core.log.telemetry import Telemetry
from stackpress_core.tick import blackboard, states


class Serial:
    """A line with a host at its end: `sent` waits for the press, `got` is what the host has read."""

    def __init__(self):
        self.sent = b""
        self.got = b""
        self.reads = True  # False: the host never reads
        self.most = 64  # bytes taken at once
        self.held = 0  # bytes that are on their way
        self.ms = 0
        self.heard = 0  # what it tells beside its bytes

    def read(self, buf):
        n = min(len(buf), len(self.sent))
        buf[:n] = self.sent[:n]
        self.sent = self.sent[n:]
        return n

    def told(self):
        told, self.heard = self.heard, 0
        return told

    def now_ms(self):
        """Its clock: a look takes 5 ms."""
        self.ms += 5
        return self.ms

    def write(self, view):
        if not self.reads:
            return 0
        n = min(len(view), self.most)
        self.got += bytes(view[:n])
        return n


class Journal:
    first_seq = 1
    next_seq = 41
    pulled_seq = 0
    overwritten_unpulled = 0
    dropped = 0
    origin = 7
    missing = ""

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
    state, reason, kind, note = "idle", "", "", ""
    step_number, step_time_ms, time_left_ms, area_um2 = 0, 0, -1, 0
    active = waits_for_trigger = False


class Parts:
    """Every part of a press in one, but those that have something of their own."""

    version = "0.0.0"
    boot_id, time_s, time_ms, hz = 3, 90000, 250, 4000
    ticks, tick_us_max, missed_ticks = 360000000, 85, 0
    filtered_cn, set_cn, imbalance_permille, displacement_nm = 66366, 66400, 12, 1500000
    valve_code, valve_bits, run, warning_bits, n_per_m, inputs = 100, 0, 0, 0, 20000000, 0
    trip_reason = trip_hint = program_name = sample = ""
    active = closing = order_waits = owned = stale = False
    problems = {}

    def __init__(self):
        self.readings = self.settings = self.operator = self.arming = self.maintenance = self.calibrator = self.stiffness = self
        self.lease = self.events = self.run_log = self
        self.S = blackboard.new()
        self.state = states.SAFE
        self.params = params.Values()
        self.board = Board()
        self.documents = Documents(Store())
        self.transfer = Transfer()
        self.runner = Runner()
        self.telemetry = Telemetry(self, self.runner, self)
        self.journal = Journal()
        self.tare_cn = [0, 0, 0, 0]
        self.done = []

    @property
    def at_rest(self):
        return self.state == states.SAFE

    @property
    def state_name(self):
        return states.NAMES[self.state]

    @property
    def shown_cn(self):
        return self.filtered_cn - sum(self.tare_cn)

    def cell_force_cn(self, i):
        return 100 * (i + 1)

    def temperature_cc(self, i):
        return (2512, blackboard.ABSENT)[i]

    def failing(self):
        return [("guard", 'The "front" guard is open'), ("config", "No configuration")] if not self.done else []

    @property
    def active_bits(self):
        return blackboard.row_bits(self.S, blackboard.AT["ACTIVE"])

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

    def renew(self, milliseconds):
        self.done.append(("lease", milliseconds))

    def host_clock(self, unix_ms):
        self.done.append(("contact", unix_ms))

    def memory(self):
        return 100000, 50000

    def leave(self, code=None):
        pass

    def may_take_over(self):
        return self.at_rest

    def refuse_writing(self):
        if self.state in states.ARMED:
            raise Refused("the press is " + self.state_name)

    def put_text(self, name, text):
        self.documents.put(name, text)
        self.done.append(("changed", name))

    def remove(self, name):
        self.documents.remove(name)
        self.done.append(("changed", name))
