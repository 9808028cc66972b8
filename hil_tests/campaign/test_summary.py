"""The campaign's figures stand side by side, whoever measured them."""

import json
from pathlib import Path

from hil_tests.campaign import summary


def test_each_figure_is_written_beside_the_others_and_measured_again_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "campaign" / "summary.json"
    assert summary.figures(path) == {}
    summary.write({"rules": 55, "m33_ticks": 12000}, path)
    summary.write({"m33_ticks": 24000, "approach_excess_n": None}, path)
    assert summary.figures(path) == json.loads(path.read_text()) == {"approach_excess_n": None, "m33_ticks": 24000, "rules": 55}
    assert path.read_text().count("\n") == 5
