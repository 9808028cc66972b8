"""Find everything that is wrong with a program, before anything moves.

One pass over header and steps follows the set-point from step to step, so that a relative ramp is judged by where it
leads. It is fed whatever came over the wire or out of a file: any input gives complaints, none an exception.
With `start_cn` among the limits it is a program that goes on from a cell which is held with that force.
"""

from stackpress_core.errors import short
from stackpress_core.recipe.fields import HEADER, HEADER_GROUPS, NEEDS, NOTHING_BESIDE, ONLY_WITH, POINTS_MAX, STEPS_MAX
from stackpress_core.recipe.kinds import KINDS, NAMES, OF, arms, filled, rows_of
from stackpress_core.recipe.levels import level_cn, newtons, rate_cn_per_s

_NAME_MARKS = "_-"


def _as_it_is(number, field):
    return field


def find(program, limits, spell=_as_it_is):
    """Complaints as (step from 1 or 0, field or "", text). `spell(step, field)` gives the reader's word for a field."""
    if not isinstance(program, dict):
        return [(0, "", "a program is a table of names and values")]
    check = _Check(limits, spell)
    header = {row[0]: row for row in HEADER}
    check.fields(program, header, HEADER_GROUPS, ("steps",))
    check.name(program.get("name"))
    steps = program.get("steps")
    if not isinstance(steps, (list, tuple)) or not 1 <= len(steps) <= STEPS_MAX:
        check.say("steps", f"a program has 1 to {STEPS_MAX} steps")
        return check.found
    most = limits.get("steps", STEPS_MAX)
    if len(steps) > most:
        check.say("steps", f"this press holds {most} steps, these are {len(steps)}: make two programs, the second from held")
        return check.found
    area = program.get("area_um2", 0)
    check.area_um2 = None if _fault(header["area_um2"], area) else area
    check.set_cn = limits.get("start_cn", 0)
    if check.measured(program, HEADER):
        check.rate(program, "stop_rate")
        check.most(program)
    for number, step in enumerate(steps):
        check.number = number + 1
        check.step(step)
    return check.found


