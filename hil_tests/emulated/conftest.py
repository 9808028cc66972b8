"""Only for --target=emulator, which wants an image of the board: `make test` and `make hil TARGET=emulator` build it."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("--target", default="sim") != "emulator" else None
