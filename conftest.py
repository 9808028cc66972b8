"""Where nobody reads what was skipped (CI=true), a skipped test is a failure that says in one line what is missing.

A test is skipped for want of a compiler, an image, a browser or an old commit, and a machine that has lost one goes on being green.
What another system than Linux lacks is no fault of the machine's.
"""

import os
import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    unread = os.environ.get("CI", "") not in ("", "0", "false") and sys.platform == "linux"
    if unread and report.skipped and not hasattr(report, "wasxfail"):
        assert isinstance(report.longrepr, tuple)
        reason = report.longrepr[2]
        report.outcome, report.longrepr = "failed", f"{item.nodeid}: {reason}; with CI={os.environ['CI']} nothing may be skipped"
    return report
