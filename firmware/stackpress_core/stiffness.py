"""The stack's stiffness as the press feels it, and what travel, valve and cells say of each other.

Stiffness is the change of force over the change of displacement, from one look to the next. Noise says nothing, so a look counts
only when both have changed enough; the estimate moves a quarter of the way each time.
No stack is so stiff that the force changes and the ram does not move at all: then it is the scale that stands. Two force ranges
that see one force do not part at once: what parts them by and by is a zero that drifts, what parts them in a moment is a wire.
And solenoids trap a fluid: a ram that moves while none is let in or out changes its force by the fluid's stiffness. Where pulses of
a hold are answered by no cell while the ram moves, the cells say what the converter kept, not what is there.
"""

from micropython import const

from stackpress_core import limits, tuning
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
_LOST = const(3)
_DRIFT_CN = const(1)  # in a look: what a zero may wander while a press is armed
_CAME_NM = const(100000)  # a ram that nobody drives has come on
_FAR_CN = const(20000000)  # more than any press carries
_EFFORT_MASK = const(0x1FFFFFFF)
_EFFORT_SIGN = const(0x10000000)
_ANSWER_LOOKS = const(4)  # after a pulse in which the force may rise, or fall; the next pulse comes later
_ANSWER_PART = const(8)  # of what was asked for is an answer: flow, friction and what a specimen takes up are not known well
_ASKED_CN = const(6000)  # and a 128th of the force is asked for in vain, while
_ASKED_PART = const(128)
_MOVED_NM = const(1000)  # the ram has moved, and the force has changed by less than
_FLUID_PART = const(8)  # this part of what trapped fluid would change it by
_BLIND_CN = const(15000)  # without a scale a ram that sticks looks the same, until its friction is passed
_BLIND_PART = const(40)

# words (written by layout.py)
_TEMPERATURE = const(6)
_DISPLACEMENT = const(8)
_HIGH = const(36)
_LOW = const(37)
_RANGE = const(38)
_FORCE_F = const(42)
_FORCE_H = const(43)
_SIG_DRIVE = const(75)
_SIG_SENSOR = const(76)
_STATE = const(100)
_MODE = const(101)
_DROP_MIN = const(117)
_SET = const(123)
_FALL_FROM = const(126)
_REACHED = const(128)
_EFFORT = const(146)
_K_KIND = const(204)
_K_SETTLE = const(207)
# end of words


class Stiffness:
    """The estimate, and the gain schedule that follows from it."""

    def __init__(self, S, params):
        self.S = S
        self.params = params
        self.cn_per_um = 0  # 0: not known
        self._force = 0
        self._travel = self._shown = ABSENT
        self._shown_at = 0  # force where the scale last moved; of an armed press the travel when it was armed
        self._apart = None  # mean difference of the ranges / cN, Q4; None while one of them does not see the force
        self._jumped = 0  # looks at a jump; from _JUMP_LOOKS on, those for which it is told
        self._there = 0  # sensors that there were when the press was last not driven
        self._asked = self._unanswered = 0  # what pulses have asked for as last seen, and without an answer / cN
        self._looks = 0  # that the last pulse still has
        self._from = (0, 0)  # force and travel before what was asked for in vain
        self._rest = None  # set-point at rest, and the least drop that is told there / cN
        self._before = self._answer = 0  # force before a pulse, and the most that it has changed by since

    @property
    def n_per_m(self):
        return self.cn_per_um * 10000

    def look(self, now_ms, wall_ms):
        s = self.S
        force_cn = s[_FORCE_F]
        if s[_REACHED] > s[_K_SETTLE] << 1 and s[_MODE] in (states.FORCE, states.LOCK):
            if not self._rest or s[_SET] != self._rest[0]:
                self._rest = s[_SET], limits.drop_at_rest_cn(self.params, s[_SET])
            s[_DROP_MIN] = self._rest[1]
        else:
            self._rest = None
        self.feed(force_cn, s[_DISPLACEMENT])
        self._watch(force_cn, s[_DISPLACEMENT])
        if s[_K_KIND] == blackboard.KIND_FILL_VENT:  # a regulator has no use for it
            self._listen(s[_FORCE_H], s[_DISPLACEMENT])
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
        there = 0 if displacement_nm == ABSENT else 4
        if s[_TEMPERATURE] != ABSENT:
            there |= 1
        if s[_TEMPERATURE + 1] != ABSENT:
            there |= 2
        if s[_STATE] not in states.DRIVEN:
            self._apart = None
            self._there = there
            if s[_STATE] == states.READY:  # what is felt from now on, or how far the ram comes, nobody has put there (dump.py)
                if s[_FALL_FROM] > force_cn + _FAR_CN:
                    self._shown_at = displacement_nm
                s[_FALL_FROM] = min(s[_FALL_FROM] + _DRIFT_CN, force_cn)
                if ABSENT not in (displacement_nm, self._shown_at) and displacement_nm - self._shown_at > _CAME_NM:
                    s[_FALL_FROM] = force_cn - _FAR_CN
                s[_SIG_SENSOR], self._shown = 0, ABSENT
                return
        elif self._there & ~there:
            told = _LOST
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

    def _listen(self, force_cn, displacement_nm):
        """How much the pulses of a hold have asked for that no cell answers, as the interlock's signal."""
        s = self.S
        if s[_MODE] != states.FORCE:
            self._asked = self._unanswered = self._looks = 0  # each mode begins with none
        elif self._looks:
            self._hear(s[_EFFORT], force_cn)
        elif s[_EFFORT] != self._asked:
            self._looks, self._answer = _ANSWER_LOOKS, 0
        if not self._looks:
            self._before = force_cn
        if not self._unanswered:
            self._from = (force_cn, displacement_nm)
        s[_SIG_DRIVE] = abs(self._unanswered) if self._is_in_vain(force_cn, displacement_nm) else 0

    def _hear(self, effort_cn, force_cn):
        asked = (effort_cn - self._asked) & _EFFORT_MASK
        if asked & _EFFORT_SIGN:
            asked -= _EFFORT_MASK + 1
        change = force_cn - self._before
        self._answer = max(self._answer, change if asked > 0 else -change)
        self._looks -= 1
        if not self._looks:
            self._asked = effort_cn
            self._unanswered = 0 if self._answer * _ANSWER_PART >= abs(asked) else self._unanswered + asked

    def _is_in_vain(self, force_cn, displacement_nm):
        asked, (from_cn, from_nm) = abs(self._unanswered), self._from
        if ABSENT in (displacement_nm, from_nm):
            return asked > _BLIND_CN + force_cn // _BLIND_PART
        moved_nm = abs(displacement_nm - from_nm)
        fluid_cn = self.params["fluid_stiffness_cn_per_um"] * moved_nm // 1000
        told = moved_nm > _MOVED_NM and abs(force_cn - from_cn) * _FLUID_PART < fluid_cn
        return told and asked > _ASKED_CN + force_cn // _ASKED_PART
