"""The press as everybody but the tick sees it: its parts wired together, and one bounded pass of its foreground.

A Press is a chain of small classes, each in its own file: Readings (what it says), InForce (its documents), Steered (what a
program step asks of the loop), Asked (what people and hosts ask), and this one. Nothing in them moves the valve: orders go into
the frame's mailbox, which the tick reads once and only obeys where the table of states allows it; the interlocks and the guard
come after that.
"""

from stackpress_core import document_rules, params, switches, tuning
from stackpress_core.agenda import Agenda
from stackpress_core.boots import crash_stands, next_boot_id
from stackpress_core.calibration import Calibrator
from stackpress_core.documents import Documents, Transfer
from stackpress_core.errors import Refused
from stackpress_core.identity import release
from stackpress_core.log import records
from stackpress_core.log.journal import Journal
from stackpress_core.log.run_log import RunLog
from stackpress_core.log.sampler import Sampler
from stackpress_core.log.telemetry import Telemetry
from stackpress_core.operator import WALL_MASK, Asked
from stackpress_core.panel.panel import Panel
from stackpress_core.recipe.runner import Runner
from stackpress_core.scpi.commands import of_board
from stackpress_core.scpi.server import Server
from stackpress_core.settings import RING_ENTRIES, RING_ENTRY
from stackpress_core.stiffness import Stiffness
from stackpress_core.tick import states, words
from stackpress_core.version import VERSION

AT = words.AT
_STATE, _MODE, _T_SECOND, _T_SUB = AT["STATE"], AT["MODE"], AT["T_SECOND"], AT["T_SUB"]
_ABORT, _INPUTS = AT["ABORT"], AT["INPUTS"]
_FORCE_F, _FOREGROUND, _CMD_SEQ, _CMD_SEEN = AT["FORCE_F"], AT["SIG_FOREGROUND"], AT["CMD_SEQ"], AT["CMD_SEEN"]
VENTED_MS = 500
VENT_LIMIT_MS = 10000
TELEMETRY_MS = 100
DUTY_MS = 60000
CRASHES = ("watchdog", "crash")


