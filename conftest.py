"""Where nobody reads what was skipped (CI=true), a skipped test is a failure that says in one line what is missing.

A test is skipped for want of a compiler or an image, and a machine that has lost one goes on being green. What another system than
Linux lacks is no fault of the machine's; nor is a guest, which nothing here installs (marker `guest`: a browser, a broker, systemd,
old commits in a clone).
"""

import os
import sys
from collections.abc import Generator

import pytest

GUEST = "guest: needs what nothing here installs: a browser, a broker, systemd, old commits; skipped where that is missing"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", GUEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    unread = os.environ.get("CI", "") not in ("", "0", "false") and sys.platform == "linux"
    guest = item.get_closest_marker("guest") is not None
    if unread and report.skipped and not guest and not hasattr(report, "wasxfail"):
        assert isinstance(report.longrepr, tuple)
        reason = report.longrepr[2]
        report.outcome, report.longrepr = "failed", f"{item.nodeid}: {reason}; with CI={os.environ['CI']} nothing may be skipped"
    return report
