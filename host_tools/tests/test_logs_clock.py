"""Claims about press time and Unix time: it never runs backwards, a clock that was wrong is named, and doubt is said."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress.logs import runs
from stackpress.logs.clock import Contact, clock_map
from stackpress.logs.pull import pull
from stackpress.logs.report import html
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress_core.log import records

DAY = 86400.0
RIGHT = 1.78e9
AHEAD = (0.0, 0.0, 0.3, 540.0, -440.0, 3600.0, 1e7)


def at(press_s, ahead_s=0.0, told=False):
    """A contact with a clock that is so much ahead."""
    return Contact(press_s, RIGHT + press_s + ahead_s, told)


def unix_at(clock, press_s):
    return float(clock.unix_s(np.array([press_s]))[0])


@pytest.mark.parametrize("ahead_s", [150 * DAY, -150 * DAY, 3600.0, -7200.0, 540.0, 20 * 365 * DAY])
@pytest.mark.parametrize("later", [(500.0,), (500.0, 900.0), (3 * DAY,), (5000.0, 2 * DAY)])
def test_a_first_contact_whose_clock_was_wrong_does_not_date_the_run(ahead_s, later):
    clock = clock_map([at(0.0, ahead_s), *(at(t) for t in later)])
    assert unix_at(clock, 100.0) == pytest.approx(RIGHT + 100.0, abs=0.01)
    (told,) = clock.as_dict()["ignored"]
    assert told["ahead_s"] == pytest.approx(ahead_s, abs=1.0) and clock.doubtful == (len(later) == 1 or later == (500.0, 900.0))


def test_a_clock_that_is_wrong_in_the_middle_makes_no_step_backwards():
    clock = clock_map([at(0.0), at(7 * DAY, 540.0), at(7 * DAY + 100.0)])
    course = clock.unix_s(np.linspace(-DAY, 9 * DAY, 50_000))
    assert (np.diff(course) > 0).all() and unix_at(clock, 7 * DAY) == pytest.approx(RIGHT + 7 * DAY, abs=0.1)
    assert [c["ahead_s"] for c in clock.as_dict()["ignored"]] == [540.0] and not clock.doubtful


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 40 * DAY), st.sampled_from(AHEAD)), min_size=1, max_size=12), st.booleans())
def test_unix_time_rises_whatever_clocks_there_were(told, simulated):
    clock = clock_map([at(press_s, ahead_s) for press_s, ahead_s in told], simulated)
    assert (np.diff(clock.unix_s(np.linspace(-DAY, 50 * DAY, 2000))) >= 0).all()
    assert len(clock.contacts) >= 1 and all(c in clock.contacts or c not in clock.left_out for c in clock.contacts)


TOLD = st.tuples(st.sampled_from((0.0, 60.0, 9000.0, 3 * DAY)), st.sampled_from(AHEAD), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(TOLD, max_size=7), st.randoms())
def test_the_order_in_which_contacts_are_found_dates_nothing(told, dice):
    contacts = [at(press_s, ahead_s, of_the_press) for press_s, ahead_s, of_the_press in told]
    one = clock_map(contacts)
    dice.shuffle(contacts)
    assert clock_map(contacts).as_dict() == one.as_dict()


def test_what_this_host_measured_counts_more_than_what_a_host_told_the_press():
    assert unix_at(clock_map([at(0.0), at(9000.0, -DAY, told=True)]), 0.0) == RIGHT
    assert unix_at(clock_map([at(0.0, -DAY, told=True), at(9000.0)]), 0.0) == pytest.approx(RIGHT)


def test_many_contacts_of_one_sitting_do_not_outvote_a_month():
    wrong = [at(10 * DAY + 60.0 * k, 5 * DAY) for k in range(20)]
    clock = clock_map([at(0.0), at(9 * DAY), *wrong, at(20 * DAY)])
    assert clock.ignored == 20 and unix_at(clock, 10 * DAY) == pytest.approx(RIGHT + 10 * DAY, abs=0.1)


def test_how_sure_a_time_is_grows_with_the_distance_from_a_contact():
    one = clock_map([at(0.0)])
    assert one.uncertain_s(0.0, 10.0) < 2.1 < one.uncertain_s(0.0, 30 * DAY)
    assert clock_map([at(0.0), at(30 * DAY)]).uncertain_s(0.0, 30 * DAY) < one.uncertain_s(0.0, 30 * DAY)
    assert clock_map([]).uncertain_s(0.0, 1.0) is None


@pytest.mark.parametrize("pace", [50.0, 3.0, 0.1, 400.0])
def test_a_simulated_press_at_a_pace_of_its_own_says_so_and_its_times_can_be_merged(pace):
    contacts = [Contact(t, RIGHT + t / pace) for t in (0.0, 20_000.0, 50_000.0)]
    clock = clock_map(contacts, own_pace=True)
    assert clock.ignored == 0 and clock.as_dict()["press_seconds_a_second"] == pytest.approx(pace, rel=1e-3)
    assert unix_at(clock, 35_000.0) == pytest.approx(RIGHT + 35_000.0 / pace, abs=0.01)
    assert clock_map(contacts).ignored > 0  # no real press is believed to do so


def test_a_simulated_press_in_real_time_is_dated_like_any_other():
    clock = clock_map([at(0.0), at(7 * DAY, 540.0), at(7 * DAY + 100.0)], own_pace=True)
    assert clock.ignored == 1 and clock.pace is None and clock.as_dict()["drift_ppm"] == pytest.approx(0.0)


def kept(tmp_path, contacts, name="bench"):
    """The sidecar and the table's run of a pellet on a press that these clocks have seen."""
    press = pellet_run(SyntheticPress())
    if name != "sim":
        (boot,) = [i for i, raw in enumerate(press.data) if raw[0] == records.BOOT]
        press.data[boot] = press.data[boot][:0] + _renamed(press, name)
    with Store(tmp_path / name) as store:
        for contact in contacts:
            store.add_contact(press.identity, press.boot, contact)
        pull(press, store)
        runs.ingest(store, press.identity)
        run = runs.find(store)
    return run, json.loads(run.sidecar.read_text())


