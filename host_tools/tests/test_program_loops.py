"""Loops of program files: the steps that come of them, what a round is called, and mistakes with their step, value and line."""

import json
from pathlib import Path
from typing import Any

import pytest
import stackpress
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress import paths, program_limits, programs
from stackpress.cli import app
from stackpress.config.layers import load
from stackpress_core import params
from stackpress_core.documents import LENGTH_MAX
from stackpress_core.recipe import program
from stackpress_core.recipe.fields import STEPS_MAX

from hil_tests.waiting import until
from host_tools.tests.test_steering import simulated, target

__all__ = ["target"]
LIMITS = program.limits_of(params.Values(), {"trigger", "temperature", "displacement"})
HEAD = 'name = "matrix"\ndie_mm = 13\n'
MATRIX = HEAD + """
[[step]]
do = "contact"
to_n = 50

[[step]]
for = {fabrication_mpa = [100, 200, 300], stack_mpa = [5, 20]}

[[step.step]]
do = "ramp"
to_mpa = "fabrication_mpa"
rate_mpa_per_s = 10

[[step.step]]
do = "ramp"
to_mpa = "stack_mpa"
rate_mpa_per_s = 10
note = "EIS at {stack_mpa} MPa"

[[step]]
do = "hold"
for_s = 5
"""


def made(text: str) -> dict[str, Any]:
    found, complaints = programs.parse(text, "p.toml", LIMITS)
    assert found is not None, complaints
    return found


def complaints(text: str) -> list[str]:
    found, said = programs.parse(text, "p.toml", LIMITS)
    assert (found is None) == bool(said)
    return [str(one) for one in said]


def test_every_combination_comes_the_last_list_fastest_and_is_what_would_have_been_written_by_hand() -> None:
    steps = made(MATRIX)["steps"]
    assert [step["do"] for step in steps] == ["contact"] + ["ramp"] * 12 + ["hold"]
    assert [step["to_pa"] // 10**6 for step in steps[1:-1]] == [100, 5, 100, 20, 200, 5, 200, 20, 300, 5, 300, 20]
    by_hand = HEAD + '[[step]]\ndo = "ramp"\nto_mpa = 100\nrate_mpa_per_s = 10\nnote = "fabrication 100 MPa, stack 5 MPa"\n'
    assert steps[1] == made(by_hand)["steps"][0]


def test_a_round_is_named_in_the_note_of_its_steps_unless_they_have_one() -> None:
    notes = [step.get("note") for step in made(MATRIX)["steps"]]
    assert notes[0] is notes[-1] is None
    assert notes[3:5] == ["fabrication 100 MPa, stack 20 MPa", "EIS at 20 MPa"]
    quiet = MATRIX.replace('to_mpa = "fabrication_mpa"', 'note = ""\nto_mpa = "fabrication_mpa"')
    assert "note" not in made(quiet)["steps"][1]


def test_one_step_loops_over_a_key_of_its_own() -> None:
    text = HEAD + '[[step]]\ndo = "ramp"\nfor = {to_mpa = [1, 2.5]}\nrate_mpa_per_s = 1\n'
    steps = made(text)["steps"]
    assert [(step["to_pa"], step["note"]) for step in steps] == [(1_000_000, "to 1 MPa"), (2_500_000, "to 2.5 MPa")]


def test_loops_lie_within_loops_and_their_lists_may_be_texts() -> None:
    text = HEAD + """
[[step]]
for = {lot = ["A", "B"]}
[[step.step]]
do = "pause"
note = "pellet of lot {lot}"
[[step.step]]
for = {to_mpa = [1, 2]}
[[step.step.step]]
do = "ramp"
to_mpa = "to_mpa"
rate_mpa_per_s = 1
"""
    assert [step["note"] for step in made(text)["steps"]] == [
        "pellet of lot A", "lot A, to 1 MPa", "lot A, to 2 MPa", "pellet of lot B", "lot B, to 1 MPa", "lot B, to 2 MPa",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[100, 200, 300]", "[100, 700]", 13,
         "step 6 (ramp) for fabrication_mpa = 700, stack_mpa = 5: target 92912.6 N is over the press's working limit"),
        ('to_mpa = "stack_mpa"', 'to_mpa = "stak_mpa"', 18, 'to_mpa is a number of MPa, not "stak_mpa"'),
        ('to_mpa = "stack_mpa"', 'to_kpa = "stack_mpa"', 18, "to_kpa is in kPa, and the list stack_mpa is in another unit"),
        ('to_mpa = "stack_mpa"', "tu_mpa = 5", 18, "step 3 (ramp) for fabrication_mpa = 100, stack_mpa = 5: tu_mpa is not known"),
        ("stack_mpa = [5, 20]", "stack_mpa = [5], dwell_s = [1]", 9, "no step of the loop uses dwell_s"),
        ("stack_mpa = [5, 20]", "stack_mpa = []", 9, "stack_mpa is a list of values"),
        ("stack_mpa = [5, 20]", "stack_mpa = 5", 9, "stack_mpa is a list of values"),
        ("stack_mpa = [5, 20]", "stack_mpa = [true]", 9, "stack_mpa is a list of numbers or texts"),
        ("stack_mpa = [5, 20]", "stack_mpa = ['much']", 18, 'to_mpa is a number of MPa, not "much"'),
        ("for = {fab", "do = 'hold'\nfor = {fab", 9, "do can't stand beside the loop's own steps"),
        ("for = {fabrication_mpa = [100, 200, 300], stack_mpa = [5, 20]}", "", 8, "needs a for"),
        ("for = {fabrication_mpa = [100, 200, 300], stack_mpa = [5, 20]}", "for = [5]", 9, "for names its lists"),
    ],
    ids=lambda one: str(one)[:24],
)  # fmt: skip
def test_a_mistake_names_the_step_the_values_of_its_loops_and_the_line(old: str, new: str, line: int, words: str) -> None:
    found = complaints(MATRIX.replace(old, new, 1))
    assert any(one.startswith(f"p.toml:{line}:") and words in one for one in found), found


