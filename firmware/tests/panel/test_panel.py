"""The panel: what stands on the display and what the buttons do, on a whole press without any host."""

import random

import micropython
from bench_press import AT, CONTACT, MADE, PARAMS, VENT, after_each, bench, hold, ramp, recipe  # noqa: F401
from stackpress_core.panel import lights, pages
from stackpress_core.panel.canvas import BUF_BYTES, SMALL_SIZE, TALL, TWICE, Canvas, Lines, digits
from stackpress_core.panel.paragraph import WINDOW_MS, Paragraph
from stackpress_core.recipe.program import Totals
from stackpress_core.tick import blackboard, interlock, states

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


# -- choosing


def test_select_goes_round_and_shows_name_and_totals_before_anything_can_start():
    b = two_programs()
    assert lines(b) == ["SAFE 0/2", "0 N", "SELECT a program", "SELECT, then START"]
    push(b, "select")
    assert lines(b) == ["SAFE 1/2", "0 N", "annealed", "max 3000 N 38.2 MPa", "takes 1h00",
                        "START runs it"]  # fmt: skip
    push(b, "select")
    assert lines(b)[0] == "SAFE 2/2" and "takes 10:22, holds on" in lines(b)
    push(b, "select")
    assert "annealed" in lines(b) and b.press.runner.program is None and b.word("STATE") == states.SAFE


def test_start_runs_what_is_shown():
    b = two_programs()
    push(b, "select")
    push(b, "select")
    push(b, "start")
    assert b.press.operator.program_name == "pellet" and b.word("STATE") in states.DRIVEN
    assert lines(b)[0].startswith("PRESSING") and lines(b)[0].endswith("left")
    b.until_state(states.HOLDING)
    b.run(1)
    shown = lines(b)
    assert shown[0].startswith("HOLDING") and shown[1] == "%d N" % (b.press.panel.force_cn // 100)
    assert shown[2].endswith(" MPa") and shown[3] == "pellet 3/3"
    assert abs(b.press.panel.force_cn - b.press.readings.filtered_cn) < 200


def test_the_note_of_a_step_takes_turns_with_the_program_and_is_shown_to_its_end():
    b = bench()
    note = "heat to 60 degC, then call Ada before the dwell goes on, please"[:60]
    b.put(recipe(CONTACT, ramp(300000), dict(hold(3600000), note=note), name="noted", area_um2=AREA))
    b.run(1.2)
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    seen = set()
    for _ in range(3 * pages.NOTE_MS // 500):
        b.run(0.5)
        seen.add(lines(b)[-1])
    assert "noted 3/3" in seen
    assert all(any(word in line for line in seen) for word in note.split()), seen


def test_a_note_in_letters_that_the_display_lacks_is_shown_to_its_end():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), dict(hold(3600000), note="60 °C für Łukasz, 電池 end"), name="noted", area_um2=AREA))
    b.run(1.2)
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    seen = set()
    for _ in range(2 * pages.NOTE_MS // 500):
        b.run(0.5)
        seen.add(lines(b)[-1])
    assert any(line.endswith("end") for line in seen) and any(line.startswith("60 \x7fC") for line in seen), seen


def test_nothing_is_started_that_was_not_shown():
    b = two_programs()
    push(b, "start")
    assert b.word("STATE") == states.SAFE and "refused" in lines(b) and "selected" in said(b)
    assert lines(b)[0] == "SAFE RESET clears"
    push(b, "reset")
    assert lines(b)[0] == "SAFE 0/2"


def test_the_only_program_needs_no_choice():
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(1000)))
    b.run(1.2)
    assert "pellet" in lines(b) and lines(b)[0] == "SAFE 1/1"


def test_without_programs_it_says_so():
    b = bench()
    b.run(1.2)
    assert lines(b) == ["SAFE", "0 N", "no program", "send one from a host"]
    for button in ("select", "start"):
        push(b, button)
        assert "no program is stored" in said(b) and b.word("STATE") == states.SAFE
        push(b, "reset")


def test_program_that_was_deleted_is_no_longer_offered():
    b = two_programs()
    push(b, "select")
    b.press.documents.remove("program/annealed")
    b.press.panel.document_changed("program/annealed", (), 0, 0)
    b.run(1.2)
    assert "deleted" in lines(b) and "annealed" in said(b)
    push(b, "start")
    assert b.press.operator.program_name == "pellet"  # the only one that is left, which is on the display by then
    b = two_programs()
    push(b, "select")
    for name in ("annealed", "pellet"):
        b.press.documents.remove("program/" + name)
        b.press.panel.document_changed("program/" + name, (), 0, 0)
    push(b, "start")
    assert b.word("STATE") == states.SAFE and "no program is stored" in said(b)


