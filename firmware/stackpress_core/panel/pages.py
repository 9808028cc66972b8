"""What stands on the display in which situation: a page is a few rows, a row one small function. 128 x 64 dots.

The force is largest because it is read from across the room; whoever reads the rest stands before the press.
"""

from stackpress_core.panel.canvas import LARGE_SIZE, SMALL_SIZE, TALL, TWICE, digits
from stackpress_core.tick import interlock, states

TITLES = ("SAFE", "READY", "PRESSING", "HOLDING", "RELEASING", "STOPPED", "SERVICE", "MONITOR")  # of each press state
REACTIONS = ("", "", "held", "ramped down", "vented")
CHARS, TALL_CHARS = 21, 16
TURN_MS = 2000  # rows that take turns
NOTE_MS = 15000  # a note of 60 letters is shown to its end before the program's name comes again
HOUR_S = 3600


# -- the bar: state at the left, what goes with it at the right -------------------------------------------------------


def _bar(c, p, text):
    c.text(TITLES[p.readings.state])
    c.right(len(text))
    c.text(text)


def bar_safe(c, p):
    c.text("SAFE")
    if p.count:
        c.right(digits(p.place) + 1 + digits(p.count))
        c.number(p.place)
        c.text("/")
        c.number(p.count)


def bar_notice(c, p):
    _bar(c, p, "RESET clears")


def bar_plain(c, p):
    _bar(c, p, "")


