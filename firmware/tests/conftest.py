"""Test cases without pytest's own marks: a module's CASES give the values of a test's argument, here and on MicroPython alike."""


def pytest_generate_tests(metafunc):
    cases = getattr(metafunc.module, "CASES", {})
    name = metafunc.function.__name__
    if name in cases:
        metafunc.parametrize(metafunc.fixturenames[0], list(cases[name]))