def test_program_beyond_the_limits_shows_what_is_wrong_instead_of_totals():
    b = two_programs()
    push(b, "select")
    push(b, "select")
    b.put_as_owner("config", {"format": 1, "name": "bench", "params": dict(PARAMS, force_limit_n=1000000)})
    push(b, "select")
    push(b, "select")
    assert not [line for line in lines(b) if line.startswith("max")]
    text = everything_said(b)
    assert "over the press's" in text and "working limit 10000 N" in text


def test_host_that_starts_a_program_moves_the_selection():
    b = two_programs()
    push(b, "select")
    b.press.operator.arm()
    b.run_passes(2)
    b.press.operator.start("pellet")
    b.run(1)
    b.press.operator.stop("vent")
    b.until_state(states.SAFE)
    b.run(1.2)
    push(b, "reset")
    assert "pellet" in lines(b)


def test_name_that_is_too_long_is_whole_where_it_is_chosen_and_keeps_both_ends_elsewhere():
    name = "li6ps5cl_pellet_370mpa_b"
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), hold(3600000), name=name))
    b.run(1.2)
    assert "".join(lines(b)[2:4]) == name
    push(b, "start")
    row = lines(b)[-1]
    assert row.startswith("li6ps5cl") and ".." in row and "370mpa_b"[-4:] in row and row.endswith("/3") and len(row) <= 21


# -- buttons move nothing by themselves


def test_select_is_refused_and_changes_nothing_while_the_press_is_armed():
    b = two_programs()
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    b.run(1)
    orders = b.word("ORDER_SEQ")
    b.push("select")
    assert b.word("ORDER_SEQ") == orders and b.press.panel.name == "annealed"
    b.run(LOOK)
    assert "safe state" in b.press.panel.notice and lines(b)[-1].startswith("! ")
    b.run(6)
    assert lines(b)[-1].startswith("annealed")


def test_only_start_moves_a_press_at_rest():
    for button in ("select", "stop", "reset"):
        b = two_programs()
        push(b, "select")
        orders = b.word("ORDER_SEQ")
        for _ in range(3):
            push(b, button)
        assert b.word("STATE") == states.SAFE and b.word("ORDER_SEQ") == orders, button


def test_reset_never_starts_what_was_stopped():
    b = two_programs()
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)
    b.inputs = blackboard.IN_HEALTHY
    push(b, "reset")
    push(b, "reset")
    b.run(2)
    assert b.word("STATE") == states.SAFE and not b.press.runner.active


# -- why it stopped


def test_reason_stays_with_its_hint_until_it_is_acknowledged():
    b = two_programs()
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)
    shown = lines(b)
    assert shown[:3] == ["STOPPED vented", "estop", "0 N still there"]
    b.run(600)
    assert lines(b)[:2] == ["STOPPED vented", "estop"]
    text = everything_said(b)
    hint = interlock.row_of("estop")[interlock.HINT]
    assert not [word for word in hint.split() if word not in text]
    push(b, "reset")
    assert "estop" in lines(b)
    b.inputs = blackboard.IN_HEALTHY
    b.run(1)
    assert lines(b)[2] == "0 N RESET"
    push(b, "reset")
    assert lines(b)[0] == "SAFE 1/2"


def test_cell_that_is_still_pressed_keeps_the_force_large():
    b = bench(force_drop_reaction=1).pressed(2000000, area_um2=AREA)
    b.frozen = True
    b.cells = [500000, 500000, 500000, 0]
    b.run(1)
    assert lines(b)[:3] == ["STOPPED held", "15000 N", "force_drop RESET"]


def test_run_that_ended_by_itself_says_why_and_is_acknowledged_before_the_next():
    b = bench()
    b.put(recipe(dict(CONTACT, timeout_ms=1000), ramp(300000), hold(1000)))
    b.frozen = True
    b.run(1.2)
    push(b, "start")
    b.until_state(states.SAFE, 30)
    b.run(1)
    assert "ended" in lines(b) and "contact" in said(b) and "time-out" in said(b)
    push(b, "start")
    assert b.word("STATE") == states.SAFE and "acknowledge" in b.press.panel.notice
    push(b, "reset")
    push(b, "start")
    assert b.word("STATE") in states.DRIVEN


