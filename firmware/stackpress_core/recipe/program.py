"""A program (recipe) as data: what is wrong with it, how high it goes, how long it takes.

The front door of the modules that host and device share: one row a field, one row a kind of step, the check as a whole before
the first move, and what a right program will do. `runner.py` runs what is found right here.

Limits are a dict; a limit that is absent is not checked: force_limit_cn, hold_floor_cn, rate_limit_cn_per_s,
speed_limit_um_per_s, travel_limit_nm, temperature_limit_cc, release_rate_cn_per_s, capabilities (valve, trigger, temperature,
displacement); and start_cn, the force of a held cell from which the program goes on. corner_ms, how long the press rounds a
corner, judges nothing.
"""

from stackpress_core.limits import hold_floor_cn, resolved_cn
from stackpress_core.recipe.check import find
from stackpress_core.recipe.fields import AT_END, CN_PER_PA_UM2
from stackpress_core.recipe.kinds import NAMES, OF, filled
from stackpress_core.recipe.levels import rate_cn_per_s
from stackpress_core.recipe.times import CORNER_MS

__all__ = ("NAMES", "Totals", "find", "goes_on_holding", "limits_of", "stop_rate_cn_per_s", "validate")


def limits_of(values, capabilities):
    """The limits that a press with these parameters (press.params.Values) and capabilities puts on programs."""
    able = set(capabilities)
    if values["valve_kind"]:
        able.add("valve")
    else:
        able.discard("valve")
    return {
        "force_limit_cn": values["force_limit_cn"],
        "hold_floor_cn": hold_floor_cn(values, resolved_cn(values, 0)),
        "rate_limit_cn_per_s": values["rate_limit_cn_per_s"],
        "speed_limit_um_per_s": values["approach_limit_um_per_s"],
        "travel_limit_nm": values["travel_limit_um"] * 1000,
        "temperature_limit_cc": values["temperature_limit_cc"],
        "release_rate_cn_per_s": values["trip_ramp_cn_per_s"],
        "corner_ms": values["corner_ms"],
        "stop_limit_ms": values["trip_ramp_limit_s"] * 1000,
        "capabilities": able,
    }


def stop_rate_cn_per_s(program, limits):
    """The rate of a controlled stop: the program's, else the press's, else full working force in a minute."""
    rate = rate_cn_per_s(program, "stop_rate", program.get("area_um2", 0))
    return rate or limits.get("release_rate_cn_per_s") or max(1, limits.get("force_limit_cn", 6_000_000) // 60)


def validate(program, limits):
    """Everything that is wrong, as sentences: "step 3 (ramp): target 70000 N is over the press's working limit ..."."""
    steps = program.get("steps") if isinstance(program, dict) else None
    return [_place(steps, found[0]) + found[2] for found in find(program, limits)]


def _place(steps, number):
    if not number:
        return ""
    step = steps[number - 1]
    kind = step.get("do") if isinstance(step, dict) else None
    return f"step {number} ({kind}): " if isinstance(kind, str) and kind in OF else f"step {number}: "


def goes_on_holding(program):
    """Whether the press keeps the force after the last step."""
    return program.get("at_end", AT_END[0]) == "hold"


class Totals:
    """What a valid program will do, in one calculation for the press's panel, its "time left", and the host.

    `highest_cn`, `highest_kpa` (0 without an area), `times` of the steps (expected ms, longest ms), `seconds` expected in all,
    `steps`, and whether it `holds_on` at the end. `limits` say where it begins (`start_cn`) and how long the press rounds a corner.
    """

    def __init__(self, program, limits):
        area = program.get("area_um2", 0)
        self.highest_cn = set_cn = limits.get("start_cn", 0)
        corner_ms = limits.get("corner_ms", CORNER_MS)
        self.times = []
        for step in program["steps"]:
            kind, full = OF[step["do"]], filled(step)
            levels_cn = [level for _, level in kind.levels(full, area, set_cn)]
            expected, longest = kind.times(full, rate_cn_per_s(full, "rate", area), set_cn, levels_cn, corner_ms)
            if "temperature_min_cc" in full or "temperature_max_cc" in full:
                longest += full["temperature_timeout_ms"]
            self.times.append((expected, longest))
            self.highest_cn = max([self.highest_cn] + levels_cn)
            set_cn = levels_cn[-1] if levels_cn else set_cn
        self.highest_kpa = (self.highest_cn * (CN_PER_PA_UM2 // 1000) + area // 2) // area if area else 0
        self.seconds = (sum([expected for expected, _ in self.times]) + 999) // 1000
        self.steps = len(program["steps"])
        self.holds_on = goes_on_holding(program)