class Press(Asked):
    """One press on one board; see boards/README.md for what `board` is."""

    def __init__(self, board):
        self.board = board
        self.version = release(VERSION, board)
        self.S = words.new()
        self.ring = getattr(board, "ring", None) or bytearray(RING_ENTRY * RING_ENTRIES)
        self.documents = Documents(board.store)
        document_rules.register(self)
        self.transfer = Transfer()
        self.boot_id, self.store_keeps = next_boot_id(board.store)
        self.journal = Journal(board.flash, self.boot_id)
        self.journal_missing = getattr(board, "journal_missing", "")  # why what should keep it does not; "" if it does
        self.telemetry = Telemetry()
        self.params = params.Values()
        self.problems = {}
        self.tare_cn = [0] * words.CELLS
        self.calibrator = Calibrator(self)
        self.runner = Runner(self)
        self.run_number = 0
        self.service_unlocked = False
        self.sample_name = self.operator = ""
        self.stiffness = Stiffness()
        self.stop_bits = 0
        self._settled_band = self._settled_s = self._settled_ms = 0
        self.program_name = ""  # the program that was started last
        self.lease_until = -1  # wall time at which the host counts as gone, -1 while nobody asks
        self.wall_ms = 0
        self.departs_from = -1  # wall time at which the chip's boot drive was asked for
        self._contact_s = -1
        self._vented_from = -1
        self._vent_from = -1
        self._pass_s, self._pass_sub = -1, -1
        self._telemetry_ms = 0
        self._moves_from = self._moves_ms = 0
        self.buttons, self.pairs = switches.Buttons(), switches.Pairs()
        self.panel = Panel(self)
        self._reset_frame()
        self.load()
        self.sampler = Sampler(self)
        self.server = Server(board.serial, of_board(board), self)
        if hasattr(board.serial, "listen"):
            board.serial.listen(self.stop_byte_came)
        self.run_log = RunLog(self)
        self.agenda = Agenda((
            self._serve, self._watch_lease, self._watch_switches, self._run_program, self._watch_vent, self._ten_times_a_second,
            self.calibrator.look, self.run_log.look, self.sampler.service,
        ))  # fmt: skip
        self.run_log.boot()

    def _reset_frame(self):
        s = self.S
        s[AT["FIRST"]] = s[AT["RING_LEFT"]] = -1
        s[AT["RING_LEN"]] = len(self.ring) // RING_ENTRY
        s[AT["TEMPERATURE"]] = s[AT["TEMPERATURE"] + 1] = s[AT["DISPLACEMENT"]] = words.ABSENT
        s[AT["BANK_WANTED"]] = 1
        s[AT["SIG_CRASH"]] = 1 if crash_stands(self.board.store, self.board.reset_cause in CRASHES) else 0

    def foreground(self, wall_ms, moved=True, heard=True):
        """Serial line, program, log: each bounded. Who runs the ticks himself knows whether time only `moved` to a moment of the
        agenda, or somebody was `heard` or a word changed; a board does not, and passes as if both were so."""
        s, agenda = self.S, self.agenda
        self.wall_ms = wall_ms
        s[_FOREGROUND] = 0
        if moved and (s[_T_SUB] != self._pass_sub or s[_T_SECOND] != self._pass_s):
            self._pass_sub, self._pass_s = s[_T_SUB], s[_T_SECOND]
            agenda.go(self.time_s * 1000 + self.time_ms, heard)
        elif heard:
            self._serve()
        if self.journal.busy:
            agenda.look()
        self.journal.service()
        if self.departs_from >= 0:
            self._depart(wall_ms)
        if self.server.wants_repl:
            if hasattr(self.board.serial, "quiet"):
                self.board.serial.quiet()
            self.journal.flush()  # what comes next does not know of it

    def _serve(self):
        if self.server.poll():
            self.agenda.look_all()

    def _watch_switches(self):
        self.pairs.look(self.S[_INPUTS])
        acts = self.buttons.pressed(self.S[_INPUTS], self.wall_ms)
        if acts:
            self._press_buttons(acts)
        if self.buttons.settling:
            self.agenda.look()

    def _run_program(self):
        """No order overwrites one that the tick has not read, and none is given behind a stop byte."""
        s = self.S
        if self.runner.active and s[_CMD_SEQ] == s[_CMD_SEEN] and not s[_ABORT]:
            before = self.runner.state, self.runner.step.count
            self.runner.look(self.time_s, self.time_ms)
            if before != (self.runner.state, self.runner.step.count):
                self.agenda.look_all()

    def stop_byte_came(self):
        """From a line that listens by itself, at any moment: the next tick vents, the foreground does the rest in its turn."""
        self.S[_ABORT] = 1

    def _watch_lease(self):
        if self.lease_until < 0:
            return
        left = (self.lease_until - self.wall_ms) & WALL_MASK
        self.agenda.at(self.agenda.now_ms + left + 1)
        if left > WALL_MASK >> 1:
            self.lease_until = -1
            # a stop that is under way goes on to its end without the host
            if self.runner.active and self.runner.state != "stopping" and self.runner.host_loss != "carry_on":
                self.sampler.event(records.EVENT_HOST_LOST)
                self.S[AT["SIG_LEASE"]] = 1

    def _watch_vent(self):
        """After a vent the press is safe once the force has gone, and after a while in any case."""
        if self.S[_MODE] != states.VENT:
            self._vent_from = self._vented_from = -1
            return
        self.agenda.look()
        now = self.agenda.now_ms
        if self._vent_from < 0:
            self._vent_from = now
        if abs(self.force_cn) > self.params["contact_force_cn"]:
            self._vented_from = -1
        elif self._vented_from < 0:
            self._vented_from = now
        if (self._vented_from >= 0 and now - self._vented_from > VENTED_MS) or now - self._vent_from > VENT_LIMIT_MS:
            self._send(states.SAFE, states.OFF)

    def _ten_times_a_second(self):
        now = self.agenda.now_ms
        if not self.agenda.reached(self._telemetry_ms):
            return
        self._telemetry_ms = now - now % TELEMETRY_MS + TELEMETRY_MS
        self.agenda.at(self._telemetry_ms)
        self.telemetry.sample(self)
        self.panel.look(self.wall_ms)
        s = self.S
        self.stiffness.look(s[_FORCE_F], s[AT["DISPLACEMENT"]])
        tuning.schedule(s, self.params, self.stiffness.cn_per_um, s[_FORCE_F])
        if now - self._moves_ms >= DUTY_MS or s[_STATE] != states.HOLDING:
            s[AT["SIG_DUTY"]] = self.moves - self._moves_from if s[_STATE] == states.HOLDING else 0
            self._moves_from, self._moves_ms = self.moves, now

    def _press_buttons(self, down):
        """Start, stop, acknowledge and select at the press itself."""
        try:
            if down & words.IN["stop"]:
                self.stop("controlled")
            elif down & words.IN["reset"]:
                self.panel.acknowledged()
                self.reset()
            elif down & words.IN["start"]:
                self._start_button()
            elif down & words.IN["select"]:
                self.panel.select()
        except Refused as refusal:
            self.sampler.note(records.EVENT_REFUSED, 0, 0, refusal.text)
            self.panel.refused(refusal.text)

    def _start_button(self):
        """Arm and start the program that the panel shows; a paused press has nothing to start."""
        name = self.panel.to_start()
        if self.state == states.SAFE:
            self.arm()
        self.start(name, from_host=False)
