"""Claims about runs beside each other: the same steps, what differed between them, and where they lie over each other."""

import json

import pytest
from stackpress.cli import app
from stackpress.logs import comparison, runs
from stackpress.logs.overlay import draw_overlay
from stackpress.logs.pull import pull
from stackpress.logs.store import Store

from host_tools.tests.instruments import AREA_UM2, LEVEL_S, swept_press


@pytest.fixture
def said(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACKPRESS_DATA", str(tmp_path / "data"))
    with Store() as store:
        for number, (sample, levels) in enumerate((("A", (1, 5, 10)), ("B", (1, 6)))):
            press = swept_press(f"press-{number}", sample, levels)
            pull(press, store)
            runs.ingest(store, press.identity)

    def ask(*words):
        code = app.run(list(words))
        told = capsys.readouterr()
        return code, told.out, told.err

    return ask


def test_each_step_stands_beside_the_others_and_one_that_a_run_lacks_is_empty(said):
    code, out, _ = said("compare", "A", "B", "--json")
    told = json.loads(out)["steps"]
    assert code == 0 and [one["step"] for one in told] == ["1.1", "1.2", "1.3"]
    means = [[None if run is None else round(run["mean_pa"] / 1e6, 3) for run in one["runs"]] for one in told]
    assert means == [[1.0, 1.0], [5.0, 6.0], [10.0, None]]
    assert told[1]["runs"][1]["high_n"] == round(6 * AREA_UM2 / 1e6 + 1, 2)


def test_a_person_reads_it_as_a_table_by_sample(said):
    _, out, _ = said("compare", "A", "B")
    rows = out.splitlines()
    assert rows[0].split() == ["step", "kind", "A", "B"]
    assert "5.000 MPa" in rows[2] and "6.000 MPa" in rows[2] and rows[3].endswith("-")


def test_runs_are_laid_over_each_other_at_a_step(said, tmp_path):
    with Store() as store:
        found = [runs.find(store, name) for name in "AB"]
    sides = [runs.document(one) for one in found]
    assert [comparison.zero_of(side, "step 1 end") for side in sides] == [LEVEL_S, LEVEL_S]
    figure = draw_overlay([(one.parquet, side) for one, side in zip(found, sides, strict=True)], [100.0, 0.0], "each run's step 1")
    first, second = (line.get_xdata() for line in figure.axes[0].lines[:3:2])
    assert first.min() == pytest.approx(second.min() - 100.0, abs=0.01) and figure.axes[0].get_xlim()[0] < -98
    assert said("compare", "A", "B", "--align", "step 1", "-o", "x.svg")[0] == 0 and (tmp_path / "x.svg").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [(("A", "B", "--align", "step 9"), "has no step 9"), (("A", "B", "--align", "noon"), "nothing to align"),
     (("A",), "nothing to be compared"),
     (("A", "B", "-o", "x.doc"), "no picture"), (("A", "Z"), "no run is called")],
)  # fmt: skip
def test_what_can_not_be_compared_says_why(said, words, why):
    code, _, told = said("compare", *words)
    assert code == 2 and why in told
