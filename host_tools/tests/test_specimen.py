"""What is said of a specimen stands beside its run, and what cannot be is refused with what was meant."""

import json
from pathlib import Path

import pytest
from stackpress.logs import runs
from stackpress.logs.annotations import tag
from stackpress.logs.pull import pull
from stackpress.logs.report import html
from stackpress.logs.specimen import BadSpecimen, describe, value_of
from stackpress.logs.store import Store

from host_tools.tests.instruments import swept_press


@pytest.mark.parametrize(("key", "text", "value"), [
    ("mass_mg", "201.4", 201.4), ("thickness_um", "8e2", 800.0), ("lot", "1,5", "1,5"), ("composition", "Li6PS5Cl", "Li6PS5Cl"),
    ("density_g_cm3", "1.64", 1.64),
])  # fmt: skip
def test_a_key_with_a_unit_holds_a_number_and_another_one_text(key: str, text: str, value: object) -> None:
    assert value_of(key, text) == value


@pytest.mark.parametrize(("key", "text", "says"), [
    ("mass_mg", "1,500", "has a separator"), ("mass_mg", "-3", "impossible"), ("thickness_um", "0", "impossible"),
    ("density_g_cm3", "160", "impossible"), ("porosity_percent", "101", "impossible"), ("mass_mg", "nan", "no number"),
    ("Mass", "3", "no key"), ("a b", "3", "no key"), ("lot", "a\nb", "no line"), ("lot", "x" * 201, "no line"),
])  # fmt: skip
def test_what_cannot_be_is_refused(key: str, text: str, says: str) -> None:
    with pytest.raises(BadSpecimen, match=says) as error:
        value_of(key, text)
    assert says != "has a separator" or error.value.hint == "write 1500 or 1.5"


def test_it_stands_in_sidecar_and_report_is_kept_by_a_pull_and_taken_away_by_its_key(tmp_path: Path) -> None:
    press = swept_press()
    with Store(tmp_path) as store:
        pull(press, store)
        runs.ingest(store, press.identity)
        run = runs.find(store)
        describe(store, run, ["mass_mg=201.4", "lot=B-17"])
        tag(store, run, ["good"])
        with pytest.raises(BadSpecimen):
            describe(store, run, ["lot=B-18", "mass_mg=1,5"])
        assert runs.document(run)["specimen"] == {"lot": "B-17", "mass_mg": 201.4}
        run.parquet.unlink()
        runs.ingest(store, press.identity)
        assert runs.document(run)["specimen"]["mass_mg"] == 201.4 and json.loads(run.sidecar.read_text())["tags"] == ["good"]
        page = html(run.parquet, runs.document(run))
        assert "mass mg" in page and "201.4" in page and "B-17" in page
        describe(store, run, ["lot="])
        assert runs.document(run)["specimen"] == {"mass_mg": 201.4}
