"""Claims about the first day on the bench: what follows from a machine, what a plant is found to be, what is signed."""

import json
import sys
import tomllib
from typing import Any

import numpy as np
import polars as pl
import pytest
from stackpress import paths
from stackpress.cli import app
from stackpress.commission import hands, inputs, machine, prediction, proposal, protocol, result, solenoids, tuning
from stackpress.commission.plant_model import Plant, Stretch, fit, response
from stackpress.commission.result import BAD, GOOD, LEFT_OUT, Line, Result
from stackpress.config import load
from stackpress.errors import WrongInput

simulated = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")
SMALL = machine.Machine(63, 40, (10000.0, 10000.0))
REFERENCE = machine.Machine(58.63, 244.5, (22000.0,) * 3, 2000.0, frame_n=80000, relief_n=68000)
OF_REFERENCE = ["--bore-mm", "58.63", "--supply-bar", "244.5", *["--cell-n", "22000"] * 3, "--low-cell-n", "2000",
                "--frame-n", "80000", "--relief-n", "68000", "--by", "A. <Maker>"]  # fmt: skip


def test_a_machine_of_63_mm_40_bar_and_two_10_kn_cells_gets_limits_of_its_own():
    chosen = machine.values(SMALL)
    assert round(SMALL.full_n) == 12469 and chosen["valve_full_scale_n"] == pytest.approx(SMALL.full_n, abs=0.01)
    assert 10000 < chosen["force_limit_n"] < 0.84 * SMALL.full_n
    assert (chosen["cell_count"], chosen["high_range_mask"], chosen["low_range_mask"]) == (2, 3, 0)
    assert chosen["cell_limit_n"] < 10000 and chosen["runaway_n"] < 300 and chosen["approach_force_n"] < 500


def test_the_reference_machine_gets_what_the_reference_press_has():
    with (paths.BOARDS / "sim" / "press.toml").open("rb") as file:
        theirs = tomllib.load(file)
    chosen = machine.values(REFERENCE)
    for table in ("cells", "limits"):
        assert {key: chosen[key] for key in theirs[table]} == theirs[table]
    assert REFERENCE.ceilings() == theirs["ceilings"]
    assert {name: chosen[name] for name in machine.SCALED} == {
        name: value.default_value for name, value in machine.parameters().items() if name in machine.SCALED
    }


@pytest.mark.parametrize("bore_mm, cells", [(20, (2000.0,)), (63, (10000.0, 10000.0)), (120, (50000.0, 50000.0))])
@pytest.mark.parametrize("kind", machine.KINDS)
def test_what_follows_from_a_machine_is_a_press_file_that_needs_no_owners_code(tmp_path, bore_mm, cells, kind):
    from stackpress.config.documents import weaker

    told = machine.Machine(bore_mm, 40, cells, valve_kind=kind)
    (tmp_path / "press.toml").write_text(machine.press_file("x", "sim", told, machine.values(told), "from a test"))
    found = load(tmp_path / "press.toml")
    assert weaker(found) == [] and found.cylinder and round(found.cylinder.full_n) == round(told.full_n)


@pytest.mark.parametrize(
    "words, said",
    [
        ({"bore_mm": 0}, "bore is 0 mm"),
        ({"bore_mm": float("nan")}, "bore is"),
        ({"supply_bar": -3}, "supply pressure is -3 bar"),
        ({"cells_n": ()}, "0 load cells"),
        ({"cells_n": (10000.0,) * 5}, "5 load cells"),
        ({"cells_n": (0.0,)}, "capacity is 0 N"),
        ({"force_n": 12000}, "12000 N are asked for, but the cylinder gives 12469 N"),
        ({"cells_n": (2000.0,), "force_n": 5000}, "5000 N are asked for, but the cells bear together 2000 N"),
        ({"low_cell_n": 30000}, "bears no less"),
        ({"valve_kind": "servo"}, "'servo'"),
    ],
)
def test_what_no_machine_can_be_is_one_line(words, said):
    with pytest.raises(WrongInput, match=said) as refused:
        machine.Machine(**{"bore_mm": 63, "supply_bar": 40, "cells_n": (10000.0, 10000.0), **words})
    assert "\n" not in str(refused.value) and refused.value.hint


