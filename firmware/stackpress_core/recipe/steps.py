"""What each kind of step does: one row of three functions a kind; `runner.py` calls them and keeps time.

A step has one or more phases. `begin` gives the first order, `met` says whether the phase has what it waits for, and
`advance` begins the next phase or says that the step is over. A phase whose time ran out and that may go on advances as
well, so a sweep that was not answered goes to its next level. None of them blocks.
"""

from stackpress_core.recipe.levels import level_cn, points_cn, rate_cn_per_s, target_cn
from stackpress_core.recipe.times import move_limit_ms

ABSENT = -(1 << 30)
NOT_YET, MET, BROKEN = range(3)  # BROKEN: a bound of the step is passed; treated as a time-out
CONTACT_PASSES = 3  # one noisy reading is no contact
_PPM = 1_000_000


def _over(r):
    return True


# contact: the approach rests once the force is there, so it stands until the next step gives an order


def _begin_contact(r):
    r.goal_cn = target_cn(r.now, r.area_um2, 0)
    r.passes = 0
    r.start_nm = r.press.displacement_nm
    speed = r.now["speed_um_per_s"]
    r.orders.approach(r.goal_cn, min(speed, r.limits.get("speed_limit_um_per_s", speed)))


def _met_contact(r):
    r.passes = r.passes + 1 if r.press.force_cn >= r.goal_cn else 0
    if r.passes >= CONTACT_PASSES:
        return MET
    travel, here = r.now.get("travel_nm"), r.press.displacement_nm
    if travel and ABSENT not in (here, r.start_nm) and abs(here - r.start_nm) > travel:
        return BROKEN
    return NOT_YET


# ramp, release, vent


def move_to(r, goal_cn):
    """Begin a phase that moves the set-point to `goal_cn` at the step's rate."""
    rate = rate_cn_per_s(r.now, "rate", r.area_um2)
    start = r.orders.set_point_cn()
    r.goal_cn = goal_cn
    told = 0 if r.now["do"] == "sweep" else r.now["timeout_ms"]  # a sweep tells how long it may settle
    r.timeout_ms = told or move_limit_ms(goal_cn - start, rate)
    if goal_cn == 0 and r.now["do"] == "release":
        r.orders.release(rate)
    else:
        r.orders.force(goal_cn, rate)


def _begin_ramp(r):
    move_to(r, target_cn(r.now, r.area_um2, r.orders.set_point_cn()))


def _met_ramp(r):
    return MET if r.press.set_point_reached and abs(r.press.set_cn - r.goal_cn) <= 1 else NOT_YET


def _begin_vent(r):
    r.goal_cn = 0
    r.orders.vent()


def _met_vent(r):
    return MET if r.press.force_cn < r.now["below_cn"] else NOT_YET


# hold, creep, relax, watch


def _begin_wait(r):
    if r.now["do"] == "relax":
        r.orders.lock()
    elif r.now["do"] != "watch":
        r.orders.regulate(r.stop_rate)
    if "for_ms" in r.now:
        r.timeout_ms = 0
    r.start_creep()


def _met_wait(r):
    now, waited = r.now, r.phase_ms()
    if "for_ms" in now:
        return MET if waited >= now["for_ms"] else NOT_YET
    r.feed_creep()
    return MET if waited >= now.get("at_least_ms", 0) and _condition(r, now, waited) else NOT_YET


