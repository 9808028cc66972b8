"""truth.csv: what the plant truly did, beside what the firmware believed, at press time.

A row every 20 ms while the force moves, every second while it rests: a day of holding stays a small file and no ramp
loses its corners. The plant's forces are exact; `Measuring Error / N` is what the cells of the range in use say too
much, without noise. Rows come into being between two ticks, as text in a buffer, so that they cost a run next to nothing;
whoever may be looking at the file waits for `flush`.
"""

from array import array

import micropython
from micropython import const

# column, decimals; `row` puts the numbers in this order, the first as whole seconds and milliseconds
COLUMNS = (
    ("Test Time / s", 3), ("Set Force / N", 2), ("Applied Force / N", 2), ("Force Cell 1 / N", 2), ("Force Cell 2 / N", 2),
    ("Force Cell 3 / N", 2), ("Force Cell 4 / N", 2), ("Displacement / m", 9), ("Valve / 1", 5), ("Measured Force / N", 2),
    ("Measuring Error / N", 2), ("Drive Force / N", 2), ("Dump Closed / 1", 0), ("Valve Moves / 1", 0), ("State / 1", 0),
)  # fmt: skip
ROOM_ROWS = 64
ROW_BYTES = len(COLUMNS) * 13  # the longest number has ten digits, a sign and a point; a comma follows

# words of the truth
_LEFT = const(0)  # ticks until the next look, unless the plant's force leaves its bounds before
_LEAST = const(1)
_MOST = const(2)
_SINCE = const(3)  # ticks between the last row and the next look
_ROW_LEAST = const(4)  # while the force is within these it rests
_ROW_MOST = const(5)
_ROW_SET = const(6)
_ROW_STATE = const(7)
_AT = const(8)  # bytes of text
_ROOM = const(9)  # no row may begin behind this
_FACTOR = const(10)  # factors and divisor of a share, then the share
_OTHER = const(11)
_DIVISOR = const(12)
_SHARE = const(13)
_NUMBERS = const(16)
_NUMBER = const(14)
_DIGITS = const(30)  # at least, of each number
_DECIMALS = const(46)
_END = const(62)  # the character behind it
LENGTH = 78

_DENSE_MS = const(20)
_OPEN = const(0x3FFFFFFF)
_MOVED = const(3200)  # plant units (1/64 cN): 0.5 N is always worth a row
_MOVED_PART = const(11)  # and so is 1/2048 of the force
_DIGIT = const(5)  # bits
_TO_UNIT = const(6)  # plant units to cN and nm
_MILLION = const(1000000)
_WOKEN = const(0)  # word of the watch
_FULL = const(2)

# words (written by layout.py)
_KIND_FILL_VENT = const(2)
_P_KIND = const(8)
_P_PLAY = const(11)
_T_SECOND = const(12)
_T_SUB = const(13)
_HZ = const(14)
_P_PRESSURE = const(16)
_P_FILL_ON = const(27)
_P_VENT_ON = const(30)
_RANGE = const(38)
_FORCE = const(40)
_P_MOVES = const(47)
_P_DUMP_OPEN = const(52)
_P_X = const(56)
_P_GAP_NM = const(58)
_P_FORCE = const(74)
_STATE = const(100)
_SET = const(123)
_P_CLEAN = const(124)
_SET_RATE = const(125)
_P_FORCE_L = const(128)
_P_SHARE = const(273)
_P_RATED = const(276)
_P_ZERO_RATED = const(345)
_P_RATED_CODE = const(349)
# end of words


class Truth:
    """`words` and `text` are the stages' own; `path` None keeps nothing."""

    def __init__(self, path):
        self._file = open(path, "wb") if path else None
        self.text = bytearray((ROOM_ROWS + 1) * ROW_BYTES)
        self._view = memoryview(self.text)
        self.words = array("i", [0] * LENGTH)
        self.words[_LEFT] = 1
        self.words[_LEAST] = self.words[_ROW_LEAST] = 1  # above the most: the first row is written at once
        self.words[_ROOM] = ROOM_ROWS * ROW_BYTES
        numbers = [(1, 0, "."), (3, 0, ",")] + [(decimals + 1, decimals, ",") for _, decimals in COLUMNS[1:]]
        for i, (digits, decimals, end) in enumerate(numbers):
            self.words[_DIGITS + i], self.words[_DECIMALS + i], self.words[_END + i] = digits, decimals, ord(end)
        self.words[_END + _NUMBERS - 1] = ord("\n")
        if self._file:
            self._file.write((",".join([name for name, _ in COLUMNS]) + "\n").encode())

    def flush(self):
        """What there is goes to the file."""
        end = self.words[_AT]
        if end and self._file:
            self._file.write(self._view[:end])
        self.words[_AT] = 0


@micropython.viper
def share(truth):
    """First * second // divisor, of numbers whose product is too long for a word: five bits of the first at a time."""
    t = ptr32(truth)
    a = t[_FACTOR]
    b = t[_OTHER]
    below = 0
    if a < 0:
        a = 0 - a
        below = 1
    if b < 0:
        b = 0 - b
        below = 1 - below
    found = 0
    rest = 0
    shift = 25
    while shift >= 0:
        rest = (rest << _DIGIT) + ((a >> shift) & 31) * b
        times = rest // t[_DIVISOR]
        found = (found << _DIGIT) + times
        rest -= times * t[_DIVISOR]
        shift -= _DIGIT
    if below:
        found = 0 - found - (1 if rest else 0)
    t[_SHARE] = found


