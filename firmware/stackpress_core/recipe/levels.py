"""What the numbers of a program mean: pressures as forces over the cell's area, rates, and the set-points that a step goes to.

Integers from end to end: 1 cN is 1e10 Pa um2, so the conversion is exact and the same on host and device. The levels of a
step are all that it may ask for: they are judged before a program starts, and they are what the running step goes to.
"""

from stackpress_core.recipe.fields import CN_PER_PA_UM2

LEFT_CN = 500  # a ram with less on it may leave the specimen


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


def newtons(force):
    """`525 N`, `52.5 N` for a force in cN."""
    sign, force = ("-", -force) if force < 0 else ("", force)
    whole, rest = force // 100, force % 100
    if not rest:
        return f"{sign}{whole} N"
    return f"{sign}{whole}.{rest // 10}{rest % 10 or ''} N"


# The levels of a step whose set-point begins at `start_cn` (None: not known): (field that tells it, cN or None) in the order in
# which the set-point goes there; it stays at the last one. No level: the set-point stays where it is.


def _told(step, stem, area_um2):
    return stem + ("_cn" if stem + "_cn" in step else "_pa"), level_cn(step, stem, area_um2)


def stays(step, area_um2, start_cn):
    return ()


def to_nothing(step, area_um2, start_cn):
    return (("", 0),)


def to_one(step, area_um2, start_cn):
    """To a level, by a difference, or, where neither is told, to nothing."""
    field, by_cn = _told(step, "by", area_um2)
    if by_cn is not None:
        return ((field, None if start_cn is None else start_cn + by_cn),)
    field, to_cn = _told(step, "to", area_um2)
    return ((field, to_cn or 0),)


def between(step, area_um2, start_cn):
    """Anywhere from what a specimen that shrinks is left to the step's most."""
    return ("", LEFT_CN), _told(step, "most", area_um2)


def up_and_down(step, area_um2, start_cn):
    return _told(step, "high", area_um2), _told(step, "low", area_um2)


def through_points(step, area_um2, start_cn):
    if "forces_cn" in step:
        return [("forces_cn", force) for force in step["forces_cn"]]
    return [("pressures_pa", force_cn(pressure, area_um2)) for pressure in step["pressures_pa"]]
