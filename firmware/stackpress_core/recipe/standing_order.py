"""What a program asks of the press, and which order stands.

One place where a force is asked for, so one place that refuses to ask for more than the working limit; and the standing
order is what a pause freezes and a resume repeats.
"""

from stackpress_core.errors import Refused
from stackpress_core.recipe.levels import newtons

NONE, FORCE, APPROACH, LOCK, RELEASE, VENT = range(6)
APPROACH_MARGIN = 20


class StandingOrder:
    """Passes orders on to the press's motion and remembers the last one as `last` (kind, target or speed, rate)."""

    def __init__(self, motion, readings):
        self.motion = motion
        self.readings = readings
        self.limit_cn = None
        self.last = (NONE, 0, 0)

    @property
    def standing(self):
        """Whether an order stands that keeps, or may keep, a force on the specimen."""
        return self.last[0] not in (NONE, VENT)

    def force(self, target_cn, rate_cn_per_s):
        if target_cn < 0 or (self.limit_cn is not None and target_cn > self.limit_cn):
            raise Refused(f"target {newtons(target_cn)} is out of the press's working limits")
        self.motion.set_force(target_cn, rate_cn_per_s)
        self.last = (FORCE, target_cn, rate_cn_per_s)

    def approach(self, contact_cn, speed_um_per_s):
        self.motion.approach(contact_cn, speed_um_per_s)
        self.last = (APPROACH, contact_cn, speed_um_per_s)

    def release(self, rate_cn_per_s):
        self.motion.release(rate_cn_per_s)
        self.last = (RELEASE, 0, rate_cn_per_s)

    def stop(self, rate_cn_per_s):
        self.motion.stop(rate_cn_per_s)
        self.last = (RELEASE, 0, rate_cn_per_s)

    def lock(self):
        self.motion.lock()
        self.last = (LOCK, 0, 0)

    def vent(self):
        self.motion.vent()
        self.last = (VENT, 0, 0)

    @property
    def vents(self):
        return self.last[0] == VENT

    def forget(self):
        """The press is no longer driven: no order stands."""
        if self.last[0] != NONE:
            self.last = (NONE, 0, 0)

    def set_point_cn(self):
        """Where a movement starts: the set-point while the force is regulated, else the force that is there."""
        if self.last[0] in (FORCE, RELEASE):
            return self.readings.set_cn
        return max(0, self.readings.filtered_cn)

    def regulate(self, rate_cn_per_s):
        """Regulate the force where it is, unless it is being regulated or nothing is driven.

        After an approach a little more is asked for: to go down would reverse the valve and lose the contact.
        """
        here = self.set_point_cn()
        if self.last[0] == APPROACH:
            here = max(self.last[1], here + here // APPROACH_MARGIN)
        if self.last[0] in (LOCK, APPROACH):
            self.force(here if self.limit_cn is None else min(here, self.limit_cn), rate_cn_per_s)

    def freeze(self, rate_cn_per_s):
        """Keep the cell as it is now; the standing order stays on record for `repeat`."""
        if self.last[0] in (FORCE, RELEASE):
            self.motion.set_force(self.readings.set_cn, rate_cn_per_s)
        elif self.last[0] == APPROACH:
            self.motion.lock()

    def stay(self):
        """A force that is on its way somewhere goes no further."""
        if self.last[0] in (FORCE, RELEASE):
            self.force(self.readings.set_cn, self.last[2])

    def repeat(self):
        """Give the standing order once more."""
        kind, first, rate = self.last
        if kind == FORCE:
            self.motion.set_force(first, rate)
        elif kind == APPROACH:
            self.motion.approach(first, rate)
        elif kind == RELEASE:
            self.motion.release(rate)