def _renamed(press, name):
    other = SyntheticPress(identity=press.identity, boot=press.boot)
    unhurt = bytes(range(8))
    other.add(records.BOOT, 0, 5, press.boot, 0, 4000, unhurt, unhurt, "0.1.0", name, press.identity)
    return other.data[0]


def test_the_sidecar_names_contacts_that_are_not_believed_and_says_how_sure_its_times_are(tmp_path):
    contacts = [at(0.0, -150 * DAY), Contact(10.0, 12_345.0), Contact(20.0, 1.78e12), at(600.0)]
    run, side = kept(tmp_path, contacts)
    clock = side["time"]["clock"]
    assert side["time"]["start_unix_s"] == pytest.approx(RIGHT, abs=0.01) and clock["doubtful"]
    assert sorted((c["press_s"], c["ahead_s"]) for c in clock["ignored"]) == [(0.0, -150 * DAY), (10.0, None), (20.0, None)]
    assert clock["contacts_ignored"] == 3 and 2.0 <= clock["uncertain_s"] < 3.0
    page = html(run.parquet, side)
    assert "as many contacts with hosts say that it was 150 d 0:00:00 earlier" in page and "Times are sure to 2.1 s" in page


def test_the_report_of_a_simulated_press_says_its_pace(tmp_path):
    run, side = kept(tmp_path, [Contact(0.0, RIGHT), Contact(300.0, RIGHT + 6.0), Contact(600.0, RIGHT + 12.0)], "sim")
    assert side["time"]["clock"]["press_seconds_a_second"] == 50.0
    assert "it ran 50 times as fast as the host" in html(run.parquet, side)
