"""The nearest moment that somebody waits for is the next pass; passes in between change nothing about it."""

from stackpress_core.scheduler import LONGEST_MS, LOOK_MS, Scheduler


def test_nearest_moment_stands_and_none_is_further_than_the_longest():
    scheduler = Scheduler()
    scheduler.go(1000)
    assert scheduler.next_ms == 1000 + LONGEST_MS
    for ms in (5000, 1060, 1080):
        scheduler.at(ms)
    assert scheduler.next_ms == 1060


def test_a_moment_that_has_come_is_not_waited_for():
    scheduler = Scheduler()
    scheduler.go(1000)
    assert scheduler.reached(1000) and scheduler.reached(999)
    assert scheduler.next_ms == 1000 + LONGEST_MS
    assert not scheduler.reached(1001)
    assert scheduler.next_ms == 1001


def test_looks_fall_on_the_same_times_whenever_somebody_passed_in_between():
    scheduler = Scheduler()
    for now in range(1000, 1000 + LOOK_MS):
        scheduler.go(now)
        scheduler.look()
        assert scheduler.next_ms == 1000 + LOOK_MS


def test_a_new_pass_forgets_what_nobody_names_again():
    scheduler = Scheduler()
    scheduler.go(1000)
    scheduler.at(1010)
    scheduler.go(1002)
    assert scheduler.next_ms == 1002 + LONGEST_MS


def test_a_part_is_called_at_its_moment_and_not_at_others():
    calls = []
    scheduler = Scheduler((lambda: (calls.append("slow"), scheduler.at(scheduler.now_ms + 50)), lambda: (calls.append("fast"), scheduler.look())))
    scheduler.go(1000, True)
    assert calls == ["slow", "fast"] and scheduler.next_ms == 1000 + LOOK_MS
    calls.clear()
    for now in range(1005, 1050, LOOK_MS):
        scheduler.go(now, False)
    assert calls == ["fast"] * 9
    scheduler.go(1050, False)
    assert calls[9:] == ["slow", "fast"]


def test_what_anybody_may_have_to_see_calls_all_of_them_soon():
    calls = []
    scheduler = Scheduler((lambda: calls.append("one"), lambda: (calls.append("two"), scheduler.look_all())))
    scheduler.go(1000, True)
    assert scheduler.next_ms == 1000 + LOOK_MS
    scheduler.go(1000 + LOOK_MS, False)
    assert calls == ["one", "two"] * 2


def test_what_all_of_them_have_to_see_outlives_a_pass_for_one_part():
    """An answer that is half sent asks for another pass; the moment of a sample must not take it away."""
    calls = []
    scheduler = Scheduler((lambda: calls.append("one"), lambda: (calls.append("two"), scheduler.at(1002))))
    scheduler.go(1000, True)
    scheduler.look_all()
    scheduler.go(1002, False)
    assert calls == ["one", "two", "two"] and scheduler.next_ms <= 1000 + LOOK_MS
    scheduler.go(1000 + LOOK_MS, False)
    assert calls[3:] == ["one", "two"]


def test_pass_for_what_is_no_part_calls_none_of_them():
    calls = []
    scheduler = Scheduler((lambda: calls.append("one"),))
    scheduler.go(1000)
    scheduler.look_without()
    assert scheduler.next_ms == 1000 + LOOK_MS
    scheduler.go(1000 + LOOK_MS, False)
    assert calls == ["one"] and scheduler.next_ms == 1000 + LOOK_MS + LONGEST_MS


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
    scheduler = Scheduler((lambda: None, lambda: scheduler.leaves(43, -5, 5)))
    scheduler.go(1000)
    assert scheduler.next_ms == 1000 + LOOK_MS
    scheduler.watch = OneWord()
    scheduler.go(1005)
    assert scheduler.watch.row == (1, 43, -5, 5) and scheduler.next_ms == 1005 + LONGEST_MS
    scheduler.go(1010)  # it is kept once
    assert scheduler.watch.row == (1, 43, -5, 5) and scheduler.next_ms == 1010 + LONGEST_MS


def test_who_finds_no_room_in_the_watch_looks_again_soon():
    scheduler = Scheduler((lambda: scheduler.leaves(43, -5, 5), lambda: scheduler.leaves(44, 0, 1)))
    scheduler.watch = OneWord()
    scheduler.go(1000)
    assert scheduler.watch.row == (0, 43, -5, 5) and scheduler.next_ms == 1000 + LOOK_MS
