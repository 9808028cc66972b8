"""What ends a batch of ticks early: a word of the blackboard that somebody acts on has changed, or the truth has no more room.

The foreground of a simulated press does not run all the time. What it must act on at once is said here; everything else it waits
for is a moment, and a moment is the end of a batch. Both functions name the same words, one for what it keeps and one for what
it compares: a loop over a table of them would be a fifth of a compiled tick.
"""

from array import array

import micropython
from micropython import const
from stackpress_core.tick import blackboard

NOTHING, BLACKBOARD, TEXT = 0, 1, 2  # what ended the batch
_WOKEN = const(0)
_WORD = const(1)  # what the blackboard held when the watch began
_REACHED_IS = const(8)  # of these only the sign or the zero counts
_WINDOW_IS = const(9)
_KEPT = const(10)  # how many rows of bounds there are, then the rows: word, least, most
_BOUNDS = const(11)
_BITS = const(35)
_ROOM = const(8)

# words (written by layout.py)
_ROW_MASKS = const(2)
_INPUTS = const(5)
_RANGE = const(38)
_ACTIVE = const(86)
_LATCHED = const(88)
_WARNED = const(90)
_FIRST = const(94)
_REACTION = const(95)
_STATE = const(100)
_MODE = const(101)
_ORDER_SEEN = const(104)
_REACHED = const(128)
_RING_LEFT = const(179)
# end of words


class Watch:
    """The array that the stages work on, and the bounds of words that parts of the foreground wait for (scheduler.leaves)."""

    def __init__(self):
        self.words = array("i", [0] * (_BITS + 3 * blackboard.ROW_MASKS))
        self._of = [0] * _ROOM  # whose row it is
        self.kept = 0

    def keep(self, part, word, least, most):
        """False if there is no room for another row."""
        at, w = self.kept, self.words
        if at == _ROOM:
            return False
        self._of[at] = part
        w[_BOUNDS + 3 * at], w[_BOUNDS + 3 * at + 1], w[_BOUNDS + 3 * at + 2] = word, least, most
        self.kept = w[_KEPT] = at + 1
        return True

    def drop(self, part):
        """The rows of a part that is called; it says anew what it waits for."""
        w, left = self.words, 0
        for at in range(self.kept):
            if self._of[at] != part:
                self._of[left] = self._of[at]
                for i in range(3):
                    w[_BOUNDS + 3 * left + i] = w[_BOUNDS + 3 * at + i]
                left += 1
        self.kept = w[_KEPT] = left


@micropython.viper
def arm(blackboard, watch):
    """From now on a change counts against what the blackboard holds at this moment."""
    s = ptr32(blackboard)
    w = ptr32(watch)
    w[_WOKEN] = 0
    w[_WORD] = s[_STATE]
    w[_WORD + 1] = s[_MODE]
    w[_WORD + 2] = s[_REACTION]
    w[_WORD + 3] = s[_FIRST]
    w[_WORD + 4] = s[_INPUTS]
    w[_WORD + 5] = s[_RANGE]
    w[_WORD + 6] = s[_ORDER_SEEN]
    w[_REACHED_IS] = 1 if s[_REACHED] > 0 else 0
    w[_WINDOW_IS] = 1 if s[_RING_LEFT] == 0 else 0
    i = 0
    while i < _ROW_MASKS:
        w[_BITS + i] = s[_ACTIVE + i]
        w[_BITS + _ROW_MASKS + i] = s[_LATCHED + i]
        w[_BITS + 2 * _ROW_MASKS + i] = s[_WARNED + i]
        i += 1


@micropython.viper
def look(blackboard, watch):
    """After a tick: whether a word has changed or is out of its bounds, in the first word of the watch."""
    s = ptr32(blackboard)
    w = ptr32(watch)
    other = (s[_STATE] ^ w[_WORD]) | (s[_MODE] ^ w[_WORD + 1]) | (s[_REACTION] ^ w[_WORD + 2]) | (s[_FIRST] ^ w[_WORD + 3])
    other |= (s[_INPUTS] ^ w[_WORD + 4]) | (s[_RANGE] ^ w[_WORD + 5]) | (s[_ORDER_SEEN] ^ w[_WORD + 6])
    other |= (1 if s[_REACHED] > 0 else 0) ^ w[_REACHED_IS]
    other |= (1 if s[_RING_LEFT] == 0 else 0) ^ w[_WINDOW_IS]
    i = 0
    while i < _ROW_MASKS:
        other |= (s[_ACTIVE + i] ^ w[_BITS + i]) | (s[_LATCHED + i] ^ w[_BITS + _ROW_MASKS + i])
        other |= s[_WARNED + i] ^ w[_BITS + 2 * _ROW_MASKS + i]
        i += 1
    i = w[_KEPT]
    at = _BOUNDS
    while i > 0:
        if s[w[at]] < w[at + 1] or s[w[at]] > w[at + 2]:
            other = 1
        at += 3
        i -= 1
    if other:
        w[_WOKEN] = 1
