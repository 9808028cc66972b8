"""Claims about plots and reports: they are whole, self-contained, and say what is missing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stackpress.logs import runs
from stackpress.logs.columns import OF_SAMPLES
from stackpress.logs.drawing import spans_of_steps, thinned, time_unit
from stackpress.logs.holds import longest_hold
from stackpress.logs.overlay import draw_overlay, overlay
from stackpress.logs.plot import course, draw, middles, over_ticks, plot
from stackpress.logs.pull import pull
from stackpress.logs.report import NoReport, clock_text, html, open_switches, report
from stackpress.logs.report_figures import percent_floor
from stackpress.logs.report_pdf import pdf
from stackpress.logs.store import Store
from stackpress.logs.synthetic import SyntheticPress, pellet_run
from stackpress_core.tick import blackboard


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
    assert open_switches(blackboard.IN_HEALTHY) == "no switch was open"


def test_a_hold_of_few_rows_beside_a_long_ramp_keeps_every_row():
    ramp, hold = np.linspace(0.0, 3600.0, 36_000), 3600.0 + np.arange(1, 13) * 10.0
    for t in (np.concatenate([ramp, hold]), np.concatenate([hold - 3600.0, ramp + 130.0])):
        _, low, high, mean = thinned(t, t - 1, t + 1, t)
        x = thinned(t, t, t, t)[0]
        few = hold if t[0] == 0.0 else hold - 3600.0
        drawn = x[(x >= few[0] - 1e-9) & (x <= few[-1] + 1e-9)]
        assert len(drawn) >= 12 and drawn[-1] == few[-1] and len(x) < 7000
        assert low.min() == t.min() - 1 and high.max() == t.max() + 1 and np.isfinite(mean).all()


def test_a_gap_between_two_holds_stays_a_gap_however_many_rows_there_are():
    t = np.linspace(0, 100, 50_000)
    mean = np.where((t > 40) & (t < 60), np.nan, 1.0)
    x, _, _, drawn = thinned(t, mean, mean, mean)
    assert np.isnan(drawn[(x > 40.1) & (x < 59.9)]).all() and np.isfinite(drawn[(x < 40) | (x > 60)]).all()


def test_the_line_of_a_hold_begins_and_ends_with_it(kept):
    c = course(*_of(kept))
    time, mean = over_ticks(c, c.mean)
    for step in spans_of_steps(kept[1], float(c.t[-1])):
        if step.still:
            inside = time[(time >= step.begin_s - 0.01) & (time <= step.end_s + 0.01)]
            assert abs(inside[0] - step.begin_s) < 0.01 and abs(inside[-1] - step.end_s) < 0.01
    assert len(time) == len(mean) and (np.diff(time) > -0.01).all()


def rows_of(force, target=100.0, spread=0.5):
    n = len(force)
    return pl.DataFrame({
        "Test Time / s": np.arange(1.0, n + 1), "Ticks / 1": np.full(n, 4000), "Applied Force / N": force,
        "Force Min / N": np.asarray(force) - spread, "Force Max / N": np.asarray(force) + spread,
        "Set Force / N": np.full(n, target), "Displacement / m": np.arange(n) * 1e-6,
    })  # fmt: skip


def hold_of(force, **more):
    table = rows_of(force, **more)
    side = {"steps": [{"phase": p, "test_time_s": t, "step_count": 1, "step_id": 3, "type": "hold", "target_n": 1.0, "outcome": ""}
                      for p, t in (("begins", 0.0), ("ends", float(len(table))))]}  # fmt: skip
    return longest_hold(side, table, table["Test Time / s"].to_numpy() - 0.5)


def test_figures_of_a_hold_are_what_they_are_called():
    hold = hold_of([100.0, 100.2, 99.8, 103.0])
    assert hold.step_id == 3 and hold.mean_n == pytest.approx(100.75)
    assert hold.worst == pytest.approx(0.035) and hold.within == 0.75
    assert hold.rms == pytest.approx(np.sqrt((0 + 0.002**2 + 0.002**2 + 0.03**2) / 4))
    assert hold.travel_m == pytest.approx(3e-6)
    assert hold_of([99.0, 100.0]).worst == pytest.approx(-0.015)
    assert hold_of([100.0], target=0.0) is None


def test_a_share_is_called_whole_only_if_it_is():
    assert [percent_floor(x) for x in (1.0, 0.999999, 0.5)] == ["100 %", "99.99 %", "50.00 %"]


def test_tiles_tell_of_the_hold_and_not_of_the_valve(page):
    for said in ("mean pressure in the longest hold (step 5)", "worst off set", "RMS off set-point", "within ±1 %", "travel in"):
        assert said in page
    assert "valve moves" not in page


def test_a_report_is_what_its_name_says_or_nothing(kept, tmp_path):
    path = report(kept[0], tmp_path / "a.pdf")
    assert path.read_bytes()[:5] == b"%PDF-"
    assert report(kept[0], tmp_path / "a.htm").read_text().startswith("<!doctype html>")
    for name in ("a.docx", "a", "a.txt", "a.html.zip"):
        with pytest.raises(NoReport):
            report(kept[0], tmp_path / name)
        assert not (tmp_path / name).exists()


def test_the_pdf_says_what_the_page_says_on_a4_and_nothing_is_wider_than_the_paper(kept):
    from io import BytesIO

    from pypdf import PdfReader

    data = pdf(*_of(kept))
    assert data == pdf(*_of(kept))
    reader = PdfReader(BytesIO(data))
    text = " ".join(" ".join(one.extract_text().split()) for one in reader.pages)
    for said in SAID:
        assert said in text or said == "reached", said
    wide, high = reader.pages[0].mediabox[2:]
    assert (round(float(wide)), round(float(high))) == (595, 842)
    for one in reader.pages:
        places = []
        one.extract_text(visitor_text=lambda t, cm, tm, font, size: places.append((t, tm[4], size)))  # noqa: B023
        told = [(x, x + 0.45 * size * len(t.strip())) for t, x, size in places if t.strip()]
        assert told and all(left > 30 and right < float(wide) - 20 for left, right in told)
    assert sum(len(one.images) for one in reader.pages) == 2


def test_a_long_title_pushes_down_what_follows_and_letters_that_the_fonts_lack_are_boxes(kept):
    from io import BytesIO

    from pypdf import PdfReader

    where = {}

    def seen(text, cm, tm, font, size):
        where.setdefault(text.strip()[:7], tm[5])

    side = {**kept[1], "sample": "電池 " + "a long name " * 12}
    page = PdfReader(BytesIO(pdf(kept[0].parquet, side))).pages[0]
    assert page.extract_text(visitor_text=seen).startswith("\u25a1\u25a1 a long name")
    lines = page.extract_text().splitlines()
    assert next(i for i, line in enumerate(lines) if line.startswith("program ")) >= 3
    assert where["program"] < where["\u25a1\u25a1 a lo"] - 3 * 17


def test_printed_no_table_is_cut_at_the_edge_of_the_paper(page):
    style = page[page.index("@media print") : page.index("</style>")]
    assert ".scroll { overflow: visible; }" in style and "white-space: normal" in style
    assert "@page { size: A4" in page


def test_several_runs_are_drawn_over_each_other_and_each_is_named(kept, tmp_path):
    other = {**kept[1], "sample": "other", "run_id": "other-run"}
    figure = draw_overlay([(kept[0].parquet, kept[1]), (kept[0].parquet, other)])
    assert [t.get_text().split(" · ")[0] for t in figure.axes[0].get_legend().get_texts()] == ["Li6PS5Cl 200 mg", "other"]
    lines = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "-" and not line.get_label().startswith("_")]
    assert len(lines) == 2 and len({line.get_color() for line in lines}) == 2
    assert figure.axes[0].get_ylabel() == "Pressure / MPa"
    bare = draw_overlay([(kept[0].parquet, kept[1]), (kept[0].parquet, {**other, "area_m2": None})])
    assert bare.axes[0].get_ylabel() == "Force / kN"
    assert overlay([(kept[0].parquet, kept[1])] * 2, tmp_path / "o.png").read_bytes()[:4] == b"\x89PNG"


def _of(kept):
    return kept[0].parquet, kept[1]


class Unsampled(SyntheticPress):
    """Pulled in the second in which a run began, or a run that was over before a sample came."""

    def add_samples(self, samples):
        pass


class Blind(SyntheticPress):
    """A press whose converter was dead all the time."""

    def add_samples(self, samples):
        samples = samples.copy()
        for field in ("force_mean_cn", "force_min_cn", "force_max_cn", "set_cn"):
            absent = next(column.absent for column in OF_SAMPLES if column.field == field)
            samples[field] = absent
        super().add_samples(samples)


@pytest.mark.parametrize("kind", [Unsampled, Blind])
def test_a_run_without_a_force_is_kept_and_drawn_like_any_other(kind, tmp_path):
    """Not its table alone was at stake: no later run of that press could be pulled."""
    press = pellet_run(kind())
    with Store(tmp_path) as store:
        pull(press, store)
        assert len(runs.ingest(store, press.identity)) == 1
        run = runs.find(store)
    side = json.loads(run.sidecar.read_text())
    table = pl.read_parquet(run.parquet)
    assert {"Applied Force / N", "Set Force / N", "Applied Pressure / Pa"} <= set(table.columns)
    assert plot(run.parquet, side, tmp_path / "a.png").stat().st_size > 1000 and len(html(run.parquet, side)) > 10_000
