"""What is done to a press that is at rest: the service state, a restart, a way to a new image."""

from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.settings import seldom
from stackpress_core.tick import blackboard, states

STATE = blackboard.AT["STATE"]
DEPART_MS = 100
SERVICE_S = 900  # service ends by itself when nobody has given the code for so long
WALL_MASK = (1 << 30) - 1
LEFT, ENTERED, WRONG, CODE_SET, CODE_FORGOTTEN = range(5)  # a of EVENT_SERVICE (log/records.py)


class Maintenance:
    """Who gives the owner's code (owner.py) is let into service; `settings.serviced` is what that opens."""

    def __init__(self, board, readings, motion, journal, events, settings):
        self.board = board
        self.readings = readings
        self.motion = motion
        self.journal = journal
        self.events = events
        self.settings = settings
        self._work = getattr(board, "still_at_work", int)
        self._tried_s = self._entered_s = 0  # a start counts as a try: the power shortens no wait
        self._asked = False
        self._departs_from = -1  # wall time at which the chip's boot drive was asked for

    def _owner(self, ask, *args):
        return seldom("owner", ask, self.settings.documents, *args)

    @property
    def owned(self):
        return 1 if self._owner("is_set") else 0

    @property
    def serviced(self):
        return 1 if self.settings.serviced else 0

    def _need_service_state(self):
        if self.readings.state not in (states.SAFE, states.SERVICE):
            raise Refused("service begins in the safe state, the press is %s" % self.readings.state_name)
        self.settings.refuse_writing()

    def _check(self, code):
        """Refused, told and counted unless this is the owner's code."""
        now_s, before = self.readings.time_s, self._owner("tries")
        try:
            self._owner("check", self._work, code, now_s - self._tried_s)
        except Refused:
            failed = self._owner("tries")
            if failed != before:
                self._tried_s = now_s
                self.events.tell(records.EVENT_SERVICE, WRONG, failed, "code refused")
            else:
                self.events.note(records.EVENT_SERVICE, WRONG, failed, "refused unseen", "refused")
            raise

    def enter(self, code):
        self._need_service_state()
        self._check(code)
        if self.readings.state == states.SAFE:
            self.motion.send(states.SERVICE, states.OFF)
        self.settings.open, self._entered_s = True, self.readings.time_s
        self.events.tell(records.EVENT_SERVICE, ENTERED, 0, "code accepted")

    def set_code(self, before, code):
        """The first code is set by whoever commissions the press; each further one with the one before."""
        self._need_service_state()
        if self.owned:
            self._check(before)
        elif before:
            raise Refused('no code is set: SYSTem:PASSword:NEW with "" as the one before', -203)
        self._owner("put", self._work, code)
        self.events.tell(records.EVENT_SERVICE, CODE_SET, 0, "code set")

    def forget_code(self):
        """A code that was lost: only while a hand is on the board."""
        self._need_service_state()
        held = getattr(self.board, "bootsel_held", None)
        if not held or not held():
            raise Refused("a code is forgotten while BOOTSEL on the board is held: hold it, then ask again", -203)
        self.leave()
        self._owner("forget")
        self.events.tell(records.EVENT_SERVICE, CODE_FORGOTTEN, 0, "code forgotten, by hand")

    def leave(self, code=None):
        """The standard's command carries the code; nobody is kept in service for want of it."""
        if self.settings.open:
            self.events.tell(records.EVENT_SERVICE, LEFT, 0, "left")
        self.settings.open = False
        if self.readings.state == states.SERVICE:
            self.motion.send(states.SAFE, states.OFF)

    @property
    def at_ease(self):
        """Whether nothing is energised, nor will be after the tick's next run."""
        s, ease = self.readings.S, (states.SAFE, states.SERVICE)
        return self.readings.state in ease and s[STATE] in ease

    def may_take_over(self):
        """Whether the prompt, or a new image, may take the press over: with an owner in service only."""
        return self.at_ease and (self.settings.serviced or not self.owned)

    def _need_rest(self, what):
        if not self.readings.at_rest:
            raise Refused("%s needs the safe state, the press is %s" % (what, self.readings.state_name))

    def reboot(self):
        self._need_rest("a restart")
        self.journal.flush()
        self.board.reset()

    def bootloader(self):
        """Make way for a new image: outputs safe, then the chip's boot drive. What is stored stays."""
        if self.owned:
            self.settings.refuse_unserviced("a new image without a hand on BOOTSEL")
        else:
            self._need_rest("flashing")
        if not self.board.boot_drive:
            raise Refused("a board of the kind %s has no boot drive" % self.board.name)
        self._asked = True

    def memory(self):
        """Free and used heap / bytes."""
        import gc

        return gc.mem_free(), gc.mem_alloc()

    def look(self, wall_ms):
        """The boot drive comes a moment later, so that the host has its answer; not if somebody has armed the press meanwhile."""
        if self.settings.open and (not self.settings.serviced or self.readings.time_s - self._entered_s >= SERVICE_S):
            self.leave()
        if self.settings.documents.waiting and self.readings.at_rest:
            seldom("steering", "keep", self.settings, self.events)
        if self._asked:
            self._asked, self._departs_from = False, wall_ms
        if self._departs_from < 0 or (wall_ms - self._departs_from) & WALL_MASK < DEPART_MS:
            return
        self._departs_from = -1
        if self.at_ease:
            self.journal.flush()
            self.board.bootloader()
