"""The kinds of steps: one row each, with all that anybody asks of a kind, so that nobody asks which kind it is.

Check, totals, interpreter, host and documents read these columns. `levels` are what is judged against the press's limits,
counted in the totals and driven by the running step, so a kind can't be run without being judged. A row that lacks a column
is no row; and where CPython imports this, as it does before an image is made, `kind_faults.py` tries each of them.
"""

from collections import namedtuple
from sys import implementation

from stackpress_core.recipe import fields as f
from stackpress_core.recipe import levels, steps, times

Kind = namedtuple(
    "Kind",
    (
        "name",  # what stands in `do`; the log has room for 12 characters
        "help",
        "family",  # which of FAMILIES it belongs to: what a picture makes of it
        "ended",  # what has happened when it ends as it should, for the report
        "needs",  # what the press must have; without "valve" it runs on a manual press
        "vents",  # whether the press is disarmed by it
        "rests",  # whether it regulates a force that stays, whose loss has to be seen
        "sparse",  # its phases that are logged sparsely
        "groups",  # (least, fields...): at least so many of these fields, and never two of them
        "fields",  # rows of fields.py, `timeout_ms` and `at_timeout` among them
        "levels",  # (step, area_um2, start_cn) -> the set-points that it goes to; see levels.py
        "times",  # (step, rate, start_cn, levels_cn, corner_ms) -> (expected ms, longest ms); see times.py
        "begin",  # (runner): its first order
        "met",  # (runner) -> whether the phase has what it waits for
        "advance",  # (runner) -> whether the step is over; else the next phase has begun; see steps.py
        "rule",  # (step, area_um2, start_cn) -> what is wrong between its fields, or with where it begins, "" if nothing is
    ),
)
FAMILIES = ("approach", "move", "visit", "hold", "drift", "release", "watch")
CONTACT_LEAST_CN = 100


def _no_rule(step, area_um2, start_cn):
    return ""


def _rule_of_contact(step, area_um2, start_cn):
    if levels.level_cn(step, "to", area_um2) >= CONTACT_LEAST_CN:
        return ""
    return f"a contact force below {levels.newtons(CONTACT_LEAST_CN)} can't be told from nothing"


def _rule_of_cycle(step, area_um2, start_cn):
    (_, high), (_, low) = levels.up_and_down(step, area_um2, 0)
    if low < high:
        return ""
    return f"the lower level {levels.newtons(low)} is not under the upper level {levels.newtons(high)}"


def _rule_of_gap(step, area_um2, start_cn):
    most_cn = levels.level_cn(step, "most", area_um2)
    if most_cn < levels.LEFT_CN:
        return f"its most is below {levels.newtons(levels.LEFT_CN)}, which a specimen that shrinks is left"
    if start_cn is not None and start_cn > most_cn:
        return f"it begins at {levels.newtons(start_cn)}, over its own most of {levels.newtons(most_cn)}"
    return ""


def _rule_of_pause(step, area_um2, start_cn):
    return "" if step.get("note") else "needs a note: what the person is to do who is waited for"


