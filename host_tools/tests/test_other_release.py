"""A parameter is one row, and a press whose table is another release's can still be configured: nothing is lost on it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from changed_tree import ChangedTree
from stackpress import config, paths
from stackpress.cli import app
from stackpress.config.documents import parameters
from stackpress.simulator import provision, supervisor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")

TABLE = "firmware/stackpress_core/params.py"
LAST = "the log goes with the power\"),\n"
ROW = '    ("settle_tries", "control", 1, 1, 3, 9, "How often a hold may settle anew"),\n'
PRESS = paths.BOARDS / "sim" / "press.toml"
Json = dict[str, Any]


def test_a_parameter_row_reaches_files_documents_and_the_press(tmp_path: Path) -> None:
    tree = ChangedTree(tmp_path)
    tree.add(TABLE, LAST, ROW)
    tree.make_docs()
    line = "| `settle_tries` | 3 | 1 to 9 |  | How often a hold may settle anew |"
    assert line in tree.read("boards/PARAMETERS.md").splitlines()
    tree.write("mine.toml", tree.read("boards/sim/press.toml") + "\n[control]\nsettle_tries = 5\n")
    told = json.loads(tree.stackpress("config", "check", "mine.toml", "--json").stdout)
    assert told["params"]["settle_tries"]["raw"] == 5 and "mine.toml" in told["params"]["settle_tries"]["file"]
    tree.write("wrong.toml", tree.read("mine.toml").replace("settle_tries = 5", "settle_tries = 10"))
    assert "settle_tries" in tree.stackpress("config", "check", "wrong.toml", code=2).stderr
    tree.write("pushed.py", PUSHED)
    said = tree.run(sys.executable, "pushed.py", tmp_path / "state").stdout.splitlines()
    assert said[-2:] == ["5.0 1.0 3.0 9.0 How often a hold may settle anew", "settle_tries = 5"]


PUSHED = """
import os, sys
from pathlib import Path
import stackpress
from stackpress.cli import app
from hil_tests.targets.sim import SimTarget

with SimTarget(state_dir=Path(sys.argv[1]), pace="real", wall="real") as target:
    os.environ["STACKPRESS_PORT"] = target.port
    assert app.run(["config", "push", "mine.toml", "--yes"]) == 0 == app.run(["config", "pull", "--out", "pulled.toml"])
    with stackpress.open(target.port) as press:
        one = press.parameter("settle_tries")
    print(one.value, one.low, one.default, one.high, one.help)
    print(next(line for line in Path("pulled.toml").read_text().splitlines() if line.startswith("settle_tries")))
"""


@pytest.fixture
def press_of_another_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """It has `settle_tries`, which this host does not know, and lacks `sample_idle_s`; its record is whole for it."""
    from hil_tests.targets.sim import SimTarget

    tree = ChangedTree(tmp_path)
    tree.add(TABLE, LAST, ROW)
    removed = next(line for line in tree.read(TABLE).splitlines(keepends=True) if '"sample_idle_s"' in line)
    tree.replace(TABLE, removed, "")
    tree.replace("firmware/stackpress_core/log/sampler.py", 'self.params["sample_idle_s"]', "60")
    monkeypatch.setattr(paths, "SIMULATED", tuple(tree.root / one.relative_to(paths.ROOT) for one in paths.SIMULATED))
    monkeypatch.setattr(supervisor, "STAGED", tree.root / "build")
    monkeypatch.setattr(provision, "commissioned", without_idle(provision.commissioned))
    monkeypatch.setattr("hil_tests.targets.sim.commissioned", provision.commissioned)
    monkeypatch.setenv("STACKPRESS_CONFIG_DIR", str(tmp_path))
    with SimTarget(state_dir=tmp_path / "state", pace="real", wall="real") as target:
        monkeypatch.setenv("STACKPRESS_PORT", target.port)
        yield target


def without_idle(made: Any) -> Any:
    def commissioned(*arguments: Any) -> dict[str, bytes]:
        documents: dict[str, bytes] = made(*arguments)
        record = json.loads(documents["config"])
        del record["params"]["sample_idle_s"]
        record["params"]["settle_tries"] = 7
        return {**documents, "config": json.dumps(record).encode()}

    return commissioned


def test_a_press_of_another_release_is_configured_and_loses_nothing(
    press_of_another_release: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask(*words: str) -> tuple[int, Json]:
        capsys.readouterr()
        code = app.run([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    mine = tmp_path / "mine.toml"
    mine.write_text(PRESS.read_text().replace("force_limit_n = 55000", "force_limit_n = 50000"))
    code, told = ask("config", "diff", str(mine))
    assert code == 0 and {one["name"]: one["press"] for one in told["differences"]} == {"force_limit_n": 55000, "settle_tries": 7}
    assert told["left_out"] == ["sample_idle_s = 60 (default)"]
    code, told = ask("config", "push", str(mine), "--yes")
    assert code == 0 and [one["name"] for one in told["changed"]] == ["force_limit_n"]
    assert told["left_out"] == ["sample_idle_s = 60 (default)"]
    code, told = ask("config", "pull", "--out", str(tmp_path / "pulled.toml"))
    assert code == 0 and told["params"]["settle_tries"] == 7 and "sample_idle_s" not in told["params"]
    assert "\n# settle_tries = 7\n" in (tmp_path / "pulled.toml").read_text()
    assert config.load(tmp_path / "pulled.toml").value("force_limit_n") == 50000
    assert ask("config", "push", str(tmp_path / "pulled.toml"), "--yes")[1]["changed"] == []
    assert app.run(["doctor"]) in (0, 1)
    text = " ".join(capsys.readouterr().out.split())
    assert "settle_tries = 7 (How often a hold may settle anew)" in text and "the press does not know sample_idle_s" in text
    assert "settle_tries" not in parameters()