@micropython.viper
def row(blackboard, plant, truth):
    """The numbers of a row, each in units of its last decimal."""
    s = ptr32(blackboard)
    p = ptr32(plant)
    t = ptr32(truth)
    force = p[_P_FORCE] >> _TO_UNIT
    low = p[_P_FORCE_L] >> _TO_UNIT
    t[_DIVISOR] = _MILLION
    t[_FACTOR] = force
    i = 0
    while i < 3:
        t[_OTHER] = p[_P_SHARE + i]
        share(truth)
        t[_NUMBER + 4 + i] = t[_SHARE]
        i += 1
    error = 0 - force
    last = 3
    i = 0
    if s[_RANGE]:
        error = 0 - low
        last = 4
        i = 3
    t[_DIVISOR] = p[_P_RATED_CODE]
    while i < last:
        t[_FACTOR] = p[_P_CLEAN + i] - p[_P_ZERO_RATED + i]
        t[_OTHER] = p[_P_RATED + i]
        share(truth)
        error += t[_SHARE]
        i += 1
    valve = p[_P_PLAY] * 6250
    i = valve // 65535
    valve = (i << 4) + (((valve - i * 65535) << 4) + 32767) // 65535
    if p[_P_KIND] == _KIND_FILL_VENT:
        valve = (p[_P_FILL_ON] - p[_P_VENT_ON]) * 100000
    t[_NUMBER] = s[_T_SECOND]
    t[_NUMBER + 1] = s[_T_SUB] * 1000 // s[_HZ]
    t[_NUMBER + 2] = s[_SET]
    t[_NUMBER + 3] = force
    t[_NUMBER + 7] = low
    t[_NUMBER + 8] = (p[_P_X] >> _TO_UNIT) + p[_P_GAP_NM]
    t[_NUMBER + 9] = valve
    t[_NUMBER + 10] = s[_FORCE]
    t[_NUMBER + 11] = error
    t[_NUMBER + 12] = p[_P_PRESSURE] >> _TO_UNIT
    t[_NUMBER + 13] = 0 if p[_P_DUMP_OPEN] else 1
    t[_NUMBER + 14] = p[_P_MOVES]
    t[_NUMBER + 15] = s[_STATE]


@micropython.viper
def line(truth, text):
    """The numbers as text, each with its digits, its decimals and what stands behind it."""
    t = ptr32(truth)
    b = ptr8(text)
    at = t[_AT]
    i = 0
    while i < _NUMBERS:
        number = t[_NUMBER + i]
        if number < 0:
            number = 0 - number
            b[at] = 45
            at += 1
        size = 1
        left = number // 10
        while left > 0 or size < t[_DIGITS + i]:
            left = left // 10
            size += 1
        point = 0 - 1
        if t[_DECIMALS + i]:
            point = at + size - t[_DECIMALS + i]
            size += 1
        at += size
        digit = at - 1
        while size > 0:
            if digit == point:
                b[digit] = 46
            else:
                left = number // 10
                b[digit] = 48 + number - left * 10
                number = left
            digit -= 1
            size -= 1
        b[at] = t[_END + i]
        at += 1
        i += 1
    t[_AT] = at


@micropython.viper
def look(blackboard, plant, truth, text, watch):
    """After a tick: a row if something moved or a second went by. The first word of the watch says when the text is full."""
    s = ptr32(blackboard)
    p = ptr32(plant)
    t = ptr32(truth)
    w = ptr32(watch)
    force = p[_P_FORCE]
    left = t[_LEFT] - 1
    t[_LEFT] = left
    if left > 0 and force >= t[_LEAST] and force <= t[_MOST]:
        return
    since = t[_SINCE] - left
    rests = 1 if force >= t[_ROW_LEAST] and force <= t[_ROW_MOST] and s[_SET_RATE] == 0 else 0
    if rests and since < s[_HZ] and s[_SET] == t[_ROW_SET] and s[_STATE] == t[_ROW_STATE]:
        t[_LEFT] = s[_HZ] - since
        t[_SINCE] = s[_HZ]
        t[_LEAST] = t[_ROW_LEAST]
        t[_MOST] = t[_ROW_MOST]
        return
    far = _MOVED + (force >> _MOVED_PART)
    t[_ROW_LEAST] = force - far
    t[_ROW_MOST] = force + far
    t[_ROW_SET] = s[_SET]
    t[_ROW_STATE] = s[_STATE]
    left = (s[_HZ] * _DENSE_MS + 999) // 1000
    t[_LEFT] = left
    t[_SINCE] = left
    t[_LEAST] = 0 - _OPEN
    t[_MOST] = _OPEN
    row(blackboard, plant, truth)
    line(truth, text)
    if t[_AT] >= t[_ROOM]:
        w[_WOKEN] = _FULL
