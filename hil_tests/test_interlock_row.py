"""An interlock is one row: with a row more it trips, latches, warns, is told, logged and documented, and too many are refused.

Each test changes a copy of the sources and runs that. The rows beyond the first word of row bits are where a table that has
outgrown its words would be seen.
"""

import sys
from pathlib import Path

import pytest
from changed_tree import ChangedTree
from stackpress_core.log import records
from stackpress_core.tick import blackboard, interlock

from hil_tests.bench.board import naive

TABLE = "firmware/stackpress_core/tick/interlock.py"
LAST = f"{interlock.ROWS[-1][interlock.HINT]}\"),\n"
NEVER = '    ("idle_{0}", "DISPLACEMENT", 1000000000, 0, VENT, WATCHED, GONE, "log", "Row {0} never trips."),\n'
TEPID = '    ("tepid", "TEMPERATURE", 4000, 0, WARN, WATCHED, GONE, "temperature", "The platen is tepid: wait."),\n'
WARM = '    ("warm", "TEMPERATURE", 5000, 0, VENT, WATCHED, GONE, "temperature", "The platen is warm: let it cool."),\n'
MOST = blackboard.ROW_MASKS * blackboard.MASK_ROWS
SECOND_WORD = max(len(interlock.ROWS) + 2, blackboard.MASK_ROWS + 1)  # so many rows that the last is beyond the first word
TEMPERATURE_BIT, WARNING_BIT, TRIPPED_BIT = 16, 1024, 512

PRESSED = """
import sys
from pathlib import Path
import stackpress
from stackpress_core.log import records
from hil_tests.run import pulled
from hil_tests.targets.sim import SimTarget

with SimTarget(state_dir=Path(sys.argv[1])) as target, stackpress.open(target.port) as press:
    target.run_until(0.2)
    press.arm()
    target.run_until(0.4)
    target.fault("temperature_1", 4500)
    target.run_for(0.5)
    print("warned", press.state, press.warnings(), press.telemetry().rows[-1].warnings, press.query("STAT:QUES:COND?"))
    target.fault("temperature_1", 6000)
    target.run_for(0.5)
    row, now = press.interlock("warm"), press.snapshot()
    ques = press.query("STAT:QUES:COND?")
    print("tripped", now.state, now.trip_reason, now.trip_told, row.active, row.latched, row.reaction, ques)
    try:
        press.reset()
    except stackpress.PressRefused as refusal:
        print("refused", refusal)
    target.clear_fault()
    target.fault("temperature_1", 2000)
    target.run_for(0.5)
    press.reset()
    target.run_for(0.5)
    print("reset", press.state, press.warnings(), press.interlock("warm").latched)
    log = pulled(press)
    print("trips", *[(one.fields["name"], one.fields["reason"]) for one in log.of(records.TRIP)])
    print("events", *[one.fields["code"] for one in log.of(records.EVENT) if one.fields["text"] == "tepid"])
"""


def grown(folder: Path, rows: int) -> ChangedTree:
    """A copy whose table has so many rows; the last two are `tepid` and `warm`."""
    tree = ChangedTree(folder)
    assert rows >= len(interlock.ROWS) + 2, "the table has outgrown this test"
    fill = "".join(NEVER.format(n) for n in range(len(interlock.ROWS) + 1, rows - 1))
    tree.add(TABLE, LAST, fill + TEPID + WARM)
    return tree


