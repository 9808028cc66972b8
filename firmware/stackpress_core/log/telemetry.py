"""Telemetry: the last rows of what the press does, numbered, for a host to fetch with a cursor.

Rows are pulled, never pushed, so they can't hold the foreground or interleave with answers; a host that comes late
learns how many rows it missed as a number.
"""

import array

import micropython
from micropython import const

from stackpress_core.scpi import outbox
from stackpress_core.tick import blackboard

# column, unit; whole numbers all of them. Absent temperature or displacement: -1073741824.
COLUMNS = (
    ("seq", ""),
    ("t_s", "s"),
    ("t_ms", "ms"),
    ("state", ""),
    ("filtered_cn", "cN"),
    ("set_cn", "cN"),
    ("cell1_cn", "cN"),
    ("cell2_cn", "cN"),
    ("cell3_cn", "cN"),
    ("cell4_cn", "cN"),
    ("imbalance_permille", "permille"),
    ("displacement_nm", "nm"),
    ("temperature1_cc", "centi-degC"),
    ("temperature2_cc", "centi-degC"),
    ("valve_code", ""),
    ("valve_bits", ""),
    ("step", ""),
    ("run", ""),
) + tuple([("warnings" if n == 0 else "warnings_from_%d" % (n * blackboard.MASK_ROWS), "bits")
            for n in range(blackboard.ROW_MASKS)])  # fmt: skip
WIDTH = len(COLUMNS)
_STATE_AT = const(3)
_STEP_AT = const(16)
_RUN_AT = const(17)
_WARNINGS_AT = const(18)

# words (written by layout.py)
_VALVE_FILL = const(1)
_KIND_FILL_VENT = const(2)
_ROW_MASKS = const(2)
_TEMPERATURE = const(6)
_DISPLACEMENT = const(8)
_T_SECOND = const(12)
_T_SUB = const(13)
_HZ = const(14)
_CELL = const(15)
_FORCE_F = const(42)
_IMBALANCE = const(45)
_WARNED = const(90)
_SET = const(123)
_CODE = const(149)
_VALVE = const(150)
_K_KIND = const(204)
# end of words


@micropython.viper
def row(S, ring, at: int):
    """The columns of one row that the blackboard tells, ten times a second: as few instructions as may be."""
    s = ptr32(S)
    c = ptr32(ring)
    c[at + 1] = s[_T_SECOND]
    if s[_HZ]:
        c[at + 2] = s[_T_SUB] * 1000 // s[_HZ] % 1000
    c[at + 4] = s[_FORCE_F]
    c[at + 5] = s[_SET]
    c[at + 6] = s[_CELL]
    c[at + 7] = s[_CELL + 1]
    c[at + 8] = s[_CELL + 2]
    c[at + 9] = s[_CELL + 3]
    c[at + 10] = s[_IMBALANCE]
    c[at + 11] = s[_DISPLACEMENT]
    c[at + 12] = s[_TEMPERATURE]
    c[at + 13] = s[_TEMPERATURE + 1]
    c[at + 14] = s[_CODE]
    if s[_K_KIND] == _KIND_FILL_VENT:
        c[at + 14] = 65535 if s[_VALVE] & _VALVE_FILL else 0
    c[at + 15] = s[_VALVE]
    i = 0
    while i < _ROW_MASKS:
        c[at + _WARNINGS_AT + i] = s[_WARNED + i]
        i += 1


class Telemetry:
    """A ring of `rows` rows; `look` is called by the foreground at 10 Hz of press time."""

    def __init__(self, readings, runner, events, rows=64):
        self.readings = readings
        self.runner = runner
        self.events = events
        self.rows = rows
        self.ring = array.array("i", [0] * (rows * WIDTH))
        self.next_seq = 1
        self.reader = None  # the rows that are being given away
        self.left_out = 0  # rows that had no place because those before them were not read

    def first_seq(self):
        return max(1, self.next_seq - self.rows)

    def look(self, now_ms, wall_ms):
        ring = self.ring
        seq = self.next_seq
        if self.reader and not self.reader.over and self.reader.marks[0] <= seq - self.rows:
            self.left_out += 1
            return
        at = (seq % self.rows) * WIDTH
        ring[at] = seq
        ring[at + _STATE_AT] = self.readings.state
        ring[at + _STEP_AT] = self.runner.step_number
        ring[at + _RUN_AT] = self.events.run
        row(self.readings.S, ring, at)
        self.next_seq = seq + 1

    def read(self, cursor, limit):
        """(first, count, lost): rows first .. first + count - 1 are there; `lost` rows after `cursor` are gone."""
        first = max(cursor, self.first_seq())
        count = max(0, min(limit, self.next_seq - first))
        lost, self.left_out = max(0, first - max(1, cursor)) + self.left_out, 0
        return first, count, lost

    def given(self, out, head, first, count):
        """These rows behind `head`, as an answer. As long as it is under way, none of them makes room for a new one."""
        self.reader = Rows(out.rows, self.ring, head.encode(), first, count, self.rows)
        return self.reader


class Rows:
    """An answer that goes from the table into the outbox without an object in between."""

    error = None

    def __init__(self, write, table, head, first, count, rows):
        self.write = write  # the rows of the line (scpi/plain_line.py)
        self.table = table
        self.head = head
        self.marks = array.array("i", (first, first + count, rows, WIDTH, 0))
        self.over = False

    def into(self, ring, mask, at, room):
        """As the outbox asks."""
        n = len(self.head)
        if n:
            outbox.copied(self.head, n, ring, mask, at)
            self.head = b""
        marks = self.marks
        marks[4] = room - n
        n += self.write(ring, mask, at + n, self.table, marks)
        return n if n or marks[0] < marks[1] else -1
