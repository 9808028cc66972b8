"""The panel's pages: numbers, times and texts fit at every size, and any state is drawn within the display."""

import random

import micropython
from bench_panel import AREA, LOOK, lines, push, two_programs
from bench_press import AT, CONTACT, MADE, VENT, after_each, bench, hold, ramp, recipe  # noqa: F401
from stackpress_core.panel import lights, pages
from stackpress_core.panel.canvas import BUF_BYTES, SMALL_SIZE, TALL, TWICE, Canvas, Lines, digits
from stackpress_core.panel.paragraph import Paragraph
from stackpress_core.recipe.program import Totals
from stackpress_core.tick import interlock


def test_time_left_is_short_at_every_length():
    def shown(seconds):
        c = Lines()
        c.row(0, SMALL_SIZE)
        pages.time_right(c, seconds)
        return c.lines()[0]

    expected = {0: "0:00", 9: "0:09", 61: "1:01", 3599: "59:59", 3600: "1h00", 7500: "2h05", 359999: "99h59", 360000: "100h",
                31536000: "8760h"}  # fmt: skip
    for seconds in expected:
        assert shown(seconds) == expected[seconds] + " left"


def test_hold_without_an_end_says_so_instead_of_a_time():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(1000), at_end="hold"))
    b.run(1.2)
    push(b, "start")
    b.until(lambda: not b.press.runner.active)
    b.run(LOOK)
    assert lines(b)[0] == "HOLDING holds on"


def test_force_fits_at_every_size():
    for force_cn, text in ((0, "0 N"), (-49, "0 N"), (1234567, "12346 N"), (9999949, "99999 N"), (9999950, "100.0 kN"),
                           (536870911, "5368.7 kN"), (-99949, "-999 N"), (-1000050, "-10.0 kN")):  # fmt: skip
        c = Lines()
        c.force(1, force_cn)
        assert c.lines() == [text]


def test_shown_force_stands_still_within_the_noise():
    b = bench()
    b.run(1)
    panel = b.press.panel
    shown = set()
    for force_cn in (-40, 30, 45, -10, 49):
        b.press.S[AT["FORCE_F"]] = force_cn
        panel.look(0, panel.now + 100)
        shown.add(panel.force_cn)
    assert shown == {0}


def test_number_writes_what_percent_would():
    chance = random
    random.seed(4)
    for decimals in (0, 1, 2):
        for _ in range(200):
            value = chance.randrange(-(1 << chance.randrange(1, 30)), 1 << chance.randrange(1, 30))
            c = Lines()
            c.row(0, TWICE)
            c.number(value, decimals)
            whole, rest = abs(value) // 10**decimals, abs(value) % 10**decimals
            text = ("-" if value < 0 else "") + str(whole)
            if decimals:
                text += "." + "0" * (decimals - len(str(rest))) + str(rest)
            assert c.rows[0].strip() == text and digits(value, decimals) == len(text), (value, decimals)


def test_pressure_is_force_over_area_and_fits_a_small_integer():
    for area in (1000, 78539816, 132732290, 2000000000):
        for newtons in (0, 1, 393, 29060, 55000, 99999):
            exact = (newtons * 100000000 * 2 + area) // (2 * area)
            found = pages.hundredths(newtons, area)
            assert abs(found - exact) <= 1 + exact // 40000, (newtons, area)
            assert newtons * 1000 < 1 << 30 and area // 1000 * 100 < 1 << 30


def test_totals_are_those_of_the_steps():
    steps = [CONTACT, {"do": "cycle", "low_cn": 100000, "high_cn": 900000, "rate_cn_per_s": 100000, "count": 2},
             {"do": "sweep", "forces_cn": [200000, 1200000, 300000], "rate_cn_per_s": 100000, "settled_cn": 1000},
             {"do": "ramp", "by_cn": 100000, "rate_cn_per_s": 100000}, VENT]  # fmt: skip
    assert Totals({"steps": steps}, {}).highest_cn == 1200000
    assert Totals({"steps": steps[:2] + [{"do": "ramp", "by_cn": 850000, "rate_cn_per_s": 1}]}, {}).highest_cn == 950000
    found = Totals({"area_um2": AREA, "at_end": "hold", "steps": [CONTACT, ramp(300000, 10000), hold(60000)]}, {})
    assert (found.highest_cn, found.highest_kpa, found.steps, found.holds_on) == (300000, 38197, 3, True)
    assert 80 < found.seconds < 120


