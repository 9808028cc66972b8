"""What plain test modules have on CPython and on MicroPython alike, without pytest's own marks.

A module's CASES give the values of a test's argument; its `after_each`, if it has one, is called after each test.
"""

import pytest


def pytest_generate_tests(metafunc):
    cases = getattr(metafunc.module, "CASES", {})
    name = metafunc.function.__name__
    if name in cases:
        metafunc.parametrize(metafunc.function.__code__.co_varnames[0], list(cases[name]))


@pytest.fixture(autouse=True)
def _after_each(request):
    yield
    getattr(request.module, "after_each", bool)()
