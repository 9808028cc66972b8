"""What ends a batch of ticks early: words that must stay what they are, as a table that is looked at after every tick.

The foreground of a simulated press does not run all the time. What it must act on at once is said here; everything else it waits
for is a moment, and a moment is the end of a batch. Rows stand in one array: a stage of the tick reads it, compiled or not.
"""

from array import array

import micropython
from micropython import const
from stackpress_core.tick import words

# A change of one of these is something to act on.
SAME = ("STATE", "MODE", "REACTION", "FIRST", "ACTIVE", "LATCHED", "WARNED", "INPUTS", "RANGE", "BANK", "CMD_SEEN")
# These count: what matters is when they leave 0 or come to it.
SIGN = ("REACHED", "RING_LEFT")

NOTHING, FRAME, PLANT = 0, 1, 2  # what has left its bounds
ALL = (1 << 31) - 1
_WOKEN = const(0)
_PLANT_WORD = const(1)
_PLANT_LEAST = const(2)
_PLANT_MOST = const(3)
_END = const(4)
_ROWS = const(5)  # word, 1 if only its sign counts, least, most


def table(plant_word):
    """The array: every word of the frame may be what it is, the plant's word is not looked at."""
    rows = []
    for sign, names in enumerate((SAME, SIGN)):
        for name, length, _ in words.WORDS:
            for i in range(length if name in names else 0):
                rows += [words.AT[name] + i, sign, -ALL, ALL]
    return array("i", [NOTHING, plant_word, -ALL, ALL, _ROWS + len(rows)] + rows)


def bound_plant(watch, least, most):
    """The plant's word ends a batch when it leaves these bounds."""
    watch[_PLANT_LEAST], watch[_PLANT_MOST] = least, most


@micropython.viper
def arm(frame, watch):
    """From now on a change counts against what the frame holds at this moment."""
    s = ptr32(frame)
    w = ptr32(watch)
    w[_WOKEN] = 0
    at = _ROWS
    while at < w[_END]:
        value = s[w[at]]
        least = value
        most = value
        if w[at + 1]:
            if value > 0:
                least = 1
                most = 0x7FFFFFFF
            elif value < 0:
                least = -0x7FFFFFFF
                most = -1
        w[at + 2] = least
        w[at + 3] = most
        at += 4


@micropython.viper
def look(frame, plant, watch):
    """After a tick: whether a word has left its bounds, in the first word of the watch."""
    s = ptr32(frame)
    p = ptr32(plant)
    w = ptr32(watch)
    value = p[w[_PLANT_WORD]]
    if value < w[_PLANT_LEAST] or value > w[_PLANT_MOST]:
        w[_WOKEN] = 2
    at = _ROWS
    while at < w[_END]:
        value = s[w[at]]
        if value < w[at + 2] or value > w[at + 3]:
            w[_WOKEN] = 1
            return
        at += 4
