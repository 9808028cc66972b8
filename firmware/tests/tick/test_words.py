"""The numbers that the tick's modules carry are those of the frame."""

import layout
from stackpress_core.tick import interlock, states, words


def test_every_module_carries_the_frames_own_numbers():
    for path in layout.modules():
        text = path.read_text()
        assert layout.rewritten(text) == text, "run: python firmware/layout.py"
    assert {path.stem for path in layout.modules()} == {
        "controller", "force", "permit", "interlock", "mailbox", "pulses", "recorder", "setpoint"}


def test_words_do_not_overlap_and_have_a_meaning():
    at = 0
    for name, length, meaning in words.WORDS:
        assert words.AT[name] == at and length > 0 and meaning
        at += length
    assert at == words.LENGTH == len(words.new()) and len({name for name, _, _ in words.WORDS}) == len(words.WORDS)


def test_interlock_rows_fit_the_frame_and_a_small_integer():
    assert len(interlock.ROWS) <= words.ROWS <= 30
    for row in interlock.ROWS:
        assert row[1] in words.AT and row[6] in ("ack", "self", "service") and row[7].endswith(".")


def test_table_of_states_only_drives_from_an_armed_press():
    for state in states.ENERGISED:
        assert all(before in (states.READY,) + states.ENERGISED for before, _, after, _ in states.STATES if state in after)
    assert all(after == (states.SAFE,) for state, _, after, _ in states.STATES if state in (states.TRIPPED, states.SERVICE, states.MONITOR))
