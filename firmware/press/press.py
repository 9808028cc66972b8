"""The press as everybody but the tick sees it: what it says, what it can be asked for, and one pass of its foreground.

Nothing here moves the valve. Orders go into the frame's mailbox, which the tick reads once and only obeys where the table of
states allows it; the interlocks and the guard come after that. Each order may be refused, in words.
"""

from press import checks, cycle, frame, interlock, judged, params, program, records, tuning
from press.boot import next_boot_id
from press.calibrating import Calibrator
from press.commands import TABLE
from press.documents import Documents, Transfer
from press.errors import Refused
from press.identity import digest
from press.journal import Journal
from press.runner import Runner
from press.sampler import Sampler
from press.scpi import Server
from press.stiffness import Stiffness
from press.telemetry import Telemetry
from press.tick import tick
from press.version import VERSION

AT = frame.AT
_STATE, _MODE, _T_SECOND, _T_SUB, _HZ = AT["STATE"], AT["MODE"], AT["T_SECOND"], AT["T_SUB"], AT["HZ"]
_FORCE_F, _SET, _FOREGROUND, _REACHED = AT["FORCE_F"], AT["SET"], AT["SIG_FOREGROUND"], AT["REACHED"]
_CMD_SEQ, _CMD_SEEN, _CMD_STATE, _FORCE_H = AT["CMD_SEQ"], AT["CMD_SEEN"], AT["CMD_STATE"], AT["FORCE_H"]
RING_ENTRIES = 6144
RATE_LIMIT = (1 << 38) - 1  # cN/s x 65536: what the set-point generator can hold
VENTED_MS = 500
BUTTONS = frame.IN["start"] | frame.IN["stop"] | frame.IN["reset"]
ZERO_PASSES = 200  # passes with nothing pressed before the zero after a run is taken
VENT_LIMIT_MS = 10000
HOST_GRACE_MS = 15000
TELEMETRY_MS = 100
WALL_MASK = (1 << 30) - 1
RESET_CAUSES = ("power", "reset", "watchdog", "crash")
CRASHES = ("watchdog", "crash")
REQUIRED = ("config", "ceilings", "calibration")


