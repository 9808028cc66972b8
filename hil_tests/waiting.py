"""How long a test waits for what is to come. That a machine is busy is no finding: only what never comes is one.

A process or a thread is waited for without an end of its own; pytest's `timeout` ends a test that hangs, and shows where.
"""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 120.0


def until(true: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
    """Raises AssertionError if it has not become true in so many seconds of the wall's clock."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, f"it has not come true in {seconds:g} s"
        time.sleep(0.02)
