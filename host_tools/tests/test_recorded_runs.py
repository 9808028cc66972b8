"""Runs from Python and the press from asyncio: what a notebook is given, and an example of one that is run."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import stackpress
from nbclient import NotebookClient
from stackpress import recorded_runs
from stackpress.logs import runs
from stackpress.logs.moments import NoMoment
from stackpress.logs.pull import pull
from stackpress.logs.store import Store

from host_tools.tests import documented
from host_tools.tests.instruments import swept_press

EXAMPLE = Path(__file__).parents[1] / "examples" / "a_cell.ipynb"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "data"
    with Store(folder) as store:
        for number, sample in enumerate(("LIC-01", "<b>LIC</b>-02")):
            press = swept_press(f"press-{number}", sample, (1, 5))
            pull(press, store)
            runs.ingest(store, press.identity)
    return folder


def test_runs_are_found_by_sample_and_are_tables(data: Path) -> None:
    every = stackpress.runs(data=data)
    assert len(every) == 2 and len(stackpress.runs(sample="lic-01", data=data)) == 1
    run = every["LIC-01"]
    assert run.sample == "LIC-01" and run.outcome == "done" and len(run.table()) == 200
    assert run.steps()["mean_pa"].to_list() == pytest.approx([1e6, 5e6], rel=1e-4)
    assert run.levels()["Set Pressure / Pa"].to_list() == pytest.approx([1e6, 5e6], rel=1e-4)
    assert every.table()["sample"].to_list() == [one.sample for one in every]
    assert run.figure().axes and recorded_runs.named("LIC-01", data).run_id == run.run_id


def test_the_readmes_example_runs_as_it_is_written(data: Path, tmp_path: Path) -> None:
    block = next(text for text in documented.blocks("python").values() if "stackpress.runs(" in text)
    code = block.replace("LPS-17", "LIC-01").replace(', since="7d"', "")  # the runs here are of no date
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path,
                         env={**os.environ, "STACKPRESS_DATA": str(data)})  # fmt: skip
    assert run.returncode == 0 and run.stdout.startswith("done ") and "mean_pa" in run.stdout, run.stderr


def test_what_a_notebook_shows_is_text_and_no_markup_of_the_samples(data: Path) -> None:
    shown = stackpress.runs(data=data)._repr_html_()
    assert "&lt;b&gt;LIC" in shown and "<b>" not in shown and shown.count("<tr>") == 3
    assert "LIC-01" in repr(stackpress.runs(sample="LIC-01", data=data)[0])


def test_what_is_not_there_says_so(data: Path) -> None:
    with pytest.raises(KeyError, match="nothing"):
        stackpress.runs(data=data)["nothing"]
    with pytest.raises(NoMoment):
        stackpress.runs(since="last week", data=data)
    with pytest.raises(AttributeError):
        _ = stackpress.runs(data=data)[0].colour
    assert len(stackpress.runs(tag="good", data=data).table()) == 0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="notebook") as one:
        one.pace("fast")
        yield one.port


def test_the_example_notebook_runs_and_its_run_is_done(port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKPRESS_PORT", port)
    monkeypatch.setenv("STACKPRESS_DATA", str(tmp_path / "data"))
    notebook = nbformat.read(EXAMPLE, as_version=4)
    NotebookClient(notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    (run,) = stackpress.runs(data=tmp_path / "data")
    assert (run.sample, run.outcome) == ("LPS-17", "done") and 19.5e6 < run.peak_pa < 20.5e6
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert any("text/html" in one and "LPS-17" in one["text/html"] for one in shown) and any("image/png" in one for one in shown)


def test_from_asyncio_a_press_is_followed_and_one_that_is_pressed_can_be_vented_meanwhile(port: str) -> None:
    async def day() -> tuple[list[Any], str]:
        async with stackpress.open_async(port) as press:
            if await press.get("state") != "safe":
                await press.disarm()
            await press.run({"name": "long", "step": [{"do": "contact", "to_n": 50}, {"do": "hold", "for_s": 1e6}]})
            rows = []
            async for row in press.follow():
                rows.append(row)
                if len(rows) == 20:
                    await press.abort()
            return rows, await press.get("state")

    rows, state = asyncio.run(day())
    assert len(rows) >= 20 and state in ("safe", "ready", "releasing")


def test_what_is_no_call_of_a_press_is_told_at_once() -> None:
    press = stackpress.open_async("/dev/null")
    with pytest.raises(AttributeError, match="get"):
        _ = press.state
    with pytest.raises(AttributeError):
        _ = press.launch
