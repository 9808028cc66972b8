"""What the numbers of a program mean: pressures as forces over the cell's area, levels, rates, defaults.

Integers from end to end: 1 cN is 1e10 Pa um2, so the conversion is exact and the same on host and device.
"""

from stackpress_core.recipe.table import CN_PER_PA_UM2, COMMON, STEP_OF


def force_cn(pressure_pa, area_um2):
    """Force of a pressure over an area, to the nearest 0.01 N, exact in integers."""
    return (pressure_pa * area_um2 + CN_PER_PA_UM2 // 2) // CN_PER_PA_UM2


def level_cn(step, stem, area_um2):
    """The force that `<stem>_cn` or `<stem>_pa` of a step means; None if the step has neither."""
    if stem + "_cn" in step:
        return step[stem + "_cn"]
    if stem + "_pa" in step:
        return force_cn(step[stem + "_pa"], area_um2)
    return None


def rate_cn_per_s(step, stem, area_um2):
    """The force rate of a step or, with stem `stop_rate`, of a program; 0 if there is none."""
    if stem + "_cn_per_s" in step:
        return step[stem + "_cn_per_s"]
    return force_cn(step.get(stem + "_pa_per_s", 0), area_um2)


def target_cn(step, area_um2, start_cn):
    """Where a contact, ramp or release goes from a set-point of `start_cn`; a release without level goes to 0."""
    by = level_cn(step, "by", area_um2)
    if by is not None:
        return start_cn + by
    return level_cn(step, "to", area_um2) or 0


def points_cn(step, area_um2):
    """The forces that a sweep visits."""
    if "forces_cn" in step:
        return step["forces_cn"]
    return [force_cn(pressure, area_um2) for pressure in step["pressures_pa"]]


def rows_of(kind):
    """All rows of a step kind: its own and those that any step may have."""
    return STEP_OF[kind][3] + COMMON


def filled(step):
    """The step with every default in its place."""
    full = {row[0]: row[4] for row in rows_of(step["do"]) if row[4] is not None}
    full.update(step)
    return full


def newtons(force):
    """`525 N`, `52.5 N` for a force in cN."""
    sign, force = ("-", -force) if force < 0 else ("", force)
    whole, rest = force // 100, force % 100
    if not rest:
        return f"{sign}{whole} N"
    return f"{sign}{whole}.{rest // 10}{rest % 10 or ''} N"