def test_run_that_was_stopped_before_the_panel_looked_is_told_all_the_same():
    for late_ms in range(0, 100, 7):
        b = two_programs()
        push(b, "select")
        b.run(late_ms / 1000)
        b.press.operator.arm()
        b.run_passes(1)
        b.press.operator.start("annealed", from_host=False)
        b.run_passes(1)
        b.press.operator.stop("controlled")
        b.until_state(states.SAFE)
        b.run(LOOK)
        assert lines(b)[2:4] == ["stopped", "annealed"], (late_ms, lines(b))


def test_what_is_in_the_way_of_arming_is_on_the_display_before_anybody_tries():
    b = two_programs()
    push(b, "select")
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run(1.5)
    assert lines(b)[-1] == "! the guard is open"
    push(b, "start")
    assert "refused" in lines(b) and "guard" in said(b)


def test_lost_calibration_shows_no_number():
    b = bench(without=("calibration",))
    b.run(1.5)
    assert "----- N" in lines(b) and "calibration" in everything_said(b)
    b = bench().pressed()
    b.status = 0
    b.run(0.5)
    assert not [line for line in lines(b) if line.endswith(" N") and line[0].isdigit()]


def test_warning_takes_turns_with_the_program():
    b = bench().pressed(area_um2=AREA)
    b.press.S[AT["WARNED"]] = 1 << interlock.NAMES.index("hold_band") | 1 << interlock.NAMES.index("duty")
    seen = set()
    for _ in range(20):
        b.run(LOOK)
        seen.add(lines(b)[-1])
    assert seen == {"pellet 3/3", "! hold_band +1"}


# -- numbers


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
    assert Totals({"steps": steps}).highest_cn == 1200000
    assert Totals({"steps": steps[:2] + [{"do": "ramp", "by_cn": 850000, "rate_cn_per_s": 1}]}).highest_cn == 950000
    found = Totals({"area_um2": AREA, "at_end": "hold", "steps": [CONTACT, ramp(300000, 10000), hold(60000)]})
    assert (found.highest_cn, found.highest_kpa, found.steps, found.holds_on) == (300000, 38197, 3, True)
    assert 80 < found.seconds < 120


# -- texts


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


# -- every state


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


# -- lights


def test_light_and_buzzer_follow_the_press():
    b = two_programs()

    def pattern(ms=2000):
        """For each lamp whether it is off, on, or changes within two seconds."""
        seen = [lights.lamps(b.press.panel, b.wall_ms + at) for at in range(0, ms, 25)]
        return ["off" if not any(one & bit for one in seen) else "on" if all(one & bit for one in seen) else "flashes"
                for bit in (lights.RED, lights.AMBER, lights.GREEN, lights.BUZZER)]  # fmt: skip

    assert pattern() == ["off", "off", "flashes", "off"]  # at rest: a wink
    push(b, "select")
    b.press.operator.arm()
    b.run(1.1)
    assert pattern() == ["off", "off", "on", "off"]
    b.press.operator.start("annealed")
    b.until_state(states.PRESSING)
    b.run(LOOK)
    assert pattern() == ["off", "off", "flashes", "off"]
    b.press.S[AT["WARNED"]] = 1
    assert pattern()[1] == "on"
    b.press.S[AT["WARNED"]] = 0
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)
    assert pattern() == ["on", "off", "off", "flashes"]
    b.push("reset")
    b.run(1.5)
    assert pattern() == ["on", "off", "off", "off"]  # RESET silences the buzzer even where it may not clear the stop
    b.inputs = blackboard.IN_HEALTHY
    b.run(1)
    b.push("reset")
    b.run(2.1)
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run(1.5)
    assert pattern() == ["off", "on", "off", "off"]


def test_alarm_becomes_a_chirp_after_a_while():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run(1)

    def beeps():
        at = b.wall_ms
        return sum([lights.lamps(b.press.panel, at + ms) & lights.BUZZER > 0 for ms in range(0, 2000, 125)])

    assert beeps() >= 4
    b.run(12)
    assert beeps() == 1


def test_red_flashes_while_a_stopped_press_still_presses():
    b = bench(force_drop_reaction=1).pressed(2000000)
    b.frozen = True
    b.cells = [500000, 500000, 500000, 0]
    b.run(1)
    reds = {lights.lamps(b.press.panel, b.wall_ms + ms) & lights.RED for ms in range(0, 1000, 50)}
    assert reds == {0, lights.RED}


def test_host_reads_what_stands_on_the_display():
    b = two_programs()
    push(b, "select")
    b.board.serial.sent += b"DISP:TEXT?\n"
    b.run(0.2)
    assert b'"SAFE 1/2","0 N","annealed"' in b.board.serial.got
