"""The page of the campaigns: all figures, every table, what went wrong in its own colour."""

import json
from pathlib import Path

from hil_tests.campaign import report, summary


def test_the_page_has_each_figure_each_row_with_its_bar_and_marks_what_was_wrong(tmp_path: Path) -> None:
    summary.write({"injections": 20, "wrong": 1}, tmp_path / "summary.json")
    rows = [{"kind": "<guard>", "wrong": 0, "excess_n": 10}, {"kind": "stale", "wrong": 1, "excess_n": 40}]
    (tmp_path / "injections.json").write_text(json.dumps({"table": rows}))
    page = report.page(tmp_path)
    assert "<td>injections</td><td>20</td>" in page and "&lt;guard&gt;" in page
    assert page.count('class="bad"') == 1 and page.count("<svg") == 2
    assert f'width="{report.BAR // 4}" height="10"/>' in page and f'width="{report.BAR}" height="10"/>' in page


def test_a_folder_without_campaigns_is_an_empty_page(tmp_path: Path) -> None:
    assert "<h1>Campaigns</h1>" in report.page(tmp_path) and "<h2>" not in report.page(tmp_path)
