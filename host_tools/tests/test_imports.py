"""The house has one direction: who may import whom is a table, and nothing goes round in a ring."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import import_graph
from host_tools.import_graph import ROOMS, between_rooms, cycle, imports

ROOT = Path(__file__).resolve().parents[2]
GRAPH = imports()
FORBIDDEN = [(a, b) for a in ROOMS for b in ROOMS if a != b and b not in ROOMS[a].may]


def test_every_room_has_modules_and_what_it_may_import_is_a_room() -> None:
    assert {import_graph.room_of(name) for name in GRAPH} == set(ROOMS)
    assert {one for room in ROOMS.values() for one in room.may} <= set(ROOMS)


@pytest.mark.parametrize("pair", FORBIDDEN, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_a_room_imports_only_what_its_row_allows(pair: tuple[str, str]) -> None:
    assert between_rooms(GRAPH).get(pair, []) == []


def test_what_a_row_allows_is_what_is_imported() -> None:
    used = set(between_rooms(GRAPH))
    assert [(a, b) for a, room in ROOMS.items() for b in room.may if (a, b) not in used] == []


def test_no_modules_import_each_other_in_a_ring() -> None:
    assert cycle(GRAPH) == []


def test_a_ring_and_a_wrong_direction_are_seen(tmp_path: Path) -> None:
    for name, text in {
        "firmware/stackpress_core/tick/a.py": "from stackpress_core import b\n",
        "firmware/stackpress_core/b.py": "def late():\n    from .tick import a\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = imports(tmp_path)
    assert cycle(graph) == ["stackpress_core.b", "stackpress_core.tick.a", "stackpress_core.b"]
    assert between_rooms(graph)["tick", "core"] == [("stackpress_core.tick.a", "stackpress_core.b")]


def test_the_core_imports_nothing_of_a_host_or_a_machine() -> None:
    pure = {name for name in GRAPH if import_graph.room_of(name) in ("core", "tick")}
    assert pure and not [(name, one) for name in pure for one in GRAPH[name] if one not in pure]


def test_the_picture_in_the_readme_is_what_the_sources_say() -> None:
    assert import_graph.picture() in import_graph.README.read_text(), "`make docs` writes it anew"


WITHOUT_MICROPYTHON = """
import importlib, pkgutil, sys
sys.modules["micropython"] = None  # whoever asks for it fails
import stackpress
names = [one.name for one in pkgutil.walk_packages(stackpress.__path__, "stackpress.") if not one.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_no_module_of_the_host_needs_micropython_when_it_is_imported(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_MICROPYTHON], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and int(run.stdout) > 80, run.stderr


def test_the_map_in_the_firmwares_readme_names_every_module_of_the_core_and_no_other() -> None:
    named = set()
    for line in (ROOT / "firmware/README.md").read_text().split("## Words for one quantity")[0].splitlines():
        if line.startswith("| `") and not line.startswith("| `../"):
            cell = line.split(" | ")[0]
            room = next(iter(re.findall(r"`(\w+/)`:", cell)), "")
            named |= {room + name for name in re.findall(r"`([\w*/]+)`", cell) if not name.endswith("/")}
    core = ROOT / "firmware/stackpress_core"
    there = {str(path.relative_to(core).with_suffix("")) for path in core.rglob("*.py") if path.stem != "__init__"}
    families = {name for name in named if name.endswith("*")}
    there -= {name for name in there for family in families if name.startswith(family[:-1])}
    assert named - families == there


def test_the_maps_in_the_hosts_readme_name_every_room_and_module_and_no_other() -> None:
    text = (ROOT / "host_tools/README.md").read_text().split("\n## ")[0]
    rooms = set(re.findall(r"^stackpress/(\w+)/ ", text, re.M))
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    modules = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    host = ROOT / "host_tools/stackpress"
    assert rooms == {path.name for path in host.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert modules == {path.stem for path in host.glob("*.py") if not path.stem.startswith("__")}
