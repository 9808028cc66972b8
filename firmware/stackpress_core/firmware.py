"""The firmware of one press: its parts wired together, and one bounded pass of its foreground.

Nothing here moves the valve: orders go into the mailbox among the words, which the tick reads once and only obeys where the table
of states allows it; the interlocks and the permit come after that. Each part is handed what it uses, so this is the one place that
says who knows whom.
"""

from micropython import const

from stackpress_core import boots, params, switches
from stackpress_core.arming import Arming
from stackpress_core.calibration import Calibrator
from stackpress_core.documents import Documents, Transfer
from stackpress_core.duty import Duty
from stackpress_core.identity import release
from stackpress_core.lease import Lease
from stackpress_core.log import records
from stackpress_core.log.events import Events
from stackpress_core.log.journal import Journal
from stackpress_core.log.run_log import RunLog
from stackpress_core.log.sampler import Sampler
from stackpress_core.log.telemetry import Telemetry
from stackpress_core.maintenance import Maintenance
from stackpress_core.motion import Motion
from stackpress_core.operator import Operator
from stackpress_core.panel.controls import Controls
from stackpress_core.panel.panel import Panel
from stackpress_core.readings import Readings
from stackpress_core.recipe.runner import Runner
from stackpress_core.scheduler import Scheduler
from stackpress_core.scpi.commands import of_board
from stackpress_core.scpi.server import Server
from stackpress_core.settings import Settings
from stackpress_core.stiffness import Stiffness
from stackpress_core.tick import blackboard
from stackpress_core.version import VERSION

TENTH_MS = 100
CRASHES = ("watchdog", "crash")
RING_ENTRIES, RING_ENTRY = 6004, 14  # of the flight recorder: 1.5 s at 4 kHz; a board may have less memory for it

# words (written by layout.py)
_TEMPERATURE = const(6)
_DISPLACEMENT = const(8)
_T_SECOND = const(12)
_T_SUB = const(13)
_HZ = const(14)
_SIG_FOREGROUND = const(84)
_SIG_CRASH = const(85)
_FIRST = const(94)
_BANK_WANTED = const(158)
_RING_LEN = const(176)
_RING_LEFT = const(179)
_ABORT = const(387)
# end of words