class Press:
    """One press on one board; see boards/README.md for what `board` is."""

    def __init__(self, board):
        self.board = board
        self.version = VERSION
        self.S = frame.new()
        self.ring = getattr(board, "ring", None) or bytearray(16 * RING_ENTRIES)
        self.tick = tick  # tick(S, ring): what the board calls at its rate
        self.documents = Documents(board.store)
        judged.register(self)
        self.transfer = Transfer()
        self.boot_id = next_boot_id(board.store)
        self.journal = Journal(board.flash, self.boot_id)
        self.telemetry = Telemetry()
        self.params = params.Values()
        self.problems = {}
        self.tare_cn = [0] * frame.CELLS
        self._zero_q8 = [0] * frame.CELLS
        self._vented_passes = 0
        self.calibrator = Calibrator(self)
        self.runner = Runner(self)
        self.run_number = 0
        self.service_unlocked = False
        self.sample_name = self.operator = ""
        self.stiffness = Stiffness()
        self.stop_bits = 0
        self._settled_band = self._settled_s = self._settled_ms = 0
        self._program = ""
        self._run_logged = True
        self._lease_until = -1
        self._wall = 0
        self._vented_from = -1
        self._vent_from = -1
        self._pass_s, self._pass_sub = -1, -1
        self._telemetry_ms = 0
        self._moves_from = self._moves_ms = 0
        self._buttons = BUTTONS  # one that is held while the press starts does nothing before it is let go
        self._reset_frame()
        self.load()
        self.sampler = Sampler(self)
        self.server = Server(board.serial, TABLE, self)
        self._log_boot()

    def _reset_frame(self):
        s = self.S
        s[AT["FIRST"]] = s[AT["RING_LEFT"]] = -1
        s[AT["RING_LEN"]] = RING_ENTRIES
        s[AT["TEMPERATURE"]] = s[AT["TEMPERATURE"] + 1] = s[AT["DISPLACEMENT"]] = frame.ABSENT
        s[AT["BANK_WANTED"]] = 1
        s[AT["SIG_CRASH"]] = 1 if self.board.reset_cause in CRASHES else 0

    # -- documents -------------------------------------------------------------------------------------------------

    def load(self):
        """Put the stored documents in force; what is missing or bad is told by `problems` and keeps the press safe."""
        self.problems = {}
        found = {}
        for name in REQUIRED + ("zero",):
            document = self.documents.get(name)
            state = self.documents.state(name)
            if document is not None:
                wrong = self.documents.validators[name](document)
                if name == "calibration" and not wrong and document["board"] != self.board.identity:
                    wrong = ["it belongs to board %s" % document["board"]]
                if name == "zero" and not wrong and found["calibration"]:
                    wrong = judged.zero_of(document, found["calibration"])
                if wrong:
                    state, document = wrong[0], None
            found[name] = document
            if document is None and (name in REQUIRED or state != "missing"):
                self.problems[name] = "bad" if state == "ok" else state
        hz = self.hz
        self.params = params.Values(found["config"]["params"] if found["config"] else {})
        self._between_ticks(
            lambda: tuning.compile_frame(self.S, self.params, found["ceilings"], found["calibration"], found["zero"]))
        if not self.problems:
            above, missing = judged.above_ceilings(self.params, found["ceilings"]), self._uncalibrated(found["calibration"])
            if above:
                self.problems["config"] = above[0]
            if missing:
                self.problems["calibration"] = missing[0]
        if hz:  # press time goes on where it is
            self.S[_T_SUB] = self.S[_T_SUB] * self.hz // hz
        self.S[AT["SIG_CONFIG"]] = 1 if self.problems else 0
        self.S[AT["RING_AFTER"]] = min(self.hz // 2, RING_ENTRIES // 3)
        self.S[AT["RING_FILLED"]] = 0

    def _between_ticks(self, change):
        """Change the frame in one piece: where ticks are interrupts, none sees half of it."""
        held = getattr(self.board, "between_ticks", None)
        if held:
            held(change)
        else:
            change()

    def _uncalibrated(self, calibration):
        cells = calibration["cells"]
        return ["cell %d is not calibrated" % (i + 1) for i in range(frame.CELLS)
                if self.uses_cell(i) and (i >= len(cells) or cells[i] is None)]

    def uses_cell(self, i):
        return bool((self.params["high_range_mask"] | self.params["low_range_mask"]) >> i & 1)

    def refuse_writing(self):
        """Nothing is written to the store while the press is armed: the processor may stand still meanwhile."""
        if self.state not in (cycle.SAFE, cycle.SERVICE, cycle.MONITOR):
            raise Refused("documents are written in the safe state, the press is %s" % self.state_name)

    def document_changed(self, name):
        self.load()
        self.sampler.event(6, 0, 0, name)

    def put_document(self, name, document):
        import json

        self.refuse_writing()
        self.documents.put(name, json.dumps(document).encode())
        self.document_changed(name)

    def program_limits(self):
        return program.limits_of(self.params, self.board.capabilities)

    # -- what it says ----------------------------------------------------------------------------------------------

    @property
    def state(self):
        """The press state, or the one that has been asked for and that the next tick will adopt."""
        s = self.S
        state = s[_STATE]
        if s[_CMD_SEQ] != s[_CMD_SEEN] and s[AT["K_TRANSITIONS"] + state] >> s[_CMD_STATE] & 1:
            return s[_CMD_STATE]
        return state

    @property
    def state_name(self):
        return cycle.NAMES[self.state]

    @property
    def hz(self):
        return self.S[_HZ]

    @property
    def time_s(self):
        return self.S[_T_SECOND]

    @property
    def time_ms(self):
        return self.S[_T_SUB] * 1000 // self.S[_HZ] % 1000

    @property
    def force_cn(self):
        return self.S[_FORCE_F]

    @property
    def shown_cn(self):
        """The force with the display's tare taken off."""
        mask = self.params["low_range_mask" if self.S[AT["RANGE"]] else "high_range_mask"]
        return self.S[_FORCE_F] - sum([self.tare_cn[i] for i in range(frame.CELLS) if mask >> i & 1])

    @property
    def set_cn(self):
        return self.S[_SET]

    def cell_force_cn(self, i):
        return self.S[AT["CELL"] + i]

    @property
    def imbalance_permille(self):
        return self.S[AT["IMBALANCE"]]

    @property
    def displacement_nm(self):
        return self.S[AT["DISPLACEMENT"]]

    def temperature_cc(self, i):
        return self.S[AT["TEMPERATURE"] + i]

    @property
    def inputs(self):
        return self.S[AT["INPUTS"]]

    @property
    def valve_bits(self):
        return self.S[AT["VALVE"]]

    @property
    def valve_code(self):
        """0..65535: the regulator's set-point, or how far the solenoids are open."""
        s = self.S
        if s[AT["K_KIND"]] == 2:
            return 65535 if s[AT["VALVE"]] & frame.VALVE_FILL else 0
        return s[AT["CODE"]]

    @property
    def moves(self):
        return self.S[AT["MOVES"]]

    @property
    def stale(self):
        return self.row_exceeds("stale")

    @property
    def step(self):
        return max(0, self.runner.index + 1)

    @property
    def area_um2(self):
        return self.runner.area_um2

    @property
    def warning_bits(self):
        return self.S[AT["WARNED"]]

    @property
    def trip_reason(self):
        first = self.S[AT["FIRST"]]
        return interlock.NAMES[first] if first >= 0 else ""

    @property
    def trip_hint(self):
        first = self.S[AT["FIRST"]]
        return interlock.ROWS[first][7] if first >= 0 else ""

    def active_reasons(self):
        return interlock.names_of(self.S[AT["ACTIVE"]])

    def warnings(self):
        return interlock.names_of(self.S[AT["WARNED"]])

    def arming_checks(self):
        return checks.failing(self)

    def row_exceeds(self, name):
        """Whether the signal of this interlock row stands above its limit now, whatever the state."""
        row = AT["ROW"] + frame.ROW_WORDS * interlock.NAMES.index(name)
        return self.S[self.S[row]] > self.S[row + 1]

    def zero_band_cn(self, i):
        """How far an unloaded cell may be off zero: 2 % of its ceiling."""
        return 2000 if "ceilings" in self.problems else max(2000, self.S[AT["K_CELL_CEILING"] + i] // 50)

    def zero_is_off(self):
        return any(self.uses_cell(i) and abs(self.cell_force_cn(i)) > self.zero_band_cn(i) for i in range(frame.CELLS))

    def zero_text(self):
        return ", ".join(["cell %d %d N" % (i + 1, self.cell_force_cn(i) // 100)
                          for i in range(frame.CELLS) if self.uses_cell(i)])

    def stiffness_n_per_m(self):
        return self.stiffness.cn_per_um * 10000

    def tick_statistics(self):
        s = self.S
        return s[AT["TOKEN"]], max(s[AT["TICK_WORST"]], self.board.tick_worst_us()), s[AT["MISSED"]], s[_HZ]

    def memory(self):
        import gc

        return gc.mem_free(), gc.mem_alloc()

    def selftest(self):
        """0 if all is well, else bits: 1 configuration, 2 calibration, 4 ceilings, 8 samples, 16 journal, 32 ticks missed."""
        bits = sum([1 << i for i, name in enumerate(("config", "calibration", "ceilings")) if name in self.problems])
        return bits | (8 if self.stale else 0) | (16 if self.journal.dropped else 0) | (32 if self.S[AT["MISSED"]] else 0)

    # -- what it can be asked for ----------------------------------------------------------------------------------

    def _send(self, state, mode, target=0, rate=0, speed_nm_s=0):
        """Put an order into the mailbox; its number is written last."""
        s = self.S
        s[_CMD_STATE], s[AT["CMD_MODE"]], s[AT["CMD_TARGET"]] = state, mode, target
        s[AT["CMD_SPEED"]] = speed_nm_s
        if rate:
            rate = tuning.rate_q16(min(rate, RATE_LIMIT >> 16), s[_HZ])
            s[AT["CMD_RATE"]] = rate
            s[AT["CMD_CORNER"]], s[AT["CMD_LANDING"]] = tuning.corner_words(rate, self.params["corner_ms"], s[_HZ])
        s[_CMD_SEQ] = (s[_CMD_SEQ] + 1) & 0x1FFFFFFF

    def _need_driven(self):
        if self.state not in (cycle.READY,) + cycle.ENERGISED:
            raise Refused("the press is %s, not armed" % self.state_name)

    def arm(self):
        """SAFE to READY, if every check passes."""
        if self.state == cycle.READY:
            return
        failing = self.arming_checks()
        if failing:
            raise Refused("can't arm: " + "; ".join([text for _, text in failing]))
        self._send(cycle.READY, cycle.OFF)

    def disarm(self):
        if self.state in cycle.ENERGISED:
            raise Refused("the press is %s: stop it first" % self.state_name)
        if self.state == cycle.READY:
            self._send(cycle.SAFE, cycle.OFF)

    def monitor(self, on):
        """Enter or leave the state of a manual press: force is read, judged and logged, nothing is driven."""
        if on and self.state == cycle.SAFE:
            if "calibration" in self.problems:
                raise Refused("calibration: %s" % self.problems["calibration"])
            self._send(cycle.MONITOR, cycle.OFF)
        elif not on and self.state == cycle.MONITOR:
            self._send(cycle.SAFE, cycle.OFF)
        elif on != (self.state == cycle.MONITOR):
            raise Refused("the press is %s" % self.state_name)

    def service_unlock(self, code):
        """The code is the board's identity: whoever writes ceilings must know which press it is."""
        if code != self.board.identity:
            raise Refused("this is not the press's unlock code: it is the board's identity", -203)
        if self.state not in (cycle.SAFE, cycle.SERVICE):
            raise Refused("service begins in the safe state, the press is %s" % self.state_name)
        self.service_unlocked = True
        if self.state == cycle.SAFE:
            self._send(cycle.SERVICE, cycle.OFF)
            self.sampler.event(19, 1)

    def service_lock(self):
        self.service_unlocked = False
        if self.state == cycle.SERVICE:
            self._send(cycle.SAFE, cycle.OFF)
            self.sampler.event(19, 0)

    def start(self, name, sample="", operator="", from_host=True):
        """Start a stored program on the armed press; Refused with every complaint, and nothing has moved."""
        if self.runner.active or self.state in cycle.ENERGISED:
            raise Refused("a program is running")
        manual = self.state == cycle.MONITOR and self.params["valve_kind"] == 0
        if self.state != cycle.READY and not manual:
            raise Refused("the press is %s: arm it first" % self.state_name)
        document = self.documents.get("program/" + name)
        if document is None:
            raise Refused("program %s is %s" % (name, self.documents.state("program/" + name)))
        if not self._run_logged:  # the run before ended a moment ago
            self._write_run_end(False)
        complaints = self.runner.load(document, self.program_limits())
        if complaints:
            raise Refused("; ".join(complaints))
        self.sample_name = sample or document.get("sample", "")
        self.operator = operator or document.get("operator", "")
        self._program = name
        self.run_number += 1
        self.runner.start(self.run_number)
        self.sampler.peak_cn = 0
        self._run_logged = False
        self._vented_passes = 0
        policy = self.runner.host_loss
        self.S[AT["SIG_LEASE"]] = 0
        self._lease_until = -1
        if policy != "carry_on":
            row = AT["ROW"] + frame.ROW_WORDS * interlock.NAMES.index("host_lease")
            self.S[row + 5] = interlock.RAMP if policy == "ramp_down" else interlock.HOLD
            if from_host:
                self.lease(HOST_GRACE_MS)
        self._log_run(document)

    def stop(self, kind):
        """End the program: "controlled" releases at a bounded rate and vents, "hold" freezes, "vent" dumps."""
        if self.state == cycle.TRIPPED and kind != "hold" and self.S[AT["REACTION"]] < interlock.VENT:
            self._let_go(kind)
            return
        if self.state not in cycle.ENERGISED:
            if self.runner.active:
                self.runner.failed("stopped")
                return
            raise Refused("the press is %s: there is nothing to stop" % self.state_name)
        self.sampler.event(16, 0, 0, kind)
        self.runner.stop(kind)

    def _let_go(self, kind):
        """A press that was stopped with its cell still pressed: ramp down, or vent."""
        s = self.S
        if kind == "vent" or s[AT["REACTION"]] == interlock.RAMP:
            s[AT["REACTION"]] = interlock.VENT
        else:
            s[AT["TRIP_TICKS"]] = 2  # the ramp's time limit counts from now; 2: this is no new trip for the recorder
            s[AT["REACTION"]] = interlock.RAMP

    def abort(self):
        """Vent now, whatever is going on; a press that was stopped with a hold vents as well."""
        s = self.S
        if s[_STATE] == cycle.TRIPPED:
            s[AT["REACTION"]] = interlock.VENT
        elif self.state in (cycle.READY,) + cycle.ENERGISED:
            self._send(cycle.SAFE, cycle.OFF)
        self.runner.failed("aborted")

    def reset(self):
        """Acknowledge a trip whose condition is gone, warnings, and what happened before this start."""
        s = self.S
        s[AT["SIG_RESET"]] = s[AT["SIG_CRASH"]] = s[AT["SIG_LOG"]] = s[AT["SIG_STORAGE"]] = s[AT["SIG_LEASE"]] = 0
        s[AT["WARNED"]] = 0
        if s[_STATE] != cycle.TRIPPED:
            return
        still = [name for name in interlock.names_of(s[AT["LATCHED"]]) if self._still(name)]
        if still:
            raise Refused("still there: %s" % ", ".join(still))
        if s[AT["REACTION"]] != interlock.VENT and abs(self.force_cn) > self.params["contact_force_n"]:
            raise Refused("the cell is still pressed with %d N: stop with VENT first" % (self.force_cn // 100))
        s[AT["LATCHED"]] = 0
        self._send(cycle.SAFE, cycle.OFF)
        self.sampler.event(17)

    def _still(self, name):
        """Whether the condition of a latched row is there now; rows that judge a movement end with it."""
        lasting = interlock.ROWS[interlock.NAMES.index(name)][5] & cycle.mask((cycle.READY,))
        return lasting and name != "runaway" and self.row_exceeds(name)

    def lease(self, ms):
        """The host is there, for `ms` of wall time from now."""
        self._lease_until = (self._wall + ms) & WALL_MASK
        self.S[AT["SIG_LEASE"]] = 0

    def contact(self, unix_ms):
        """The host's clock, kept beside press time."""
        self.journal.append(records.TIME_MAP, records.pack(
            records.TIME_MAP, self.time_s, self.time_ms, unix_ms // 1000, unix_ms % 1000))  # fmt: skip

    def reboot(self):
        if self.state != cycle.SAFE:
            raise Refused("a restart needs the safe state, the press is %s" % self.state_name)
        self.journal.flush()
        self.board.reset()

    def trigger_in(self):
        self.runner.trigger()
        self.sampler.event(8)

    @property
    def program_running(self):
        return self.runner.active

    @property
    def waiting_for_trigger(self):
        return self.runner.waits_for_trigger

    @property
    def calibrating(self):
        return self.calibrator.cell > 0

    def program_state(self):
        r = self.runner
        return self._program, self.step if r.active else 0, r.kind, r.step_time_ms, self.run_number, r.time_left_ms

    @property
    def wants_prompt(self):
        return self.server.wants_repl

    # calibration: see calibrating.py
    def calibration_zero(self):
        self.calibrator.zero()

    def calibration_tare(self):
        """The display's zero only; the safety bands keep the commissioning zero."""
        self.tare_cn = [self.cell_force_cn(i) for i in range(frame.CELLS)]
        self.sampler.event(12)

    def calibration_begin(self, cell, serial):
        self.calibrator.begin(cell, serial)

    def calibration_point(self, cell, force_cn):
        self.calibrator.point(cell, force_cn)

    def calibration_accept(self, unix_s):
        self.calibrator.accept(unix_s)

    def calibration_abort(self):
        self.calibrator.abort()

    def calibration_state(self):
        return self.calibrator.step, self.calibrator.cell, self.calibrator.points

    # -- what a program step asks for ------------------------------------------------------------------------------

    def set_force(self, target_cn, rate_cn_per_s):
        """Bring the force to `target_cn`, no faster than the rate and the press's limit."""
        self._need_driven()
        if not 0 <= target_cn <= self.params["force_limit_n"]:
            raise Refused("%d N is not between 0 and the working limit" % (target_cn // 100))
        rate = max(1, min(rate_cn_per_s, self.params["rate_limit_n_per_s"]))
        state = cycle.PRESSING if target_cn >= self.set_cn else cycle.RELEASING
        self._send(state, cycle.FORCE, target_cn, rate)

    def approach(self, contact_cn, speed_um_s):
        self._need_driven()
        speed = min(speed_um_s, self.params["approach_limit_um_per_s"])
        self._send(cycle.PRESSING, cycle.APPROACH, contact_cn, 0, speed * 1000)

    def lock(self):
        self._need_driven()
        self._send(cycle.HOLDING, cycle.LOCK)

    def release(self, rate_cn_per_s):
        self.set_force(0, rate_cn_per_s)

    def vent(self):
        """Let the force go through the valve; the press is safe once it is gone."""
        if self.state in cycle.ENERGISED:
            self._send(cycle.RELEASING, cycle.VENT)
        elif self.state == cycle.READY:
            self._send(cycle.SAFE, cycle.OFF)

    @property
    def set_point_reached(self):
        s = self.S
        return s[_CMD_SEQ] == s[_CMD_SEEN] and s[_MODE] == cycle.FORCE and s[_REACHED] > 0

    def settled(self, band_cn, time_ms):
        """Whether the force has been within the band round the set-point for that long."""
        if abs(self.S[_SET] - self.S[_FORCE_H]) > band_cn or band_cn != self._settled_band or not self.set_point_reached:
            self._settled_band, self._settled_s, self._settled_ms = band_cn, self.time_s, self.time_ms
            return False
        return (self.time_s - self._settled_s) * 1000 + self.time_ms - self._settled_ms >= time_ms

    def set_trigger(self, on):
        if self.S[AT["TRIGGER"]] != (1 if on else 0):
            self.S[AT["TRIGGER"]] = 1 if on else 0
            self.sampler.event(7, 1 if on else 0)

    def note_step(self, phase, outcome):
        r = self.runner
        self.journal.append(records.STEP, records.pack(
            records.STEP, self.time_s, self.time_ms, self.run_number, self.step, r.count, r.cycle, phase, r.goal_cn,
            self.force_cn, self.displacement_nm, r.kind, outcome))  # fmt: skip

    # -- one pass of the foreground --------------------------------------------------------------------------------

    def foreground(self, wall_ms):
        """Serial line, program, log: each bounded. Only what follows press time waits for the tick to have advanced."""
        s = self.S
        self._wall = wall_ms
        s[_FOREGROUND] = 0
        self.server.poll()
        if s[_T_SUB] != self._pass_sub or s[_T_SECOND] != self._pass_s:
            self._pass_sub, self._pass_s = s[_T_SUB], s[_T_SECOND]
            now_s, now_ms = self.time_s, self.time_ms
            if self._lease_until >= 0:
                self._watch_lease(wall_ms)
            if s[AT["INPUTS"]] & BUTTONS != self._buttons:
                self._press_buttons(s[AT["INPUTS"]] & BUTTONS)
            if self.runner.active:
                if s[_CMD_SEQ] == s[_CMD_SEEN]:  # an order that the tick has not read must not be overwritten by the next
                    self.runner.step(now_s, now_ms)
            elif not self._run_logged:
                self._log_run_end()
            if s[_MODE] == cycle.VENT or self._vent_from >= 0:
                self._watch_vent(now_s * 1000 + now_ms)
            if (now_ms - self._telemetry_ms) % 1000 >= TELEMETRY_MS:
                self._telemetry_ms = now_ms - now_ms % TELEMETRY_MS
                self._ten_times_a_second(now_s * 1000 + now_ms)
            if s[_STATE] == cycle.SAFE or s[_STATE] == cycle.SERVICE:
                self.calibrator.look()
            if self._is_vented():
                for i in range(frame.CELLS):
                    self._zero_q8[i] += ((s[AT["CELL"] + i] << 8) - self._zero_q8[i]) >> 6
            self.sampler.service()
        self.journal.service()

    def _watch_lease(self, wall_ms):
        left = (self._lease_until - wall_ms) & WALL_MASK
        if left > WALL_MASK >> 1:
            self._lease_until = -1
            # a stop that is under way goes on to its end without the host
            if self.runner.active and self.runner.state != "stopping" and self.runner.host_loss != "carry_on":
                self.sampler.event(4)
                self.S[AT["SIG_LEASE"]] = 1

    def _watch_vent(self, now):
        """After a vent the press is safe once the force has gone, and after a while in any case."""
        if self.S[_MODE] != cycle.VENT:
            self._vent_from = self._vented_from = -1
            return
        if self._vent_from < 0:
            self._vent_from = now
        if abs(self.force_cn) > self.params["contact_force_n"]:
            self._vented_from = -1
        elif self._vented_from < 0:
            self._vented_from = now
        if (self._vented_from >= 0 and now - self._vented_from > VENTED_MS) or now - self._vent_from > VENT_LIMIT_MS:
            self._send(cycle.SAFE, cycle.OFF)

    def _ten_times_a_second(self, now):
        self.telemetry.sample(self)
        s = self.S
        self.stiffness.look(s[_FORCE_F], s[AT["DISPLACEMENT"]])
        tuning.schedule(s, self.params, self.stiffness.cn_per_um, s[_FORCE_F])
        if now - self._moves_ms >= 60000 or s[_STATE] != cycle.HOLDING:
            s[AT["SIG_DUTY"]] = self.moves - self._moves_from if s[_STATE] == cycle.HOLDING else 0
            self._moves_from, self._moves_ms = self.moves, now

    def _press_buttons(self, now):
        """Start, stop and acknowledge at the press itself; each acts when it goes down."""
        down = now & ~self._buttons
        self._buttons = now
        try:
            if down & frame.IN["stop"]:
                self.stop("controlled")
            elif down & frame.IN["reset"]:
                self.reset()
            elif down & frame.IN["start"]:
                self._start_button()
        except Refused as refusal:
            self.sampler.event(20, 0, 0, refusal.text)

    def _start_button(self):
        """Arm and start the program that was selected last; a paused press has nothing to start."""
        name = self._program or (self.documents.names("program/") or ["program/"])[0].split("/")[1]
        if self.state == cycle.SAFE:
            self.arm()
        self.start(name, from_host=False)

    # -- log -------------------------------------------------------------------------------------------------------

    def _hash(self, name):
        return digest(self.documents.text(name) or b"")

    def _zero_words(self):
        """What each cell shows with nothing pressed / cN, the mean of the last third of a second."""
        return [total >> 8 for total in self._zero_q8]

    def _log_boot(self):
        cause = RESET_CAUSES.index(self.board.reset_cause)
        self.journal.append(records.BOOT, records.pack(
            records.BOOT, self.time_s, self.time_ms, self.boot_id, cause, self.hz, self.board.firmware_hash(),
            self._hash("config"), VERSION, self.board.name, self.board.identity))  # fmt: skip

    def _log_run(self, document):
        self.journal.append(records.RUN, records.pack(
            records.RUN, self.time_s, self.time_ms, self.run_number, self.area_um2, self.hz,
            records.HOST_LOSS.index(self.runner.host_loss), self.params["cell_count"], self.board.firmware_hash(),
            self._hash("config"), self._hash("calibration"), self._hash("program/" + self._program), self._zero_words(),
            VERSION, self._program, self.sample_name, self.operator))  # fmt: skip

    def _is_vented(self):
        s = self.S
        return s[_STATE] <= cycle.READY or (s[_STATE] == cycle.TRIPPED and s[AT["REACTION"]] == interlock.VENT)

    def _log_run_end(self):
        """The run's last record: once the press is vented its zero is known, else the cell is still pressed."""
        s = self.S
        if s[_MODE] == cycle.VENT or s[_CMD_SEQ] != s[_CMD_SEEN]:
            return
        vented = self._is_vented()
        if vented:
            if abs(self.force_cn) > self.params["contact_force_n"]:
                self._vented_passes = 0
            self._vented_passes += 1
            if self._vented_passes < ZERO_PASSES:
                return
        self._write_run_end(vented)

    def _write_run_end(self, vented):
        s, r = self.S, self.runner
        self._run_logged = True
        aborted = r.reason == "aborted"
        outcome = {"done": 1, "stopped": 2, "failed": 4 if aborted else 3}.get(r.state, 2)
        zero = self._zero_words() if vented else [records.ABSENT_I32] * frame.CELLS
        self.journal.append(records.RUN_END, records.pack(
            records.RUN_END, self.time_s, self.time_ms, self.run_number, outcome, zero, self.sampler.peak_cn,
            self.moves, s[AT["TOKEN"]], s[AT["MISSED"]]))  # fmt: skip
