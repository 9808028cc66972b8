"""Runs every plain test function of the modules named, on MicroPython: `micropython on_micropython.py test_scpi ...`.

A module's CASES give the values of a test's argument, as in conftest.py. Arguments with a slash are folders for sys.path. One
line a failure, one line of counts at the end; the exit code is the number of failures.
"""

import sys

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
ROOMS = ("tick", "recipe", "log", "scpi", "panel", "drivers")
sys.path[:0] = [HERE + "/..", HERE] + [HERE + "/" + room for room in ROOMS]


def calls(module, name):
    """Arguments of each call of a test: one a case, or none."""
    cases = getattr(module, "CASES", {})
    return [(case,) for case in cases[name]] if name in cases else [()]


def run(name):
    module = __import__(name)
    ran, failed = 0, 0
    for test in sorted(dir(module)):
        if not test.startswith("test_"):
            continue
        for args in calls(module, test):
            ran += 1
            try:
                getattr(module, test)(*args)
                getattr(module, "after_each", bool)()
            except Exception as error:
                failed += 1
                print("FAILED %s.%s%s" % (name, test, args or ""))
                sys.print_exception(error)
    return ran, failed


if __name__ == "__main__":
    sys.path += [argument for argument in sys.argv[1:] if "/" in argument]
    counts = [run(argument) for argument in sys.argv[1:] if "/" not in argument]
    print("%d passed, %d failed" % (sum([r - f for r, f in counts]), sum([f for _, f in counts])))
    sys.exit(sum([f for _, f in counts]))
