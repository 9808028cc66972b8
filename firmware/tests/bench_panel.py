"""A panel on a whole press without any host: what its buttons do to it, and the lines that stand on its display."""

from bench_press import CONTACT, VENT, bench, hold, ramp, recipe
from stackpress_core.panel import pages
from stackpress_core.panel.canvas import Lines
from stackpress_core.panel.paragraph import WINDOW_MS

LOOK = 0.25  # the panel looks ten times a second
AREA = 78539816


def lines(b):
    """What stands on the display now."""
    c = Lines()
    pages.draw(c, b.press.panel)
    return c.lines()


def said(b):
    return " ".join(lines(b))


def everything_said(b):
    """What a longer text says in all its windows."""
    found = ""
    for _ in range(5):
        found += " " + said(b)
        b.run(WINDOW_MS / 1000)
    return found


def push(b, *names):
    b.push(*names)
    b.run(LOOK)


def two_programs():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(3600000), VENT, name="annealed", area_um2=AREA))
    b.put(recipe(CONTACT, ramp(2000000), hold(600000), name="pellet", at_end="hold", area_um2=AREA))
    b.run(1.2)
    return b
