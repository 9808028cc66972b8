"""What a hold makes the valve do: many moves a minute point to a leak, a force that swings to a ram that sticks.

A ram that sticks answers late and all at once, so a controller that wants the last newton passes it for ever. No gain mends that:
the end of the swing that lies nearer is kept, by a dead-band as wide, and the valve has its rest. Until the hold ends.
"""

from micropython import const

from stackpress_core.tick import states

MINUTE_MS = 60000
SWINGS = 2  # in each of two minutes: more are a cycle, fewer may be a specimen that settles
BAND_PART = 2  # of the band that a hold may leave: the dead-band gets no wider

# words (written by layout.py)
_FORCE_H = const(43)
_SIG_CYCLE = const(77)
_SIG_DUTY = const(78)
_STATE = const(100)
_HOLD_BAND = const(115)
_SET = const(123)
_MOVES = const(153)
_K_DEAD_MIN = const(214)
# end of words


class Duty:
    """Counts in the words `S` and gives the interlocks their signals there."""

    def __init__(self, S, params):
        self.S = S
        self.params = params
        self._from = self._from_ms = 0
        self._swings = self._over = self._under = 0  # how often, and how far, the force went to either side in this minute
        self._before = 0  # how often in the minute before
        self._moved = 0  # what the valve had moved by the last swing
        self._above = False

    def look(self, now_ms, wall_ms):
        s = self.S
        holds = s[_STATE] == states.HOLDING
        if holds:
            self._swing(s[_FORCE_H] - s[_SET])
            if now_ms - self._from_ms < MINUTE_MS:
                return
            s[_SIG_DUTY], s[_SIG_CYCLE] = s[_MOVES] - self._from, min(self._swings, self._before)
            if s[_SIG_CYCLE] > SWINGS:
                near = min(self._over, self._under)
                s[_K_DEAD_MIN] = max(s[_K_DEAD_MIN], min(near + near // 4, s[_HOLD_BAND] // BAND_PART))
        else:
            s[_SIG_DUTY] = s[_SIG_CYCLE] = self._swings = 0
            s[_K_DEAD_MIN] = self.params["deadband_min_cn"]
        self._before = self._swings
        self._swings = self._over = self._under = 0
        self._from, self._from_ms = s[_MOVES], now_ms

    def _swing(self, off_cn):
        """Count how often the valve takes the force to the other side of its dead-band, each time: what a specimen does ends it."""
        s, p = self.S, self.params
        dead = max(s[_K_DEAD_MIN], min(p["deadband_max_cn"], s[_SET] * p["deadband_permille"] // 1000))
        self._over, self._under = max(self._over, off_cn), max(self._under, -off_cn)
        if abs(off_cn) * 4 > dead * 3 and (off_cn > 0) != self._above:  # it hardly leaves the band on the nearer side
            self._above = off_cn > 0
            self._swings = self._swings + 1 if s[_MOVES] != self._moved else 0
            self._moved = s[_MOVES]
