"""The emulator's chip as it was compiled anew, for the tests that compare it with the installed one."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from hil_tests.targets import compilation


@pytest.fixture(scope="module")
def chip() -> Iterator[tuple[Any, Any]]:
    why = compilation.install()
    assert why != compilation.TOO_LATE
    if why:
        pytest.skip(f"nothing was compiled: {why}")
    loop, parts = (importlib.import_module(f"rp2040py.native.{name}") for name in ("_loop", "_rp2040"))
    mcu = parts.RP2040()
    yield mcu, loop.Loop(mcu, mcu.clock)