def bar_run(c, p):
    r = p.runner
    if r.state == "paused" or r.state == "stopping":
        _bar(c, p, r.state)
    elif r.waits_for_person:
        _bar(c, p, "START?")
    elif r.waits_for_trigger:
        _bar(c, p, "TRIGGER?")
    elif not r.active:
        _bar(c, p, "holds on")
    else:
        c.text(TITLES[p.readings.state])
        time_right(c, (r.time_left_ms + 999) // 1000)


def bar_trip(c, p):
    _bar(c, p, REACTIONS[p.readings.reaction])


def time_right(c, seconds):
    """At the right: 0:09 left, 59:59 left, 2h05 left, 120h left."""
    big, small, mark = seconds // 60, seconds % 60, ":"
    if seconds >= HOUR_S:
        big, small, mark = seconds // HOUR_S, seconds % HOUR_S // 60, "h"
    short = big >= 100 and mark == "h"
    c.right(digits(big) + (6 if short else 8))
    duration(c, big, small, mark, short)
    c.text(" left")


def duration(c, big, small, mark, short):
    c.number(big)
    c.text(mark)
    if not short:
        if small < 10:
            c.text("0")
        c.number(small)


# -- force and pressure -----------------------------------------------------------------------------------------------


def force_large(c, p):
    c.force(c.page, p.force_cn)


def force_twice(c, p):
    if p.force_cn is None:
        c.right(7)
        c.text("----- N")
        return
    newtons = p.force_cn // 100
    c.right(digits(newtons) + 2)
    c.number(newtons)
    c.text(" N")


def hundredths(newtons, area_um2):
    """Hundredths of a MPa, within small integers."""
    area = max(1, area_um2 // 1000)
    force = newtons * 1000
    return force // area * 100 + (force % area * 100 + area // 2) // area


def pressure(c, p):
    """What the force means on the die's area; without one, where the force is to go."""
    area = p.runner.area_um2
    if not area or p.force_cn is None:
        c.right(digits(p.readings.set_cn // 100) + 6)
        c.text("set ")
        c.number(p.readings.set_cn // 100)
        c.text(" N")
        return
    value, decimals = hundredths(p.force_cn // 100, area), 2
    if not -1000 < value < 10000:
        value = (value + 5) // 10
        decimals = 1
    c.right(digits(value, decimals) + 4)
    megapascal(c, value, decimals)


def megapascal(c, value, decimals):
    c.number(value, decimals)
    c.text(" MPa")


# -- the program ------------------------------------------------------------------------------------------------------


def name_in(c, name, room):
    """As much of a name as there is room for; of a longer one both ends, because the end often tells two apart."""
    if len(name) <= room:
        c.text(name)
        return
    tail = room // 3
    c.text(name, 0, room - tail - 2)
    c.text("..")
    c.text(name, len(name) - tail, tail)


def name_whole(c, p):
    """Tall if it fits, else over two lines: nobody shall start one that he has read only half of."""
    if not p.count:
        c.text("no program")
    elif not p.name:
        c.text("SELECT a program")
    elif len(p.name) <= TALL_CHARS:
        c.text(p.name)
    else:
        page, first = c.page, min(len(p.name), CHARS)
        c.row(page, SMALL_SIZE)
        c.text(p.name, 0, first)
        c.end()
        c.row(page + 1, SMALL_SIZE)
        c.text(p.name, first)


def name_short(c, p):
    name_in(c, p.name, CHARS)


def totals_force(c, p):
    t = p.totals
    if not t:
        return
    c.text("max ")
    c.number(t.highest_cn // 100)
    c.text(" N")
    if t.highest_kpa:
        decimals = 1 if t.highest_kpa < 999950 else 0
        value = (t.highest_kpa + 50) // 100 if decimals else (t.highest_kpa + 500) // 1000
        c.right(digits(value, decimals) + 4)
        megapascal(c, value, decimals)


def totals_time(c, p):
    t = p.totals
    if not t:
        return
    c.text("takes ")
    if t.seconds >= HOUR_S:
        duration(c, t.seconds // HOUR_S, t.seconds % HOUR_S // 60, "h", False)
    else:
        duration(c, t.seconds // 60, t.seconds % 60, ":", False)
    if t.holds_on:
        c.text(", holds on")


def name_and_step(c, p):
    """Takes turns with a warning that is in force, or with the step's note."""
    if p.noticed:
        c.text("! ")
        name_in(c, p.notice, CHARS - 2)
        return
    if p.readings.warning_bits and p.now // TURN_MS & 1:
        warning(c, p)
        return
    r = p.runner
    if not r.active or r.index < 0:
        name_in(c, p.operator.program_name, CHARS)
        return
    if r.note and (p.now // NOTE_MS & 1 or r.waits_for_person):  # as `page_of` has set it
        foot(c, p, 0, 1)
        return
    steps = len(r.program["steps"])
    tail = digits(r.index + 1) + digits(steps) + 1
    name_in(c, p.operator.program_name, CHARS - tail - 1)
    c.right(tail)
    c.number(r.index + 1)
    c.text("/")
    c.number(steps)


def warning(c, p):
    """The first warning, and how many there are beside it."""
    bits, first, more = p.readings.warning_bits, -1, -1
    for i in range(len(interlock.NAMES)):
        if bits >> i & 1:
            first, more = (i if first < 0 else first), more + 1
    c.text("! ")
    c.text(interlock.NAMES[first])
    if more:
        c.text(" +")
        c.number(more)


# -- why it stopped, what is in the way -------------------------------------------------------------------------------


def reason_tall(c, p):
    c.text(p.readings.trip_reason)


def reason_small(c, p):
    c.text(p.readings.trip_reason)
    acknowledge(c, p)


def force_small(c, p):
    if p.force_cn is None:
        c.text("----- N")
    else:
        c.number(p.force_cn // 100)
        c.text(" N")
    acknowledge(c, p)


def acknowledge(c, p):
    text = "still there" if p.readings.still_there() else "RESET"
    c.right(len(text))
    c.text(text)


def notice_title(c, p):
    c.text(p.title)


def foot(c, p, row, rows):
    """Row number `row` of the `rows` that a longer text takes at the foot of the page."""
    line = p.note.line(row, rows, p.now)
    c.text(p.note.text, p.note.first(line), p.note.count(line))


def foot_of_safe(p):
    """What is in the way of starting, else what would start it."""
    if p.readings.warning_bits:
        return "! warning: " + ", ".join(p.readings.warnings())
    if p.problem:
        return "! " + p.problem
    if p.blocked and p.readings.state == states.SAFE:
        return "! " + p.blocked
    if not p.count:
        return "send one from a host"
    return "START runs it" if p.name else "SELECT, then START"


# -- pages ------------------------------------------------------------------------------------------------------------

# page of the display, size, dark on light, the function that draws it, and of a text of many rows: which row, of how many. Texts
# and numbers only, so that a board has all of it in flash.
RUN = ((0, SMALL_SIZE, 1, "bar_run"), (1, LARGE_SIZE, 0, "force_large"), (5, TWICE, 0, "pressure"),
       (7, SMALL_SIZE, 0, "name_and_step"))  # fmt: skip
PAGES = (
    ("safe", ((0, SMALL_SIZE, 1, "bar_safe"), (1, TWICE, 0, "force_twice"), (3, TALL, 0, "name_whole"),
              (5, SMALL_SIZE, 0, "totals_force"), (6, SMALL_SIZE, 0, "totals_time"), (7, SMALL_SIZE, 0, "foot", 0, 1))),
    ("notice", ((0, SMALL_SIZE, 1, "bar_notice"), (1, TWICE, 0, "force_twice"), (3, TALL, 0, "notice_title"),
                (5, SMALL_SIZE, 0, "foot", 0, 3), (6, SMALL_SIZE, 0, "foot", 1, 3), (7, SMALL_SIZE, 0, "foot", 2, 3))),
    ("ready", ((0, SMALL_SIZE, 1, "bar_plain"), (1, LARGE_SIZE, 0, "force_large"), (5, SMALL_SIZE, 0, "name_short"),
               (6, SMALL_SIZE, 0, "totals_force"), (7, SMALL_SIZE, 0, "foot", 0, 1))),
    ("run", RUN),
    ("monitor", RUN),
    ("stopped", ((0, SMALL_SIZE, 1, "bar_trip"), (1, TALL, 0, "reason_tall"), (3, SMALL_SIZE, 0, "force_small"),
                 (4, SMALL_SIZE, 0, "foot", 0, 4), (5, SMALL_SIZE, 0, "foot", 1, 4), (6, SMALL_SIZE, 0, "foot", 2, 4),
                 (7, SMALL_SIZE, 0, "foot", 3, 4))),
    ("stopped_pressed", ((0, SMALL_SIZE, 1, "bar_trip"), (1, LARGE_SIZE, 0, "force_large"), (5, SMALL_SIZE, 0, "reason_small"),
                         (6, SMALL_SIZE, 0, "foot", 0, 2), (7, SMALL_SIZE, 0, "foot", 1, 2))),
    ("service", ((0, SMALL_SIZE, 1, "bar_plain"), (1, LARGE_SIZE, 0, "force_large"), (5, SMALL_SIZE, 0, "foot", 0, 3),
                 (6, SMALL_SIZE, 0, "foot", 1, 3), (7, SMALL_SIZE, 0, "foot", 2, 3))),
)  # fmt: skip
OF_STATE = ("safe", "ready", "run", "run", "run", "stopped", "service", "monitor")


def page_of(p):
    """Name of the page that is due; sets the text that its foot shows."""
    state = p.readings.state
    name = "run" if state == states.SAFE and p.runner.waits_for_person else OF_STATE[state]
    if name == "safe":
        if p.noticed:
            name = "notice"
            p.note.set(p.title, p.notice, p.now)
        else:
            text = foot_of_safe(p)
            p.note.set("safe" + text[:12], text, p.now)
    elif state == states.READY:
        text = foot_of_safe(p)
        p.note.set(name + text[:12], text, p.now)
    elif name == "run" and p.runner.note:
        p.note.set(p.runner.step.note_shown, p.runner.step.note_shown, p.now)
    elif state == states.TRIPPED:
        name = "stopped_pressed" if p.readings.pressed else "stopped"
        p.note.set(name + p.readings.trip_reason, p.readings.trip_hint, p.now)
    elif state == states.SERVICE:
        p.note.set(name, "Nothing is driven. A host may write ceilings and calibrate.", p.now)
    return name


def rows_of(page):
    """The rows of a page by its name."""
    for name, rows in PAGES:
        if name == page:
            return rows
    raise KeyError(page)


def draw_row(c, p, row):
    c.row(row[0], row[1], row[2])
    draws = globals()[row[3]]
    if len(row) == 4:
        draws(c, p)
    else:
        draws(c, p, row[4], row[5])
    c.end()


def draw(c, p):
    """All of the page that is due."""
    name = page_of(p)
    for row in rows_of(name):
        draw_row(c, p, row)
    return name
