"""What may be changed of a program while it runs, and of a cell that it has left held: set-point, pause, length, next step,
and another program that goes on from it.

Every order is judged by what a program is judged by before anything is done: the press's limits, the program's own, and where
the steps that are still to come would then lead. None moves a press that has tripped, or whose host's lease is over; what stops
the press needs none of this. Loaded when asked, and let go (settings.seldom): a cell lives for weeks, and is steered now and then.
"""

from stackpress_core.documents import LENGTH_MAX
from stackpress_core.errors import Refused, StorageFault
from stackpress_core.log.records import EVENT_STEERED, EVENT_STORE
from stackpress_core.recipe import standing_order, times
from stackpress_core.recipe.fields import TIME_MAX_MS
from stackpress_core.recipe.kinds import OF, arms, filled
from stackpress_core.recipe.levels import level_cn, newtons
from stackpress_core.recipe.program import validate
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
STEPS = ("running", "paused")  # states of the runner in which a step may be steered


def _refuse_unsafe(o):
    o.lease.look()  # a line may come before the pass has looked
    if o.readings.state == states.TRIPPED:
        raise Refused("the press was stopped by %s: only a stop or a reset is taken" % o.readings.trip_reason)
    if o.S[AT["SIG_LEASE"]]:
        raise Refused("the host's lease is over")
    if o.readings.inputs & blackboard.IN["stop"]:
        raise Refused("the stop button is held")
    if o.readings.order_waits:
        raise Refused("the order before has not been carried out yet: ask again")


def _need_step(o):
    _refuse_unsafe(o)
    if o.runner.state not in STEPS or o.runner.index < 0:
        raise Refused("no step of a program runs")


def _mode(o):
    return o.S[AT["MODE"]]


def _drives(kind):
    return "valve" in kind.needs and not (kind.vents or arms(kind))


def _told(o, what, old, new):
    o.events.tell(EVENT_STEERED, old, new, what)
    o.scheduler.look_all()


def most_cn(runner):
    """The highest force that may be asked for while it runs: what it says, or else its own highest."""
    told = level_cn(runner.program, "most", runner.area_um2)
    return runner.highest_cn if told is None else told


def _refuse_force(o, target_cn):
    limit, most = o.settings.params["force_limit_cn"], most_cn(o.runner)
    if target_cn > limit:
        raise Refused("%s is over the press's working limit %s" % (newtons(target_cn), newtons(limit)))
    if target_cn > most:
        raise Refused("%s is over this program's most of %s: most_n or most_mpa in its head" % (newtons(target_cn), newtons(most)))


def _refuse_ahead(o, set_cn):
    """No step that is still to come may lead out of the limits if the set-point begins there."""
    r = o.runner
    for n in range(r.index + 1, len(r.program["steps"]) if r.active else 0):
        step = filled(r.program["steps"][n])
        for _, level in OF[step["do"]].levels(step, r.area_um2, set_cn):
            if not 0 <= level <= o.settings.params["force_limit_cn"]:
                raise Refused("step %d (%s) would then lead to %s" % (n + 1, step["do"], newtons(level)))
            set_cn = level


def set_point(o, target_cn, rate_cn_per_s):
    """Another force for a step that holds or ramps, or for a cell that a program has left held; without a rate, the last one's."""
    _refuse_unsafe(o)
    r, step = o.runner, o.runner.step
    if r.state == "stopping" or _mode(o) != states.FORCE:
        raise Refused("no force is regulated: the drive is in mode %s" % states.MODES[_mode(o)])
    if r.active and (not r.open_step or len(step.levels_cn) > 1 or not _drives(step.kind)):
        raise Refused("the set-points of a %s step are the program's own" % r.kind)
    rate = r.order.last[2] if rate_cn_per_s is None else rate_cn_per_s
    limit = o.settings.params["rate_limit_cn_per_s"]
    if not 1 <= rate <= limit:
        raise Refused("a rate of %s/s is not between 0.01 N/s and the press's limit %s/s" % (newtons(rate), newtons(limit)))
    _refuse_force(o, target_cn)
    _refuse_ahead(o, target_cn)
    old = o.S[AT["TARGET"]]
    r.order.force(target_cn, rate)
    if r.active and step.levels_cn:
        step.goal_cn = target_cn
        step.timeout_ms = step.phase_ms() + times.move_limit_ms(target_cn - o.readings.set_cn, rate)
    _told(o, "set-point", old, target_cn)


def pause(o):
    """The step's clock stops and the force stays; a ram on its way to the specimen can't stay where it is."""
    _refuse_unsafe(o)
    if o.runner.state == "paused":
        return
    if o.runner.state != "running":
        raise Refused("no program runs")
    if _mode(o) in (states.APPROACH, states.VENT):
        raise Refused("the ram is on its way: stop, or wait until this step is over")
    o.runner.pause()
    _told(o, "pause", 0, 1)