class Firmware:
    """One press on one board; see boards/README.md for what `board` is."""

    def __init__(self, board):
        self.board = board
        self.version = release(VERSION, board)
        self.S = S = blackboard.new()
        self.ring = getattr(board, "ring", None) or bytearray(RING_ENTRY * RING_ENTRIES)
        self.boot_id, store_keeps = boots.next_boot_id(board.store)
        self._first_words()

        self.scheduler = Scheduler(trail=getattr(board, "trail", None))
        self.params = params.Values()
        self.pairs = switches.Pairs()
        self.readings = r = Readings(S, self.params, self.pairs)
        self.documents = Documents(board.store)
        self.settings = Settings(S, self.params, r, self.documents, board)
        self.transfer = Transfer()

        self.journal = Journal(board.flash, self.boot_id, missing=getattr(board, "journal_missing", ""))
        self.events = Events(self.journal, r)
        self.motion = Motion(S, self.params, r, self.events, self.scheduler)
        self.runner = Runner(r, self.motion, self.events, self.scheduler)
        self.lease = Lease(S, self.runner, self.events, self.scheduler)
        self.sampler = Sampler(S, self.ring, self.params, r, self.runner, self.journal, self.events,
                               self.scheduler)  # fmt: skip
        self.calibrator = Calibrator(S, r, self.settings, self.events, self.scheduler, board.identity)
        self.run_log = RunLog(S, r, self.calibrator, self.documents, self.params, self.runner, self.sampler, self.journal,
                              self.events, self.scheduler, board)  # fmt: skip
        self.telemetry = Telemetry(r, self.runner, self.events)

        self.stiffness = Stiffness(S, self.params)
        self.duty = Duty(S, self.params)
        self.arming = Arming(S, r, self.settings, self.calibrator, self.journal, store_keeps,
                             getattr(board, "store_told", ""))  # fmt: skip
        self.operator = Operator(S, r, self.settings, self.arming, self.motion, self.runner, self.lease, self.run_log,
                                 self.events, self.calibrator, self.scheduler)  # fmt: skip
        self.maintenance = Maintenance(board, r, self.motion, self.journal, self.events, self.settings)
        self.panel = Panel(r, self.settings, self.runner, self.operator, self.arming)
        self.controls = Controls(r, self.operator, self.panel, self.events, self.scheduler)
        self.server = Server(board.serial, of_board(board), self)

        self.each_tenth = (self.telemetry.look, self.panel.look, self.stiffness.look, self.duty.look)
        parts = (self._serve, self.lease.look, self._contacts, self.controls.look, self._program, self.motion.look,
                 self._tenth, self.calibrator.look, self.run_log.look, self.sampler.look)  # fmt: skip
        if hasattr(board.serial, "listen"):  # a pass of a board takes milliseconds, and no question waits that long
            parts = tuple([look for part in parts for look in (part, self.serve)])
        self.scheduler.take(parts)
        self._passed_s = self._passed_sub = -1
        self._tenth_ms = 0
        self._start()

    def _first_words(self):
        s, board = self.S, self.board
        s[_FIRST] = s[_RING_LEFT] = -1
        s[_RING_LEN] = len(self.ring) // RING_ENTRY
        s[_TEMPERATURE] = s[_TEMPERATURE + 1] = s[_DISPLACEMENT] = blackboard.ABSENT
        s[_BANK_WANTED] = 1
        if getattr(board, "died", ""):
            boots.note_crash(board.store, board.died)
        s[_SIG_CRASH] = 1 if boots.crash_stands(board.store, board.reset_cause in CRASHES) else 0

    def _start(self):
        self.settings.load()
        self.settings.changed += [self.panel.document_changed, self.events.document, self.calibrator.document_changed]
        if hasattr(self.board.serial, "listen"):
            self.board.serial.listen(self.S, _ABORT)
        self.server.hung_up()
        self.run_log.boot()
        if self.arming.store_told:
            self.events.tell(records.EVENT_STORE, 0, 0, self.arming.store_told)
        if getattr(self.board, "image_told", ""):
            self.events.tell(records.EVENT_PART, 0, 0, self.board.image_told)
        if self.S[_SIG_CRASH]:
            for line in boots.crash_told(self.board.store):
                self.events.tell(records.EVENT_CRASH, 0, 0, line)

    def foreground(self, wall_ms, moved=True, heard=True):
        """Serial line, program, log: each bounded. Who runs the ticks himself knows whether time only `moved` to a moment of the
        scheduler, or somebody was `heard` or a word changed; a board does not, and passes as if both were so."""
        journal = self.journal
        self.S[_SIG_FOREGROUND] = 0
        self.scheduler.wall_ms = wall_ms
        if moved and self._ticked():
            self.scheduler.go(self._passed_s * 1000 + self._passed_sub * 1000 // self.S[_HZ] % 1000, heard)
        elif heard:
            self._serve()
        if journal.busy or journal.settles:
            journal.service()
            if journal.busy:
                self.scheduler.look_without()
        self.maintenance.look(wall_ms)

    def give_way(self):
        """To the prompt, wherever in a pass it was asked for: what comes from now on is its own, and it knows of no journal."""
        if hasattr(self.board.serial, "quiet"):
            self.board.serial.quiet()
        self.journal.flush()

    def _ticked(self):
        """Whether press time has gone on since the pass before."""
        s = self.S
        if s[_T_SUB] == self._passed_sub and s[_T_SECOND] == self._passed_s:
            return False
        self._passed_sub, self._passed_s = s[_T_SUB], s[_T_SECOND]
        return True

    # what the scheduler calls, beside the parts

    def _serve(self):
        if self.server.poll():
            self.scheduler.look_all()

    def serve(self):
        """Between two parts of a pass, and of the board's own: what a host waits for."""
        if self.server.go_on():
            self.scheduler.look_all()

    def _contacts(self):
        self.pairs.look(self.readings.inputs, self.scheduler.wall_ms)

    def _program(self):
        """No order overwrites one that the tick has not read, and none is given behind a stop byte."""
        runner = self.runner
        if runner.active and not self.readings.order_waits and not self.S[_ABORT]:
            before = runner.state, runner.step.count + runner.step.phases  # neither ever falls
            runner.look(self.readings.time_s, self.readings.time_ms)
            if before != (runner.state, runner.step.count + runner.step.phases):
                self.scheduler.look_all()

    def _tenth(self):
        now_ms = self.scheduler.now_ms
        if self.scheduler.reached(self._tenth_ms):
            self._tenth_ms = now_ms - now_ms % TENTH_MS + TENTH_MS
            self.scheduler.at(self._tenth_ms)
            for look in self.each_tenth:
                look(now_ms, self.scheduler.wall_ms)

    @property
    def wants_prompt(self):
        return self.server.wants_repl
