"""The stack's stiffness as the press feels it: change of force over change of displacement, from one look to the next.

Noise says nothing, so a look counts only when both have changed enough; the estimate moves a quarter of the way each time.
"""

from stackpress_core import tuning
from stackpress_core.tick import blackboard
from stackpress_core.tick.blackboard import ABSENT

_FORCE_F, _DISPLACEMENT, _KIND = blackboard.AT["FORCE_F"], blackboard.AT["DISPLACEMENT"], blackboard.AT["K_KIND"]

FORCE_STEP = 5000  # cN
TRAVEL_STEP = 300  # nm


class Stiffness:
    """The estimate, and the gain schedule that follows from it."""

    def __init__(self, S, params):
        self.S = S
        self.params = params
        self.cn_per_um = 0  # 0: not known
        self._force = 0
        self._travel = ABSENT

    @property
    def n_per_m(self):
        return self.cn_per_um * 10000

    def look(self, now_ms, wall_ms):
        s = self.S
        force_cn = s[_FORCE_F]
        self.feed(force_cn, s[_DISPLACEMENT])
        if s[_KIND] == blackboard.KIND_FILL_VENT:  # a regulator has no use for it
            tuning.schedule(s, self.params, self.cn_per_um, force_cn)

    def feed(self, force_cn, displacement_nm):
        """True if there is a new estimate."""
        if displacement_nm == ABSENT:
            return False
        if self._travel == ABSENT:
            self._force, self._travel = force_cn, displacement_nm
            return False
        force, travel = force_cn - self._force, displacement_nm - self._travel
        if abs(force) < FORCE_STEP or abs(travel) < TRAVEL_STEP:
            return False
        self._force, self._travel = force_cn, displacement_nm
        if (force > 0) != (travel > 0):
            return False
        now = abs(force) * 1000 // abs(travel)
        self.cn_per_um = now if not self.cn_per_um else self.cn_per_um + (now - self.cn_per_um) // 4
        return True
