"""What hardware-in-the-loop tests share: the choice of the target. A simulated press is just a press."""

import pytest

TARGETS = ("sim", "emulator", "serial")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--target", choices=TARGETS, default="sim", help="which press the scenarios run on (sim)")


@pytest.fixture(scope="session")
def target_kind(request: pytest.FixtureRequest) -> str:
    """Name of the target; the scenarios run on the simulated press, the emulated board has tests of its own."""
    kind = str(request.config.getoption("--target"))
    if kind != "sim":
        raise pytest.UsageError(f"scenarios do not run on {kind} yet: use --target=sim, or hil_tests/emulated")
    return kind
