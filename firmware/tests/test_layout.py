"""The numbers that the tick's modules carry are those of the frame."""

import layout
from press import cycle, frame, interlock


def test_every_module_carries_the_frames_own_numbers():
    for path in layout.modules():
        text = path.read_text()
        assert layout.rewritten(text) == text, "run: python firmware/layout.py"
    assert {path.stem for path in layout.modules()} == {
        "controller", "force", "guard", "interlock", "mailbox", "pulses", "recorder", "setpoint"}


def test_words_do_not_overlap_and_have_a_meaning():
    at = 0
    for name, length, meaning in frame.WORDS:
        assert frame.AT[name] == at and length > 0 and meaning
        at += length
    assert at == frame.LENGTH == len(frame.new()) and len({name for name, _, _ in frame.WORDS}) == len(frame.WORDS)


def test_interlock_rows_fit_the_frame_and_a_small_integer():
    assert len(interlock.ROWS) <= frame.ROWS <= 30
    for row in interlock.ROWS:
        assert row[1] in frame.AT and row[6] in ("ack", "self", "service") and row[7].endswith(".")


def test_table_of_states_only_drives_from_an_armed_press():
    for state in cycle.ENERGISED:
        assert all(before in (cycle.READY,) + cycle.ENERGISED for before, _, after, _ in cycle.STATES if state in after)
    assert all(after == (cycle.SAFE,) for state, _, after, _ in cycle.STATES if state in (cycle.TRIPPED, cycle.SERVICE, cycle.MONITOR))