class _Check:
    """One pass over a program; `set_cn` follows the set-point, None as soon as it can't be known."""

    def __init__(self, limits, spell):
        self.limits = limits
        self._spell = spell
        self.number = 0
        self.area_um2 = 0  # None: told, but wrongly
        self.set_cn = 0
        self.most_cn = None
        self.vented = False
        self.held = "start_cn" in limits  # the cell of the run before is still pressed
        self.found = []

    def spell(self, field):
        return self._spell(self.number, field) if isinstance(field, str) else short(field)

    def say(self, field, text):
        self.found.append((self.number, field, text))

    def step(self, step):
        name = step.get("do") if isinstance(step, dict) else None
        if not isinstance(name, str) or name not in OF:
            known = "steps are " + ", ".join(NAMES)
            self.say("do", f"{short(name)} is no step; {known}" if name else f"does not say what to do; {known}")
            self.set_cn = None
            return
        before, kind = len(self.found), OF[name]
        if self.vented and not _presses_nothing(kind):
            allowed = " and ".join([one.name for one in KINDS if _presses_nothing(one)])
            self.say("do", f"after a vent the press is disarmed; only {allowed} may follow")
        self.vented = kind.vents or self.vented and not arms(kind)
        if self.held and kind.vents and self.number == 1:
            self.say("do", "a program that goes on from a held cell does not begin by venting it")
        elif self.held and kind.family == "approach":
            self.say("do", "the cell is pressed already: what goes on from a held cell needs no contact")
        self.held = self.held and not kind.vents
        rows = {row[0]: row for row in rows_of(kind)}
        self.fields(step, rows, kind.groups, ("do",))
        self.company(step, rows)
        self.abilities(step, kind)
        if len(self.found) > before or not self.measured(step, rows.values()):
            self.set_cn = None
            return
        self.against_limits(step)
        self.follow(filled(step), kind)

    def most(self, program):
        """What the program says that nobody may go beyond holds for itself as well, and for the force that it begins with."""
        start_cn = self.set_cn
        for field in ("most_cn", "most_pa"):
            if _whole(program.get(field)):
                self.go(field, level_cn(program, "most", self.area_um2))
                self.most_cn, self.set_cn = self.set_cn, start_cn
        if self.most_cn is not None and start_cn > self.most_cn:
            self.say("", f"the cell is held with {newtons(start_cn)}, over the program's own most, {newtons(self.most_cn)}")

    def fields(self, record, rows, groups, others):
        """Each field is known and within its row; each group has its members."""
        for name, value in record.items():
            if name in others:
                continue
            if name not in rows:
                self.say(name if isinstance(name, str) else "", f"{short(name)} is not known here")
                continue
            fault = _fault(rows[name], value)
            if fault:
                self.say(name, f"{self.spell(name)} {fault}")
        for group in groups:
            given = [name for name in group[1:] if name in record]
            if len(given) < group[0]:
                self.say("", "needs " + " or ".join([self.spell(name) for name in group[1:]]))
            elif len(given) > 1:
                self.say(given[1], " and ".join([self.spell(name) for name in given]) + " exclude each other")

    def name(self, name):
        """The name is a document's name on the device."""
        if isinstance(name, str) and not all([_in_name(char) for char in name]):
            self.say("name", f"name {short(name)} may only have letters, digits, _ and -")

    def company(self, step, rows):
        """A field that would not be heard is a mistake, not a decoration."""
        for name in step:
            beside = _told(ONLY_WITH, name)
            if beside and name in rows and not any([other in step for other in beside]):
                known = [self.spell(other) for other in beside if other in rows]
                self.say(name, f"{self.spell(name)} means nothing without {' or '.join(known)}")
            length = _told(NOTHING_BESIDE, name)
            if length in step:
                self.say(name, f"{self.spell(name)} means nothing beside {self.spell(length)}")

    def abilities(self, step, kind):
        """The press has what the step needs."""
        able = self.limits.get("capabilities")
        if able is None:
            return
        for need in kind.needs:
            if need == "valve" and need not in able:
                self.say("do", "the press has no valve; on a manual press a program can only watch")
            elif need not in able:
                self.say("do", f"{kind.name} needs {need}, which the press has not")
        for name in step:
            need = _told(NEEDS, name)
            if need and need not in able:
                self.say(name, f"{self.spell(name)} needs {need}, which the press has not")

    def against_limits(self, step):
        limit = self.limits.get("speed_limit_um_per_s")
        if limit is not None and step.get("speed_um_per_s", 0) > limit:
            self.say("speed_um_per_s", f"speed {step['speed_um_per_s']} um/s is over the press's limit {limit} um/s")
        limit = self.limits.get("travel_limit_nm")
        if limit is not None and step.get("travel_nm", 0) > limit:
            self.say("travel_nm", f"travel {step['travel_nm'] // 1000} um is over the press's limit {limit // 1000} um")
        low, high = step.get("temperature_min_cc"), step.get("temperature_max_cc")
        if low is not None and high is not None and low > high:
            self.say("temperature_min_cc", "the lowest temperature is above the highest")
        limit = self.limits.get("temperature_limit_cc")
        if limit is not None and low is not None and low >= limit:
            self.say("temperature_min_cc", f"{low // 100} C is not under the press's limit {limit // 100} C")
        self.rate(step, "rate")

    def measured(self, record, rows):
        """Whether the area is known if the record speaks of pressure."""
        spoken = [row[0] for row in rows if row[0] in record and row[1] in ("Pa", "Pa/s", "Pa list")]
        if spoken and self.area_um2 == 0:
            self.say(spoken[0], f"{self.spell(spoken[0])} is a pressure, so the program must tell the cell's area")
        return bool(self.area_um2 or not spoken)

    def rate(self, record, stem):
        for unit in ("_cn_per_s", "_pa_per_s"):
            if not _whole(record.get(stem + unit)):
                continue
            rate = rate_cn_per_s(record, stem, self.area_um2)
            limit = self.limits.get("rate_limit_cn_per_s")
            if rate < 1:
                self.say(stem + unit, "the rate comes to less than 0.01 N/s, the slowest that the press can go")
            elif limit is not None and rate > limit:
                self.say(stem + unit, f"rate {newtons(rate)}/s is over the press's limit {newtons(limit)}/s")

    def follow(self, step, kind):
        """Check where the set-point goes and keep where it stands."""
        fault = kind.rule(step, self.area_um2, self.set_cn)
        goes = kind.levels(step, self.area_um2, self.set_cn)
        for field, goal_cn in goes:
            self.go(field, goal_cn)
        if kind.rests and self.set_cn is not None:
            for field, force_cn in goes or (("", self.set_cn),):
                self.rest(field, force_cn)
        if fault:
            self.say("", fault)

    def rest(self, field, force_cn):
        """A force is held there: with less than this press can tell from nothing its loss would not be seen."""
        floor_cn = self.limits.get("hold_floor_cn", 0)
        if force_cn and force_cn <= floor_cn:
            least = f"it watches what is held with more than {newtons(floor_cn)}"
            self.say(field, f"this press can't tell {newtons(force_cn)} from nothing; {least}")

    def go(self, field, goal_cn):
        self.set_cn = goal_cn
        if goal_cn is None:
            return
        limit = self.limits.get("force_limit_cn")
        if limit is not None and goal_cn > limit:
            self.say(field, f"target {newtons(goal_cn)} is over the press's working limit {newtons(limit)}")
        elif self.most_cn is not None and goal_cn > self.most_cn:
            self.say(field, f"target {newtons(goal_cn)} is over the program's own most, {newtons(self.most_cn)}")
        elif goal_cn < 0:
            self.say(field, f"target {newtons(goal_cn)} is below nothing")
        else:
            return
        self.set_cn = None


def _told(rows, name):
    """What a table of (field, word) tells of a field, else None; rows stay in flash, a dictionary would not."""
    for row in rows:
        if row[0] == name:
            return row[1]
    return None


def _presses_nothing(kind):
    return kind.vents or arms(kind) or "valve" not in kind.needs


def _whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _in_name(char):
    return "a" <= char <= "z" or "A" <= char <= "Z" or "0" <= char <= "9" or char in _NAME_MARKS


def _fault(row, value):
    """What is wrong with one value, in words that follow the field's name; "" if nothing is."""
    unit, least, most = row[1], row[2], row[3]
    if isinstance(unit, tuple):
        return "" if isinstance(value, str) and value in unit else f"is {' or '.join(unit)}, not {short(value)}"
    if unit == "yes":
        return "" if value is True else "is true or left out"
    if unit == "text":
        plain = isinstance(value, str) and least <= len(value) <= most and all([char >= " " for char in value])
        return "" if plain else f"is a text of {least} to {most} characters, not {short(value)}"
    if unit.endswith(" list"):
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= POINTS_MAX:
            return f"is a list of 1 to {POINTS_MAX} numbers"
        faults = [_number_fault(unit[:-5], least, most, one) for one in value]
        return ([fault for fault in faults if fault] + [""])[0]
    return _number_fault(unit, least, most, value)


def _number_fault(unit, least, most, value):
    if not _whole(value):
        return f"is a whole number of {unit}, not {short(value)}"
    return "" if least <= value <= most else f"= {short(value)} lies outside {least} .. {most} {unit}"
