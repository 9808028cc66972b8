"""Telemetry: the last rows of what the press does, numbered, for a host to fetch with a cursor.

Rows are pulled, never pushed, so they can't hold the foreground or interleave with answers; a host that comes late
learns how many rows it missed as a number.
"""

import array

from stackpress_core.tick import words

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
) + tuple([("warnings" if n == 0 else "warnings_from_%d" % (n * words.MASK_ROWS), "bits") for n in range(words.ROW_MASKS)])
WIDTH = len(COLUMNS)
WARNINGS = WIDTH - words.ROW_MASKS  # the first column of row bits
_FIRST_WORD = 4  # the first column that is a word of the frame, and those after it
_WORDS = tuple([words.AT[n] for n in ("FORCE_F", "SET")] + [words.AT["CELL"] + i for i in range(words.CELLS)]
               + [words.AT[n] for n in ("IMBALANCE", "DISPLACEMENT")] + [words.AT["TEMPERATURE"] + i for i in range(2)])
_WARNED = words.AT["WARNED"]


class Telemetry:
    """A ring of `rows` rows; `look` is called by the foreground at 10 Hz of press time."""

    def __init__(self, readings, runner, events, rows=64):
        self.readings = readings
        self.runner = runner
        self.events = events
        self.rows = rows
        self.ring = array.array("i", [0] * (rows * WIDTH))
        self.next_seq = 1

    def first_seq(self):
        return max(1, self.next_seq - self.rows)

    def look(self, now_ms, wall_ms):
        r, ring = self.readings, self.ring
        s = r.S
        at = (self.next_seq % self.rows) * WIDTH
        ring[at] = self.next_seq
        ring[at + 1] = r.time_s
        ring[at + 2] = r.time_ms
        ring[at + 3] = r.state
        place = at + _FIRST_WORD
        for word in _WORDS:
            ring[place] = s[word]
            place += 1
        ring[at + 14] = r.valve_code
        ring[at + 15] = r.valve_bits
        ring[at + 16] = self.runner.step_number
        ring[at + 17] = self.events.run
        for n in range(words.ROW_MASKS):
            ring[at + WARNINGS + n] = s[_WARNED + n]
        self.next_seq += 1

    def read(self, cursor, limit):
        """(first, count, lost): rows first .. first + count - 1 are there; `lost` rows after `cursor` are gone."""
        first = max(cursor, self.first_seq())
        count = max(0, min(limit, self.next_seq - first))
        return first, count, max(0, first - max(1, cursor))

    def row(self, seq):
        """The row's whole numbers as text; empty if it was overwritten meanwhile."""
        at = (seq % self.rows) * WIDTH
        if self.ring[at] != seq:
            return ""
        return ",".join(str(self.ring[at + i]) for i in range(WIDTH))
