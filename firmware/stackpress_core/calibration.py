"""Guided calibration on the press: the display's tare, the commissioning zero, and the span of a cell from reference forces.

A bridge's zero moves with temperature and age. As long as it is within its band the press arms, and then a force that is wrong
by it would be felt as a contact, and held for weeks. So what the cells show is followed while nothing at the ram is energised, and
a program that starts takes it out of each cell first; the band is judged from the commissioning zero, however often that is done.
A force that dies away is no zero: only cells that have come to rest are believed, and a zero that jumped from one run to the next
is told in the log.

Codes are watched fifty times a second; a point is the mean of the last second and is refused when the code is at the
rail, does not move at all, or moves too much. Nothing is in force before it is accepted, and then it is bound to this board.
"""

import array

import micropython
from micropython import const

from stackpress_core import tuning
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import blackboard, states

LOOK_MS, LOOKS = 20, 50  # a second
SPREAD_MAX = 20000  # codes between smallest and largest: more is not at rest
SPAN_MIN = 50000  # codes between two points
TARE_CONTACTS = 4  # a tare is at most this many times the force of contact; one where a press is pressed by hand
TARE_BANDS = 5  # a tare is at most this many times the band in which a cell counts as unloaded
MEAN_MS = const(320)  # the zero follows the cells with this time constant
STILL_MS = 600  # and is known once they have been at rest for so long
_STILL_PART = const(32)  # of the band: a cell whose mean moves by more of it meanwhile is not at rest
_JUMP_PART = const(16)  # a cell that is further from its mean is no noise
_JUMP_MOST_CN = const(13000)
_FAR_CN = const(2000000)  # no zero is as far off: what a cell shows beyond that is not told apart
NEAR_PART = 4  # what is there at a start is no further from the zero, and a zero that moves by more from run to run is told
_BARE_PART = const(8)  # of the band, that a bridge's own zero is off the converter's: less could be drift, and says nothing
_BARE_NEAR = const(8)  # a cell that has come as near to the converter's zero as this part of it is no bridge
DEAD = "cell %d reads the converter's zero, not its own: its signal wires touch, or it has no excitation"
_BAND_LEAST_CN = const(2000)
_BAND_PART = const(50)  # of the cell's ceiling: 2 %
AT = blackboard.AT

# words (written by layout.py)
_RAW = const(0)
_STATE_SAFE = const(0)
_CELLS = const(4)
_STATE_SERVICE = const(6)
_CELL = const(15)
_CELL_ZERO = const(19)
_STATE = const(100)
_K_CELL_CEILING = const(192)
# end of words


@micropython.viper
def follow(S, follows, passed_ms: int, rated: int) -> int:
    """The cells `passed_ms` later; whether one of them is not at rest."""
    s = ptr32(S)
    f = ptr32(follows)
    moved = 0
    i = 0
    while i < _CELLS:
        band = s[_K_CELL_CEILING + i] // _BAND_PART if rated else 0
        if band < _BAND_LEAST_CN:
            band = _BAND_LEAST_CN
        shown = s[_CELL + i] + s[_CELL_ZERO + i]
        if shown > _FAR_CN:
            shown = _FAR_CN
        elif shown < 0 - _FAR_CN:
            shown = 0 - _FAR_CN
        more = (shown << 8) - f[i]
        jump = band // _JUMP_PART
        if jump > _JUMP_MOST_CN:  # whose product with a time is a word
            jump = _JUMP_MOST_CN
        jump = (jump << 8) + 255
        if more <= jump and more >= 0 - jump:
            more = more * passed_ms // MEAN_MS
        f[i] += more
        more = (f[i] >> 8) - f[_CELLS + i]
        if more < 0:
            more = 0 - more
        if more > band // _STILL_PART:
            f[_CELLS + i] = f[i] >> 8
            moved = 1
        i += 1
    return moved


