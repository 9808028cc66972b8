"""What the documents call one row is one row: a command, a fault, a light, a rule, an action, a release; a board is a folder.

Each is added to a copy of the sources, and what is promised of it is run there.
"""

import json
import shutil
import sys
from pathlib import Path

import pytest
from changed_tree import ChangedTree

ASKED = """
import sys
from pathlib import Path
import stackpress
from hil_tests.targets.sim import SimTarget

with SimTarget(state_dir=Path(sys.argv[1])) as target, stackpress.open(target.port) as press:
    target.run_until(0.2)
    target.fault("guard_of_the_neighbour")
    target.run_for(0.2)
    print(press.query("SYST:GRE?"), press.query('SYST:HELP:SYNT? "SYST:GRE"'), *[one.code for one in press.checks()])
    target.clear_fault("guard_of_the_neighbour")
    target.run_for(0.2)
    print(*[one.code for one in press.checks()])
"""


@pytest.fixture
def tree(tmp_path: Path) -> ChangedTree:
    return ChangedTree(tmp_path)


def test_a_command_and_a_fault_of_the_plant_are_one_row_each(tree: ChangedTree, tmp_path: Path) -> None:
    tree.add("firmware/stackpress_core/scpi/commands_language.py", '"The SCPI version that this follows"),\n',
             '    ("SYSTem:GREeting?", "board.name", "", "A friendly word"),\n')  # fmt: skip
    tree.add("boards/stackpress_plant/fault_table.py", '"guard channel B alone open"),\n',
             '    ("guard_of_the_neighbour", "open", ("guard_a", "guard_b"), "both channels, from next door"),\n')  # fmt: skip
    tree.write("asked.py", ASKED)
    said = tree.run(sys.executable, "asked.py", tmp_path / "state").stdout.splitlines()
    assert said == ['"sim" "SYSTem:GREeting? : A friendly word" guard', ""]
    assert "from next door" in tree.stackpress("sim", "faults").stdout
    tree.make_docs()
    assert "A friendly word" in tree.read("firmware/stackpress_core/scpi/SCPI.md")


def test_a_situation_of_the_tower_light_is_one_row(tree: ChangedTree) -> None:
    tree.add("firmware/stackpress_core/panel/lights.py", "LIGHTS = (\n",
             '    ("it is Sunday", lambda p: p.sunday, OFF, OFF, ON, OFF),\n')  # fmt: skip
    tree.python("""
from types import SimpleNamespace as Some
from stackpress_core.panel import lights
panel = Some(sunday=True, silenced=False, readings=Some(warning_bits=0), refused_ms=lambda now: 9999, alarm_ms=lambda now: 0)
assert lights.lamps(panel, 0) == lights.GREEN
""")


def test_a_rule_of_the_configuration_is_one_row_and_a_function(tree: ChangedTree) -> None:
    file = "host_tools/stackpress/config/rules.py"
    tree.replace(file, "Rule = Callable", '''def _not_four(facts: Facts) -> Iterator[Finding]:
    if facts.number("cell_count") == 4:
        yield "cell_count", "four is out of favour", "another number"


Rule = Callable''')  # fmt: skip
    tree.add(file, "RULES: tuple[Rule, ...] = (\n    _board_has_what_is_asked,\n", "    _not_four,\n")
    told = tree.stackpress("config", "check", "boards/sim/press.toml", "--json", code=2).stdout
    assert [one["key"] for one in json.loads(told)["details"]] == ["cells.cell_count"]


def test_an_action_of_a_scenario_is_one_row(tree: ChangedTree) -> None:
    tree.add("hil_tests/player.py", '    "specimen": lambda run, name: run.target.specimen(name),\n',
             '    "remark": lambda run, text: print(text),\n')  # fmt: skip
    scenario = (tree.root / "hil_tests/scenarios/abort_vents.toml").read_text()
    tree.write("hil_tests/scenarios/abort_vents.toml", scenario + '\n[[step]]\nremark = "over and out"\n')
    said = tree.pytest("-s", "hil_tests/test_scenarios.py", "-k", "abort_vents and short").stdout
    assert "over and out" in said


def test_a_release_of_micropython_is_one_row(tree: ChangedTree) -> None:
    row = '    "1.99": Release("sid", (("micropython", "1.99.0+ds-1"),), (("pico-sdk-source", "9.9.9-1"),), EDITS),\n'
    tree.add("boards/images/sources.py", "VERSIONS = {\n", row)
    code = "import os; os.environ['MICROPYTHON'] = '1.99'; from boards.images import sources; print(sources.key())"
    assert tree.python(code).stdout.startswith("micropython-1.99-")


def test_a_board_is_a_folder(tree: ChangedTree) -> None:
    shutil.copytree(tree.root / "boards/pico", tree.root / "boards/pico_twin")
    tree.replace("boards/pico_twin/board.toml", 'name = "pico"', 'name = "pico_twin"')
    tree.replace("boards/pico_twin/micropython/mpconfigboard.h", '"stackpress pico"', '"stackpress pico_twin"')
    assert "pico_twin" in tree.stackpress("config", "board", "pico_twin").stdout
    tree.python("""
from boards.images.board_data import board_data
from stackpress.flashing import flash_map
assert "pico_twin" in flash_map.names() and flash_map.chip_of("pico_twin") == "rp2040"
assert board_data("pico_twin")["drivers"]["converter"] == "ads131m04"
""")