def go_on(o):
    """After a pause, or where a step waits for a person."""
    _refuse_unsafe(o)
    r = o.runner
    if not r.waits_for_person:
        raise Refused("nothing is paused and no step waits for a person")
    if r.state == "paused":
        r.resume()
    else:
        if not r.order.standing:
            _arm_again(o)
        r.step.asks = False
    _told(o, "pause", 1, 0)


def _arm_again(o):
    """A press that was disarmed for somebody who reached in is armed as at a start, if a step is to come that drives it."""
    kinds = [OF[step["do"]] for step in o.runner.program["steps"][o.runner.index + 1 :]]
    if o.readings.state == states.READY or not any([_drives(kind) for kind in kinds]):
        return
    limits = o.settings.program_limits(True)  # the configuration may be another one
    if o.runner.start_cn:
        limits["start_cn"] = o.runner.start_cn
    complaints = validate(o.runner.program, limits)
    if complaints:
        raise Refused(complaints[0])
    if o.readings.state == states.SAFE:
        o.calibrator.take_out_zero()
    o.arm()


def next_step(o):
    """End this step before its time, with the set-point where it is."""
    _need_step(o)
    r = o.runner
    if r.step.asks:
        go_on(o)
        return
    if _mode(o) in (states.APPROACH, states.VENT):
        raise Refused("a %s step is not skipped" % r.kind)
    _refuse_ahead(o, r.order.set_point_cn())
    r.skip()
    _told(o, "step", r.step_number, r.step_number + 1)


def extend(o, ms):
    """The step lasts, or waits, so much longer."""
    _need_step(o)
    r, step = o.runner, o.runner.step
    timed = "for_ms" in step.says
    old = step.says["for_ms"] if timed else step.timeout_ms
    if not r.open_step or step.kind.times is not times.wait or not old:
        raise Refused("a %s step has no time that could be longer" % r.kind)
    if old + ms > TIME_MAX_MS:
        raise Refused("a step lasts %d days at most" % (TIME_MAX_MS // 86_400_000))
    if timed:
        step.says["for_ms"] = old + ms
        r.expected_ms[r.index] += ms
    else:
        step.timeout_ms = old + ms
    _told(o, "length", old // 1000, (old + ms) // 1000)


# Another program that goes on from the cell that the last one has left held. It gives no order before its first step does, so what
# watches, the zero of the cells and the display's tare stay as they are.


def refuse_unheld(o):
    _refuse_unsafe(o)
    if o.runner.active:
        raise Refused("a program is running: another one goes on from what it leaves held (at_end, or a stop that holds)")
    if o.readings.state not in states.DRIVEN or _mode(o) not in (states.FORCE, states.LOCK):
        raise Refused("no cell is held: the press is %s" % o.readings.state_name)
    if _mode(o) == states.FORCE and not o.readings.set_point_reached:
        raise Refused("the set-point is still on its way to %s" % newtons(o.S[AT["TARGET"]]))


def same_cell(o, document, limits):
    """The program is judged as one for this cell, with the force that is there; gives the number of the run that has left it."""
    here_um2, told = o.runner.area_um2, document.get("area_um2", 0)
    if not told:
        document["area_um2"] = here_um2
    elif here_um2 and told != here_um2:
        raise Refused("it is for a die of %d mm2, the cell that is held has %d mm2" % (told // 1000000, here_um2 // 1000000))
    limits["start_cn"] = o.runner.order.set_point_cn()
    if not limits["start_cn"]:
        raise Refused("nothing is pressed")
    return o.events.run


def goes_on(o):
    """The force that is regulated now is what stands, not where an order of before was heading."""
    kind, _, rate = o.runner.order.last
    if kind in (standing_order.FORCE, standing_order.RELEASE):
        o.runner.order.last = (standing_order.FORCE, o.runner.start_cn, rate)


# A program that comes while a cell is pressed


def wait(documents, name, text):
    """In force at once, and in RAM until the press is at rest and it can be written."""
    documents.judged(name, text)
    waiting = documents.waiting or {}
    others = sum([len(waiting[other]) for other in waiting if other != name])
    if others + len(text) > LENGTH_MAX:
        raise Refused("%d bytes of programs wait already until the press is safe and they can be kept" % others)
    waiting[name] = text
    documents.waiting = waiting


def keep(settings, events):
    """One that has waited and was judged as it came; where there is no room for it that is told, and the one before stays."""
    import gc

    gc.collect()  # nothing is energised
    name, text = settings.documents.waiting.popitem()
    try:
        settings.keep(name, text)
    except (Refused, StorageFault, MemoryError) as fault:
        events.tell(EVENT_STORE, 0, 0, "%s was not kept: %s" % (name, fault))
