"""What is done to a press that is at rest: the service state, a restart, a way to a new image."""

from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import states

DEPART_MS = 100
WALL_MASK = (1 << 30) - 1


class Maintenance:
    """`unlocked` says whether ceilings may be written."""

    def __init__(self, board, readings, motion, journal, events):
        self.board = board
        self.readings = readings
        self.motion = motion
        self.journal = journal
        self.events = events
        self.unlocked = False
        self._asked = False
        self._departs_from = -1  # wall time at which the chip's boot drive was asked for

    def unlock(self, code):
        """The code is the board's identity: whoever writes ceilings must know which press it is."""
        state = self.readings.state
        if code != self.board.identity:
            raise Refused("this is not the press's unlock code: it is the board's identity", -203)
        if state not in (states.SAFE, states.SERVICE):
            raise Refused("service begins in the safe state, the press is %s" % self.readings.state_name)
        if state == states.SAFE:
            self.motion.send(states.SERVICE, states.OFF)
            self.events.note(records.EVENT_SERVICE, 1, key="on")
        self.unlocked = True

    def lock(self):
        self.unlocked = False
        if self.readings.state == states.SERVICE:
            self.motion.send(states.SAFE, states.OFF)
            self.events.note(records.EVENT_SERVICE, 0, key="off")

    def _need_rest(self, what):
        if not self.readings.at_rest:
            raise Refused("%s needs the safe state, the press is %s" % (what, self.readings.state_name))

    def reboot(self):
        self._need_rest("a restart")
        self.journal.flush()
        self.board.reset()

    def bootloader(self):
        """Make way for a new image: outputs safe, then the chip's boot drive. What is stored stays."""
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
        if self._asked:
            self._asked, self._departs_from = False, wall_ms
        if self._departs_from < 0 or (wall_ms - self._departs_from) & WALL_MASK < DEPART_MS:
            return
        self._departs_from = -1
        if self.readings.at_rest:
            self.journal.flush()
            self.board.bootloader()
