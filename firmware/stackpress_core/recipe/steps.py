"""What a step of each kind does: `kinds.py` names three of these functions in a row, `runner.py` calls them and keeps time.

A step has one or more phases. `begin` gives the first order, `met` says whether the phase has what it waits for, and
`advance` begins the next phase or says that the step is over. A phase whose time ran out and that may go on advances as
well, so a sweep that was not answered, or whose level did not settle, goes to its next level. None of them blocks, and each gets
its set-points from the step's levels, which were judged before the start. What waits for a force or a travel says `look_when`,
what waits for a time asks whether it has `waited`: the next pass comes by then. A set-point that is reached and a trigger bring
a pass by themselves.
"""

from stackpress_core.recipe.levels import LEFT_CN, level_cn, rate_cn_per_s
from stackpress_core.recipe.times import move_limit_ms
from stackpress_core.tick.states import SAFE

ABSENT = -(1 << 30)
NOT_YET, MET, TOO_FAR, TOO_MUCH, UNSEEN = range(5)  # the last three: a bound of the step is passed; treated as a time-out
BOUNDS = ("travel", "largest force", "scale")
CONTACT_PASSES = 3  # one noisy reading is no contact
_PPM = 1_000_000


def over(step):
    """A step of one phase."""
    return True


# contact: the approach rests once the force is there, so it stands until the next step gives an order


def begin_contact(step):
    step.goal_cn = step.levels_cn[0]
    step.passes = 0
    step.start_nm = step.readings.displacement_nm
    speed = step.says["speed_um_per_s"]
    step.order.approach(step.goal_cn, min(speed, step.limits.get("speed_limit_um_per_s", speed)))


def met_contact(step):
    step.passes = step.passes + 1 if step.readings.filtered_cn >= step.goal_cn else 0
    if step.passes >= CONTACT_PASSES:
        return MET
    if step.passes:
        step.look_again()
    else:
        step.look_when("FORCE_F", most=step.goal_cn - 1)
    travel, here = step.says.get("travel_nm"), step.readings.displacement_nm
    if travel and ABSENT not in (here, step.start_nm):
        if abs(here - step.start_nm) > travel:
            return TOO_FAR
        step.look_when("DISPLACEMENT", step.start_nm - travel, step.start_nm + travel)
    return NOT_YET


# ramp, release, vent


def _head_for(step, goal_cn, timeout_ms):
    """The phase moves the set-point to `goal_cn` in `timeout_ms` at most, 0: in what the rate needs; gives the rate."""
    rate = rate_cn_per_s(step.says, "rate", step.area_um2)
    step.goal_cn = goal_cn
    step.timeout_ms = timeout_ms or move_limit_ms(goal_cn - step.order.set_point_cn(), rate)
    return rate


def _move_to(step, goal_cn, timeout_ms):
    step.order.force(goal_cn, _head_for(step, goal_cn, timeout_ms))


def begin_move(step):
    _move_to(step, step.levels_cn[0], step.says["timeout_ms"])


def begin_release(step):
    if step.levels_cn[0]:
        begin_move(step)
    else:
        step.order.release(_head_for(step, 0, step.says["timeout_ms"]))


def met_move(step):
    return MET if step.readings.set_point_reached and abs(step.readings.set_cn - step.goal_cn) <= 1 else NOT_YET


def begin_vent(step):
    step.goal_cn = 0
    step.order.vent()


def met_vent(step):
    step.look_when("FORCE_F", least=step.says["below_cn"])
    return MET if step.readings.filtered_cn < step.says["below_cn"] else NOT_YET


# hold, creep, relax, watch


def begin_hold(step):
    step.order.regulate(step.stop_rate_cn_per_s)
    begin_watch(step)


def begin_relax(step):
    step.order.lock()
    begin_watch(step)


def begin_watch(step):
    if "for_ms" in step.says:
        step.timeout_ms = 0
    step.hears = "until_trigger" in step.says or step.waits_for_fall
    step.start_creep()


