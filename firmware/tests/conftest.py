"""Test cases without pytest's own marks: a module's CASES give the values of an argument, here and on MicroPython alike."""


def pytest_generate_tests(metafunc):
    cases = getattr(metafunc.module, "CASES", {})
    for name in metafunc.fixturenames:
        if name in cases:
            metafunc.parametrize(name, list(cases[name]))
