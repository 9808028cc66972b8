"""The zero of the cells: what each shows with nothing pressed, followed while the press is vented, and taken out of a run's forces.

A bridge's zero moves with temperature and age. As long as it is within its band the press arms, and then a force that is wrong by
it would be felt as a contact, and held for weeks. So a program that starts on the vented ram takes it out of each cell first; the
band is judged from the commissioning zero, however often that is done.
"""

from stackpress_core.errors import Refused
from stackpress_core.tick import words

AT = words.AT
_CELL, _ZERO = AT["CELL"], AT["CELL_ZERO"]
MEAN_MS = 320  # it follows the cells with this time constant
STILL_MS = 300  # and is known once they have been at rest for so long: a force that has just been let go is no zero
STILL_PART = 4  # of the band: a cell that moves by more of it is not at rest
BAND_LEAST_CN = 2000
BAND_PART = 50  # of the cell's ceiling: 2 %


class Zero:
    """`follow()` while nothing is pressed; `known_cn`, `band_cn` and `off` are all from the commissioning zero."""

    def __init__(self, S, readings, settings):
        self.S = S
        self.readings = readings
        self.settings = settings
        self.known_cn = [0] * words.CELLS  # what each cell showed
        self._q8 = [0] * words.CELLS
        self._still_ms = 0

    def band_cn(self, i):
        """How far an unloaded cell may be off."""
        ceiling_cn = 0 if "ceilings" in self.settings.problems else self.S[AT["K_CELL_CEILING"] + i]
        return max(BAND_LEAST_CN, ceiling_cn // BAND_PART)

    def follow(self, passed_ms):
        """The cells `passed_ms` later, with nothing pressed."""
        s, q8 = self.S, self._q8
        self._still_ms += passed_ms
        for i in range(words.CELLS):
            more = (s[_CELL + i] + s[_ZERO + i] << 8) - q8[i]
            if abs(more) >> 8 <= self.band_cn(i) // STILL_PART:
                more = more * min(passed_ms, MEAN_MS) // MEAN_MS
            else:
                self._still_ms = 0
            q8[i] += more
        if self._still_ms >= STILL_MS:
            self.known_cn = [total >> 8 for total in q8]

    def off(self, known_cn=None):
        """What the cells show, in words, if one of those in use is beyond its band; or further from `known_cn` than rest is."""
        s, used = self.S, [i for i in range(words.CELLS) if self.readings.uses_cell(i)]
        shown = [s[_CELL + i] + s[_ZERO + i] for i in range(words.CELLS)]
        for i in used:
            if abs(shown[i] - (known_cn[i] if known_cn else 0)) > self.band_cn(i) // (STILL_PART if known_cn else 1):
                return ", ".join(["cell %d %d N" % (i + 1, shown[i] // 100) for i in used])
        return ""

    def take_out(self):
        """From now on each cell shows its force less what it showed with nothing pressed; Refused if that is beyond the band, or
        not what it shows now: then something presses, or did a moment ago."""
        if self.off():
            raise Refused("the force is not zero: %s" % self.off())
        if self.off(self.known_cn):
            raise Refused("the cells have not come to rest: %s" % self.off(self.known_cn))
        s = self.S
        for i in range(words.CELLS):  # those that are not in use show nothing
            more = self.known_cn[i] - s[_ZERO + i]
            # moving the cell's line, a tick needs no time for it
            line = AT["CAL"] + i * words.CAL_WORDS + words.POINTS
            for k in range(line, line + words.POINTS):
                s[k] -= more
            s[_CELL + i] -= more
            s[_ZERO + i] += more
        self.readings.tare_cn = [0] * words.CELLS
        for name in ("RANGE_BIAS", "FILTER", "FILTER_H", "PEAK"):  # where a zero of before would linger
            s[AT[name]] = 0
