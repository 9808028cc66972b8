"""The zero of the cells: what each shows with nothing pressed, followed while the press is vented, and taken out of a run's forces.

A bridge's zero moves with temperature and age. As long as it is within its band the press arms, and then a force that is wrong by
it would be felt as a contact, and held for weeks. So a program that starts on the vented ram takes it out of each cell first; the
band is judged from the commissioning zero, however often that is done.
"""

from stackpress_core import tuning
from stackpress_core.errors import Refused
from stackpress_core.tick import words

AT = words.AT
_CELL, _ZERO = AT["CELL"], AT["CELL_ZERO"]
MEAN_MS = 320  # it follows the cells with this time constant
FORCES = ("RANGE_BIAS", "FILTER", "FILTER_H", "PEAK")  # words in which a zero of before would linger
BAND_LEAST_CN = 2000
BAND_PART = 50  # of the cell's ceiling: 2 %
STILL_PART = 4  # of the band: what has moved by more of it in the last moment is no zero


class Zero:
    """`follow()` while nothing is pressed; read `cn`, `is_off`, `text` and `band_cn`, all from the commissioning zero."""

    def __init__(self, S, readings, settings):
        self.S = S
        self.readings = readings
        self.settings = settings
        self._q8 = [0] * words.CELLS
        self._followed = False

    def follow(self, passed_ms):
        """The cells `passed_ms` later, with nothing pressed."""
        s, q8 = self.S, self._q8
        part_ms = min(passed_ms, MEAN_MS) if self._followed else MEAN_MS
        self._followed = True
        for i in range(words.CELLS):
            q8[i] += ((s[_CELL + i] + s[_ZERO + i] << 8) - q8[i]) * part_ms // MEAN_MS

    def document_changed(self, name):
        """Another calibration is another line: what was seen on the one before is nothing on it."""
        if name in ("calibration", "zero"):
            self._followed = False

    def cn(self):
        """What each cell showed / cN."""
        return [total >> 8 for total in self._q8]

    def band_cn(self, i):
        """How far an unloaded cell may be off."""
        ceiling_cn = 0 if "ceilings" in self.settings.problems else self.S[AT["K_CELL_CEILING"] + i]
        return max(BAND_LEAST_CN, ceiling_cn // BAND_PART)

    def _now_cn(self):
        s = self.S
        return [(i, s[_CELL + i] + s[_ZERO + i]) for i in range(words.CELLS) if self.readings.uses_cell(i)]

    def is_off(self):
        """Whether a cell is beyond its band now."""
        return any(abs(cn) > self.band_cn(i) for i, cn in self._now_cn())

    def text(self):
        return ", ".join(["cell %d %d N" % (i + 1, cn // 100) for i, cn in self._now_cn()])

    def take_out(self):
        """From now on each cell shows its force less what it showed with nothing pressed; Refused if that is beyond the band, or
        not what it shows now: then something presses, or did a moment ago."""
        zero_cn, s = self.cn(), self.S
        if self.is_off():
            raise Refused("the force is not zero: %s" % self.text())
        if any(abs(cn - zero_cn[i]) > self.band_cn(i) // STILL_PART for i, cn in self._now_cn()):
            raise Refused("the cells have not come to rest: %s" % self.text())
        for i, _ in self._now_cn():
            tuning.take_out(s, i, zero_cn[i])
        self.readings.tare_cn = [0] * words.CELLS
        for name in FORCES:
            s[AT[name]] = 0
