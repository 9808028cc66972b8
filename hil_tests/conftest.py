"""What hardware-in-the-loop tests share: the choice of the target. A simulated press is just a press."""

import pytest

TARGETS = ("sim", "emulator", "serial")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--target", choices=TARGETS, default="sim", help="which press the scenarios run on (sim)")


@pytest.fixture(scope="session")
def target_kind(request: pytest.FixtureRequest) -> str:
    """Name of the target; only the simulated press can be built today."""
    kind = str(request.config.getoption("--target"))
    if kind != "sim":
        raise pytest.UsageError(f"the target {kind} is not there yet: use --target=sim")
    return kind
