"""Steering what runs, from command line and Python: amounts as people write them, and what the press then does."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import stackpress
from stackpress.cli import app
from stackpress.errors import PressRefused, WrongInput
from stackpress.steering import amount

from hil_tests.waiting import until
from host_tools.tests.service_bench import until_unpressed

simulated = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")
Ask = Callable[..., tuple[int, dict[str, Any]]]

LIVES = """
name = "lives"
die_mm = 13
most_mpa = 25

[[step]]
do = "contact"
to_n = 100

[[step]]
do = "ramp"
to_mpa = 5
rate_mpa_per_s = 20

[[step]]
do = "hold"
for_h = 2

[[step]]
do = "hold"
for_h = 3
"""


@pytest.mark.parametrize(
    ("text", "dimensions", "each", "value"),
    [
        ("5MPa", ("pressure", "force"), False, Fraction(5_000_000)),
        ("0.1 mpa", ("pressure",), False, Fraction(100_000)),
        ("1.2 kN", ("force", "pressure"), False, Fraction(1200)),
        (".5N", ("force",), False, Fraction(1, 2)),
        ("90 min", ("time",), False, Fraction(5400)),
        ("6 MPa/min", ("pressure",), True, Fraction(100_000)),
        ("0.3 N / h", ("force",), True, Fraction(3, 36_000)),
        ("5 MN", ("force",), False, Fraction(5_000_000)),
        ("5 mN", ("force",), False, Fraction(5, 1000)),
        ("5 mPa", ("pressure",), False, Fraction(5, 1000)),
        ("-5kN", ("force",), False, Fraction(-5000)),
    ],
)
def test_an_amount_is_read_as_it_is_written(text: str, dimensions: tuple[str, ...], each: bool, value: Fraction) -> None:
    assert amount(text, *dimensions, each=each).value == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [("5 lbf", "Say 22.2411081 N."), ("0.5tonf", "Say 4903.325 N."), ("2 ksi", "Say 13789514.6 Pa."), ("5,5 MPa", "Write 5.5 MPa."),
     ("1.500,5 N", "Write 1500.5 N."), ("1,500N", "Write 1500 N or 1.5 N.")],
)  # fmt: skip
def test_an_amount_that_is_written_elsewhere_otherwise_is_told_as_it_is_written_here(text: str, hint: str) -> None:
    with pytest.raises(WrongInput) as told:
        amount(text, "pressure", "force")
    assert told.value.hint == hint


@pytest.mark.parametrize("text", ["\u0665 N", "5", "MPa", "5 MPa/s", "5,5 MPa", "5 mm", "nan MPa", "1e3 N", "5 MPa 3"])
def test_what_is_no_amount_is_told_with_an_example(text: str) -> None:
    with pytest.raises(WrongInput, match="is no") as told:
        amount(text, "pressure", "force")
    assert "5 MPa" in told.value.hint
    with pytest.raises(WrongInput):
        amount("5 MPa/N", "pressure", each=True)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="steered") as one:
        one.pace("real", 50)
        yield one


@pytest.fixture
def press(target: Any, own_folders: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[stackpress.Press]:
    """A press in the third step of its program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACKPRESS_PORT", target.port)
    (tmp_path / "lives.toml").write_text(LIVES)
    with stackpress.open(target.port) as one:
        one.run("lives.toml", sample="A7")
        until(lambda: one.program_state().step == 3 and one.state == "holding")
        yield one
        one.reopen()
        if one.state == "tripped":
            one.reset()
        one.abort()  # never refused: its program may end by itself just now
        until_unpressed(one)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = app.run([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked


@simulated
def test_a_cell_is_steered_from_the_command_line_and_all_of_it_is_in_its_log(press: stackpress.Press, ask: Ask) -> None:
    press.close()
    assert ask("setpoint", "6MPa", "--rate", "20MPa/s")[1]["ok"]
    code, told = ask("setpoint", "26 MPa")
    assert code == 1 and "this program's most of 3318.31 N" in told["error"]
    code, told = ask("setpoint", "6", "--rate", "20MPa/s")
    assert code == 2 and "no pressure or force" in told["error"]
    assert ask("pause")[1]["run_state"] == "paused"
    assert ask("continue")[1]["run_state"] == "running"
    left = ask("status")[1]["left_s"]
    assert left + 3500 < ask("extend")[1]["left_s"] < left + 3700
    assert ask("note", "the lead was loose")[0] == 0
    assert ask("next")[0] == 0
    press.reopen()
    until(lambda: press.program_state().step == 4 and press.force_n() > 780)
    run = press.pull()[-1]
    told_of = [event["text"] for event in run.sidecar["events"] if event["event"] in ("steered", "remark")]
    assert told_of == ["set-point: 663.66 N -> 796.39 N", "paused", "goes on", "length: 7200 s -> 10800 s",
                       "remark: the lead was loose", "step: 3 -> 4"]  # fmt: skip


@simulated
@pytest.mark.parametrize(
    ("words", "said"),
    [(("setpoint", "-5MPa"), "N is outside 0 .. 100000"), (("setpoint", "-5N"), "-5 N is outside 0 .. 100000"),
     (("setpoint", "5N", "--rate", "0N/s"), "0 N is outside 0.01 .. 100000"),
     (("setpoint", "5MN"), "5000000 N is outside 0 .. 100000"),
     (("setpoint", "4mN"), "finer than the press keeps a force (0.01 N)"), (("extend", "-5min"), "-300 S is outside 1 .. 34560000"),
     (("note", " "), "a remark has words")],
)  # fmt: skip
def test_an_amount_that_can_not_be_is_refused_in_units_that_people_write(
    press: stackpress.Press, ask: Ask, words: tuple[str, ...], said: str
) -> None:
    press.close()
    code, told = ask(*words)
    assert code in (1, 2) and said in told["error"] + told["hint"]


def test_python_steers_and_a_refusal_changes_nothing(press: stackpress.Press) -> None:
    press.set_point(force_n=500, rate_n_per_s=500)
    until(lambda: abs(press.force_n() - 500) < 10)
    for given in ({"force_n": 70000.0}, {"pressure_pa": 30e6}, {"force_n": 400.0, "rate_n_per_s": 1e7}):
        with pytest.raises(PressRefused):
            press.set_point(**given)
    for wrong in ({}, {"force_n": 1.0, "pressure_pa": 1.0}, {"force_n": 1.0, "rate_n_per_s": 1.0, "rate_pa_per_s": 1.0}):
        with pytest.raises(WrongInput):
            press.set_point(**wrong)
    time.sleep(0.1)
    assert abs(press.snapshot().set_n - 500) < 0.01
    press.pause()
    assert press.snapshot().run_state == "paused"
    press.go_on()
    press.extend(60)
    press.next_step()
    until(lambda: press.program_state().step == 4)


@simulated
def test_follow_finds_a_run_and_ends_as_it_ends(press: stackpress.Press, ask: Ask) -> None:
    run = press.program_state().run
    press.next_step()
    until(lambda: press.program_state().step == 4)
    press.next_step()
    press.close()
    code, told = ask("follow")
    assert (code, told["end"], told["run"], told["program"]) == (0, "done", run, "lives")
    assert ask("follow")[1]["end"] == "done"
    press.reopen()
    press.run("lives.toml")
    until(lambda: press.program_state().step == 3)
    press.stop("vent")
    press.close()
    assert ask("follow")[1]["end"] == "stopped"
    press.reopen()
    until_unpressed(press)
    press.run("lives.toml")


@simulated
@pytest.mark.parametrize("turn", ["stop", "set_point", "pause"])
def test_the_fastest_ramp_is_turned_round_without_a_trip(press: stackpress.Press, turn: str) -> None:
    press.stop("vent")
    until_unpressed(press)
    ramp = {"do": "ramp", "to_n": 20000, "rate_n_per_s": 5000}
    press.run({"name": "fast", "step": [{"do": "contact", "to_n": 100}, ramp, {"do": "hold", "for_h": 2}]})
    until(lambda: press.force_n() > 2000)
    getattr(press, turn)(**({"force_n": 500, "rate_n_per_s": 5000} if turn == "set_point" else {}))
    time.sleep(0.1)
    assert press.state != "tripped"