def test_the_command_says_what_is_wrong_in_one_line(own_folders, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert app.run(["commission", "--bore-mm", "0", "--supply-bar", "40", "--cell-n", "10000", "--plan"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "stackpress: the cylinder's bore is 0 mm" and len(told) == 2
    assert not (tmp_path / "commission").exists()


@pytest.mark.parametrize("told, assumed", [("", 2), ("--frame-n 14000", 1), ("--frame-n 14000 --relief-n 12700", 0)])
def test_a_plan_says_of_which_board_it_is_and_which_ceilings_nobody_told(own_folders, capsys, tmp_path, told, assumed):
    words = ["commission", "--bore-mm", "63", "--supply-bar", "40", "--cell-n", "10000", "--cell-n", "10000", "--plan"]
    assert app.run([*words, "--out", str(tmp_path), *told.split()]) == 0
    said = capsys.readouterr().out
    assert said.count("is assumed, nobody told it") == assumed and "No board was named" in said
    text = (tmp_path / "press.toml").read_text()
    assert text.count("# assumed, nobody told it") == assumed and load(tmp_path / "press.toml")
    assert app.run([*words, "--out", str(tmp_path), *told.split(), "--board", "pico"]) == 0
    assert "No board was named" not in capsys.readouterr().out


def driven() -> tuple[np.ndarray, np.ndarray]:
    """A drive that goes up and down at two rates."""
    at = np.arange(0, 40, 0.02)
    return at, np.interp(at, [0, 2, 12, 14, 20, 22, 25, 27, 30, 40], [500, 500, 11500, 11500, 5000, 5000, 11500, 11500, 4500, 4500])


@pytest.mark.parametrize("dead_s, lag_s, width_n", [(0.015, 0.0205, 165), (0.06, 0.0205, 990), (0.03, 0.05, 400)])
def test_the_fit_finds_the_plant_that_made_the_rows(dead_s, lag_s, width_n):
    at, drive = driven()
    rows = np.full(len(at), 0.02)
    force = response((0.98, 60, width_n, dead_s, lag_s), at, drive, at - rows / 2)
    found = fit([Stretch(at, force + np.random.default_rng(1).normal(0, 2, len(at)), drive, rows)], 300)
    assert found.play_n == pytest.approx(width_n, rel=0.02) and found.gain == pytest.approx(0.98, abs=0.002)
    assert found.delay_s == pytest.approx(dead_s + 2 * lag_s, abs=0.004) and found.dead_s == pytest.approx(dead_s, abs=0.012)
    assert found.rms_n < 3


def test_a_later_plant_gets_less_gain_and_each_keeps_its_margin():
    integral = []
    for dead_s in (0.015, 0.03, 0.06):
        plant = Plant(1.0, 60, 330, dead_s, 0.0205)
        kp, ki = tuning.gains(plant)
        margin = tuning.margin(plant, kp, ki)
        assert margin.sensitivity <= tuning.MOST + 1e-6 and margin.gain > 4 and margin.phase_deg > 45
        integral.append(ki)
    assert integral[0] > integral[1] > integral[2] > 1


def test_a_loop_that_is_too_fast_has_no_margin():
    late = Plant(1.0, 60, 330, 0.06, 0.0205)
    assert tuning.margin(late, 0.35, 20.0).sensitivity > 2
    assert tuning.margin(late, 4.0, 0.0).gain < 1


def test_a_predicted_step_lands_on_its_target():
    plant, at = Plant(1.0, 60, 330, 0.03, 0.0205), np.arange(0, 6, 0.02)
    kp, ki = tuning.gains(plant)
    turn = np.clip((at - 1) / 1.5, 0, 1)
    wanted = 10000 + 500 * (turn - np.sin(2 * np.pi * turn) / (2 * np.pi))
    force = prediction.predicted(plant, prediction.Tuned(kp, ki, plant.delay_s), at, wanted)
    assert force[-1] == pytest.approx(10500, abs=5) and force.max() < 10530 and abs(force[40] - 10000) < 5


def ramp_rows(ratio: float, guess: solenoids.Guess, rates: tuple[float, float], dead_s: float) -> pl.DataFrame:
    """Rows of two ramps of a press whose valves give `ratio` of what it was told."""
    parts = []
    for step, (begin, end, rate) in enumerate(((2000, 6000, rates[0]), (6000, 2000, -rates[1])), 2):
        count = int(abs(end - begin) / abs(rate) / 0.02)
        force, forces, asked = float(begin), [], [0.0] * round(dead_s / 0.002)
        for k in range(10 * count):
            asked.append(rate + guess.kv_per_s * (begin + rate * 0.002 * k - force))
            force += 0.002 * ratio * asked.pop(0)
            forces.append(force)
        at = 0.02 * np.arange(1, count + 1)
        parts.append(pl.DataFrame({"Test Time / s": at, "Step ID": step, "Step Type": "ramp", "Set Force / N": begin + rate * at,
                                   "Applied Force / N": np.mean(np.reshape(forces, (-1, 10)), axis=1)}))  # fmt: skip
    return pl.concat(parts)


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_solenoids_are_found_to_give_what_they_give(ratio):
    guess = solenoids.Guess(1700, 1500, 2.0)
    found, lines = solenoids.measure([ramp_rows(ratio, guess, (300, 250), 0.06)], guess)
    assert found.fill_n_per_s == pytest.approx(1700 * ratio, rel=0.05)
    assert found.vent_n_per_s == pytest.approx(1500 * ratio, rel=0.05)
    assert LEFT_OUT in {one.verdict for one in lines}


def test_a_noisy_cell_widens_contact_and_dead_band():
    plant = Plant(1.0, 60, 330, 0.02, 0.0205)
    quiet, noisy = (proposal.propose(proposal.Measured(SMALL, noise, plant), machine.values(SMALL)) for noise in (0.01, 5.0))
    assert noisy["contact_force_n"] == 50 > quiet["contact_force_n"] and noisy["deadband_min_n"] > quiet["deadband_min_n"]


class Bench:
    """A press of which some switches are seen; `stuck` does not go away again."""

    def __init__(self, sees: set[str], stuck: bool = False) -> None:
        self.sees, self.stuck, self.state, self.open = sees, stuck, "safe", set()

    def checks(self) -> list[Any]:
        return []

    def active_reasons(self) -> list[str]:
        return sorted(self.open & self.sees)

    def reset(self) -> None:
        self.state = "safe"


class Fingers:
    """Hands that work the press above."""

    name = "a test"

    def __init__(self, press: Bench) -> None:
        self.press = press

    def do(self, what: str, fault: str, value: int | None) -> bool:
        self.press.open |= {"discrepancy"} if fault[-2:] in ("_a", "_b") else {fault}
        return True

    def undo(self, what: str, fault: str) -> None:
        if not self.press.stuck:
            self.press.open = set()


@pytest.mark.parametrize("row", inputs.INPUTS[:9], ids=lambda row: row.name)
def test_a_switch_that_the_press_does_not_see_is_bad(row, monkeypatch):
    monkeypatch.setattr(hands, "SEEN_S", 0.01)
    monkeypatch.setattr(hands.comes_true, "__defaults__", (0.02,))
    good = Bench(set(row.seen))
    assert inputs.check(good, Fingers(good), row).verdict == GOOD
    for press in (Bench(set()), Bench(set(row.seen), stuck=True)):
        line = inputs.check(press, Fingers(press), row)
        assert line.verdict == BAD and line.todo
    open_already = Bench(set(row.seen))
    open_already.open = set(row.seen)
    assert inputs.check(open_already, Fingers(open_already), row).verdict == BAD


def a_result() -> Result:
    found = Result({"name": "A <press>", "identity": "SIM-x", "board": "sim", "firmware": "0"}, by="B. Maker", hands="a test")
    found.machine = {"bore_mm": 63, "supply_bar": 40, "cells_n": [10000, 10000], "low_cell_n": 0, "valve_kind": "regulator",
                     "frame_n": 0, "relief_n": 0}  # fmt: skip
    found.stages["cells"] = [Line("cell 1", GOOD, "quiet"), Line("cell 2", BAD, "hums", "Mend the <shield>."),
                             Line("a watch", LEFT_OUT, "nobody had one")]  # fmt: skip
    return found


def test_a_protocol_tells_what_is_bad_what_nobody_measured_and_who_did():
    page = protocol.html(a_result(), "force_limit_n = 1")
    for text in ("1 to mend", "hums", "Mend the &lt;shield&gt;.", "nobody had one", "not reached", "B. Maker", "A &lt;press&gt;",
                 "frame&#39;s rating and relief valve&#39;s setting", "force_limit_n = 1"):  # fmt: skip
        assert text in page
    assert "http" not in page and "<shield>" not in page


def test_a_protocol_on_paper_is_the_same_each_time():
    first = protocol.pdf(a_result(), "force_limit_n = 1")
    assert first.startswith(b"%PDF") and first == protocol.pdf(a_result(), "force_limit_n = 1")


def test_what_was_kept_is_read_again_and_what_is_no_commissioning_is_refused(tmp_path):
    kept = a_result()
    kept.save(tmp_path / "x.json")
    assert result.load(tmp_path / "x.json") == kept
    (tmp_path / "x.json").write_text('{"stages": []}')
    with pytest.raises(ValueError, match="no commissioning"):
        result.load(tmp_path / "x.json")


@pytest.fixture
def on_a_press(own_folders, tmp_path, monkeypatch):
    """A simulated press as fast as it goes, and a function that commissions it."""
    from hil_tests.targets.sim import SimTarget

    monkeypatch.chdir(tmp_path)
    with SimTarget(board="commissioned", pace="fast", wall="real") as target:
        yield target, lambda *words: app.run(["commission", *OF_REFERENCE, "--port", target.port, "--yes", *words])


@simulated
def test_the_simulated_press_is_commissioned_whole(on_a_press, capsys, tmp_path):
    _, commissioned = on_a_press
    assert commissioned("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and told["bad"] == 0 and told["not_measured"] > 5
    found = told["found"]
    assert found["play_n"] == pytest.approx(345, rel=0.05) and 0.05 < found["dead_s"] + 2 * found["lag_s"] < 0.08
    seen = [line for line in told["lines"]["inputs"] if line["verdict"] == GOOD]
    assert len(seen) == len(inputs.INPUTS) + 4
    folder = tmp_path / "commission"
    assert (folder / "protocol.pdf").read_bytes().startswith(b"%PDF")
    assert "A. &lt;Maker&gt;" in (folder / "protocol.html").read_text()
    written = load(folder / "press.toml")
    assert written.value("valve_lead_ms") == told["params"]["valve_lead_ms"] != 60
    assert commissioned("--resume") == 0  # nothing is left to do


@simulated
def test_a_trip_ends_it_with_the_reason_and_the_configuration_that_was_there_before(on_a_press, capsys, monkeypatch, tmp_path):
    from stackpress.commission import stages

    target, commissioned = on_a_press
    monkeypatch.setattr(stages, "STAGES", stages.STAGES[2:])
    play = stages.moves.play

    def broken(bench, program, what):
        target.fault("cell_open", 2)
        return play(bench, program, what)

    monkeypatch.setattr(stages.moves, "play", broken)
    import stackpress

    with stackpress.open(target.port) as press:
        before = press.document_get("config")
    assert commissioned() == 1
    target.clear_fault()
    page = (tmp_path / "commission" / "protocol.html").read_text()
    assert "ended early" in page and "converter" in page and "not reached" in page
    with stackpress.open(target.port) as press:
        assert press.document_get("config") == before


@simulated
def test_ctrl_c_stops_the_press_and_says_how_far_it_got(on_a_press, monkeypatch, tmp_path):
    import stackpress
    from stackpress.cli import interrupts
    from stackpress.commission import stages

    target, commissioned = on_a_press
    monkeypatch.setattr(stages, "STAGES", stages.STAGES[2:])
    start = stages.moves.start
    noted: list[interrupts.Interrupts] = []
    enter = interrupts.Interrupts.__enter__
    monkeypatch.setattr(interrupts.Interrupts, "__enter__", lambda self: noted.append(self) or enter(self))

    def pressed(bench, program):
        start(bench, program)
        noted[0].count += 1

    monkeypatch.setattr(stages.moves, "start", pressed)
    assert commissioned() == 1
    assert "Ctrl-C" in (tmp_path / "commission" / "protocol.html").read_text()
    with stackpress.open(target.port) as press:
        assert press.state == "safe" and press.program_state().step == 0


@simulated
def test_a_program_that_ends_before_its_force_stands_is_not_called_a_trip(on_a_press):
    import stackpress
    from stackpress.commission import moves

    target, _ = on_a_press
    with stackpress.open(target.port) as press:
        bench = moves.Bench(press, "A. Maker", lambda: False, lambda what, part: None)
        with pytest.raises(moves.Unfinished, match="before its force stood"):
            moves.until_holding(bench, 3)
