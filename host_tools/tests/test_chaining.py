"""A program that goes on from a held cell, from command line and Python to the report of both runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stackpress
from stackpress.cli import app
from stackpress.errors import PressRefused

from hil_tests.waiting import until
from host_tools.tests.service_bench import until_unpressed
from host_tools.tests.test_steering import ask, simulated, target

__all__ = ["ask", "target"]
Ask = Callable[..., tuple[int, dict[str, Any]]]
HEAD = 'die_mm = 13\nat_end = "hold"\n'
FIRST = HEAD + """name = "form"
[[step]]
do = "contact"
to_n = 100
[[step]]
do = "ramp"
to_mpa = 5
rate_mpa_per_s = 20
"""
CYCLING = HEAD + """name = "cycling"
[[step]]
do = "ramp"
to_mpa = 3
rate_mpa_per_s = 20
[[step]]
do = "hold"
for_s = 5
"""


@pytest.fixture
def held(target: Any, own_folders: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[stackpress.Press]:
    """A press on which a program has left its cell held."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACKPRESS_PORT", target.port)
    (tmp_path / "form.toml").write_text(FIRST)
    (tmp_path / "cycling.toml").write_text(CYCLING)
    with stackpress.open(target.port) as one:
        one.run("form.toml", sample="LPS-17", operator="ab")
        until(lambda: not one.program_state().step and one.state == "holding")
        yield one
        one.reopen()
        one.abort()  # never refused: its program may end by itself just now
        until_unpressed(one)


@simulated
def test_a_cell_is_never_let_go_of_between_two_programs_and_both_reports_say_so(held: stackpress.Press, ask: Ask) -> None:
    held.close()
    code, told = ask("run", "cycling.toml")
    assert code == 1 and "A cell is held" in told["error"] and "--from-held" in told["hint"]
    code, told = ask("run", "cycling.toml", "--from-held", "--follow")
    assert (code, told["end"], told["program"], told["sample"], told["state"]) == (0, "done", "cycling", "LPS-17", "holding")
    held.reopen()
    assert abs(held.force_n() - 398.2) < 10
    held.stop("vent")
    until(lambda: held.state == "safe" and "cycling" in held.programs())
    before, after = held.pull()[-2:]
    assert (before.sidecar["continued_by"], after.sidecar["continued_from"]) == (after.run_id, before.run_id)
    assert before.sidecar["continued_from"] is None and after.operator == "ab"
    table = after.table()
    assert table.filter(table["Step ID"] > 0)["Force Min / N"].min() > 300  # the friction of a quick release is still in it
    assert 650 < after.sidecar["peak_force_before_n"] < 800
    page = after.report("after.html").read_text()
    assert f"continued from {before.run_id}" in page and f"zero before was taken before {before.run_id}" in page
    assert after.run_id in before.report("before.html").read_text()


@simulated
def test_what_can_not_go_on_is_refused_and_python_finds_the_cell_held_as_it_was(held: stackpress.Press) -> None:
    other = {"name": "other", "die_mm": 10, "step": [{"do": "hold", "for_s": 5}]}
    vents = {"name": "vents", "step": [{"do": "vent"}]}
    before = held.program_state().run
    for program, why in ((other, "it is for a die of 78 mm2"), (vents, "does not begin by venting")):
        with pytest.raises(PressRefused, match=why):
            held.start(program, from_held=True)
        assert held.state == "holding" and held.program_state().run == before and abs(held.force_n() - 663.7) < 10
    assert held.start("cycling.toml", from_held=True) == before + 1


def test_a_program_is_checked_as_one_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    down = tmp_path / "down.toml"
    down.write_text(HEAD + 'name = "down"\n[[step]]\ndo = "ramp"\nby_mpa = -4\nrate_mpa_per_s = 2\n')
    assert app.run(["program", "check", str(down)]) == 2
    assert "below nothing" in capsys.readouterr().err
    for held in ("5MPa", "663.66 N"):
        assert app.run(["program", "check", str(down), "--from-held", held, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)["programs"][0]
        assert abs(told["highest_force_n"] - 663.66) < 0.01 and abs(told["expected_s"] - 4.4) < 0.1  # 2 s, and 2.4 s of corners
    assert app.run(["program", "check", str(down), "--from-held", "3 MPa"]) == 2
    assert app.run(["program", "check", str(down), "--from-held", "3"]) == 2
    capsys.readouterr()
    down.write_text(down.read_text().replace("die_mm = 13\n", "").replace("by_mpa = -4\nrate_mpa", "by_n = -4\nrate_n"))
    assert app.run(["program", "check", str(down), "--from-held", "3 MPa"]) == 2
    assert "the program must tell the cell's area" in capsys.readouterr().err
