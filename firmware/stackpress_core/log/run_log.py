"""The records at both ends of what a press does: one at its start, one before each run and one after it, with the zero of both."""

from stackpress_core.identity import digest
from stackpress_core.log import records
from stackpress_core.recipe.fields import HOST_LOSS
from stackpress_core.recipe.runner import DONE, FAILED, STOPPED
from stackpress_core.tick import interlock, states, words
from stackpress_core.version import VERSION

AT = words.AT
_STATE, _MODE, _CELL = AT["STATE"], AT["MODE"], AT["CELL"]
_CMD_SEQ, _CMD_SEEN = AT["CMD_SEQ"], AT["CMD_SEEN"]
ZERO_MS = 1000  # time with nothing pressed before the zero after a run is taken
ZERO_MEAN_MS = 320  # the zero follows the cells with this time constant
OUTCOME_OF = {DONE: records.RUN_DONE, STOPPED: records.RUN_STOPPED, FAILED: records.RUN_TRIPPED}  # of a runner that has ended


class RunLog:
    """Begin and end of runs on `press`; `look()` once a foreground pass."""

    def __init__(self, press):
        self.press = press
        self.ended = True  # the last run has its end record
        self._zero_q8 = [0] * words.CELLS
        self._looked_s = self._looked_ms = 0
        self._vented_ms = 0

    def _hash(self, name):
        return digest(self.press.documents.text(name) or b"")

    def _zero_cn(self):
        """What each cell shows with nothing pressed / cN, with a time constant of a third of a second."""
        return [total >> 8 for total in self._zero_q8]

    def boot(self):
        p = self.press
        cause = records.RESET_CAUSES.index(p.board.reset_cause)
        p.journal.write(
            records.BOOT, p.time_s, p.time_ms, p.boot_id, cause, p.hz, p.board.firmware_hash(), self._hash("config"),
            VERSION, p.board.name, p.board.identity)  # fmt: skip
        self.journal_missing()

    def journal_missing(self):
        """A log that the power takes along says so, at every start of the firmware, of arming and of a run."""
        if self.press.journal_missing:
            self.press.sampler.event(records.EVENT_PART, 0, 0, self.press.journal_missing)

    def begin(self):
        """The header of the run that starts now."""
        p = self.press
        self.ended = False
        self._vented_ms = 0
        p.sampler.peak_cn = 0
        p.journal.write(
            records.RUN, p.time_s, p.time_ms, p.run_number, p.area_um2, p.hz,
            HOST_LOSS.index(p.runner.host_loss), p.params["cell_count"], p.board.firmware_hash(),
            self._hash("config"), self._hash("calibration"), self._hash("program/" + p.program_name), self._zero_cn(),
            VERSION, p.program_name, p.sample_name, p.operator)  # fmt: skip
        self.journal_missing()

    def look(self):
        """Follow the zero while nothing is pressed; end the run once its program has ended and its zero is known."""
        p = self.press
        passed_ms = min(ZERO_MEAN_MS, (p.time_s - self._looked_s) * 1000 + p.time_ms - self._looked_ms)
        self._looked_s, self._looked_ms = p.time_s, p.time_ms
        if self.closing:
            p.agenda.look()
        if self._is_vented():
            p.agenda.look()
            for i in range(words.CELLS):
                self._zero_q8[i] += ((p.S[_CELL + i] << 8) - self._zero_q8[i]) * passed_ms // ZERO_MEAN_MS
        if self.closing:
            self._end_if_known(passed_ms)

    @property
    def closing(self):
        """Whether a run is over whose end is not in the log yet."""
        return not self.ended and not self.press.runner.active

    def _is_vented(self):
        s = self.press.S
        return s[_STATE] <= states.READY or (s[_STATE] == states.TRIPPED and s[AT["REACTION"]] == interlock.VENT)

    def _end_if_known(self, passed_ms):
        """Once the press is vented its zero is known after a while, else the cell is still pressed."""
        p, s = self.press, self.press.S
        if s[_MODE] == states.VENT or s[_CMD_SEQ] != s[_CMD_SEEN]:
            return
        vented = self._is_vented()
        if vented:
            if abs(p.force_cn) > p.params["contact_force_cn"]:
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
        p, s, r = self.press, self.press.S, self.press.runner
        self.ended = True
        outcome = records.RUN_ABORTED if r.reason == "aborted" else OUTCOME_OF[r.state]
        zero = self._zero_cn() if zero_known else [records.ABSENT_I32] * words.CELLS
        p.journal.write(
            records.RUN_END, p.time_s, p.time_ms, p.run_number, outcome, zero, p.sampler.peak_cn, p.moves,
            s[AT["TOKEN"]], s[AT["MISSED"]])  # fmt: skip
