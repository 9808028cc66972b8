"""What a step of each kind does: `kinds.py` names three of these functions in a row, `runner.py` calls them and keeps time.

A step has one or more phases. `begin` gives the first order, `met` says whether the phase has what it waits for, and
`advance` begins the next phase or says that the step is over. A phase whose time ran out and that may go on advances as
well, so a sweep that was not answered goes to its next level. None of them blocks, and each gets its set-points from the
step's levels, which were judged before the start. What waits for a force or a travel says `look`, what waits for a time asks
whether it has `waited`: the next pass comes by then. A set-point that is reached and a trigger bring a pass by themselves.
"""

from stackpress_core.recipe.levels import level_cn, rate_cn_per_s
from stackpress_core.recipe.times import move_limit_ms

ABSENT = -(1 << 30)
NOT_YET, MET, BROKEN = range(3)  # BROKEN: a bound of the step is passed; treated as a time-out
CONTACT_PASSES = 3  # one noisy reading is no contact
_PPM = 1_000_000


def over(r):
    """A step of one phase."""
    return True


# contact: the approach rests once the force is there, so it stands until the next step gives an order


def begin_contact(r):
    r.goal_cn = r.levels_cn[0]
    r.passes = 0
    r.start_nm = r.press.displacement_nm
    speed = r.now["speed_um_per_s"]
    r.order.approach(r.goal_cn, min(speed, r.limits.get("speed_limit_um_per_s", speed)))


def met_contact(r):
    r.look()
    r.passes = r.passes + 1 if r.press.force_cn >= r.goal_cn else 0
    if r.passes >= CONTACT_PASSES:
        return MET
    travel, here = r.now.get("travel_nm"), r.press.displacement_nm
    if travel and ABSENT not in (here, r.start_nm) and abs(here - r.start_nm) > travel:
        return BROKEN
    return NOT_YET


# ramp, release, vent


def _head_for(r, goal_cn, timeout_ms):
    """The phase moves the set-point to `goal_cn` in `timeout_ms` at most, 0: in what the rate needs; gives the rate."""
    rate = rate_cn_per_s(r.now, "rate", r.area_um2)
    r.goal_cn = goal_cn
    r.timeout_ms = timeout_ms or move_limit_ms(goal_cn - r.order.set_point_cn(), rate)
    return rate


def _move_to(r, goal_cn, timeout_ms):
    r.order.force(goal_cn, _head_for(r, goal_cn, timeout_ms))


def begin_move(r):
    _move_to(r, r.levels_cn[0], r.now["timeout_ms"])


def begin_release(r):
    if r.levels_cn[0]:
        begin_move(r)
    else:
        r.order.release(_head_for(r, 0, r.now["timeout_ms"]))


def met_move(r):
    return MET if r.press.set_point_reached and abs(r.press.set_cn - r.goal_cn) <= 1 else NOT_YET


def begin_vent(r):
    r.goal_cn = 0
    r.order.vent()


def met_vent(r):
    r.look()
    return MET if r.press.force_cn < r.now["below_cn"] else NOT_YET


# hold, creep, relax, watch


def begin_hold(r):
    r.order.regulate(r.stop_rate)
    begin_watch(r)


def begin_relax(r):
    r.order.lock()
    begin_watch(r)


def begin_watch(r):
    if "for_ms" in r.now:
        r.timeout_ms = 0
    r.hears = "until_trigger" in r.now
    r.start_creep()


def met_wait(r):
    now, waited = r.now, r.phase_ms()
    if "for_ms" in now:
        return MET if r.waited(now["for_ms"]) else NOT_YET
    r.feed_creep()
    return MET if r.waited(now.get("at_least_ms", 0)) and _condition(r, now, waited) else NOT_YET


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
    r.look()
    above = level_cn(now, "until_above", r.area_um2)
    if above is not None:
        return r.press.force_cn >= above
    return r.press.force_cn <= level_cn(now, "until_below", r.area_um2)


def _settled(r, band_cn, waited):
    """Asked in every pass, because the press measures from the first question; time before the phase does not count."""
    r.look()
    need = r.now["settled_for_ms"]
    return r.press.settled(max(1, band_cn), need) and waited >= need


# cycle: phases up, dwell, down, dwell

_UP, _AT_HIGH, _DOWN, _AT_LOW = range(4)


def begin_cycle(r):
    r.cycle = 1
    _stroke(r, 0)


def _stroke(r, place):
    _move_to(r, r.levels_cn[place], r.now["timeout_ms"])


def met_cycle(r):
    if r.phase in (_UP, _DOWN):
        return met_move(r)
    dwell = r.now["dwell_high_ms"] if r.phase == _AT_HIGH else r.now["dwell_low_ms"]
    return MET if r.waited(dwell) else NOT_YET


def advance_cycle(r):
    if r.phase == _AT_LOW:
        if r.cycle >= r.now["count"]:
            return True
        r.next_cycle()
        r.enter(_UP)
        _stroke(r, 0)
        return False
    r.enter(r.phase + 1)
    if r.phase == _DOWN:
        _stroke(r, 1)
    return False


# sweep: phases move, settle, soak, ask (trigger out, and wait for trigger in)

_MOVE, _SETTLE, _SOAK, _ASK = range(4)


def begin_sweep(r):
    r.cycle = 1
    _move_to(r, r.levels_cn[0], 0)  # the step's time-out is for settling


def met_sweep(r):
    now, waited = r.now, r.phase_ms()
    if r.phase == _MOVE:
        return met_move(r)
    if r.phase == _SETTLE:
        return MET if _settled(r, r.goal_cn * now["settled_ppm"] // _PPM, waited) else NOT_YET
    if r.phase == _SOAK:
        return MET if r.waited(now["soak_ms"]) else NOT_YET
    if not r.waited(now["trigger_ms"]):
        return NOT_YET
    r.press.set_trigger(False)
    return MET if r.triggered() or not now["wait_trigger_ms"] else NOT_YET


def advance_sweep(r):
    if r.phase < _ASK:
        r.enter(r.phase + 1)
        if r.phase == _SETTLE:
            r.timeout_ms = r.now["timeout_ms"]
        elif r.phase == _ASK:
            _ask(r, r.now["trigger_ms"], r.now["wait_trigger_ms"])
        return False
    r.press.set_trigger(False)
    if r.cycle >= len(r.levels_cn):
        return True
    r.next_cycle()
    r.enter(_MOVE)
    _move_to(r, r.levels_cn[r.cycle - 1], 0)
    return False


def _ask(r, pulse_ms, wait_ms):
    r.press.set_trigger(pulse_ms > 0)
    r.timeout_ms = max(wait_ms, pulse_ms + 1) if wait_ms else 0
    r.hears = wait_ms > 0
