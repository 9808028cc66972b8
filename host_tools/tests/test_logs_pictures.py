"""Claims about plots and reports: they are whole, self-contained, and say what is missing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from stackpress.logs import runs
from stackpress.logs.drawing import spans_of_steps, time_unit
from stackpress.logs.plot import course, draw, middles, plot
from stackpress.logs.pull import pull
from stackpress.logs.report import clock_text, html, open_switches, report
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress_core.tick import words


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run with a trip and lost records, kept in a store: (run, sidecar)."""
    press = pellet_run(SyntheticPress(), trip=True)
    press.lose(1200, 1249)
    with Store(tmp_path_factory.mktemp("data")) as store:
        pull(press, store)
        runs.ingest(store, press.identity)
        run = runs.find(store)
    return run, json.loads(run.sidecar.read_text())


def test_a_hold_that_the_peak_would_flatten_gets_its_own_panel(kept):
    run, document = kept
    labels = [a.get_ylabel() for a in draw(run.parquet, document).axes]
    assert labels[:3] == ["Pressure / MPa", "enlarged / MPa", "off set-point / %"]
    enlarged = draw(run.parquet, document).axes[1]
    assert 5 < enlarged.get_ylim()[1] < 20


def test_the_plot_is_a_png_of_a_readable_size(kept, tmp_path):
    path = plot(kept[0].parquet, kept[1], tmp_path / "plot.png")
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size > 30_000


def test_missing_records_are_shown_as_a_gap_not_bridged(kept):
    assert len(course(kept[0].parquet, kept[1]).gaps) == 1


def test_the_report_needs_nothing_from_outside(kept, tmp_path):
    text = report(kept[0], tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", text)
    assert "@import" not in text and "url(" not in text
    assert text.count("data:image/png;base64,") == 2


SAID = (
    "50 records are missing; figures are of what is there", "The press tripped: force_drop", "0706050403020100",
    "A. Researcher",
    "132.73 mm²", "370.0 MPa", "1200–1249", "+0.09 N", "reached",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(kept):
    return html(kept[0].parquet, kept[1])


@pytest.mark.parametrize("said", SAID)
def test_the_report_says(page, said):
    assert said in page


def test_names_from_the_press_cannot_become_markup(kept):
    document = {**kept[1], "sample": "<script>alert(1)</script>"}
    assert "<script>" not in html(kept[0].parquet, document)


def test_a_bare_log_without_steps_area_clock_or_end_still_draws(kept):
    run, document = kept
    bare = {**document, "steps": [], "events": [], "trips": [], "zero": {"before_n": None, "after_n": None}}
    bare.update(dict.fromkeys(("area_m2", "end", "hashes", "peak_pressure_pa", "sample", "program")))
    assert "No step records" in html(run.parquet, bare)
    assert draw(run.parquet, bare).axes[0].get_ylabel() == "Force / kN"


def test_a_step_without_its_end_ends_where_the_next_begins():
    steps = [
        {"phase": "begins", "test_time_s": t, "step_count": n, "type": "hold", "target_n": 1.0, "outcome": ""}
        for n, t in ((1, 0.0), (2, 5.0))
    ]
    assert [s.end_s for s in spans_of_steps({"steps": steps}, 9.0)] == [5.0, 9.0]


@pytest.mark.parametrize(("span", "unit"), [(60, "s"), (600, "min"), (86400, "h"), (30 * 86400, "d")])
def test_the_time_axis_takes_a_unit_that_can_be_read(span, unit):
    assert time_unit(span)[1] == unit


def test_times_are_written_as_a_person_says_them():
    assert [clock_text(s) for s in (0.25, 599.9, 3661, 90061)] == ["0.2 s", "599.9 s", "1:01:01", "1 d 1:01:01"]


def test_importing_the_logs_loads_neither_matplotlib_nor_polars():
    code = ("import sys, stackpress.logs.pull, stackpress.logs.runs, stackpress.logs.export, stackpress.logs.plot\n"
            "print([m for m in ('matplotlib', 'polars', 'rich', 'jinja2') if m in sys.modules])")  # fmt: skip
    env = {"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert out.stdout.strip() == "[]", out.stderr


def test_a_mean_stands_at_the_middle_of_its_ticks():
    t, ticks = np.array([0.1, 0.2, 20.2]), np.array([400.0, 400.0, 80000.0])
    assert middles(t, ticks, 4000).tolist() == pytest.approx([0.05, 0.15, 10.2])
    assert middles(t, ticks, None).tolist() == pytest.approx([0.05, 0.15, 10.2])
    lost = middles(np.array([0.1, 9.0]), np.array([400.0, 400.0]), 4000)
    assert lost.tolist() == pytest.approx([0.05, 8.95])


def test_shares_are_of_the_cells_own_sum(kept):
    shares = np.array(list(course(*_of(kept)).shares.values()))
    told = shares[:, np.isfinite(shares).all(axis=0)]
    assert told.shape[1] > 100 and told.sum(axis=0) == pytest.approx(100.0)


def test_legend_and_trip_stand_outside_the_panels(kept):
    figure = draw(*_of(kept))
    figure.canvas.draw()
    panel = figure.axes[0]
    trip = next(text for text in panel.texts if text.get_text() == "tripped: force_drop")
    named = [text for text in panel.texts if text.get_text()[:1].isdigit()]
    legend = panel.get_legend().get_window_extent()
    assert trip.get_window_extent().y0 > panel.bbox.y1 and legend.y0 > panel.bbox.y1
    assert not any(legend.overlaps(text.get_window_extent()) for text in [trip, *named])
    shares = next(a.get_legend() for a in figure.axes[1:] if a.get_legend())
    assert shares.get_window_extent().y1 < min(a.bbox.y0 for a in figure.axes)


def test_the_last_figure_is_that_of_the_trip_or_of_the_last_step(kept, page):
    assert "pressure at the trip" in page and "at the end of the last step" not in page
    vented = {**kept[1], "outcome": "done", "trips": []}
    assert "pressure at the end of the last step" in html(kept[0].parquet, vented)
    assert "pressure at the end of the log" in html(kept[0].parquet, {**vented, "end": None})


def test_a_step_that_ended_as_it_should_says_what_ended_it():
    steps = [
        {"phase": p, "test_time_s": t, "step_count": 1, "type": "ramp", "target_n": 1.0, "outcome": ""}
        for p, t in (("begins", 0.0), ("ends", 5.0))
    ]
    assert spans_of_steps({"steps": steps}, 9.0)[0].outcome == "target reached"
    assert spans_of_steps({"steps": steps[:1]}, 9.0)[0].outcome == ""


def test_open_switches_are_named():
    assert open_switches(0x0833) == "open: guard A, guard B"
    assert open_switches(words.IN_HEALTHY) == "no switch was open"


def _of(kept):
    return kept[0].parquet, kept[1]
