"""The panel with programs: choosing and starting one without any host, and what is shown of the one that runs."""

from bench_panel import AREA, everything_said, lines, push, said, two_programs
from bench_press import CONTACT, PARAMS, after_each, bench, hold, ramp, recipe  # noqa: F401
from stackpress_core.panel import pages
from stackpress_core.tick import states


def test_select_goes_round_and_shows_name_and_totals_before_anything_can_start():
    b = two_programs()
    assert lines(b) == ["SAFE 0/2", "0 N", "SELECT a program", "SELECT, then START"]
    push(b, "select")
    assert lines(b) == ["SAFE 1/2", "0 N", "annealed", "max 3000 N 38.2 MPa", "takes 1h00",
                        "START runs it"]  # fmt: skip
    push(b, "select")
    assert lines(b)[0] == "SAFE 2/2" and "takes 10:23, holds on" in lines(b)
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


def last_rows_with_note(note, turns):
    """The rows that stand last on the display while a step with this note holds, for so many turns of it."""
    b = bench()
    b.put(recipe(CONTACT, ramp(300000), dict(hold(3600000), note=note), name="noted", area_um2=AREA))
    b.run(1.2)
    push(b, "select")
    push(b, "start")
    b.until_state(states.HOLDING)
    seen = set()
    for _ in range(turns * pages.NOTE_MS // 500):
        b.run(0.5)
        seen.add(lines(b)[-1])
    return seen


def test_the_note_of_a_step_takes_turns_with_the_program_and_is_shown_to_its_end():
    note = "heat to 60 degC, then call Ada before the dwell goes on, please"[:60]
    seen = last_rows_with_note(note, 3)
    assert "noted 3/3" in seen
    assert all(any(word in line for line in seen) for word in note.split()), seen


def test_a_note_in_letters_that_the_display_lacks_is_shown_to_its_end():
    seen = last_rows_with_note("60 °C für Łukasz, 電池 end", 2)
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
