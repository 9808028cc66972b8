"""How often the valve moves in a hold: many moves a minute point to a leak."""

from micropython import const

from stackpress_core.tick import states

MINUTE_MS = 60000

# words (written by layout.py)
_SIG_DUTY = const(76)
_STATE = const(97)
_MOVES = const(149)
# end of words


class Duty:
    """Counts in the words `S` and gives the interlock its signal there."""

    def __init__(self, S):
        self.S = S
        self._from = self._from_ms = 0

    def look(self, now_ms, wall_ms):
        s = self.S
        holds = s[_STATE] == states.HOLDING
        if holds and now_ms - self._from_ms < MINUTE_MS:
            return
        s[_SIG_DUTY] = s[_MOVES] - self._from if holds else 0
        self._from, self._from_ms = s[_MOVES], now_ms
