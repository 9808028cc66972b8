"""Injections: every row of the interlock table is some fault's answer, what is drawn repeats, a weaker press is found out."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from stackpress import paths
from stackpress.simulator import firmware_copy, supervisor
from stackpress.tick_compiler import native
from stackpress_core.tick import interlock

from hil_tests.campaign import injection_table as table
from hil_tests.campaign import injections

BY_OTHERS = {
    "log_full",
    "storage",
    "duty",
    "limit_cycle",
}  # what the log's room, its chip, a leak of hours and minutes of a ram that sticks bring: scenarios of their own
BY_NAME = {kind.name: kind for kind in table.KINDS}


def compiled() -> bool:
    try:
        return bool(native.compiler())
    except native.CannotCompile:
        return False


NATIVE = "a campaign's presses are copies of a process of native code: Linux on x86-64, with a C compiler"
FORKED = pytest.mark.skipif(not compiled(), reason=NATIVE)


def stage(
    name: str, phase: str, top_n: int, faults: list[tuple[str, int]], **case: Any
) -> tuple[dict[str, Any], dict[int, Any]]:
    """A process's work: one fault on the press as its file has it."""
    given, _ = injections.jobs([0], [BY_NAME[name]], False)
    (job,) = given["jobs"]
    one = {
        "number": 7,
        "kind": name,
        "phase": phase,
        "top_cn": top_n * 100,
        "faults": faults,
        "limit_ms": 6000,
        "delay_ms": 0,
        **case,
    }
    job["stages"] = [{"phase": phase, "top_cn": top_n * 100, "part": 0, "after_ms": 200, "cases": [one],
                      "program": table.program(phase, top_n, "regulator")}]  # fmt: skip
    return given, {7: {**one, "nominal": True}}


def test_every_row_of_the_table_is_the_first_reason_of_some_fault() -> None:
    assert {row for kind in table.KINDS for row in kind.first} | BY_OTHERS == set(interlock.NAMES)


def test_a_seed_draws_the_same_cases_each_time_and_every_kind_of_fault_is_drawn() -> None:
    seeds = range(40)
    _, cases = injections.jobs(list(seeds), table.KINDS, False)
    assert injections.jobs(list(seeds), table.KINDS, False)[1] == cases
    assert {case["phase"] for case in cases.values()} == set(table.PHASES)
    _, more = injections.jobs(list(range(200)), table.KINDS, False)
    assert {case["kind"] for case in more.values()} == {kind.name for kind in table.KINDS}


@FORKED
def test_a_press_that_does_what_it_must_is_right_and_its_reaction_is_measured() -> None:
    injections.staged()
    given, cases = stage("stuck_open", "hold", 664, [("stuck_open", 1)])
    (found,) = injections.ran(given)
    assert (
        injections.wrong(cases[7], found) == ""
        and found["first"] == "runaway"
        and found["log"] == ["runaway"]
        and found["flights"]
    )
    assert 0 < injections.excess_n(cases[7], found) < 1980 and 0 < found["told_ms"] <= found["safe_ms"] < 500


@FORKED
def test_a_firmware_whose_guard_only_warns_is_found_out(tmp_path: Path) -> None:
    firmware_copy.copy(paths.SIMULATED, supervisor.STAGED)
    weak = tmp_path / "firmware64"
    shutil.copytree(supervisor.STAGED, weak)
    file = weak / "stackpress_core" / "tick" / "interlock.py"
    text = file.read_text()
    row = '("guard", "SIG_GUARD", 0, 0, VENT,'
    assert row in text
    file.write_text(text.replace(row, row.replace("VENT", "WARN")))
    given, cases = stage("guard", "hold", 664, [("guard", 1)])
    right, weakened = injections.ran(given)[0], injections.ran(given, firmware=weak)[0]
    assert injections.wrong(cases[7], right) == ""
    assert injections.wrong(cases[7], weakened)


@FORKED
@pytest.mark.parametrize(
    ("name", "phase", "second", "later_ms", "reason"),
    [("overrun", "safe", "guard_a", 1900, "discrepancy"), ("foreground", "hold", "drive_gone", 100, "no_response")],
)
def test_a_second_fault_is_waited_for_and_a_reason_is_what_the_press_says(
    name: str, phase: str, second: str, later_ms: int, reason: str
) -> None:
    injections.staged()
    faults = [BY_NAME[kind].faults(random.Random(1), table.Moment(phase, 664, "regulator")) for kind in (name, second)]
    after = {"faults": faults[1], "later_ms": later_ms}
    given, cases = stage(name, phase, 664, faults[0], second=after, second_kind=second, limit_ms=1500)
    (found,) = injections.ran(given)
    assert injections.wrong(cases[7], found) == "" and found["first"] == reason and found["kept"]


def test_a_second_fault_is_all_that_its_kind_breaks() -> None:
    _, cases = injections.jobs(list(range(40)), table.KINDS, True)
    for kind in ("estop", "nothing_vents", "cells_low"):
        seconds = [case["second"]["faults"] for case in cases.values() if case["second_kind"] == kind]
        moment = table.Moment("vent", 664, "fill_vent")
        assert seconds and {len(faults) for faults in seconds} == {len(BY_NAME[kind].faults(random.Random(1), moment))}


def test_silence_is_right_of_what_another_fault_hides_before_it_has_done_anything() -> None:
    quiet = {"first": "", "later": [], "warned": [], "end_state": 0, "left_cn": 0, "peak_cn": 66400}
    for kind, second, later_ms, right in (
        ("no_air", "stuck_open", 1500, True),
        ("stuck_open", "no_air", 30, True),
        ("stuck_open", "no_air", 31, False),
        ("stuck_valve", "stuck_open", 0, False),
    ):
        case = {"kind": kind, "phase": "release", "top_cn": 66400, "nominal": True, "faults": [], "second_kind": second,
                "second": {"faults": [], "later_ms": later_ms}}  # fmt: skip
        assert (injections.wrong(case, quiet) == "") == right


def test_what_is_wrong_is_told_in_words() -> None:
    right = {
        "first": "stale", "before": "", "later": [], "warned": [], "reaction": 4, "end_state": 5, "peak_cn": 66400, "left_cn": 0,
        "dump_open": True, "kept": True, "armed": False, "hint": 40, "log": ["stale"], "flights": 9, "state": 3,
    }  # fmt: skip
    case = {"kind": "converter_dead", "phase": "hold", "top_cn": 66400, "nominal": True, "faults": [("converter_dead", 1)]}
    assert injections.wrong(case, right) == ""
    for changed, told in (
        ({"first": "rail"}, "told rail first"),
        ({"reaction": 2}, "vent is the table's"),
        ({"left_cn": 40000}, "are left"),
        ({"kept": False}, "did not stay"),
        ({"log": []}, "not in the log"),
        ({"flights": 0}, "flight recorder"),
        ({"armed": True}, "armed on"),
        ({"hint": 0}, "no sentence"),
        ({"peak_cn": 500000}, "above the program"),
        ({"first": "", "reaction": 0, "end_state": 3}, "nothing told"),
    ):
        assert told in injections.wrong(case, {**right, **changed}), changed
