"""Only for --target=emulator: a second of press time takes the emulator a minute."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("--target", default="sim") != "emulator" else None
