"""Following never decides silently about a pressed cell: what Ctrl-C, a lost link and a trip lead to."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from stackpress.cli import follow
from stackpress.cli.output import Output
from stackpress.errors import LinkLost, NoPress
from stackpress.view.snapshot import Snapshot

RUNNING = Snapshot("holding", force_n=5000.0, set_n=5000.0, program="pellet", step=2, steps=3, step_kind="hold")
DONE = replace(RUNNING, state="safe", step=0, force_n=0.0)


@dataclass
class Bench:
    """A press that plays a script: each snapshot is the next of `course`, the last for ever; an exception is raised."""

    course: list[Snapshot | Exception]
    stops: list[str] = field(default_factory=list)
    leases: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    opened: int = 0
    after_stop: Snapshot = DONE

    def snapshot(self) -> Snapshot:
        now = self.course.pop(0) if len(self.course) > 1 else self.course[0]
        if isinstance(now, Exception):
            raise now
        return now

    def lease(self, seconds: float) -> None:
        self.leases.append(seconds)

    def stop(self, kind: str) -> None:
        self.stops.append(kind)
        self.course = [replace(RUNNING, state="releasing"), self.after_stop]

    def interlock(self, name: str) -> "Bench":
        self.asked.append(name)
        return self

    @property
    def hint(self) -> str:
        return f"what to do about {self.asked[-1]}"

    def reopen(self) -> None:
        self.opened += 1


class Person(io.StringIO):
    """Somebody at a terminal who types these lines, or none and thinks for ever."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:  # type: ignore[override]
        if not self.lines:
            time.sleep(3)
            return ""
        return self.lines.pop(0) + "\n"


def interrupt_after(*seconds: float) -> None:
    for delay in seconds:
        threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGINT)).start()


def over(snapshot: Snapshot) -> bool:
    return not snapshot.running


def followed(bench: Bench, only_looks: bool = False, seconds: float | None = None) -> follow.End:
    def link_error(error: Exception) -> bool:
        return isinstance(error, (LinkLost, NoPress))

    until = follow.RunOver() if only_looks else over
    return follow.Follower(bench, Output(False), "bench", until, link_error, only_looks).follow(seconds)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(follow, "PERIOD_S", 0.01)
    monkeypatch.setattr(follow, "LEASE_EVERY_S", 0.02)
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before, "the handler of Ctrl-C was not given back"


def test_a_run_is_watched_to_its_end_and_its_lease_renewed() -> None:
    bench = Bench([RUNNING] * 20 + [DONE])
    assert followed(bench).how == "done"
    assert len(bench.leases) >= 3 and bench.stops == []


def test_a_trip_ends_following_and_brings_reason() -> None:
    end = followed(Bench([RUNNING, replace(DONE, state="tripped", trip_reason="guard", trip_hint="Close it.")]))
    assert (end.how, end.why, end.last.trip_hint) == ("tripped", "guard", "Close it.")


@pytest.mark.parametrize(
    ("answers", "how", "stops"),
    [
        (("l",), "left", []),
        (("leave",), "left", []),
        (("what?", "", "s"), "stopped", ["controlled"]),
        (("stop",), "stopped", ["controlled"]),
    ],
    ids=["leave", "leave in full", "nonsense is asked again", "stop"],
)
def test_ctrl_c_asks_and_does_what_was_answered(
    answers: tuple[str, ...], how: str, stops: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Person(*answers))
    bench = Bench([RUNNING])
    interrupt_after(0.1)
    assert followed(bench).how == how and bench.stops == stops


def test_watch_on_goes_on_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Person("w"))
    bench = Bench([RUNNING] * 60 + [DONE])
    interrupt_after(0.1)
    assert followed(bench).how == "done" and bench.stops == []


def test_second_ctrl_c_stops_in_a_controlled_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Person())
    bench = Bench([RUNNING])
    interrupt_after(0.1, 0.4)
    assert followed(bench).how == "stopped" and bench.stops == ["controlled"]


