"""Find everything that is wrong with a program, before anything moves.

One pass over header and steps follows the set-point from step to step, so that a relative ramp is judged by where it
leads. It is fed whatever came over the wire or out of a file: any input gives complaints, none an exception.
"""

from stackpress_core.recipe.levels import level_cn, newtons, points_cn, rate_cn_per_s, rows_of, target_cn
from stackpress_core.recipe.table import (
    HEADER,
    HEADER_GROUPS,
    KINDS,
    MOVELESS,
    NEEDS,
    ONLY_WITH,
    POINTS_MAX,
    STEP_OF,
    STEPS_MAX,
    TIMEOUT_ONLY_WITH,
)

HEADER_OF = {row[0]: row for row in HEADER}
CONTACT_LEAST_CN = 100
_NAME_MARKS = "_-"


def _as_it_is(number, field):
    return field


def find(program, limits, spell=_as_it_is):
    """Complaints as (step from 1 or 0, field or "", text). `spell(step, field)` gives the reader's word for a field."""
    if not isinstance(program, dict):
        return [(0, "", "a program is a table of names and values")]
    check = _Check(limits, spell)
    check.fields(program, HEADER_OF, HEADER_GROUPS, ("steps",))
    check.name(program.get("name"))
    steps = program.get("steps")
    if not isinstance(steps, (list, tuple)) or not 1 <= len(steps) <= STEPS_MAX:
        check.say("steps", f"a program has 1 to {STEPS_MAX} steps")
        return check.found
    area = program.get("area_um2", 0)
    check.area_um2 = None if _fault(HEADER_OF["area_um2"], area) else area
    if check.measured(program, HEADER):
        check.rate(program, "stop_rate")
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
        self.vented = False
        self.found = []

    def spell(self, field):
        return self._spell(self.number, field) if isinstance(field, str) else _short(field)

    def say(self, field, text):
        self.found.append((self.number, field, text))

    def step(self, step):
        kind = step.get("do") if isinstance(step, dict) else None
        if not isinstance(kind, str) or kind not in STEP_OF:
            known = "steps are " + ", ".join(KINDS)
            self.say("do", f"{_short(kind)} is no step; {known}" if kind else f"does not say what to do; {known}")
            self.set_cn = None
            return
        before = len(self.found)
        if self.vented and kind not in ("vent", "watch"):
            self.say("do", "after a vent the press is disarmed; only vent and watch may follow")
        self.vented = self.vented or kind == "vent"
        rows = {row[0]: row for row in rows_of(kind)}
        self.fields(step, rows, STEP_OF[kind][2], ("do",))
        self.company(step, kind)
        self.abilities(step, kind)
        if len(self.found) > before or not self.measured(step, rows.values()):
            self.set_cn = None
            return
        self.against_limits(step, kind)
        self.follow(step, kind)

    def fields(self, record, rows, groups, others):
        """Each field is known and within its row; each group has its members."""
        for name, value in record.items():
            if name in others:
                continue
            if name not in rows:
                self.say(name if isinstance(name, str) else "", f"{_short(name)} is not known here")
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
            self.say("name", f"name {_short(name)} may only have letters, digits, _ and -")

    def company(self, step, kind):
        """A field that would not be heard is a mistake, not a decoration."""
        for name in step:
            beside = ONLY_WITH.get(name)
            if name in ("timeout_ms", "at_timeout"):
                beside = TIMEOUT_ONLY_WITH.get(kind)
            if beside and name in [row[0] for row in rows_of(kind)] and not any([other in step for other in beside]):
                known = [self.spell(other) for other in beside if other in [row[0] for row in rows_of(kind)]]
                self.say(name, f"{self.spell(name)} means nothing without {' or '.join(known)}")

    def abilities(self, step, kind):
        """The press has what the step needs."""
        able = self.limits.get("capabilities")
        if able is None:
            return
        if kind not in MOVELESS and "valve" not in able:
            self.say("do", "the press has no valve; on a manual press a program can only watch")
        for name in step:
            need = NEEDS.get(kind if name == "do" else name)
            if need and need not in able:
                self.say(name, f"{kind if name == 'do' else self.spell(name)} needs {need}, which the press has not")

    def against_limits(self, step, kind):
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
        if kind == "contact" and target_cn(step, self.area_um2, 0) < CONTACT_LEAST_CN:
            self.say("", f"a contact force below {newtons(CONTACT_LEAST_CN)} can't be told from nothing")
        elif kind in ("contact", "ramp", "release"):
            self.go(step, "to", target_cn(step, self.area_um2, self.set_cn) if self.known(step) else None)
        elif kind == "cycle":
            low, high = level_cn(step, "low", self.area_um2), level_cn(step, "high", self.area_um2)
            self.go(step, "high", high)
            self.go(step, "low", low)
            if low >= high:
                self.say("", f"the lower level {newtons(low)} is not under the upper level {newtons(high)}")
        elif kind == "sweep":
            for point in points_cn(step, self.area_um2):
                self.go(step, "points", point)
        elif kind == "vent":
            self.set_cn = 0

    def known(self, step):
        return self.set_cn is not None or not ("by_cn" in step or "by_pa" in step)

    def go(self, step, stem, goal_cn):
        self.set_cn = goal_cn
        if goal_cn is None:
            return
        fields = {"to": ("to_cn", "to_pa", "by_cn", "by_pa"), "points": ("pressures_pa", "forces_cn")}
        field = [name for name in fields.get(stem, (stem + "_cn", stem + "_pa")) if name in step]
        field = field[0] if field else ""
        limit = self.limits.get("force_limit_cn")
        if limit is not None and goal_cn > limit:
            self.say(field, f"target {newtons(goal_cn)} is over the press's working limit {newtons(limit)}")
        elif goal_cn < 0:
            self.say(field, f"target {newtons(goal_cn)} is below nothing")
        else:
            return
        self.set_cn = None


def _whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _in_name(char):
    return "a" <= char <= "z" or "A" <= char <= "Z" or "0" <= char <= "9" or char in _NAME_MARKS


def _fault(row, value):
    """What is wrong with one value, in words that follow the field's name; "" if nothing is."""
    unit, least, most = row[1], row[2], row[3]
    if isinstance(unit, tuple):
        return "" if isinstance(value, str) and value in unit else f"is {' or '.join(unit)}, not {_short(value)}"
    if unit == "yes":
        return "" if value is True else "is true or left out"
    if unit == "text":
        plain = isinstance(value, str) and least <= len(value) <= most and all([char >= " " for char in value])
        return "" if plain else f"is a text of {least} to {most} characters, not {_short(value)}"
    if unit.endswith(" list"):
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= POINTS_MAX:
            return f"is a list of 1 to {POINTS_MAX} numbers"
        faults = [_number_fault(unit[:-5], least, most, one) for one in value]
        return ([fault for fault in faults if fault] + [""])[0]
    return _number_fault(unit, least, most, value)


def _number_fault(unit, least, most, value):
    if not _whole(value):
        return f"is a whole number of {unit}, not {_short(value)}"
    return "" if least <= value <= most else f"= {_short(value)} lies outside {least} .. {most} {unit}"


def _short(value):
    """A few characters of anything, however large it is."""
    if isinstance(value, str):
        return repr(value[:24])
    if isinstance(value, (list, tuple, dict)):
        return "a list" if isinstance(value, (list, tuple)) else "a table"
    if _whole(value) and not -(10**15) < value < 10**15:
        return "a number far too large"
    return str(value)[:24]