def test_what_is_wrong_in_every_round_is_said_once() -> None:
    assert len(complaints(MATRIX.replace("rate_mpa_per_s = 10\nnote", "rat_mpa_per_s = 10\nnote"))) == 1


@pytest.mark.parametrize("count", [STEPS_MAX, STEPS_MAX + 1, 100_000])
def test_more_steps_than_a_press_can_number_are_refused_before_they_are_made(count: int) -> None:
    levels = ", ".join(["1"] * count)
    found = complaints(f'name = "x"\n[[step]]\ndo = "hold"\nnote = ""\nfor = {{for_s = [{levels}]}}\n')
    assert found == [] if count == STEPS_MAX else f"more than {STEPS_MAX} steps" in found[0]


def test_a_press_that_holds_fewer_steps_is_told_of_with_their_number_before_anything_is_sent() -> None:
    limits, other = [program_limits.of(load(paths.BOARDS / board / "press.toml")) for board in ("pico_hx711", "sim")]
    assert limits["steps"] == 64 and other["steps"] == STEPS_MAX
    for count in (64, 65):
        levels = ", ".join(["1"] * count)
        text = f'name = "x"\n[[step]]\ndo = "hold"\nnote = ""\nfor = {{for_s = [{levels}]}}\n'
        said = [str(one) for one in programs.parse(text, "p.toml", limits)[1]]
        assert said == [] if count == 64 else len(said) == 1 and "holds 64 steps, these are 65" in said[0], said


def test_what_does_not_fit_into_a_document_is_told_with_its_size_before_it_is_sent() -> None:
    levels = ", ".join(["12.34"] * 150)
    step = f'do = "ramp"\nrate_n_per_s = 5\nfor = {{to_n = [{levels}]}}\n'
    found = complaints(f'name = "x"\n[[step]]\n{step}')
    assert len(found) == 1 and f"which keeps {LENGTH_MAX} of a program" in found[0] and "--from-held" in found[0]
    assert len(made(f'name = "x"\n[[step]]\nnote = ""\n{step}')["steps"]) == 150


KEYS = st.sampled_from(["for", "step", "do", "a_mpa", "to_mpa", "note"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["a_mpa", "ramp", "{a_mpa}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES), max_size=3))
def test_any_garbage_in_loops_is_complained_about_and_never_an_exception(steps: list[dict[str, Any]]) -> None:
    found, said = programs.convert({"name": "x", "die_mm": 13, "step": steps}, limits=LIMITS)
    assert (found is None) == bool(said)


@simulated
def test_the_place_in_the_loop_stands_in_the_report(target: Any, own_folders: None, tmp_path: Path) -> None:
    with stackpress.open(target.port) as press:
        press.run({"name": "short", "die_mm": 13, "step": [
            {"do": "contact", "to_n": 100},
            {"for": {"stack_mpa": [1, 2]}, "step": [{"do": "ramp", "to_mpa": "stack_mpa", "rate_mpa_per_s": 10}]},
        ]})  # fmt: skip
        until(lambda: press.state == "safe")
        run = press.pull()[-1]
    assert [step.get("note") for step in run.sidecar["steps"] if step["phase"] == "begins"][1:3] == ["stack 1 MPa", "stack 2 MPa"]
    page = run.report(tmp_path / "run.html").read_text()
    assert "stack 1 MPa" in page and "stack 2 MPa" in page


def test_the_command_line_shows_what_comes_of_a_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "matrix.toml"
    file.write_text(MATRIX)
    assert app.run(["program", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["programs"][0]["steps"] == 14
