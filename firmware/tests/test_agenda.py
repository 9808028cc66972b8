"""The nearest moment that somebody waits for is the next pass; passes in between change nothing about it."""

from stackpress_core.agenda import LONGEST_MS, LOOK_MS, Agenda


def test_nearest_moment_stands_and_none_is_further_than_the_longest():
    agenda = Agenda()
    agenda.go(1000)
    assert agenda.next_ms == 1000 + LONGEST_MS
    for ms in (5000, 1060, 1080):
        agenda.at(ms)
    assert agenda.next_ms == 1060


def test_a_moment_that_has_come_is_not_waited_for():
    agenda = Agenda()
    agenda.go(1000)
    assert agenda.reached(1000) and agenda.reached(999)
    assert agenda.next_ms == 1000 + LONGEST_MS
    assert not agenda.reached(1001)
    assert agenda.next_ms == 1001


def test_looks_fall_on_the_same_times_whenever_somebody_passed_in_between():
    agenda = Agenda()
    for now in range(1000, 1000 + LOOK_MS):
        agenda.go(now)
        agenda.look()
        assert agenda.next_ms == 1000 + LOOK_MS


def test_a_new_pass_forgets_what_nobody_names_again():
    agenda = Agenda()
    agenda.go(1000)
    agenda.at(1010)
    agenda.go(1002)
    assert agenda.next_ms == 1002 + LONGEST_MS


def test_a_part_is_called_at_its_moment_and_not_at_others():
    calls = []
    agenda = Agenda((lambda: (calls.append("slow"), agenda.at(agenda.now_ms + 50)), lambda: (calls.append("fast"), agenda.look())))
    agenda.go(1000, True)
    assert calls == ["slow", "fast"] and agenda.next_ms == 1000 + LOOK_MS
    calls.clear()
    for now in range(1005, 1050, LOOK_MS):
        agenda.go(now, False)
    assert calls == ["fast"] * 9
    agenda.go(1050, False)
    assert calls[9:] == ["slow", "fast"]


def test_what_anybody_may_have_to_see_calls_all_of_them_soon():
    calls = []
    agenda = Agenda((lambda: calls.append("one"), lambda: (calls.append("two"), agenda.look_all())))
    agenda.go(1000, True)
    assert agenda.next_ms == 1000 + LOOK_MS
    agenda.go(1000 + LOOK_MS, False)
    assert calls == ["one", "two"] * 2


def test_what_all_of_them_have_to_see_outlives_a_pass_for_one_part():
    """An answer that is half sent asks for another pass; the moment of a sample must not take it away."""
    calls = []
    agenda = Agenda((lambda: calls.append("one"), lambda: (calls.append("two"), agenda.at(1002))))
    agenda.go(1000, True)
    agenda.look_all()
    agenda.go(1002, False)
    assert calls == ["one", "two", "two"] and agenda.next_ms <= 1000 + LOOK_MS
    agenda.go(1000 + LOOK_MS, False)
    assert calls[3:] == ["one", "two"]


def test_pass_for_what_is_no_part_calls_none_of_them():
    calls = []
    agenda = Agenda((lambda: calls.append("one"),))
    agenda.go(1000)
    agenda.look_without()
    assert agenda.next_ms == 1000 + LOOK_MS
    agenda.go(1000 + LOOK_MS, False)
    assert calls == ["one"] and agenda.next_ms == 1000 + LOOK_MS + LONGEST_MS


class OneWord:
    """A watch with room for one row."""

    def __init__(self):
        self.kept, self.row = 0, None

    def keep(self, part, word, least, most):
        if self.kept:
            return False
        self.kept, self.row = 1, (part, word, least, most)
        return True

    def drop(self, part):
        if self.row and self.row[0] == part:
            self.kept, self.row = 0, None


def test_who_waits_for_a_word_needs_no_moment_where_it_is_watched_and_looks_again_soon_where_it_is_not():
    agenda = Agenda((lambda: None, lambda: agenda.leaves(43, -5, 5)))
    agenda.go(1000)
    assert agenda.next_ms == 1000 + LOOK_MS
    agenda.watch = OneWord()
    agenda.go(1005)
    assert agenda.watch.row == (1, 43, -5, 5) and agenda.next_ms == 1005 + LONGEST_MS
    agenda.go(1010)  # it is kept once
    assert agenda.watch.row == (1, 43, -5, 5) and agenda.next_ms == 1010 + LONGEST_MS


def test_who_finds_no_room_in_the_watch_looks_again_soon():
    agenda = Agenda((lambda: agenda.leaves(43, -5, 5), lambda: agenda.leaves(44, 0, 1)))
    agenda.watch = OneWord()
    agenda.go(1000)
    assert agenda.watch.row == (0, 43, -5, 5) and agenda.next_ms == 1000 + LOOK_MS
