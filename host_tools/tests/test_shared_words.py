"""Host and supervisor, host and firmware, firmware and plant: each pair has one table of words, and no side another word."""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from stackpress import paths
from stackpress_core import documents
from stackpress_core.log import records
from stackpress_core.scpi import commands, commands_simulation, headers
from stackpress_core.tick import blackboard, states
from stackpress_plant import fault_table, plant
from stackpress_sim import fault_table as board_fault_table
from stackpress_sim import request_table
from stackpress_sim.side_channel import SideChannel

SPEAKERS = ("host_tools/stackpress", "hil_tests")  # of everything that asks a press or a supervisor
SCPI_LINE = re.compile(r"[:*]?[A-Z]{3,5}(:[A-Z]{3,5}[1]?)+\??($|[ ;])")
ASKING = ("query", "command", "block", "_block", "_exchange")
NOT_OURS = {"hil_tests/test_clients.py", "hil_tests/test_adversary.py"}  # they say wrong words on purpose


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in SPEAKERS:
        for path in sorted((paths.ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(paths.ROOT))
            if name not in NOT_OURS:
                yield name, ast.parse(path.read_text())


def text_of(node: ast.AST) -> str:
    """A literal's text, with 1 for every value that is put into it; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(one) if isinstance(one, ast.Constant) else "1" for one in node.values)
    return ""


def lines_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(source line, text) of what is sent to a press."""
    pieces = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING and node.args:
            said = text_of(node.args[0])
            if said != said.lower():  # `app.command("show")` is not for a press
                yield node.lineno, said
        elif id(node) not in pieces and isinstance(node, ast.Constant | ast.JoinedStr) and SCPI_LINE.match(text_of(node)):
            yield node.lineno, text_of(node)


def test_every_line_that_a_host_sends_has_a_row_in_the_firmware_s_table() -> None:
    table = headers.Headers((*commands.MODULES, commands_simulation))
    found, wrong = set(), []
    for name, tree in sources():
        for number, line in lines_of(tree):
            for unit in headers.split_outside(line.strip(), ";"):
                header = unit.partition(" ")[0].lstrip(":")
                if not header or not re.fullmatch(r"[*A-Za-z0-9:]+\??", header):
                    continue
                try:
                    _row(table, header)
                    found.add(header)
                except Exception as error:
                    wrong.append(f"{name}:{number}: {unit} ({error!r})")
    assert not wrong, "\n".join(wrong)
    assert {"CYCL:ARM", "TEL?", "DATA:COMM", "MEAS:FORC:CELL1?", "*IDN?"} <= found, "the search finds what is sent"


def _row(table: Any, header: str) -> object:
    if header.startswith("*"):
        return table.find_common(header)
    nodes = headers.nodes_of(header.rstrip("?"))
    patterns = [row[0] for row in table.rows() if row[0].endswith("?") == header.endswith("?")]
    for text in patterns:  # a second unit of a line goes on under the first one's root
        pattern = text.rstrip("?").replace("[:", ":[").split(":")
        for skipped in range(len(pattern)):
            if headers.match(pattern, skipped, nodes, 0) is not None:
                return pattern
    raise LookupError(header)


def asked(tree: ast.Module) -> Iterator[tuple[int, dict[str, Any]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words_said = {one.arg: text_of(one.value) for one in node.keywords if one.arg}
            if "do" in words_said:
                yield node.lineno, words_said


def test_every_request_to_a_simulated_press_is_a_row_of_its_table() -> None:
    wrong, found = [], set()
    for name, tree in sources():
        for number, said in asked(tree):
            found.add(said["do"])
            complaint = request_table.complaint(said["do"], [one for one in said if one not in ("do", "timeout_s")])
            if complaint:
                wrong.append(f"{name}:{number}: {complaint}")
    assert not wrong, "\n".join(wrong)
    assert found == {row[0] for row in request_table.REQUESTS}, "a row that nobody asks for"


@pytest.mark.parametrize("row", [row for row in request_table.REQUESTS if row[2] == request_table.BOARD], ids=lambda row: row[0])
def test_the_board_s_method_takes_what_the_row_says(row: Any) -> None:
    _, _, *parameters = inspect.signature(getattr(SideChannel, "_" + row[0])).parameters.values()
    written = [one.name + ("?" if one.default is not inspect.Parameter.empty else "") for one in parameters]
    assert tuple(written) == row[1]


@pytest.mark.parametrize(
    ("request_name", "arguments", "told"),
    [
        ("specimen", ["name"], "specimen takes no name"),
        ("specimen", [], "specimen needs specimen"),
        ("restart", ["reason"], "restart takes no reason"),
        ("reboot", [], "there is no request reboot"),
        ("pace", ["mode"], ""),
    ],
)
def test_a_word_that_the_table_lacks_is_told(request_name: str, arguments: list[str], told: str) -> None:
    assert request_table.complaint(request_name, arguments) == told


def test_causes_of_a_start_are_those_that_the_log_knows() -> None:
    from stackpress.simulator import supervisor

    assert {supervisor.POWER, supervisor.RESET, supervisor.CRASH} <= set(records.RESET_CAUSES)


def test_plant_reads_and_writes_words_that_the_tick_has() -> None:
    assert set(plant.SHARED_WORDS) <= set(blackboard.AT)
    inputs = {one for row in fault_table.FAULTS if row[1] in ("open", "press") for one in row[2]}
    assert inputs <= set(states.IN), "an input that no fault of the plant can reach has another name here"


def test_a_fault_has_one_name_at_plant_and_board() -> None:
    names = [row[0] for row in (*fault_table.FAULTS, *board_fault_table.FAULTS)]
    assert len(names) == len(set(names))


def test_documents_that_a_host_names_are_kinds_that_the_press_keeps() -> None:
    found = set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                name = text_of(node.args[0]).rstrip("1")
                if node.func.attr in ("document_get", "document_put", "document_delete") and name:
                    found.add(name.partition("/")[0])
    assert found <= set(documents.KINDS) and {"config", "calibration", "program"} <= found