class Calibrator:
    """The procedures, and whether the cells are at zero; what they find goes into `settings` as a document of `identity`."""

    def __init__(self, S, readings, settings, events, scheduler, identity):
        self.S = S
        self.readings = readings
        self.settings = settings
        self.events = events
        self.scheduler = scheduler
        self.identity = identity
        self.cell = 0  # from 1; 0 while nothing is being calibrated
        self.serial = ""
        self.points = []
        self._codes = array.array("i", [0] * (blackboard.CELLS * LOOKS))  # of the last second, a row of cells a look
        self._looks = 0
        self._next_ms = 0
        self.zero_cn = [0] * blackboard.CELLS  # what each cell showed with nothing pressed, from the commissioning zero
        self.taken_cn = [0] * blackboard.CELLS  # and what of it the run before took out
        self._follows = array.array("i", [0] * (2 * blackboard.CELLS))  # means of the cells / cN, Q8; where each stood still
        self._still_ms = 0

    # -- zero and tare

    def zero_band_cn(self, i):
        """How far an unloaded cell may be off."""
        ceiling_cn = 0 if "ceilings" in self.settings.problems else self.S[AT["K_CELL_CEILING"] + i]
        return max(_BAND_LEAST_CN, ceiling_cn // _BAND_PART)

    def follow_zero(self, passed_ms):
        """The cells `passed_ms` later, MEAN_MS at most, with nothing energised."""
        if follow(self.S, self._follows, passed_ms, 0 if "ceilings" in self.settings.problems else 1):
            self._still_ms = 0
        else:
            self._still_ms += passed_ms
            if self._still_ms >= STILL_MS:
                self._believe()

    def _believe(self):
        self._still_ms = 0
        for i in range(blackboard.CELLS):
            self.zero_cn[i] = self._follows[_CELLS + i] = self._follows[i] >> 8

    def zero_off(self, zero_cn=None):
        """What the cells show, in words, if one of those in use is beyond its band; or not near `zero_cn`."""
        s, used = self.S, [i for i in range(blackboard.CELLS) if self.readings.uses_cell(i)]
        shown = [s[_CELL + i] + s[_CELL_ZERO + i] for i in range(blackboard.CELLS)]
        for i in used:
            if abs(shown[i] - (zero_cn[i] if zero_cn else 0)) > self.zero_band_cn(i) // (NEAR_PART if zero_cn else 1):
                return ", ".join(["cell %d %d N" % (i + 1, shown[i] // 100) for i in used])
        return ""

    def dead(self):
        """From 1, the cell that shows the converter's own zero and not its bridge's, which was another; 0 if none does. A bridge
        that drifted by just that shows it too: so it is asked only where neither another cell of its range nor a scale tells."""
        s, params = self.S, self.readings.params
        for i in range(0 if s[AT["DISPLACEMENT"]] != blackboard.ABSENT else blackboard.CELLS):
            if 1 << i not in (params["high_range_mask"], params["low_range_mask"]):
                continue
            at = AT["CAL"] + i * blackboard.CAL_WORDS
            points = [(s[at + k], s[at + blackboard.POINTS + k]) for k in range(s[at + 4 * blackboard.POINTS])]
            bare_cn = tuning.force_at(points, 0) + s[_CELL_ZERO + i]
            near = abs(s[_CELL + i] + s[_CELL_ZERO + i] - bare_cn) < abs(bare_cn) // _BARE_NEAR
            if near and abs(bare_cn) > self.zero_band_cn(i) // _BARE_PART:
                return i + 1
        return 0

    def take_out_zero(self):
        """From now on each cell shows its force less what it showed with nothing pressed; Refused if that is beyond the band, or
        not what it shows now: then something presses, or did a moment ago."""
        if self.zero_off():
            raise Refused("the force is not zero: %s" % self.zero_off())
        if self.dead():
            raise Refused(DEAD % self.dead())
        if self.zero_off(self.zero_cn):
            raise Refused("the cells have not come to rest: %s" % self.zero_off(self.zero_cn))
        s = self.S
        s[AT["FALL_FROM"]] = 1 << 28  # what an armed press feels is measured anew
        for i in range(blackboard.CELLS):  # those that are not in use show nothing
            more = self.zero_cn[i] - self.taken_cn[i]
            if abs(more) > self.zero_band_cn(i) // NEAR_PART and self.readings.uses_cell(i):
                self.events.tell(records.EVENT_ZERO, i + 1, more, "cell %d by %d N" % (i + 1, more // 100))
            self.taken_cn[i] = self.zero_cn[i]
            more = self.zero_cn[i] - s[_CELL_ZERO + i]
            # moving the cell's line, a tick needs no time for it
            line = AT["CAL"] + i * blackboard.CAL_WORDS + blackboard.POINTS
            for k in range(line, line + blackboard.POINTS):
                s[k] -= more
            s[_CELL + i] -= more
            s[_CELL_ZERO + i] += more
        self.readings.tare_cn = [0] * blackboard.CELLS
        for name in ("RANGE_BIAS", "FILTER", "FILTER_H", "PEAK"):  # where a zero of before would linger
            s[AT[name]] = 0

    def document_changed(self, name, changes, before, after):
        """What a cell showed is judged from another commissioning zero."""
        if name in ("zero", "calibration"):
            self.taken_cn = [0] * blackboard.CELLS

    def tare(self):
        """The display's zero only; the safety bands keep the commissioning zero. It must not hide a pressed cell, and by hand a
        cell is pressed in any state."""
        r, state = self.readings, self.S[AT["STATE"]]
        most_cn = 0 if state in states.DRIVEN + (states.TRIPPED,) else self.settings.params["contact_force_cn"]
        if abs(r.filtered_cn) > most_cn * (1 if state == states.MONITOR else TARE_CONTACTS) or not most_cn:
            raise Refused("the press is %s: a force of %d N would be hidden" % (r.state_name, r.filtered_cn // 100))
        cells = [r.cell_force_cn(i) if r.uses_cell(i) else 0 for i in range(blackboard.CELLS)]
        for i, force_cn in enumerate(cells):
            if abs(force_cn) > TARE_BANDS * self.zero_band_cn(i):
                raise Refused("cell %d carries %d N: more than a tare may hide" % (i + 1, force_cn // 100))
        self.events.note(records.EVENT_TARE, sum(r.tare_cn), sum(cells))
        r.tare_cn = cells

    # -- procedures

    @property
    def active(self):
        return self.cell > 0

    @property
    def step(self):
        if not self.cell:
            return "idle"
        return "zero" if not self.points else "apply" if len(self.points) == 1 else "accept"

    def look(self):
        """Keep the last second of codes, while the press is safe."""
        scheduler = self.scheduler
        s = self.S
        if s[_STATE] != _STATE_SAFE and s[_STATE] != _STATE_SERVICE or not scheduler.reached(self._next_ms):
            return
        self._next_ms = scheduler.now_ms - scheduler.now_ms % LOOK_MS + LOOK_MS
        scheduler.at(self._next_ms)
        codes = self._codes
        at = self._looks % LOOKS * _CELLS
        for i in range(_CELLS):
            codes[at + i] = s[_RAW + i]
        self._looks += 1

    def settled_code(self, i):
        """Mean code of the last second of cell i (from 0); Refused if it can't be believed."""
        codes = [self._codes[at] for at in range(i, blackboard.CELLS * LOOKS, blackboard.CELLS)]
        if self._looks < LOOKS:
            raise Refused("cell %d has been watched for less than a second: wait" % (i + 1))
        low, high = min(codes), max(codes)
        rail = self.settings.params["rail_counts"]
        if high >= rail or low <= -rail:
            raise Refused("cell %d is at the converter's rail: an open bridge or an overload" % (i + 1))
        if low == high:
            raise Refused("cell %d repeats one code: the converter or its cable is dead" % (i + 1))
        if high - low > SPREAD_MAX:
            raise Refused("cell %d moves by %d codes in a second: it is not at rest" % (i + 1, high - low))
        return sum(codes) // len(codes)

    def need_safe(self):
        if self.readings.state_name not in ("safe", "service"):
            raise Refused("calibration needs the safe state, the press is %s" % self.readings.state_name)

    def zero(self):
        """Take the codes of the unloaded cells as zero; refused if one is further off than its safety band."""
        self.need_safe()
        document = self.settings.documents.get("calibration")
        if document is None:
            raise Refused("there is no calibration to take a zero for")
        codes = [0] * blackboard.CELLS
        for i, cell in enumerate(document["cells"]):
            if cell is None or not self.readings.uses_cell(i):
                continue
            codes[i] = self.settled_code(i)
            off = tuning.force_at(cell["points"], codes[i]) - tuning.force_at(cell["points"], cell.get("zero_code", codes[i]))
            band = self.zero_band_cn(i)
            if abs(off) > band:
                raise Refused("cell %d is %d N off its calibrated zero, more than %d N: unload it, or calibrate it again"
                              % (i + 1, off // 100, band // 100))
        self.settings.put("zero", {"format": 1, "code": codes}, measured=True)

    def begin(self, cell, serial=None):
        self.need_safe()
        if not 1 <= cell <= blackboard.CELLS or not self.readings.uses_cell(cell - 1):
            raise Refused("this press has no cell %d" % cell)
        self.settings.refuse_unserviced("the calibration")
        self.cell, self.serial, self.points = cell, serial or "", []

    def point(self, cell, force_cn):
        self.need_safe()
        if not self.cell or cell != self.cell:
            raise Refused("CALibration:BEGin %d comes first" % cell)
        code = self.settled_code(cell - 1)
        for other, other_cn in self.points:
            if abs(other - code) < SPAN_MIN or other_cn == force_cn:
                raise Refused("this point is too near to the one at %d N: apply a larger force" % (other_cn // 100))
        if len(self.points) >= blackboard.POINTS:
            raise Refused("a cell takes %d points" % blackboard.POINTS)
        self.points.append([code, force_cn])

    def accept(self, unix_s=None):
        self.need_safe()
        if not self.cell:
            raise Refused("no calibration is under way")
        points = sorted(self.points)
        try:
            tuning.segments(points)
        except ValueError as error:
            raise Refused(str(error)) from None
        document = self.settings.documents.get("calibration") or {"format": 1, "cells": [None] * blackboard.CELLS}
        document["board"] = self.identity
        zero = [code for code, force in points if force == 0]
        entry = {"serial": self.serial, "points": points, "unix_s": unix_s or 0}
        if zero:
            entry["zero_code"] = zero[0]
        document["cells"] += [None] * (self.cell - len(document["cells"]))
        document["cells"][self.cell - 1] = entry
        self._forget_zero(self.cell - 1)
        self.settings.put("calibration", document)
        self.abort()

    def _forget_zero(self, i):
        """The commissioning zero of a cell belongs to its calibration of then."""
        document = self.settings.documents.get("zero")
        if document and document["code"][i]:
            document["code"][i] = 0
            self.settings.put("zero", document)

    def abort(self):
        self.cell, self.serial, self.points = 0, "", []
