"""What a program will do in a few numbers: its highest force and pressure, how long it takes, whether it holds on at the end."""

from stackpress_core.recipe.levels import filled, level_cn, points_cn, target_cn
from stackpress_core.recipe.table import AT_END, CN_PER_PA_UM2
from stackpress_core.recipe.times import estimate


def highest_cn(program):
    """The highest set-point of a valid program / cN."""
    area, set_cn, highest = program.get("area_um2", 0), 0, 0
    for step in program["steps"]:
        kind, full = step["do"], filled(step)
        if kind in ("contact", "ramp", "release"):
            set_cn = target_cn(full, area, set_cn)
        elif kind == "cycle":
            highest = max(highest, level_cn(full, "high", area))
            set_cn = level_cn(full, "low", area)
        elif kind == "sweep":
            points = points_cn(full, area)
            highest, set_cn = max(highest, max(points)), points[-1]
        elif kind == "vent":
            set_cn = 0
        highest = max(highest, set_cn)
    return highest


class Totals:
    """Of a valid program: highest_cn, highest_kpa (0 without an area), seconds, steps, holds_on."""

    def __init__(self, program):
        area = program.get("area_um2", 0)
        self.highest_cn = highest_cn(program)
        self.highest_kpa = (self.highest_cn * (CN_PER_PA_UM2 // 1000) + area // 2) // area if area else 0
        self.seconds = (sum([times[0] for times in estimate(program)]) + 999) // 1000
        self.steps = len(program["steps"])
        self.holds_on = program.get("at_end", AT_END[0]) == "hold"