def _condition(r, now, waited):
    if "until_trigger" in now:
        return r.triggered()
    if "until_creep_nm_per_min" in now:
        return r.creep.slower_than(now["until_creep_nm_per_min"])
    if "until_creep_cn_per_min" in now:
        return r.creep.slower_than(now["until_creep_cn_per_min"])
    if "until_settled_cn" in now:
        return _settled(r, now["until_settled_cn"], waited)
    if "until_settled_ppm" in now:
        return _settled(r, r.press.set_cn * now["until_settled_ppm"] // _PPM, waited)
    above = level_cn(now, "until_above", r.area_um2)
    if above is not None:
        return r.press.force_cn >= above
    return r.press.force_cn <= level_cn(now, "until_below", r.area_um2)


def _settled(r, band_cn, waited):
    """Asked in every pass, because the press measures from the first question; time before the phase does not count."""
    need = r.now["settled_for_ms"]
    return r.press.settled(max(1, band_cn), need) and waited >= need


# cycle: phases up, dwell, down, dwell

_UP, _AT_HIGH, _DOWN, _AT_LOW = range(4)


def _begin_cycle(r):
    r.cycle = 1
    move_to(r, level_cn(r.now, "high", r.area_um2))


def _met_cycle(r):
    if r.phase in (_UP, _DOWN):
        return _met_ramp(r)
    dwell = r.now["dwell_high_ms"] if r.phase == _AT_HIGH else r.now["dwell_low_ms"]
    return MET if r.phase_ms() >= dwell else NOT_YET


def _advance_cycle(r):
    if r.phase == _AT_LOW:
        if r.cycle >= r.now["count"]:
            return True
        r.next_cycle()
        r.enter(_UP)
        move_to(r, level_cn(r.now, "high", r.area_um2))
        return False
    r.enter(r.phase + 1)
    if r.phase == _DOWN:
        move_to(r, level_cn(r.now, "low", r.area_um2))
    return False


# sweep: phases move, settle, soak, ask (trigger out, and wait for trigger in)

_MOVE, _SETTLE, _SOAK, ASK = range(4)


def _begin_sweep(r):
    r.cycle = 1
    move_to(r, points_cn(r.now, r.area_um2)[0])


def _met_sweep(r):
    now, waited = r.now, r.phase_ms()
    if r.phase == _MOVE:
        return _met_ramp(r)
    if r.phase == _SETTLE:
        return MET if _settled(r, r.goal_cn * now["settled_ppm"] // _PPM, waited) else NOT_YET
    if r.phase == _SOAK:
        return MET if waited >= now["soak_ms"] else NOT_YET
    if waited >= now["trigger_ms"]:
        r.press.set_trigger(False)
    if waited < now["trigger_ms"]:
        return NOT_YET
    return MET if r.triggered() or not now["wait_trigger_ms"] else NOT_YET


def _advance_sweep(r):
    if r.phase < ASK:
        r.enter(r.phase + 1)
        if r.phase == _SETTLE:
            r.timeout_ms = r.now["timeout_ms"]
        elif r.phase == ASK:
            r.press.set_trigger(r.now["trigger_ms"] > 0)
            wait = r.now["wait_trigger_ms"]
            r.timeout_ms = max(wait, r.now["trigger_ms"] + 1) if wait else 0
        return False
    r.press.set_trigger(False)
    points = points_cn(r.now, r.area_um2)
    if r.cycle >= len(points):
        return True
    r.next_cycle()
    r.enter(_MOVE)
    move_to(r, points[r.cycle - 1])
    return False


def listens(r):
    """Whether a trigger would end the phase."""
    asked = r.now.get("do") == "sweep" and r.phase == ASK and r.now["wait_trigger_ms"] > 0
    return asked or "until_trigger" in r.now


# kind: begin, met, advance
DO = {
    "contact": (_begin_contact, _met_contact, _over),
    "ramp": (_begin_ramp, _met_ramp, _over),
    "hold": (_begin_wait, _met_wait, _over),
    "cycle": (_begin_cycle, _met_cycle, _advance_cycle),
    "sweep": (_begin_sweep, _met_sweep, _advance_sweep),
    "relax": (_begin_wait, _met_wait, _over),
    "creep": (_begin_wait, _met_wait, _over),
    "release": (_begin_ramp, _met_ramp, _over),
    "vent": (_begin_vent, _met_vent, _over),
    "watch": (_begin_wait, _met_wait, _over),
}

SPARSE = ("hold",)  # everything else is logged densely, a sweep only while it moves
