"""What hardware-in-the-loop tests share: the choice of target and form. A simulated press is just a press.

    pytest hil_tests/test_scenarios.py --target=emulator            # the short form, which runs on every target
    pytest hil_tests/test_scenarios.py --form=long                  # the long one, where a scenario has it
"""

from collections.abc import Iterator

import pytest

from hil_tests import player, scenario
from hil_tests.targets import serial
from hil_tests.targets.choice import KINDS

EMULATED_TIMEOUT_S = 1800  # a busy computer; simulated time does not care
LONGEST = ("test_panel", "test_repeat", "test_stack", "test_dryrun", "test_speed")  # files that begin


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
    items.sort(key=lambda item: item.path.stem not in LONGEST or item.path.parent.name != "emulated")


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