@pytest.mark.parametrize("rows", sorted({SECOND_WORD, (SECOND_WORD + MOST) // 2, MOST}))
def test_a_press_with_more_rows_trips_and_warns_by_the_last_of_them(tmp_path: Path, rows: int) -> None:
    tree = grown(tmp_path, rows)
    tree.write("pressed.py", PRESSED)
    said = dict(line.split(" ", 1) for line in tree.run(sys.executable, "pressed.py", tmp_path / "state").stdout.splitlines())
    assert said["warned"] == f"ready ['tepid'] ('tepid',) {TEMPERATURE_BIT | WARNING_BIT}"
    bits = TEMPERATURE_BIT | WARNING_BIT | TRIPPED_BIT
    assert said["tripped"] == f"tripped warm The platen is warm: let it cool. Then `stackpress reset`. False True vent {bits}"
    assert "still there: warm" in said["refused"]
    assert said["reset"] == "safe [] False"
    assert said["trips"] == f"('warm', {rows - 1})"
    assert said["events"] == f"{records.EVENT_WARNING} {records.EVENT_WARNING_OVER}"


def test_a_row_more_reaches_the_documents_and_moves_no_word_of_the_blackboard(tmp_path: Path) -> None:
    tree = grown(tmp_path, SECOND_WORD)
    before = tree.read("firmware/stackpress_core/tick/judge.py")
    tree.make_docs()
    row = "| tepid | > 4000 | 0 | warn | ready pressing holding releasing monitor | once it is gone | The platen is tepid: wait. |"
    assert row in tree.read("firmware/stackpress_core/tick/INTERLOCKS.md").splitlines()
    names = [row[interlock.NAME] for row in interlock.ROWS if row[interlock.CONCERN] == "temperature"]
    assert f"| 16 | {', '.join([*names, 'tepid', 'warm'])} |" in tree.read("firmware/stackpress_core/scpi/SCPI.md")
    assert tree.read("firmware/stackpress_core/tick/judge.py") == before


def test_the_core_claims_of_every_row_hold_for_rows_of_the_second_word(tmp_path: Path) -> None:
    tree = grown(tmp_path, SECOND_WORD)
    for name, value in (("tepid", 4001), ("warm", 5001)):
        tree.add("firmware/tests/provocations.py", "PROVOKE = {\n", f'    "{name}": (READY, {{}}, word("TEMPERATURE", {value})),\n')
    warns = '"tepid", "TEMPERATURE", 4000, 0, WARN,'
    tree.replace(TABLE, warns, warns.replace("WARN", "HOLD"))  # each row of the claims stops the press
    tree.pytest("firmware/tests/tick/test_interlock.py", "-k", "tepid or warm or kept or monitored or service or trip_is_left")


def test_too_many_rows_are_told_in_one_line_before_anything_is_written(tmp_path: Path) -> None:
    tree = grown(tmp_path, MOST + 1)
    line = f"tick/interlock.py has {MOST + 1} rows, one bit each, and tick/blackboard.py room for {MOST}: raise ROW_MASKS there"
    told = tree.run(sys.executable, "-m", "boards.images.build", "pico", code=1)
    assert told.stdout == "" and told.stderr.startswith("no image: ") and told.stderr.endswith(line + "\n")
    assert told.stderr.count("\n") == 1 and not (tree.root / "build").exists()
    assert tree.python("from stackpress_core.tick import blackboard", code=1).stderr.splitlines()[-1] == f"ValueError: {line}"


def test_room_is_raised_by_one_number(tmp_path: Path) -> None:
    tree = grown(tmp_path, MOST + 1)
    tree.replace("firmware/stackpress_core/tick/blackboard.py", "\nROW_MASKS = 2 ", "\nROW_MASKS = 3 ")
    tree.make_docs()
    tree.write("pressed.py", PRESSED)
    said = tree.run(sys.executable, "pressed.py", tmp_path / "state").stdout
    assert "tripped tripped warm" in said and "reset safe [] False" in said


def test_an_arming_check_is_one_row_and_a_question_if_it_asks_what_none_asks(tmp_path: Path) -> None:
    tree = ChangedTree(tmp_path)
    row = '    ("oil", "colder", 1500, "the oil is too cold"),\n'
    tree.add("firmware/stackpress_core/arming.py", 'hung before this start: acknowledge it with a reset"),\n', row)
    question = "\n    def colder(self, least_cc):\n        return self.readings.temperature_cc(0) < least_cc\n"
    tree.add("firmware/stackpress_core/arming.py", 'return getattr(self.settings.board, "image_told", "")\n', question)
    tree.make_docs()
    assert "| oil | the oil is too cold |" in tree.read("firmware/stackpress_core/tick/INTERLOCKS.md").splitlines()
    tree.write("armed.py", ARMED)
    assert tree.run(sys.executable, "armed.py", tmp_path / "state").stdout == "[Check(code='oil', text='the oil is too cold')]\n"


ARMED = """
import sys
from pathlib import Path
import stackpress
from hil_tests.targets.sim import SimTarget

with SimTarget(state_dir=Path(sys.argv[1])) as target, stackpress.open(target.port) as press:
    target.fault("temperature_1", 1000)
    target.run_until(0.5)
    print(press.checks())
"""


def test_the_plain_tick_judges_as_many_rows_as_the_press() -> None:
    assert f"\nROWS = {len(interlock.ROWS)} " in naive.SCRIPT.read_text()
