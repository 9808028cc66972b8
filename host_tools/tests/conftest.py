"""What tests of the host's commands share: folders of their own."""

from pathlib import Path

import pytest


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the host keeps lies in the test's folder, and nothing says which press is meant."""
    for name in ("STACKPRESS_SIM_DIR", "STACKPRESS_CONFIG_DIR", "STACKPRESS_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("STACKPRESS_PORT", "STACKPRESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