def test_wrapped_text_loses_no_word_and_no_line_is_too_long():
    for text in [row[interlock.HINT] for row in interlock.ROWS] + ["x" * 60, "", "a", "word " * 20]:
        w = Paragraph()
        w.set("key", text, 0)
        found = []
        for n in range(12):
            assert 0 <= w.count(n) <= 21
            found.append(text[w.first(n) : w.first(n) + w.count(n)])
        assert "".join(found).replace(" ", "") == text.replace(" ", ""), text
        seen = {w.line(row, 4, now) for now in range(0, 60000, 500) for row in range(4)}
        assert not [n for n in range(12) if w.count(n) and n not in seen]


def _any_press(chance):
    """A press whose blackboard, runner and panel hold anything that they can hold."""
    b = two_programs()
    p = b.press
    if chance.randrange(2):
        b.started(CONTACT, ramp(chance.randrange(10000, 5000000)), hold(chance.randrange(1, 1 << 31)), area_um2=chance.choice((0, AREA)))
        b.run(chance.randrange(3))
    s = p.S
    s[AT["STATE"]] = chance.randrange(8)
    s[AT["REACTION"]] = chance.randrange(5)
    s[AT["FIRST"]] = chance.randrange(len(interlock.ROWS))
    s[AT["LATCHED"]], s[AT["WARNED"]] = chance.randrange(1 << 30), chance.choice((0, chance.randrange(1 << 30)))
    s[AT["FORCE_F"]] = chance.randrange(-(1 << chance.randrange(1, 30)), 1 << chance.randrange(1, 30))
    s[AT["FORCE_F"]] *= chance.randrange(2)
    s[AT["SET"]] = chance.randrange(1 << 29)
    p.panel.name = chance.choice(("", "a", "x" * 32, "pellet"))
    p.panel.title, p.panel.notice = chance.choice((("", ""), ("refused", "word " * chance.randrange(40)), ("ended", "y" * 200)))
    p.runner.state = chance.choice(("idle", "running", "paused", "stopping", "done", "failed")) if p.runner.program else "idle"
    return b


def test_whatever_the_state_every_page_is_drawn_within_the_display():
    chance = random
    random.seed(11)
    seen = set()
    for _ in range(120):
        panel = _any_press(chance).press.panel
        for now in (0, chance.randrange(1 << 30)):
            panel.look(0, now)
            canvas, text = Canvas(), Lines()
            seen.add(pages.draw(canvas, panel))
            pages.draw(text, panel)
            assert len(canvas.buf) == BUF_BYTES and max(canvas.buf[1024:]) <= 15
            assert not [row for row in text.lines() if len(row) > 21], text.lines()
            lamps = lights.lamps(panel, now)
            assert 0 <= lamps < 16 and not (lamps & lights.RED and lamps & lights.GREEN)
        MADE.clear()  # a press takes a quarter of a megabyte
    assert seen == {name for name, _ in pages.PAGES}


def test_drawing_a_page_of_a_press_that_is_driven_takes_no_memory():
    b = bench().pressed(area_um2=AREA)
    canvas, panel, rows = Canvas(), b.press.panel, pages.rows_of("run")
    b.press.S[AT["WARNED"]] = 1 << interlock.NAMES.index("hold_band")
    for n in range(10):  # a character is made into a name when it is first drawn
        panel.force_cn = n * 111100
        for row in rows:
            pages.draw_row(canvas, panel, row)
    micropython.heap_lock()
    try:
        for n in range(50):
            panel.now = n * 500
            panel.force_cn = n * 4000
            pages.page_of(panel)
            for row in rows:
                pages.draw_row(canvas, panel, row)
            lights.lamps(panel, panel.now)
    finally:
        micropython.heap_unlock()


def test_drawing_the_same_again_changes_no_slice():
    b = two_programs()
    push(b, "select")
    canvas = Canvas()
    pages.draw(canvas, b.press.panel)
    assert [canvas.buf[1024 + page] for page in range(8)] != [0] * 8
    for page in range(8):
        canvas.buf[1024 + page] = 0
    pages.draw(canvas, b.press.panel)
    assert [canvas.buf[1024 + page] for page in range(8)] == [0] * 8


def test_bold_letters_stay_inside_their_cells():
    canvas = Canvas()
    canvas.row(2, TALL)
    canvas.text("W" * 40)
    assert canvas.buf[0:256] == bytes(256) and canvas.buf[512:1024] == bytes(512)