def begin_pause(step):
    if step.order.standing:
        step.order.regulate(step.stop_rate_cn_per_s)
    else:
        step.order.vent()  # nothing is pressed: disarmed, whoever reaches in trips nothing
    step.asks = True


def met_pause(step):
    step.disarmed = step.readings.state == SAFE
    return NOT_YET if step.asks else MET


def met_wait(step):
    says = step.says
    if "for_ms" in says:
        return MET if step.waited(says["for_ms"]) else NOT_YET
    step.feed_creep()
    return MET if step.waited(says.get("at_least_ms", 0)) and _condition(step, says) else NOT_YET


def _condition(step, says):
    if step.hears:
        return step.triggered()
    if "until_creep_nm_per_min" in says:
        return step.creep.slower_than(says["until_creep_nm_per_min"])
    if "until_creep_cn_per_min" in says:
        return step.creep.slower_than(says["until_creep_cn_per_min"])
    if "until_settled_cn" in says:
        return _settled(step, says["until_settled_cn"])
    if "until_settled_ppm" in says:
        return _settled(step, step.readings.set_cn * says["until_settled_ppm"] // _PPM)
    above = level_cn(says, "until_above", step.area_um2)
    if above is not None:
        step.look_when("FORCE_F", most=above - 1)
        return step.readings.filtered_cn >= above
    below = level_cn(says, "until_below", step.area_um2)
    step.look_when("FORCE_F", least=below + 1)
    return step.readings.filtered_cn <= below


def _settled(step, band_cn):
    """Asked in every pass, because the press measures from the first question; time before the phase does not count."""
    need = step.says["settled_for_ms"]
    settled = step.motion.settled(max(1, band_cn), need)
    return step.waited(need) and settled


# gap: the set-point goes up or down at its rate until the ram is back where it was when the step began

_AHEAD_S = 2  # so far a time, so that what watches the force stays near to it
_SLOWEST = 64  # times slower than it may: a valve or a friction that lags behind would swing for ever
_PART_OFF = 20  # of the most: what is asked for less at a time; less than that is what a ram that sticks holds back
_OFF_FASTER = 4  # than it follows: friction is to be overcome before much more has swollen
_TAKEN_OFF = -2  # `passes`: the step's most was asked for or felt, and a part is taken off before the step ends


def begin_gap(step):
    if not step.readings.set_point_reached:
        step.order.stay()  # what was on its way before this step may go further than it allows
    begin_hold(step)
    step.goal_cn = step.levels_cn[-1]
    step.start_nm = step.readings.displacement_nm
    step.passes = 0  # where the set-point goes: 1 up, -1 down
    step.pace = 0  # how much slower than it may it went last, and there


def met_gap(step):
    r, band = step.readings, step.says["within_nm"]
    here = r.displacement_nm
    if ABSENT in (here, step.start_nm):
        return UNSEEN
    if step.passes == _TAKEN_OFF or max(r.filtered_cn, step.order.last[1]) > step.goal_cn:
        return _take_off(step)
    step.look_when("FORCE_F", most=step.goal_cn)
    step.look_when("DISPLACEMENT", step.start_nm - band, step.start_nm + band)
    off, toward = here - step.start_nm, 0
    if off > band or off < -band or (step.passes and abs(off) > band // 2):
        toward = -1 if off > 0 else 1
        step.look_again()
    done = step.waited(step.says["for_ms"])
    if step.passes and (done or toward != step.passes):
        step.order.stay()
        step.passes = 0
    if toward and not done and (not step.passes or r.set_point_reached):
        step.passes = toward
        return _follow(step, toward)
    return MET if done else NOT_YET


def _take_off(step):
    """A cell that came to the most, swells on and has a ram that sticks presses with more than is asked for: less is asked for, and
    again until the force has come down with it; then the step ends."""
    r = step.readings
    if step.passes != _TAKEN_OFF or r.set_point_reached:
        if step.passes == _TAKEN_OFF and r.filtered_cn <= step.goal_cn:
            return TOO_MUCH
        step.passes = _TAKEN_OFF
        here_cn = r.set_cn
        less_cn = min(here_cn, step.goal_cn) - step.goal_cn // _PART_OFF
        rate = _OFF_FASTER * rate_cn_per_s(step.says, "rate", step.area_um2)
        step.order.force(max(min(LEFT_CN, here_cn), less_cn), rate)
    step.look_again()
    return NOT_YET


def _follow(step, toward):
    """Move the set-point on, unless it would pass the step's most, or the force has changed and the scale has not moved."""
    if step.readings.row_exceeds("sensor"):
        return UNSEEN
    here_cn, slower = step.readings.set_cn, abs(step.pace)
    if toward > 0 and here_cn >= step.goal_cn:
        return _take_off(step)
    slower = min(2 * slower, _SLOWEST) if step.pace * toward < 0 else max(1, slower // 2)  # a turn is made with more care
    step.pace = toward * slower
    rate = max(1, rate_cn_per_s(step.says, "rate", step.area_um2) // slower)
    to_cn = min(step.goal_cn, max(min(LEFT_CN, here_cn), here_cn + toward * rate * _AHEAD_S))
    if to_cn != here_cn:
        step.order.force(to_cn, rate)
    return NOT_YET


# cycle: phases up, dwell, down, dwell

_UP, _AT_HIGH, _DOWN, _AT_LOW = range(4)


def begin_cycle(step):
    step.cycle = 1
    _stroke(step, 0)


def _stroke(step, place):
    _move_to(step, step.levels_cn[place], step.says["timeout_ms"])


def met_cycle(step):
    if step.phase in (_UP, _DOWN):
        return met_move(step)
    dwell = step.says["dwell_high_ms"] if step.phase == _AT_HIGH else step.says["dwell_low_ms"]
    return MET if step.waited(dwell) else NOT_YET


def advance_cycle(step):
    if step.phase == _AT_LOW:
        if step.cycle >= step.says["count"]:
            return True
        step.next_cycle()
        step.enter(_UP)
        _stroke(step, 0)
        step.tell_begin()
        return False
    step.enter(step.phase + 1)
    if step.phase == _DOWN:
        _stroke(step, 1)
    return False


# sweep: phases move, settle, soak, ask (trigger out, and wait for trigger in)

_MOVE, _SETTLE, _SOAK, _ASK = range(4)


def begin_sweep(step):
    step.cycle = 1
    _move_to(step, step.levels_cn[0], 0)  # the step's time-out is for settling


def met_sweep(step):
    says = step.says
    if step.phase == _MOVE:
        return met_move(step)
    if step.phase == _SETTLE:
        return MET if _settled(step, step.goal_cn * says["settled_ppm"] // _PPM) else NOT_YET
    if step.phase == _SOAK:
        return MET if step.waited(says["soak_ms"]) else NOT_YET
    if not step.waited(says["trigger_ms"]):
        return NOT_YET
    step.motion.set_trigger(False)
    return MET if step.triggered() or not says["wait_trigger_ms"] else NOT_YET


def advance_sweep(step):
    if step.phase == _SETTLE and step.late:
        step.late = "not settled"  # no trigger: nothing shall be measured at a level that is not there
    elif step.phase < _ASK:
        step.late = ""  # a movement that was late may settle all the same
        step.enter(step.phase + 1)
        if step.phase == _SETTLE:
            step.timeout_ms = step.says["timeout_ms"]
        elif step.phase == _ASK:
            _ask(step, step.says["trigger_ms"], step.says["wait_trigger_ms"])
        return False
    elif step.late:
        step.late = "no trigger in"
    step.motion.set_trigger(False)
    if step.cycle >= len(step.levels_cn):
        return True
    step.next_cycle()
    step.enter(_MOVE)
    _move_to(step, step.levels_cn[step.cycle - 1], 0)
    step.tell_begin()
    return False


def _ask(step, pulse_ms, wait_ms):
    step.motion.set_trigger(pulse_ms > 0)
    step.timeout_ms = max(wait_ms, pulse_ms + 1) if wait_ms else 0
    step.hears = wait_ms > 0
