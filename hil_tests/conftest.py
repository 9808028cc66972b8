"""What hardware-in-the-loop tests share: the choice of target and form. A simulated press is just a press.

    pytest hil_tests/test_scenarios.py --target=emulator            # the short form, which runs on every target
    pytest hil_tests/test_scenarios.py --form=long                  # the long one, where a scenario has it
"""

import os
from collections.abc import Iterator

import pytest

from hil_tests import player, scenario
from hil_tests.targets import serial
from hil_tests.targets.choice import KINDS

EMULATED_TIMEOUT_S = 1800  # a busy computer; simulated time does not care
# Ends of the names of what takes longest, the longest first: they begin, so that nobody has one left when others are done.
LONGEST = (
    "emulated/test_flashing.py::test_mpremote_enters_by_itself_the_watchdog_stays_fed_and_the_press_comes_back",
    "emulated/test_dryrun.py::test_bare_board_is_commissioned_presses_and_trips_over_its_usb_port",
    "emulated/test_stack.py::test_no_document_command_button_or_download_comes_near_the_stacks_end",
    "emulated/test_store.py::test_one_chip_that_is_each_board_behind_each_other_keeps_all_programs",
    "emulated/test_panel.py::test_no_host_select_start_see_the_force_stop_and_acknowledge",
    "emulated/test_speed.py::test_compiled_anew_it_is_the_same_to_the_cycle",
    "emulated/test_repeat.py::test_same_scenario_in_a_process_that_is_held_up_leaves_the_same_trace",
    "emulated/test_wire_out.py::test_sixty_four_rows_are_there_in_twenty_milliseconds",
    "emulated/test_flashing.py::test_a_new_image_replaces_the_running_one_and_the_documents_stay",
    "test_strangers_on_the_line.py::test_one_who_reads_our_answers_is_told_as_such_and_no_traceback",
    "test_documented_commands.py::test_what_is_told_is_done_on_a_simulated_press",
    "test_documented_commands.py::test_the_example_in_python_runs_as_it_is_written",
    "test_users_folder.py::test_the_simulated_press_and_every_command_to_it_work_there",
    "test_kind_rows.py::test_a_new_kind_passes_what_every_kind_is_tested_for",
    "test_wheel.py::test_the_demonstration_runs_in_an_empty_folder",
    "test_users_folder.py::test_python_dash_m_works_there_but_for_what_python_itself_imports_first",
    "test_logs_formats.py::test_a_raw_file_that_this_host_cannot_read_at_all_is_kept_whole",
    "test_users_folder.py::test_every_command_works_in_a_folder_full_of_names",
    "test_other_release.py::test_a_parameter_row_reaches_files_documents_and_the_press",
    "test_interlock_row.py::test_room_is_raised_by_one_number",
    "test_serve_page.py::test_a_hold_is_steered_from_the_page",
    "test_commission.py::test_the_simulated_press_is_commissioned_whole",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--target", choices=KINDS, default="sim", help="which press the scenarios run on (sim)")
    parser.addoption("--form", choices=(*scenario.FORMS, "both"), default="", help="short, long or both (both on sim, else short)")
    parser.addoption("--port", default="", help="of --target=serial")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--target") == "serial" and not config.getoption("--port"):
        raise pytest.UsageError("--target=serial wants --port")


def cases(config: pytest.Config) -> Iterator[tuple[scenario.Scenario, str]]:
    """What runs: scenario and form."""
    kind = str(config.getoption("--target"))
    form = str(config.getoption("--form")) or ("both" if kind == "sim" else "short")
    for one in map(player.checked, scenario.all_scenarios()):
        for name in scenario.FORMS:
            if form in (name, "both") and not excepted(config, one) and one.has(name):
                yield one, name


def excepted(config: pytest.Config, one: scenario.Scenario) -> str:
    """Why a scenario does not run here: by its own word, or because the board on the port can't do what it asks."""
    kind = str(config.getoption("--target"))
    if kind != "serial" or one.excepted(kind):
        return one.excepted(kind)
    return serial.excepted(one.form("short"), serial.capabilities(str(config.getoption("--port"))))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """xdist gives each worker a piece of the list (--dist worksteal): each piece begins with its share of the longest."""
    rank = {id(item): n for item in items for n, name in enumerate(LONGEST) if item.nodeid.endswith(name)}
    longest = sorted((item for item in items if id(item) in rank), key=lambda item: rank[id(item)])
    others = [item for item in items if id(item) not in rank]
    workers, dealt = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), list[pytest.Item]()
    if len(others) < len(items) // 2:
        return
    for n in range(workers):
        size = (len(items) - len(dealt)) // (workers - n)
        own = longest[n::workers]
        dealt += own + others[: size - len(own)]
        del others[: size - len(own)]
    items[:] = dealt


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "one_form" in metafunc.fixturenames:
        chosen = list(cases(metafunc.config))
        metafunc.parametrize("one_form", chosen, ids=[f"{one.name}-{form}" for one, form in chosen])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    kind = str(config.getoption("--target"))
    ran = any("test_scenarios" in str(arg) for arg in config.args) or kind != "sim"
    reasons = [(one.name, excepted(config, one)) for one in scenario.all_scenarios()]
    lines = [f"  {name}: {reason}" for name, reason in reasons if reason]
    if ran and lines:
        terminalreporter.write_line(f"scenarios that do not run on {kind}:")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def target_kind(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--target"))


@pytest.fixture(scope="session")
def port(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--port"))
