"""The stack's stiffness as the press feels it: change of force over change of displacement, from one look to the next.

Noise says nothing, so a look counts only when both have changed enough; the estimate moves a quarter of the way each time.
No stack is so stiff that the force changes and the ram does not move at all: then it is the scale that stands. And two force ranges
that see one force do not part at once: what parts them by and by is a zero that drifts, what parts them in a moment is a wire.
"""

from micropython import const

from stackpress_core import tuning
from stackpress_core.tick import blackboard, states
from stackpress_core.tick.blackboard import ABSENT

FORCE_STEP = 5000  # cN
TRAVEL_STEP = 300  # nm
_STANDS_CN = const(30000)
_STANDS_PART = const(32)  # and a 32nd of the force, which friction may hold back, while
_STANDS_NM = const(1000)  # the scale shows less than this: 300 N/um, seven times a frame
_JUMP_CN = const(2800)
_JUMP_PART = const(64)  # of the ranges' difference, and a part of the force: beyond noise, and a ramp of two calibrations
_JUMP_LOOKS = const(3)  # in a row, of which the mean follows a sixteenth each
_TOLD_LOOKS = const(10)  # a jump is past when it is seen

# words (written by layout.py)
_DISPLACEMENT = const(8)
_HIGH = const(36)
_LOW = const(37)
_RANGE = const(38)
_FORCE_F = const(42)
_SIG_SENSOR = const(75)
_STATE = const(97)
_K_KIND = const(200)
# end of words


class Stiffness:
    """The estimate, and the gain schedule that follows from it."""

    def __init__(self, S, params):
        self.S = S
        self.params = params
        self.cn_per_um = 0  # 0: not known
        self._force = 0
        self._travel = self._shown = ABSENT
        self._shown_at = 0  # force where the scale last moved
        self._apart = None  # mean difference of the ranges / cN, Q4; None while one of them does not see the force
        self._jumped = 0  # looks at a jump; from _JUMP_LOOKS on, those for which it is told

    @property
    def n_per_m(self):
        return self.cn_per_um * 10000

    def look(self, now_ms, wall_ms):
        s = self.S
        force_cn = s[_FORCE_F]
        self.feed(force_cn, s[_DISPLACEMENT])
        self._watch(force_cn, s[_DISPLACEMENT])
        if s[_K_KIND] == blackboard.KIND_FILL_VENT:  # a regulator has no use for it
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

    def _watch(self, force_cn, displacement_nm):
        """What scale and ranges say of each other, as the interlock's signal."""
        s, told = self.S, 0
        if s[_STATE] not in states.DRIVEN:
            self._apart = None
        if displacement_nm == ABSENT or abs(displacement_nm - self._shown) >= _STANDS_NM:
            self._shown, self._shown_at = displacement_nm, force_cn
        elif abs(force_cn - self._shown_at) > _STANDS_CN + force_cn // _STANDS_PART:
            told = 1
        s[_SIG_SENSOR] = told or (2 if self._jump(s[_HIGH] - s[_LOW], force_cn) else 0)

    def _jump(self, apart_cn, force_cn):
        if self._jumped >= _JUMP_LOOKS:
            self._jumped = self._jumped + 1 if self._jumped < _JUMP_LOOKS + _TOLD_LOOKS else 0
            self._apart = None
            return True
        if not self.S[_RANGE]:
            self._apart = None
            return False
        if self._apart is None:
            self._apart, self._jumped = apart_cn << 4, 0
        more = apart_cn - (self._apart >> 4)
        self._apart += more
        self._jumped = self._jumped + 1 if abs(more) > _JUMP_CN + force_cn // _JUMP_PART else 0
        return False