KINDS = (
    Kind(
        "contact",
        "Close the ram at a bounded speed until the force is there, so that the powder or foil is met gently.",
        "approach", "force reached", ("valve",), False, False, (),
        ((1, "to_cn", "to_pa"),),
        f.TO
        + (
            ("speed_um_per_s", "um/s", 1, 50_000, 500, "speed of the ram"),
            ("travel_nm", "nm", 1000, 500_000_000, None, "longest travel; over it, the same as after the longest time"),
        )
        + f.timeout(2 * f.MINUTE_MS, "vent", choice=f.AT_TIMEOUT[1:]),  # what was not met can not be pressed
        levels=levels.to_one, times=times.approach,
        begin=steps.begin_contact, met=steps.met_contact, advance=steps.over, rule=_rule_of_contact,
    ),
    Kind(
        "ramp",
        "Move the set-point at a bounded rate to a force, to a pressure, or by a difference.",
        "move", "target reached", ("valve",), False, False, (),
        ((1, "to_cn", "to_pa", "by_cn", "by_pa"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        f.TO + f.BY + f.RATE + f.timeout(0, "hold", f.AUTO),
        levels=levels.to_one, times=times.move,
        begin=steps.begin_move, met=steps.met_move, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "hold",
        "Regulate the force where it is: for a time, or until it has settled, creep has slowed, or a trigger comes or goes.",
        "hold", "time over or condition met", ("valve",), False, True, (0,),
        (
            (
                1,
                "for_ms",
                "until_settled_cn",
                "until_settled_ppm",
                "until_creep_nm_per_min",
                "until_creep_cn_per_min",
                "until_trigger",
                "until_trigger_over",
            ),
        ),
        (
            f.FOR,
            f.force("until_settled_cn", "ends when the force stays within this of the set-point", 1),
            ("until_settled_ppm", "ppm", 100, 500_000, None, "ends when the force stays this near the set-point"),
            f.CREEP_NM,
            f.CREEP_CN,
        )
        + f.UNTIL_TRIGGER
        + (f.SETTLED_FOR, f.WINDOW, f.AT_LEAST)
        + f.timeout(f.HOUR_MS, "hold"),
        levels=levels.stays, times=times.wait,
        begin=steps.begin_hold, met=steps.met_wait, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "cycle",
        "Go up and down between two levels, with a dwell at each.",
        "move", "cycle done", ("valve",), False, False, (),
        ((1, "low_cn", "low_pa"), (1, "high_cn", "high_pa"), (1, "rate_cn_per_s", "rate_pa_per_s"), (1, "count")),
        f.level("low", "lower level")
        + f.level("high", "upper level")
        + f.RATE
        + (
            ("count", "count", 1, 60_000, None, "how many times up and down"),
            f.time("dwell_low_ms", "time at the lower level", 0),
            f.time("dwell_high_ms", "time at the upper level", 0),
        )
        + f.timeout(0, "hold", f.AUTO),
        levels=levels.up_and_down, times=times.strokes,
        begin=steps.begin_cycle, met=steps.met_cycle, advance=steps.advance_cycle, rule=_rule_of_cycle,
    ),
    Kind(
        "sweep",
        "Visit a list of levels: settle, soak, pulse the trigger output, wait for the trigger input, go to the next. "
        "A level that did not settle in its time is not measured: with `go_on` no trigger goes out there, and the log says "
        "`not settled`.",
        "visit", "level done", ("valve",), False, True, (1, 2, 3),
        ((1, "pressures_pa", "forces_cn"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        (
            ("pressures_pa", "Pa list", 0, f.PRESSURE_MAX_PA, None, "the pressures, in the order of the visits"),
            ("forces_cn", "cN list", 0, f.FORCE_MAX_CN, None, "the forces, in the order of the visits"),
        )
        + f.RATE
        + (
            ("settled_ppm", "ppm", 100, 500_000, 5_000, "band round the set-point that counts as settled"),
            f.SETTLED_FOR,
            f.time("soak_ms", "further time at the level before the trigger", 0),
            f.time("trigger_ms", "length of the trigger output's pulse", 100),
            f.time("wait_trigger_ms", "longest wait for the trigger input after the pulse; 0: do not wait", 0),
        )
        + f.timeout(10 * f.MINUTE_MS, "go_on", "longest time to settle at one level"),
        levels=levels.through_points, times=times.visits,
        begin=steps.begin_sweep, met=steps.met_sweep, advance=steps.advance_sweep, rule=_no_rule,
    ),
    Kind(
        "relax",
        "Lock the valve and log how the force decays, for a time or until it hardly changes.",
        "drift", "time over or condition met", ("valve",), False, False, (),
        ((1, "for_ms", "until_creep_cn_per_min"),),
        (f.FOR, f.CREEP_CN, f.WINDOW, f.AT_LEAST) + f.timeout(f.HOUR_MS, "hold"),
        levels=levels.stays, times=times.wait,
        begin=steps.begin_relax, met=steps.met_wait, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "creep",
        "Regulate the force and log the displacement densely, for a time or until it hardly changes.",
        "drift", "time over or condition met", ("valve", "displacement"), False, True, (),
        ((1, "for_ms", "until_creep_nm_per_min"),),
        (f.FOR, f.CREEP_NM, f.WINDOW, f.AT_LEAST) + f.timeout(f.HOUR_MS, "hold"),
        levels=levels.stays, times=times.wait,
        begin=steps.begin_hold, met=steps.met_wait, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "gap",
        "Keep the ram where it is and log the force: the set-point rises and falls at its rate as the specimen swells and shrinks, "
        "never over `most`. Where more would be wanted, or the specimen itself presses with more, and then a part is taken off "
        "first (`largest force`), or the scale is lost or stands while the force changes "
        "(`scale`), the program ends with the cell held.",
        "drift", "time over", ("valve", "displacement"), False, False, (0,),
        ((1, "for_ms"), (1, "most_cn", "most_pa"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        (f.FOR, ("within_nm", "nm", 1000, 1_000_000, 1000, "the force is left alone while the ram is this near to where it was"))
        + f.level("most", "largest force that it may come to")
        + f.RATE
        + f.timeout(f.HOUR_MS, "hold"),
        levels=levels.between, times=times.wait,
        begin=steps.begin_gap, met=steps.met_gap, advance=steps.over, rule=_rule_of_gap,
    ),
    Kind(
        "release",
        "Take the force down at a bounded rate, to a level or to nothing, so that the pellet does not crack.",
        "release", "target reached", ("valve",), False, False, (),
        ((0, "to_cn", "to_pa"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        f.TO + f.RATE + f.timeout(0, "vent", f.AUTO),
        levels=levels.to_one, times=times.move,
        begin=steps.begin_release, met=steps.met_move, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "vent",
        "Let all pressure out and wait until the force is gone.",
        "release", "force gone", ("valve",), True, False, (),
        (),
        (f.force("below_cn", "the force that counts as gone", 100, 5_000),) + f.timeout(30 * f.SECOND_MS, "vent"),
        levels=levels.to_nothing, times=times.vent,
        begin=steps.begin_vent, met=steps.met_vent, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "watch",
        "Leave the valve alone, read and log: for a time, or until the force passes a level (a hand pump's work).",
        "watch", "time over or condition met", (), False, False, (),
        (
            (1, "for_ms", "until_above_cn", "until_above_pa", "until_below_cn", "until_below_pa", "until_trigger",
             "until_trigger_over"),
        ),
        (f.FOR,)
        + f.level("until_above", "ends when the force is at least this")
        + f.level("until_below", "ends when the force is at most this")
        + f.UNTIL_TRIGGER
        + f.timeout(f.HOUR_MS, "go_on"),
        levels=levels.stays, times=times.wait,
        begin=steps.begin_watch, met=steps.met_wait, advance=steps.over, rule=_no_rule,
    ),
    Kind(
        "pause",
        "Wait for a person, whose work the note says: the force stays as it is. Where there is none the press is disarmed, so "
        "that the guard may be opened, and armed again with all its checks when somebody goes on: START, `stackpress continue`, "
        "the page.",
        "watch", "somebody went on", ("valve",), False, True, (0,),
        (),
        f.timeout(24 * f.HOUR_MS, "hold", "longest wait"),
        levels=levels.stays, times=times.person,
        begin=steps.begin_pause, met=steps.met_pause, advance=steps.over, rule=_rule_of_pause,
    ),
)  # fmt: skip

NAMES = tuple([kind.name for kind in KINDS])
OF = {kind.name: kind for kind in KINDS}


def rows_of(kind):
    """All fields of a kind: its own and those that any step may have."""
    return kind.fields + f.COMMON


def arms(kind):
    """Whether a press that is disarmed before such a step is armed again behind it."""
    return kind.met is steps.met_pause


def filled(step):
    """The step with every default in its place."""
    full = {row[0]: row[4] for row in rows_of(OF[step["do"]]) if row[4] is not None}
    full.update(step)
    return full


if implementation.name == "cpython":
    from stackpress_core.recipe import kind_faults

    kind_faults.refuse(KINDS, FAMILIES)