def test_third_ctrl_c_leaves_the_press_to_its_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Person())
    bench = Bench([RUNNING], after_stop=replace(RUNNING, state="releasing"))
    interrupt_after(0.1, 0.4, 0.8)
    end = followed(bench)
    assert (end.how, bench.stops) == ("left", ["controlled"])


def test_lease_is_renewed_while_the_question_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Person())
    bench = Bench([RUNNING])
    interrupt_after(0.05, 1.0)
    followed(bench)
    assert len(bench.leases) >= 4


def test_ctrl_c_without_a_person_leaves_the_press_running_and_says_so() -> None:
    bench = Bench([RUNNING])
    interrupt_after(0.1)
    end = followed(bench)  # pytest's stdin is no terminal
    assert end.how == "left" and "nobody is there" in end.why and bench.stops == []


def test_closed_terminal_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO("")
    monkeypatch.setattr(gone, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", gone)
    bench = Bench([RUNNING])
    interrupt_after(0.1)
    assert followed(bench).how == "left" and bench.stops == []


def test_ctrl_c_in_monitor_ends_watching_only() -> None:
    bench = Bench([RUNNING])
    interrupt_after(0.1)
    assert followed(bench, only_looks=True).how == "left" and bench.stops == []


@pytest.mark.parametrize(
    ("course", "how"),
    [
        ([RUNNING, RUNNING, replace(DONE, state="releasing"), DONE], "done"),
        ([DONE, DONE, RUNNING, DONE], "done"),
        ([RUNNING, replace(DONE, state="tripped", trip_reason="guard")], "tripped"),
    ],
    ids=["a run that is under way", "a run that begins meanwhile", "a run that an interlock ends"],
)
def test_watching_ends_with_the_run_that_was_seen_and_renews_no_lease(course: list[Snapshot | Exception], how: str) -> None:
    bench = Bench(course)
    end = followed(bench, only_looks=True, seconds=5)
    assert (end.how, bench.leases, bench.stops) == (how, [], []) and len(bench.course) == 1


def test_watching_a_press_that_nobody_runs_goes_on_though_it_is_tripped() -> None:
    end = followed(Bench([replace(DONE, state="tripped", trip_reason="guard")]), only_looks=True, seconds=0.1)
    assert end.how == "done" and end.last.state == "tripped"


def test_lost_link_is_tried_again_and_following_goes_on() -> None:
    bench = Bench([RUNNING, LinkLost("gone"), LinkLost("gone"), RUNNING, DONE])
    assert followed(bench).how == "done"
    assert bench.opened == 2


def test_link_that_stays_lost_ends_without_touching_the_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "RECONNECT_S", 0.2)
    bench = Bench([RUNNING, LinkLost("the cable")])
    end = followed(bench)
    assert (end.how, end.why, bench.stops) == ("lost", "the cable", [])


def test_a_defect_is_not_mistaken_for_a_lost_link() -> None:
    with pytest.raises(ZeroDivisionError):
        followed(Bench([RUNNING, ZeroDivisionError()]))


def test_time_counts_from_the_run_s_start_and_the_release_is_counted_down() -> None:
    times = follow.Times()
    began = replace(RUNNING, time_s=160.5, step=1, step_s=0.5, left_s=30.0)
    assert (times.added(began).run_s, times.added(began).left_s) == (0.5, 30.0)
    releasing = replace(RUNNING, state="releasing", run_state="stopping", left_s=0.0)
    assert times.added(replace(releasing, time_s=190.0, set_n=5000.0)).left_s is None
    later = times.added(replace(releasing, time_s=192.0, set_n=4000.0))
    assert (later.run_s, later.left_s) == (32.0, 8.0)
    assert times.added(replace(DONE, state="releasing", time_s=201.0, left_s=0.0)).left_s is None


def test_each_warning_brings_what_to_do_and_is_asked_once() -> None:
    warned = replace(RUNNING, warnings=("hold_band", "duty"))
    bench = Bench([warned] * 5 + [replace(DONE, warnings=("duty",))])
    end = followed(bench)
    assert end.last.warned() == [("duty", "what to do about duty")] and bench.asked == ["hold_band", "duty"]
