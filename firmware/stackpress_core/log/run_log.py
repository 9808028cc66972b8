"""The records at both ends of what a press does: one at its start, one before each run and one after it, with the zero of both."""

from micropython import const

from stackpress_core.calibration import MEAN_MS
from stackpress_core.identity import digest
from stackpress_core.log import records
from stackpress_core.recipe.fields import HOST_LOSS
from stackpress_core.recipe.runner import DONE, FAILED, STOPPED
from stackpress_core.tick import blackboard, interlock, states
from stackpress_core.version import VERSION

ZERO_MS = 1000  # time with nothing pressed before the zero after a run is taken
LOOK_MS = 20  # between two looks at cells that nothing presses
OUTCOME_OF = {DONE: records.RUN_DONE, STOPPED: records.RUN_STOPPED, FAILED: records.RUN_TRIPPED}  # of a runner that has ended

# words (written by layout.py)
_MISSED = const(11)
_REACTION = const(95)
_STATE = const(100)
_MODE = const(101)
_ORDER_SEQ = const(103)
_ORDER_SEEN = const(104)
_VALVE = const(150)
_TOKEN = const(156)
# end of words


class RunLog:
    """Begin and end of runs; `look()` once a foreground pass."""

    def __init__(self, S, readings, calibrator, documents, params, runner, sampler, journal, events, scheduler, board):
        self.S = S
        self.readings = readings
        self.calibrator = calibrator
        self.documents = documents
        self.params = params
        self.runner = runner
        self.sampler = sampler
        self.journal = journal
        self.events = events
        self.scheduler = scheduler
        self.board = board
        self.ended = True  # the last run has its end record
        self.before_cn = 0  # largest force that the cell had seen before this run
        self._looked_ms = 0
        self._vented_ms = 0

    def _hash(self, name):
        return digest(self.documents.text(name) or b"")

    def boot(self):
        r = self.readings
        cause = records.RESET_CAUSES.index(self.board.reset_cause)
        self.journal.write(
            records.BOOT, r.time_s, r.time_ms, self.journal.boot_id, cause, r.hz, self.board.firmware_hash(), self._hash("config"),
            VERSION, self.board.name, self.board.identity)  # fmt: skip
        self.journal_missing()

    def journal_missing(self):
        """A log that the power takes along says so, at every start of the firmware, of arming and of a run."""
        if self.journal.missing:
            self.events.tell(records.EVENT_PART, 0, 0, self.journal.missing)

    def begin(self, program_name, sample, person, after):
        """The header of the run that starts now; `after`: number of the one whose held cell it goes on from, or 0."""
        r = self.readings
        hashes = [self._hash(one) for one in ("config", "calibration", "program/" + program_name)]
        if after:
            self.events.tell(records.EVENT_CHAINED, after + 1, self.runner.start_cn, program_name)
        self.events.run += 1
        self.before_cn = max(self.before_cn, self.sampler.peak_cn) if after else 0
        self.ended = False
        self._vented_ms = 0
        self.sampler.peak_cn = 0
        self.journal.write(
            records.RUN, r.time_s, r.time_ms, self.events.run, self.runner.area_um2, r.hz,
            HOST_LOSS.index(self.runner.host_loss), self.params["cell_count"], self.board.firmware_hash(),
            hashes[0], hashes[1], hashes[2], self.calibrator.zero_cn,
            VERSION, program_name, sample, person)  # fmt: skip
        if after:
            self.events.tell(records.EVENT_CONTINUED, after, self.before_cn)
        self.journal_missing()

    def look(self):
        """Follow the zero while nothing is energised; end the run once its program has ended and its zero is known."""
        now_ms = self.scheduler.now_ms
        passed_ms = min(MEAN_MS, now_ms - self._looked_ms)
        self._looked_ms = now_ms
        closing = self.closing
        if closing:
            self.scheduler.look()
        if self._is_vented():
            self.scheduler.at(now_ms - now_ms % LOOK_MS + LOOK_MS)
            self.calibrator.follow_zero(passed_ms)
        if closing:
            self._end_if_known(passed_ms)

    @property
    def closing(self):
        """Whether a run is over whose end is not in the log yet."""
        return not self.ended and not self.runner.active

    def _is_vented(self):
        """Nothing is energised: an armed press has its permissive, and whatever leaks there creeps up."""
        s = self.S
        if s[_VALVE] & blackboard.VALVE_POWERED:
            return False
        return s[_STATE] == states.SAFE or (s[_STATE] == states.TRIPPED and s[_REACTION] == interlock.VENT)

    def _end_if_known(self, passed_ms):
        """Once the press is vented its zero is known after a while, else the cell is still pressed, or the press armed again."""
        s = self.S
        if s[_MODE] == states.VENT or s[_ORDER_SEQ] != s[_ORDER_SEEN]:
            return
        vented = self._is_vented()
        if vented:
            if self.readings.pressed:
                self._vented_ms = 0
            else:
                self._vented_ms += passed_ms
            if self._vented_ms < ZERO_MS:
                return
        self._end(vented)

    def end_before(self):
        """A new run starts: the one before gets its end now, without a zero if there was no time to take it."""
        if not self.ended:
            self._end(False)

    def _end(self, zero_known):
        r, s = self.readings, self.S
        self.ended = True
        self.runner.give_back()
        outcome = records.RUN_ABORTED if self.runner.reason == "aborted" else OUTCOME_OF[self.runner.state]
        zero = self.calibrator.zero_cn if zero_known else [records.ABSENT_I32] * blackboard.CELLS
        self.journal.write(
            records.RUN_END, r.time_s, r.time_ms, self.events.run, outcome, zero, self.sampler.peak_cn, r.moves,
            s[_TOKEN], s[_MISSED])  # fmt: skip
