"""What people and hosts ask of a press: arm, start, stop, abort, acknowledge, calibrate. Each may be refused, in words."""

from stackpress_core import switches
from stackpress_core.boots import acknowledge_crash
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.motion import Steered
from stackpress_core.tick import interlock, states, words

AT = words.AT
_STATE = AT["STATE"]
HOST_GRACE_MS = 15000
DEPART_MS = 100
TARE_BANDS = 5  # a tare is at most this many times the band in which a cell counts as unloaded
WALL_MASK = (1 << 30) - 1


class Asked(Steered):
    """The part of a Press that takes orders."""

    def arm(self):
        """SAFE to READY, if every check passes."""
        if self.state == states.READY:
            return
        failing = self.arming_checks()
        if failing:
            raise Refused("can't arm: " + "; ".join([text for _, text in failing]))
        self.run_log.journal_missing()
        self._send(states.READY, states.OFF)

    def disarm(self):
        if self.state in states.DRIVEN:
            raise Refused("the press is %s: stop it first" % self.state_name)
        if self.state == states.READY:
            self._send(states.SAFE, states.OFF)

    def monitor(self, on):
        """Enter or leave the state of a manual press: force is read, judged and logged, nothing is driven."""
        if on and self.state == states.SAFE:
            if "calibration" in self.problems:
                raise Refused("calibration: %s" % self.problems["calibration"])
            self._send(states.MONITOR, states.OFF)
        elif not on and self.state == states.MONITOR:
            self._send(states.SAFE, states.OFF)
        elif on != (self.state == states.MONITOR):
            raise Refused("the press is %s" % self.state_name)

    def service_unlock(self, code):
        """The code is the board's identity: whoever writes ceilings must know which press it is."""
        if code != self.board.identity:
            raise Refused("this is not the press's unlock code: it is the board's identity", -203)
        if self.state not in (states.SAFE, states.SERVICE):
            raise Refused("service begins in the safe state, the press is %s" % self.state_name)
        if self.state == states.SAFE:
            self._send(states.SERVICE, states.OFF)
            self.sampler.note(records.EVENT_SERVICE, 1, key="on")
        self.service_unlocked = True

    def service_lock(self):
        self.service_unlocked = False
        if self.state == states.SERVICE:
            self._send(states.SAFE, states.OFF)
            self.sampler.note(records.EVENT_SERVICE, 0, key="off")

    def start(self, name, sample="", operator="", from_host=True):
        """Start a stored program on the armed press; Refused with every complaint, and nothing has moved."""
        if self.runner.active or self.state in states.DRIVEN:
            raise Refused("a program is running")
        manual = self.state == states.MONITOR and self.params["valve_kind"] == states.KIND_NONE
        if self.state != states.READY and not manual:
            raise Refused("the press is %s: arm it first" % self.state_name)
        if self.S[AT["INPUTS"]] & words.IN["stop"]:
            raise Refused("the stop button is held")
        document = self.documents.get("program/" + name)
        if document is None:
            raise Refused("program %s is %s" % (name, self.documents.state("program/" + name)))
        self.run_log.end_before()
        complaints = self.runner.load(document, self.program_limits())
        if complaints:
            raise Refused("; ".join(complaints))
        self.sample_name = sample or document.get("sample", "")
        self.operator = operator or document.get("operator", "")
        self.program_name = name
        self.run_number += 1
        self.runner.start(self.run_number)
        self._ask_for_host(from_host)
        self.run_log.begin()

    def _ask_for_host(self, from_host):
        """What the program says about a host that is lost; one that started it has a while to renew its lease."""
        policy = self.runner.host_loss
        self.S[AT["SIG_LEASE"]] = 0
        self.lease_until = -1
        if policy != "carry_on":
            row = words.row_at(interlock.NAMES.index("host_lease"))
            self.S[row + words.ROW_REACTION] = interlock.RAMP if policy == "ramp_down" else interlock.HOLD
            if from_host:
                self.lease(HOST_GRACE_MS)

    def stop(self, kind):
        """End the program: "controlled" releases at a bounded rate and vents, "hold" freezes, "vent" dumps. A press that is only
        armed is disarmed."""
        if self.state == states.TRIPPED and kind != "hold" and self.S[AT["REACTION"]] < interlock.VENT:
            self._let_go(kind)
            return
        if self.state not in states.DRIVEN:
            if self.runner.active:
                self.runner.failed("stopped")
                return
            if self.state == states.READY:
                self.disarm()
                return
            raise Refused("the press is %s: there is nothing to stop" % self.state_name)
        self.sampler.note(records.EVENT_STOP, 0, 0, kind, kind)
        if kind == "hold" and self.S[AT["MODE"]] == states.APPROACH and self.force_cn < self.params["contact_force_cn"]:
            kind = "vent"  # nothing is touched yet: a drive that is held would go on to move the ram
        self.runner.stop(kind)

    def _let_go(self, kind):
        """A press that was stopped with its cell still pressed: ramp down, or vent."""
        s = self.S
        if kind == "vent" or s[AT["REACTION"]] == interlock.RAMP:
            s[AT["REACTION"]] = interlock.VENT
        else:
            s[AT["TRIP_TICKS"]] = 2  # the ramp's time limit counts from now; 2: this is no new trip for the recorder
            self.sampler.trip_ticks = 0
            s[AT["REACTION"]] = interlock.RAMP

    def abort(self):
        """Vent now, whatever is going on; a press that was stopped with a hold vents as well."""
        s = self.S
        s[AT["ABORT"]] = 0  # what the tick did for a stop byte is done here: orders count again from now on
        if s[_STATE] == states.TRIPPED:
            s[AT["REACTION"]] = interlock.VENT
        elif self.state in states.ARMED:
            self._send(states.SAFE, states.OFF)
        self.runner.failed("aborted")

    def reset(self):
        """Acknowledge a trip whose condition is gone, warnings, and what happened before this start."""
        s = self.S
        if s[AT["SIG_CRASH"]]:
            acknowledge_crash(self.documents.store)
        s[AT["SIG_RESET"]] = s[AT["SIG_CRASH"]] = s[AT["SIG_LOG"]] = s[AT["SIG_STORAGE"]] = s[AT["SIG_LEASE"]] = 0
        words.clear_row_bits(s, "WARNED")
        if s[_STATE] != states.TRIPPED:
            return
        still = [name for name in interlock.names_of(words.row_bits(s, "LATCHED")) if self._still(name)]
        if still:
            raise Refused("still there: %s" % ", ".join(still))
        if self.pairs.stuck:
            raise Refused(switches.told(self.pairs.stuck))
        if s[AT["REACTION"]] != interlock.VENT and abs(self.force_cn) > self.params["contact_force_cn"]:
            raise Refused("the cell is still pressed with %d N: stop with VENT first" % (self.force_cn // 100))
        words.clear_row_bits(s, "LATCHED")
        self._send(states.SAFE, states.OFF)
        self.sampler.note(records.EVENT_RESET)

    @property
    def trip_stands(self):
        """Whether an acknowledgement would be refused, because what stopped the press is still there."""
        return any(self._still(name) for name in interlock.names_of(words.row_bits(self.S, "LATCHED")))

    def _still(self, name):
        """Whether the condition of a latched row is there now and has to go before it can be acknowledged."""
        return interlock.row_of(name)[interlock.ENDS] == interlock.GONE and self.row_exceeds(name)

    def lease(self, ms):
        """The host is there, for `ms` of wall time from now."""
        self.lease_until = (self.wall_ms + ms) & WALL_MASK
        self.S[AT["SIG_LEASE"]] = 0

    def contact(self, unix_ms):
        """The host's clock, kept beside press time; once a second is enough."""
        if self._contact_s == self.time_s:
            return
        self._contact_s = self.time_s
        self.journal.write(records.TIME_MAP, self.time_s, self.time_ms, unix_ms // 1000, unix_ms % 1000)

    def reboot(self):
        if not self.at_rest:
            raise Refused("a restart needs the safe state, the press is %s" % states.NAMES[self.S[_STATE]])
        self.journal.flush()
        self.board.reset()

    def bootloader(self):
        """Make way for a new image: outputs safe, then the chip's boot drive. What is stored stays."""
        if not self.at_rest:
            raise Refused("flashing needs the safe state, the press is %s" % states.NAMES[self.S[_STATE]])
        if not self.board.boot_drive:
            raise Refused("a board of the kind %s has no boot drive" % self.board.name)
        self.departs_from = self.wall_ms

    def _depart(self, wall_ms):
        """A moment later, so that the host has its answer; not at all if somebody has armed the press meanwhile."""
        if (wall_ms - self.departs_from) & WALL_MASK < DEPART_MS:
            return
        self.departs_from = -1
        if self.at_rest:
            self.journal.flush()
            self.board.bootloader()

    def trigger_in(self):
        self.runner.trigger()
        self.sampler.note(records.EVENT_TRIGGER_IN)

    # calibration: see calibrating.py
    def calibration_zero(self):
        self.calibrator.zero()

    def calibration_tare(self):
        """The display's zero only; the safety bands keep the commissioning zero. It must not hide a pressed cell."""
        if self.S[_STATE] in states.DRIVEN + (states.TRIPPED,):
            raise Refused("the press is %s: a force of %d N would be hidden" % (self.state_name, self.force_cn // 100))
        cells = [self.cell_force_cn(i) if self.uses_cell(i) else 0 for i in range(words.CELLS)]
        for i, force_cn in enumerate(cells):
            if abs(force_cn) > TARE_BANDS * self.zero_band_cn(i):
                raise Refused("cell %d carries %d N: more than a tare may hide" % (i + 1, force_cn // 100))
        self.tare_cn = cells
        self.sampler.note(records.EVENT_TARE)

    def calibration_begin(self, cell, serial):
        self.calibrator.begin(cell, serial)

    def calibration_point(self, cell, force_cn):
        self.calibrator.point(cell, force_cn)

    def calibration_accept(self, unix_s):
        self.calibrator.accept(unix_s)

    def calibration_abort(self):
        self.calibrator.abort()
