"""Runs every plain test function of the modules named, on MicroPython: `micropython on_micropython.py test_scpi ...`.

One line a failure, one line of counts at the end; the exit code is the number of failures.
"""

import sys

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
sys.path[:0] = [HERE + "/..", HERE]


def run(name):
    module = __import__(name)
    ran, failed = 0, 0
    for test in sorted(dir(module)):
        if not test.startswith("test_"):
            continue
        ran += 1
        try:
            getattr(module, test)()
        except Exception as error:
            failed += 1
            print("FAILED %s.%s" % (name, test))
            sys.print_exception(error)
    return ran, failed


if __name__ == "__main__":
    counts = [run(name) for name in sys.argv[1:]]
    print("%d passed, %d failed" % (sum(r - f for r, f in counts), sum(f for _, f in counts)))
    sys.exit(sum(f for _, f in counts))
