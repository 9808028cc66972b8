"""The numbers that the tick's modules, and those of every pass, carry are those of the blackboard."""

import layout
from stackpress_core import params, tuning
from stackpress_core.scpi import status
from stackpress_core.tick import blackboard, interlock, states


def test_every_module_carries_the_blackboards_own_numbers():
    for path in layout.modules():
        text = path.read_text()
        assert layout.rewritten(text) == text, "run: python firmware/layout.py"
    assert {path.stem for path in layout.modules()} == {
        "approach", "calibration", "controller", "dump", "duty", "firmware", "force", "judge", "mailbox", "observer", "permit",
        "pulses", "ram", "readings", "recorder", "run_log", "sampler", "sensors", "setpoint", "slow_processes", "step", "stiffness",
        "telemetry", "truth", "valve", "watch"}


def test_words_do_not_overlap_and_have_a_meaning():
    at = 0
    for name, length, meaning in blackboard.WORDS:
        assert blackboard.AT[name] == at and length > 0 and meaning
        at += length
    assert at == blackboard.LENGTH == len(blackboard.new()) and len({name for name, _, _ in blackboard.WORDS}) == len(blackboard.WORDS)


def test_every_interlock_row_says_what_its_columns_want():
    assert len(set(interlock.NAMES)) == len(interlock.ROWS) and blackboard.MASK_ROWS == 30  # a small integer has 30 bits and a sign
    for row in interlock.ROWS:
        assert len(row) == interlock.HINT + 1 and row[interlock.SIGNAL] in blackboard.AT and row[interlock.HINT].endswith(".")
        assert row[interlock.ENDS] in (interlock.GONE, interlock.STOPPED) and row[interlock.CONCERN] in status.QUES_OF_CONCERN


def test_a_row_that_waits_until_it_is_gone_is_one_that_an_idle_press_can_judge():
    for row in interlock.ROWS:
        if row[interlock.ENDS] == interlock.GONE:
            assert row[interlock.STATES] & states.mask((states.READY,)), row[interlock.NAME]


def test_tuning_writes_every_word_that_is_tuning():
    s = blackboard.new()
    for i in range(len(s)):
        s[i] = -777
    tuning.compile_words(s, params.Values(), None, None)
    tuned = [(name, blackboard.AT[name] + i) for name, length, _ in blackboard.WORDS if name.startswith("K_") for i in range(length)]
    assert [name for name, at in tuned if s[at] == -777] == []
    assert all(s[blackboard.AT["K_TRANSITIONS"] + state] == states.mask(after) for state, _, after, _ in states.STATES)


def test_a_row_more_moves_no_word_of_the_blackboard():
    assert blackboard.WORDS[-1][0] == "ROW"


def test_table_of_states_only_drives_from_an_armed_press():
    for state in states.DRIVEN:
        assert all(before in states.ARMED for before, _, after, _ in states.STATES if state in after)
    assert all(after == (states.SAFE,) for state, _, after, _ in states.STATES if state in (states.TRIPPED, states.SERVICE, states.MONITOR))
