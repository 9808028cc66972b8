"""A ram that stays where it is while the specimen breathes against it: travel, force, and what ends such a step, by the truth."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars
import pytest
import stackpress
from stackpress.logs import runs
from stackpress.logs.pull import pull
from stackpress.logs.store import Store
from stackpress.press import Press
from stackpress_plant.files import SPECIMENS

from hil_tests.targets.sim import SimTarget

QUICK = (
    ('value = 1.0, source = "cell set', 'value = 0.1, source = "cell set'),
    ("value = 20, source", "value = 0.03, source"),
)
GAP_S = 25


@contextmanager
def in_gap(
    folder: Path, plant: str = "nominal", most_cn: int = 150_000, host_loss: str = "carry_on"
) -> Iterator[tuple[SimTarget, Press]]:
    """The ram stands on a cell that breathes 12 um within two minutes."""
    text = (SPECIMENS / "breathing_cell.toml").read_text()
    for old, new in QUICK:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "cell.toml").write_text(text)
    steps = [
        {"do": "contact", "to_cn": 5000, "speed_um_per_s": 500},
        {"do": "ramp", "to_cn": 66_400, "rate_cn_per_s": 10_000},
        {"do": "hold", "for_ms": 3000},
        {"do": "gap", "for_ms": GAP_S * 1000, "most_cn": most_cn, "rate_cn_per_s": 3000},
    ]
    program = {"format": 1, "name": "fixed", "steps": steps, "at_end": "hold", "host_loss": host_loss}
    documents = {"program/fixed": json.dumps(program).encode()}
    cell = folder / "cell.toml"
    with (
        SimTarget(plant=plant, specimen=cell, documents=documents, truth=False) as target,
        stackpress.open(target.port) as press,
    ):
        target.run_until(0.2)
        press.arm()
        target.run_for(0.01)
        press.start("fixed")
        for _ in range(100):
            if press.program_state().step == 4:
                break
            target.run_for(0.5)
        yield target, press


def truth(target: SimTarget) -> tuple[float, float]:
    """Force / N and travel / um."""
    now = target.supervisor.request(do="truth")["truth"]
    return now["force_n"], now["displacement_m"] * 1e6


@pytest.mark.parametrize("plant", ["nominal", "fill_vent"])
def test_the_ram_stays_within_two_micrometres_while_the_force_of_a_breathing_cell_changes_by_a_hundred_newtons(
    plant: str, tmp_path: Path
) -> None:
    with in_gap(tmp_path, plant) as (target, press):
        seen = []
        while press.program_state().step == 4 and press.state != "tripped":
            seen.append(truth(target))
            target.run_for(1)
        forces, travels = zip(*seen, strict=True)
        assert len(seen) > GAP_S - 3 and max(forces) - min(forces) > 100, (len(seen), min(forces), max(forces))
        assert max(travels) - min(travels) < 3, (min(travels), max(travels))
        assert max(abs(one - travels[0]) for one in travels) < 2
        assert press.state in ("holding", "pressing", "releasing")


def test_a_gap_that_would_need_more_than_its_most_ends_with_the_cell_held_at_no_more(tmp_path: Path) -> None:
    with in_gap(tmp_path, most_cn=70_000) as (target, press):
        most, most_held, ended = 0.0, 0.0, 0.0
        for _ in range(10 * GAP_S):
            target.run_for(0.1)
            force_n = truth(target)[0]
            if not ended and press.program_state().step == 0:
                ended = force_n
            if ended:
                most_held = max(most_held, force_n)  # the step is over, and the cell goes on swelling under a ram that sticks
            else:
                most = max(most, force_n)
        assert 690 < most < 710 and 620 < ended < 700 and most_held < 700 and press.state == "holding"


def test_a_controlled_stop_in_a_gap_takes_the_force_away_and_one_with_hold_keeps_the_cell_as_it_is(tmp_path: Path) -> None:
    with in_gap(tmp_path) as (target, press):
        target.run_for(5)
        before = truth(target)[0]
        press.stop("hold")
        target.run_for(2)
        assert press.state == "holding" and abs(truth(target)[0] - before) < 80
        press.stop()
        target.run_for(30)
        assert press.state == "safe" and truth(target)[0] < 5


def test_a_gap_whose_host_is_lost_ends_with_the_cell_held(tmp_path: Path) -> None:
    with in_gap(tmp_path, host_loss="hold") as (target, press):
        target.run_for(5)
        before = truth(target)[0]
        press.lease(1)
        target.run_for(3)
        assert press.state == "tripped" and press.tripped().reason == "host_lease" and abs(truth(target)[0] - before) < 80


def test_a_power_cut_in_a_gap_lets_go_and_the_log_has_the_step_until_then(tmp_path: Path) -> None:
    with in_gap(tmp_path) as (target, press):
        target.run_for(8)
        press.link.close()
        target.restart()
        now = target.truth()
        assert now["dump_open"] == 1 and now["drive_n"] == 0
        with stackpress.open(target.port) as again, Store(tmp_path / "data") as store:
            target.run_for(3)
            assert again.state == "safe" and truth(target)[0] < 5
            pull(again, store)
            runs.ingest(store, again.identity)
            run = next(one for one in runs.runs(store) if one.program == "fixed")
        rows = polars.read_parquet(run.parquet)
        assert run.outcome == "cut off" and rows["Step Type"][-1] == "gap"
        assert rows["Test Time / s"][-1] > 5 and rows["Displacement / m"].is_not_null().all()


def test_a_gap_whose_scale_is_lost_ends_with_the_cell_held(tmp_path: Path) -> None:
    with in_gap(tmp_path, most_cn=90_000) as (target, press):
        target.run_for(5)
        target.fault("scale_gone")
        target.run_for(3)
        assert press.state == "holding" and press.program_state().step == 0 and 600 < truth(target)[0] < 760


def test_a_gap_whose_scale_stands_presses_with_no_more_than_its_most_however_long(tmp_path: Path) -> None:
    with in_gap(tmp_path, most_cn=70_000) as (target, press):
        target.run_for(5)
        target.fault("scale_stands")
        target.run_for(12)
        assert truth(target)[0] < 710 and press.state in ("holding", "pressing", "releasing")
